//===- Blocks of pixels, one-hot vectors, identity matrices ---------------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Blocks of pixels
//===----------------------------------------------------------------------===//

/// (B, C, H, W) is read as (B, row, column, c, H, W), or with mode CRD as (B, c, row, column, H, W).
static FailureOr<Tensor> convertDepthToSpace(DepthToSpaceOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Extents y = node.getResultExtents();
  AffineExpr size = node.extent(op.getBlocksize());
  bool channelsLast = op.getMode() == "DCR";
  Extents split = channelsLast ? Extents{x.extents[0], size, size, y[1], x.extents[2], x.extents[3]}
                               : Extents{x.extents[0], y[1], size, size, x.extents[2], x.extents[3]};
  SmallVector<int64_t> order =
      channelsLast ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2} : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
  return node.reshape(node.transpose(node.reshape(x, split), order), y);
}

/// The squares of extents that may not be whole multiples, read at computed positions.
static Tensor readBlocks(Node &node, const Tensor &x, ExtentsRef y, int64_t size, bool channelsLast) {
  Value channels = node.indexValue(x.extents[1]);
  return node.gather(x, y, [&](OpBuilder &b, Location loc, ValueRange position) {
    Value edge = arith::ConstantIndexOp::create(b, loc, size), square = arith::MulIOp::create(b, loc, edge, edge);
    Value divisor = channelsLast ? channels : square;
    Value major = arith::DivUIOp::create(b, loc, position[1], divisor);
    Value minor = arith::RemUIOp::create(b, loc, position[1], divisor);
    Value channel = channelsLast ? minor : major, pixel = channelsLast ? major : minor;
    Value row = arith::DivUIOp::create(b, loc, pixel, edge), column = arith::RemUIOp::create(b, loc, pixel, edge);
    auto within = [&](Value block, Value offset) -> Value {
      return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, block, edge), offset);
    };
    return SmallVector<Value>{position[0], channel, within(position[2], row), within(position[3], column)};
  });
}

static FailureOr<Tensor> convertSpaceToDepth(SpaceToDepthOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Extents y = node.getResultExtents();
  AffineExpr size = node.extent(op.getBlocksize());
  bool channelsLast = op.getMode() == "DCR";
  auto isWhole = [&](int64_t dim) { return node.symbols.simplify(y[dim] * size) == x.extents[dim]; };
  if (!isWhole(2) || !isWhole(3))
    return readBlocks(node, x, y, op.getBlocksize(), channelsLast);
  Extents split{x.extents[0], x.extents[1], y[2], size, y[3], size};
  SmallVector<int64_t> order =
      channelsLast ? SmallVector<int64_t>{0, 3, 5, 1, 2, 4} : SmallVector<int64_t>{0, 1, 3, 5, 2, 4};
  return node.reshape(node.transpose(node.reshape(x, split), order), y);
}

//===----------------------------------------------------------------------===//
// Matrices of two values
//===----------------------------------------------------------------------===//

/// An index of any numeric type as a position; what is not finite or too large lies outside every dimension.
static Value toIndex(OpBuilder &b, Location loc, Value x, bool isUnsigned) {
  Type i64 = b.getI64Type(), type = x.getType();
  if (isa<FloatType>(type)) {
    Value wide = type.getIntOrFloatBitWidth() < 64 ? arith::ExtFOp::create(b, loc, b.getF64Type(), x).getResult() : x;
    Value limit = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(0x1p62));
    Value least = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(-0x1p62));
    wide = arith::MaxNumFOp::create(b, loc, arith::MinNumFOp::create(b, loc, wide, limit), least);
    x = arith::FPToSIOp::create(b, loc, i64, wide);
  } else if (type.getIntOrFloatBitWidth() < 64) {
    x = isUnsigned ? arith::ExtUIOp::create(b, loc, i64, x).getResult()
                   : arith::ExtSIOp::create(b, loc, i64, x).getResult();
  }
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), x);
}

/// output[i.., d, k..] = values[d == index ? 1 : 0], where the index may count from the end.
static FailureOr<Tensor> convertOneHot(OneHotOp op, Node &node) {
  Tensor indices = node.get(op.getIndices()), values = node.get(op.getValues());
  Extents extents = node.getResultExtents();
  int64_t axis = normalizeAxis(op.getAxis(), extents.size());
  Value depth = node.indexValue(extents[axis]);
  bool noNegatives = isUnsigned(op.getIndices());
  return node.map({node.addDims(indices, {axis})}, extents, values.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    Value zero = arith::ConstantIndexOp::create(b, loc, 0),
                          one = arith::ConstantIndexOp::create(b, loc, 1);
                    Value index = toIndex(b, loc, args[0], noNegatives);
                    Value position = index;
                    if (!noNegatives) {
                      Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
                      Value wrapped = arith::AddIOp::create(b, loc, index, depth);
                      position = arith::SelectOp::create(b, loc, isNegative, wrapped, index);
                    }
                    Value here = linalg::IndexOp::create(b, loc, axis);
                    Value isOn = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, position, here);
                    return tensor::ExtractOp::create(
                        b, loc, values.value, ValueRange(arith::SelectOp::create(b, loc, isOn, one, zero).getResult()));
                  });
}

static FailureOr<Tensor> convertEyeLike(EyeLikeOp op, Node &node) {
  Type type = node.getResultElementType();
  return node.map({}, node.getResultExtents(), type, [&](OpBuilder &b, Location loc, ValueRange) -> Value {
    Value row = linalg::IndexOp::create(b, loc, 0), column = linalg::IndexOp::create(b, loc, 1);
    Value distance = arith::SubIOp::create(b, loc, column, row);
    Value k = arith::ConstantIndexOp::create(b, loc, op.getK());
    Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, distance, k);
    Value one = arith::ConstantOp::create(b, loc, getScalarAttr(1, type));
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    return arith::SelectOp::create(b, loc, isOne, one, zero);
  });
}

void vitc::onnx::populateRearrangementPatterns(NodePatterns &patterns) {
  patterns.add(convertDepthToSpace);
  patterns.add(convertEyeLike);
  patterns.add(convertOneHot);
  patterns.add(convertSpaceToDepth);
}
