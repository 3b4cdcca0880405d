//===- Elementwise ops of several operands, comparisons, casts ------------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
enum class Order { less, lessOrEqual, equal };
} // namespace

static LogicalResult refuseExtents(Node &node) {
  return node.refuse("the extents of its operands cannot be shown to broadcast");
}

/// Two operands, broadcast; with `commutes`, a constant goes second.
static FailureOr<Tensor> combine(Node &node, ElementwiseKind kind, Value a, Value b, bool commutes) {
  if (commutes && isConstant(a) && !isConstant(b))
    std::swap(a, b);
  SmallVector<Tensor> operands = node.get(ValueRange{a, b});
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  return node.elementwise(kind, operands, extents);
}

/// A scalar formula over broadcast operands.
static FailureOr<Tensor> mapOperands(Node &node, ValueRange values, ScalarBody body) {
  SmallVector<Tensor> operands = node.get(values);
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  return node.map(operands, extents, node.getResultElementType(), body);
}

static FailureOr<Tensor> convertAdd(AddOp op, Node &node) {
  return combine(node, ElementwiseKind::add, op.getA(), op.getB(), /*commutes=*/true);
}

static FailureOr<Tensor> convertSub(SubOp op, Node &node) {
  return combine(node, ElementwiseKind::sub, op.getA(), op.getB(), /*commutes=*/false);
}

static FailureOr<Tensor> convertMul(MulOp op, Node &node) {
  return combine(node, ElementwiseKind::mul, op.getA(), op.getB(), /*commutes=*/true);
}

static FailureOr<Tensor> convertDiv(DivOp op, Node &node) {
  auto kind = isUnsigned(op.getA()) ? ElementwiseKind::div_unsigned : ElementwiseKind::div;
  return combine(node, kind, op.getA(), op.getB(), /*commutes=*/false);
}

/// An extremum of several operands, constants last.
static FailureOr<Tensor> convertExtremum(Node &node, ValueRange inputs, ElementwiseKind kind) {
  auto values = llvm::filter_to_vector(inputs, [](Value value) { return !isConstant(value); });
  llvm::append_range(values, llvm::make_filter_range(inputs, isConstant));
  SmallVector<Tensor> operands = node.get(values);
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  Tensor result = operands.front();
  if (operands.size() == 1)
    return result;
  for (const Tensor &operand : llvm::drop_begin(operands))
    result = node.elementwise(kind, {result, operand}, extents);
  return result;
}

static FailureOr<Tensor> convertMax(MaxOp op, Node &node) {
  bool noNegatives = isUnsigned(op.getInputs().front());
  return convertExtremum(node, op.getInputs(),
                         noNegatives ? ElementwiseKind::max_unsigned : ElementwiseKind::max_signed);
}

static FailureOr<Tensor> convertMin(MinOp op, Node &node) {
  bool noNegatives = isUnsigned(op.getInputs().front());
  return convertExtremum(node, op.getInputs(),
                         noNegatives ? ElementwiseKind::min_unsigned : ElementwiseKind::min_signed);
}

static FailureOr<Tensor> convertClip(ClipOp op, Node &node) {
  SmallVector<Value> values{op.getInput()};
  for (Value bound : {op.getMin(), op.getMax()})
    if (bound)
      values.push_back(bound);
  if (values.size() == 1)
    return node.get(op.getInput());
  bool isFloat = isa<FloatType>(node.getResultElementType()), noNegatives = isUnsigned(op.getInput());
  return mapOperands(node, values, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value x = args.front();
    if (op.getMin())
      x = isFloat       ? arith::MaximumFOp::create(b, loc, x, args[1]).getResult()
          : noNegatives ? arith::MaxUIOp::create(b, loc, x, args[1]).getResult()
                        : arith::MaxSIOp::create(b, loc, x, args[1]).getResult();
    if (op.getMax())
      x = isFloat       ? arith::MinimumFOp::create(b, loc, x, args.back()).getResult()
          : noNegatives ? arith::MinUIOp::create(b, loc, x, args.back()).getResult()
                        : arith::MinSIOp::create(b, loc, x, args.back()).getResult();
    return x;
  });
}

