//===- Quantisation of tensors --------------------------------------------===//

#include "Quantization.h"
#include "Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// A scale or zero point so that it broadcasts to `extents`.
static Tensor align(Node &node, Value value, ExtentsRef extents, int64_t axis, int64_t blockSize) {
  Tensor x = node.get(value);
  if (x.getRank() == 1 && isExtent(x.extents[0], 1))
    x = node.dropDims(x, {0});
  if (x.getRank() == 0)
    return x;
  axis = normalizeAxis(axis, extents.size());
  if (blockSize == 0)
    return node.addDims(x, llvm::to_vector(llvm::seq<int64_t>(1, extents.size() - axis)));
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> block(position);
    Value size = arith::ConstantIndexOp::create(b, loc, blockSize);
    block[axis] = arith::DivUIOp::create(b, loc, position[axis], size);
    return block;
  });
}

Value vitc::onnx::quantizeScalar(OpBuilder &b, Location loc, Value x, Value scale, Value zeroPoint, ScalarType to,
                                 Rounding rounding) {
  ScalarType f32{b.getF32Type(), false};
  Value quotient = arith::DivFOp::create(b, loc, x, scale);
  if (!isa_and_nonnull<FloatType>(to.small))
    quotient = math::RoundEvenOp::create(b, loc, quotient);
  if (zeroPoint)
    quotient = arith::AddFOp::create(b, loc, quotient, zeroPoint);
  if (!to.small || isa<FloatType>(to.small))
    return castScalar(b, loc, quotient, f32, to, rounding);
  // Integers of less than eight bits saturate here; a cast takes their low bits.
  ScalarType narrow{IntegerType::get(b.getContext(), to.small.getIntOrFloatBitWidth()), to.isUnsigned};
  return castScalar(b, loc, castScalar(b, loc, quotient, f32, narrow), narrow, to);
}

static FailureOr<Tensor> convertQuantizeLinear(QuantizeLinearOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  SmallVector<Tensor> operands{x, align(node, op.getYScale(), x.extents, axis, block)};
  ScalarType f32{node.builder.getF32Type(), false}, to = ScalarType::of(op.getY().getType());
  SmallVector<ScalarType> types{ScalarType::of(op.getX().getType()), ScalarType::of(op.getYScale().getType())};
  if (Value zero = op.getYZeroPoint()) {
    operands.push_back(align(node, zero, x.extents, axis, block));
    types.push_back(ScalarType::of(zero.getType()));
  }
  if (!TensorBuilder::broadcasts(operands, x.extents))
    return node.refuse("the extents of its scale cannot be shown to broadcast");
  return node.map(operands, x.extents, to.type, [&](OpBuilder &b, Location loc, ValueRange args) {
    SmallVector<Value> wide;
    for (auto [argument, type] : llvm::zip(args, types))
      wide.push_back(castScalar(b, loc, argument, type, f32));
    return quantizeScalar(b, loc, wide[0], wide[1], wide.size() > 2 ? wide[2] : Value(), to,
                          Rounding{op.getSaturate()});
  });
}

/// x − zero, in i32 for integers.
static Value subtract(OpBuilder &b, Location loc, Value x, ScalarType type, Value zero) {
  ScalarType i32{b.getI32Type(), false};
  if (isa<FloatType>(type.type))
    return zero ? arith::SubFOp::create(b, loc, x, zero).getResult() : x;
  x = castScalar(b, loc, x, type, i32);
  return zero ? arith::SubIOp::create(b, loc, x, castScalar(b, loc, zero, type, i32)).getResult() : x;
}

static FailureOr<Tensor> convertDequantizeLinear(DequantizeLinearOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  SmallVector<Tensor> operands{x, align(node, op.getXScale(), x.extents, axis, block)};
  if (Value zero = op.getXZeroPoint())
    operands.push_back(align(node, zero, x.extents, axis, block));
  if (!TensorBuilder::broadcasts(operands, x.extents))
    return node.refuse("the extents of its scale cannot be shown to broadcast");
  ScalarType type = ScalarType::of(op.getX().getType()), f32{node.builder.getF32Type(), false};
  return node.map(operands, x.extents, f32.type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value difference = subtract(b, loc, args[0], type, args.size() > 2 ? args[2] : Value());
    return arith::MulFOp::create(b, loc, castScalar(b, loc, difference, {difference.getType(), false}, f32), args[1]);
  });
}

//===----------------------------------------------------------------------===//
// With a scale that depends on the values
//===----------------------------------------------------------------------===//

static FailureOr<SmallVector<Tensor>> convertDynamicQuantizeLinear(DynamicQuantizeLinearOp op, Node &node) {
  Tensor x = node.get(op.getX());
  Type f32 = node.builder.getF32Type();
  ScalarType byte = ScalarType::of(op.getY().getType());
  auto dims = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  Tensor zero = node.scalar(0, f32);
  // Negated, the least is the greatest.
  Tensor negated = node.elementwise(ElementwiseKind::negf, {x});
  Tensor most = node.elementwise(ElementwiseKind::max_signed, {reduceMax(node, x, dims, /*isUnsigned=*/false), zero});
  Tensor depth =
      node.elementwise(ElementwiseKind::max_signed, {reduceMax(node, negated, dims, /*isUnsigned=*/false), zero});
  Tensor scale = node.map({most, depth}, {}, f32, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value range = arith::AddFOp::create(b, loc, args[0], args[1]);
    return arith::DivFOp::create(b, loc, range, arith::ConstantOp::create(b, loc, getScalarAttr(255, f32)));
  });
  Tensor zeroPoint = node.map({depth, scale}, {}, byte.type, [&](OpBuilder &b, Location loc, ValueRange args) {
    return quantizeScalar(b, loc, args[0], args[1], Value(), byte);
  });
  Tensor y = node.map({x, scale, zeroPoint}, x.extents, byte.type, [&](OpBuilder &b, Location loc, ValueRange args) {
    Value shift = castScalar(b, loc, args[2], byte, {f32, false});
    return quantizeScalar(b, loc, args[0], args[1], shift, byte);
  });
  return SmallVector<Tensor>{y, scale, zeroPoint};
}

void vitc::onnx::populateQuantizationPatterns(NodePatterns &patterns) {
  patterns.add(convertDequantizeLinear);
  patterns.add(convertDynamicQuantizeLinear);
  patterns.add(convertQuantizeLinear);
}
