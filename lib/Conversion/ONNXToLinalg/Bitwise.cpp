//===- Integers as bits ---------------------------------------------------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace vitc::onnx;

static FailureOr<Tensor> convertBitwiseNot(BitwiseNotOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return node.map({x}, x.extents, x.getElementType(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value ones = arith::ConstantOp::create(b, loc, getScalarAttr(-1, x.getElementType()));
    return arith::XOrIOp::create(b, loc, args[0], ones);
  });
}

template <typename OpTy, typename ScalarOp>
static FailureOr<Tensor> convertBitwise(OpTy op, Node &node) {
  return node.mapOperands(op->getOperands(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return ScalarOp::create(b, loc, args[0], args[1]);
  });
}

/// The amount as an unsigned number is too much where it is negative.
static FailureOr<Tensor> convertBitShift(BitShiftOp op, Node &node) {
  bool isLeft = op.getDirection() == "LEFT", hasSign = !isUnsigned(op.getX()) && !isLeft;
  return node.mapOperands(op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Type type = args[0].getType();
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, loc, getScalarAttr(value, type));
    };
    Value most = constant(type.getIntOrFloatBitWidth() - 1);
    if (hasSign)
      return arith::ShRSIOp::create(b, loc, args[0], arith::MinUIOp::create(b, loc, args[1], most));
    Value isShort = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, args[1], most);
    Value shifted = isLeft ? arith::ShLIOp::create(b, loc, args[0], args[1]).getResult()
                           : arith::ShRUIOp::create(b, loc, args[0], args[1]).getResult();
    return arith::SelectOp::create(b, loc, isShort, shifted, constant(0));
  });
}

static FailureOr<Tensor> convertBitCast(BitCastOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Type to = node.getResultElementType(), byte = node.builder.getI8Type();
  if (to == x.getElementType())
    return x;
  return node.map({x}, x.extents, to, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (args[0].getType().isInteger(1))
      return arith::ExtUIOp::create(b, loc, byte, args[0]);
    if (to.isInteger(1))
      return arith::TruncIOp::create(b, loc, to, args[0]);
    return arith::BitcastOp::create(b, loc, to, args[0]);
  });
}

void vitc::onnx::populateBitwisePatterns(NodePatterns &patterns) {
  patterns.add(convertBitCast);
  patterns.add(convertBitShift);
  patterns.add(convertBitwise<BitwiseAndOp, arith::AndIOp>);
  patterns.add(convertBitwise<BitwiseOrOp, arith::OrIOp>);
  patterns.add(convertBitwise<BitwiseXorOp, arith::XOrIOp>);
  patterns.add(convertBitwiseNot);
}