/// A remainder that takes the sign of the divisor, from one with the sign of the dividend.
static Value takeSignOfDivisor(OpBuilder &b, Location loc, Value remainder, Value divisor) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(remainder.getType()));
  if (isa<FloatType>(remainder.getType())) {
    auto isNegative = [&](Value x) -> Value {
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, zero);
    };
    Value isNonzero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, remainder, zero);
    Value differ = arith::XOrIOp::create(b, loc, isNegative(remainder), isNegative(divisor));
    Value moved = arith::AddFOp::create(b, loc, remainder, divisor);
    return arith::SelectOp::create(b, loc, arith::AndIOp::create(b, loc, isNonzero, differ), moved, remainder);
  }
  Value isNonzero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, remainder, zero);
  Value signs = arith::XOrIOp::create(b, loc, remainder, divisor);
  Value differ = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, signs, zero);
  Value moved = arith::AddIOp::create(b, loc, remainder, divisor);
  return arith::SelectOp::create(b, loc, arith::AndIOp::create(b, loc, isNonzero, differ), moved, remainder);
}

static FailureOr<Tensor> convertMod(ModOp op, Node &node) {
  bool noNegatives = isUnsigned(op.getA());
  return mapOperands(node, op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (noNegatives)
      return arith::RemUIOp::create(b, loc, args[0], args[1]);
    Value remainder = isa<FloatType>(args[0].getType()) ? arith::RemFOp::create(b, loc, args[0], args[1]).getResult()
                                                        : arith::RemSIOp::create(b, loc, args[0], args[1]).getResult();
    return op.getFmod() ? remainder : takeSignOfDivisor(b, loc, remainder, args[1]);
  });
}

/// x to a constant power by multiplications and roots; nothing where the power is not among those.
static std::optional<Tensor> expandPower(Node &node, const Tensor &x, double power) {
  if (!isa<FloatType>(x.getElementType()))
    return std::nullopt;
  if (power == 1)
    return x;
  if (power == 2)
    return node.elementwise(ElementwiseKind::square, {x});
  if (power == 3)
    return node.elementwise(ElementwiseKind::mul, {node.elementwise(ElementwiseKind::square, {x}), x});
  if (power == 4)
    return node.elementwise(ElementwiseKind::square, {node.elementwise(ElementwiseKind::square, {x})});
  if (power == 0.5)
    return node.elementwise(ElementwiseKind::sqrt, {x});
  if (power == -1)
    return node.elementwise(ElementwiseKind::reciprocal, {x});
  return std::nullopt;
}

static Value toFloat(OpBuilder &b, Location loc, Value x, Type type, bool fromUnsigned) {
  if (x.getType() == type)
    return x;
  if (isa<FloatType>(x.getType()))
    return x.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth()
               ? arith::ExtFOp::create(b, loc, type, x).getResult()
               : arith::TruncFOp::create(b, loc, type, x).getResult();
  return fromUnsigned ? arith::UIToFPOp::create(b, loc, type, x).getResult()
                      : arith::SIToFPOp::create(b, loc, type, x).getResult();
}

/// The power in the type of the base; it is computed in f64 where the base is an integer and the exponent is not.
static FailureOr<Tensor> convertPow(PowOp op, Node &node) {
  Tensor x = node.get(op.getX()), y = node.get(op.getY());
  Extents extents = node.getResultExtents();
  std::optional<double> power = getScalar(op.getY());
  if (power && x.extents == extents)
    if (std::optional<Tensor> result = expandPower(node, x, *power))
      return *result;
  Type type = x.getElementType();
  if (isa<FloatType>(type) && y.getElementType() == type)
    return combine(node, ElementwiseKind::powf, op.getX(), op.getY(), /*commutes=*/false);
  bool xUnsigned = isUnsigned(op.getX()), yUnsigned = isUnsigned(op.getY());
  return mapOperands(node, op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isa<FloatType>(type))
      return math::PowFOp::create(b, loc, args[0], toFloat(b, loc, args[1], type, yUnsigned));
    if (type == args[1].getType())
      return math::IPowIOp::create(b, loc, args[0], args[1]);
    Type wide = b.getF64Type();
    Value result = math::PowFOp::create(b, loc, toFloat(b, loc, args[0], wide, xUnsigned),
                                        toFloat(b, loc, args[1], wide, yUnsigned));
    return xUnsigned ? arith::FPToUIOp::create(b, loc, type, result).getResult()
                     : arith::FPToSIOp::create(b, loc, type, result).getResult();
  });
}

