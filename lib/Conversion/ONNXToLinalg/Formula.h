#ifndef VITC_CONVERSION_ONNXTOLINALG_FORMULA_H
#define VITC_CONVERSION_ONNXTOLINALG_FORMULA_H

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace vitc::onnx {

/// Writes formulas over floats of one type.
struct Formula {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::FloatType type;

  mlir::Value constant(double value) {
    return mlir::arith::ConstantOp::create(b, loc, mlir::FloatAttr::get(type, value));
  }
  mlir::Value add(mlir::Value x, mlir::Value y) { return mlir::arith::AddFOp::create(b, loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return mlir::arith::SubFOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return mlir::arith::MulFOp::create(b, loc, x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return mlir::arith::DivFOp::create(b, loc, x, y); }
  mlir::Value max(mlir::Value x, mlir::Value y) { return mlir::arith::MaximumFOp::create(b, loc, x, y); }
  mlir::Value min(mlir::Value x, mlir::Value y) { return mlir::arith::MinimumFOp::create(b, loc, x, y); }
  mlir::Value neg(mlir::Value x) { return mlir::arith::NegFOp::create(b, loc, x); }
  mlir::Value abs(mlir::Value x) { return mlir::math::AbsFOp::create(b, loc, x); }
  mlir::Value exp(mlir::Value x) { return mlir::math::ExpOp::create(b, loc, x); }
  mlir::Value sqrt(mlir::Value x) { return mlir::math::SqrtOp::create(b, loc, x); }
  mlir::Value tanh(mlir::Value x) { return mlir::math::TanhOp::create(b, loc, x); }
  mlir::Value log(mlir::Value x) { return mlir::math::LogOp::create(b, loc, x); }
  /// ln(1 + x), exact for small x
  mlir::Value log1p(mlir::Value x) { return mlir::math::Log1pOp::create(b, loc, x); }
  /// exp(x) − 1, exact for small x
  mlir::Value expm1(mlir::Value x) { return mlir::math::ExpM1Op::create(b, loc, x); }
  mlir::Value isLess(mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OLT, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  mlir::Value withSignOf(mlir::Value magnitude, mlir::Value x) {
    return mlir::math::CopySignOp::create(b, loc, magnitude, x);
  }
  /// 1 / (1 + exp(−x))
  mlir::Value sigmoid(mlir::Value x) { return div(constant(1), add(exp(neg(x)), constant(1))); }
  /// ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(−|x|)), which does not overflow
  mlir::Value softplus(mlir::Value x) { return add(max(x, constant(0)), log(add(exp(neg(abs(x))), constant(1)))); }
  /// x where it is not negative (or NaN), else y
  mlir::Value whereNegative(mlir::Value x, mlir::Value y) { return select(isLess(x, constant(0)), y, x); }
};

/// A formula over the elements of one float tensor.
inline Tensor mapFloat(TensorBuilder &b, const Tensor &x,
                       llvm::function_ref<mlir::Value(Formula, mlir::Value)> formula) {
  auto type = mlir::cast<mlir::FloatType>(x.getElementType());
  return b.map({x}, x.extents, type, [&](mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange args) {
    return formula(Formula{builder, loc, type}, args[0]);
  });
}
inline Tensor mapFloat(Node &node, mlir::Value operand, llvm::function_ref<mlir::Value(Formula, mlir::Value)> formula) {
  return mapFloat(node, node.get(operand), formula);
}

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_FORMULA_H