/// Compares elements by `order`; NaN compares false.
static FailureOr<Tensor> compare(Node &node, Value x, Value y, Order order) {
  bool noNegatives = isUnsigned(x);
  return mapOperands(node, {x, y}, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isa<FloatType>(args[0].getType())) {
      auto predicate = order == Order::equal  ? arith::CmpFPredicate::OEQ
                       : order == Order::less ? arith::CmpFPredicate::OLT
                                              : arith::CmpFPredicate::OLE;
      return arith::CmpFOp::create(b, loc, predicate, args[0], args[1]);
    }
    auto less = noNegatives ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
    auto lessOrEqual = noNegatives ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle;
    auto predicate = order == Order::equal ? arith::CmpIPredicate::eq : order == Order::less ? less : lessOrEqual;
    return arith::CmpIOp::create(b, loc, predicate, args[0], args[1]);
  });
}

static FailureOr<Tensor> convertEqual(EqualOp op, Node &node) {
  return compare(node, op.getA(), op.getB(), Order::equal);
}
static FailureOr<Tensor> convertLess(LessOp op, Node &node) { return compare(node, op.getA(), op.getB(), Order::less); }
static FailureOr<Tensor> convertLessOrEqual(LessOrEqualOp op, Node &node) {
  return compare(node, op.getA(), op.getB(), Order::lessOrEqual);
}
static FailureOr<Tensor> convertGreater(GreaterOp op, Node &node) {
  return compare(node, op.getB(), op.getA(), Order::less);
}
static FailureOr<Tensor> convertGreaterOrEqual(GreaterOrEqualOp op, Node &node) {
  return compare(node, op.getB(), op.getA(), Order::lessOrEqual);
}

template <typename OpTy, typename ScalarOp>
static FailureOr<Tensor> convertLogical(OpTy op, Node &node) {
  return mapOperands(node, op->getOperands(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return ScalarOp::create(b, loc, args[0], args[1]);
  });
}

static FailureOr<Tensor> convertWhere(WhereOp op, Node &node) {
  SmallVector<Tensor> operands = node.get(op->getOperands());
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  return node.elementwise(ElementwiseKind::select, operands, extents);
}

/// Converts a scalar as ONNX's Cast does: floats truncate, bools are whether the value is not zero.
static Value castScalar(OpBuilder &b, Location loc, Value x, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = x.getType();
  if (from == to)
    return x;
  if (isa<FloatType>(to))
    return toFloat(b, loc, x, to, fromUnsigned);
  if (to.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(from));
    if (isa<FloatType>(from))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, zero);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, zero);
  }
  if (isa<FloatType>(from))
    return toUnsigned ? arith::FPToUIOp::create(b, loc, to, x).getResult()
                      : arith::FPToSIOp::create(b, loc, to, x).getResult();
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, to, x);
  return fromUnsigned ? arith::ExtUIOp::create(b, loc, to, x).getResult()
                      : arith::ExtSIOp::create(b, loc, to, x).getResult();
}

static FailureOr<Tensor> convertCast(CastOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Type to = node.getResultElementType(), from = x.getElementType();
  if (to == from)
    return x;
  bool sameWidth =
      isa<FloatType>(to) && isa<FloatType>(from) && to.getIntOrFloatBitWidth() == from.getIntOrFloatBitWidth();
  bool fromUnsigned = isUnsigned(op.getInput()), toUnsigned = isUnsigned(op.getOutput());
  return node.map({x}, x.extents, to, [&](OpBuilder &b, Location loc, ValueRange args) {
    Value value = sameWidth ? toFloat(b, loc, args[0], b.getF32Type(), fromUnsigned) : args[0];
    return castScalar(b, loc, value, to, fromUnsigned, toUnsigned);
  });
}

void vitc::onnx::populateArithmeticPatterns(NodePatterns &patterns) {
  patterns.add(convertAdd);
  patterns.add(convertCast);
  patterns.add(convertClip);
  patterns.add(convertDiv);
  patterns.add(convertEqual);
  patterns.add(convertGreater);
  patterns.add(convertGreaterOrEqual);
  patterns.add(convertLess);
  patterns.add(convertLessOrEqual);
  patterns.add(convertLogical<AndOp, arith::AndIOp>);
  patterns.add(convertLogical<OrOp, arith::OrIOp>);
  patterns.add(convertLogical<XorOp, arith::XOrIOp>);
  patterns.add(convertMax);
  patterns.add(convertMin);
  patterns.add(convertMod);
  patterns.add(convertMul);
  patterns.add(convertPow);
  patterns.add(convertSub);
  patterns.add(convertWhere);
}
