//===- RoiAlign and MaxRoiPool --------------------------------------------===//

#include "Node.h"
#include "Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

/// Reduces over i in [begin, end): `body` gives the next value from i and the last one.
static Scalar reduceRange(const Scalar &init, Value begin, Value end,
                          function_ref<Scalar(Value, const Scalar &)> body) {
  OpBuilder &b = *init.builder;
  Value one = arith::ConstantIndexOp::create(b, init.loc, 1);
  auto loop = scf::ForOp::create(b, init.loc, begin, end, one, init.value,
                                 [&](OpBuilder &inner, Location loc, Value i, ValueRange carried) {
                                   scf::YieldOp::create(inner, loc, body(i, Scalar(inner, loc, carried[0])).value);
                                 });
  return {b, init.loc, loop.getResult(0)};
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

namespace {
/// A bin of a box along one dimension, in pixels, and the number of its samples.
struct Bin {
  Scalar begin, length;
  Value samples;

  /// The position of sample `i`.
  Scalar getSample(Value i, const Scalar &count) const {
    Scalar number = Scalar::fromIndex(*begin.builder, begin.loc, i, begin.value.getType());
    return begin + (number + 0.5) * length / count;
  }
};

/// The two elements around a position, their weights, and whether the position is on the map.
struct Neighbours {
  Value lower, upper, isOnMap;
  Scalar lowerWeight, upperWeight;
};
} // namespace

/// Positions up to one pixel before the first element, and up to the extent, read the edge.
static Neighbours getNeighbours(const Scalar &position, Value size) {
  OpBuilder &b = *position.builder;
  Location loc = position.loc;
  Scalar extent = Scalar::fromIndex(b, loc, size, position.value.getType());
  Value isOnMap = arith::AndIOp::create(b, loc, isAtMost(position.constant(-1), position), isAtMost(position, extent));
  Scalar x = getLesser(getGreater(position, 0), extent - 1), lower = getFloor(x), weight = x - lower;
  Value last = arith::SubIOp::create(b, loc, size, arith::ConstantIndexOp::create(b, loc, 1));
  return {lower.toIndex(last), (lower + 1).toIndex(last), isOnMap, 1 - weight, weight};
}

static Bin getBin(RoiAlignOp op, const Scalar &begin, const Scalar &end, Value bin, int64_t bins) {
  OpBuilder &b = *begin.builder;
  bool halfPixel = op.getCoordinateTransformationMode() == "half_pixel";
  double scale = op.getSpatialScale().convertToDouble(), offset = halfPixel ? 0.5 : 0;
  Scalar low = begin * scale - offset, length = end * scale - offset - low;
  if (!halfPixel)
    length = getGreater(length, 1);
  Scalar share = length / static_cast<double>(bins);
  Value samples = arith::ConstantIndexOp::create(b, begin.loc, op.getSamplingRatio());
  if (op.getSamplingRatio() == 0)
    samples = getCeil(share).toIndex(arith::ConstantIndexOp::create(b, begin.loc, std::numeric_limits<int32_t>::max()));
  return {low + Scalar::fromIndex(b, begin.loc, bin, begin.value.getType()) * share, share, samples};
}

/// Interpolates one sample: the weighted elements' sum, or with `mode` max the greatest of them.
static Scalar sample(RoiAlignOp op, const Neighbours &row, const Neighbours &column,
                     function_ref<Scalar(Value, Value)> read) {
  Scalar parts[] = {row.lowerWeight * column.lowerWeight * read(row.lower, column.lower),
                    row.lowerWeight * column.upperWeight * read(row.lower, column.upper),
                    row.upperWeight * column.lowerWeight * read(row.upper, column.lower),
                    row.upperWeight * column.upperWeight * read(row.upper, column.upper)};
  Scalar result = parts[0];
  for (const Scalar &part : ArrayRef(parts).drop_front())
    result = op.getMode() == "max" ? getGreater(result, part) : result + part;
  Value isOnMap = arith::AndIOp::create(*result.builder, result.loc, row.isOnMap, column.isOnMap);
  return choose(isOnMap, result, result.constant(0));
}

static FailureOr<Tensor> convertRoiAlign(RoiAlignOp op, Node &node) {
  Tensor x = node.get(op.getX()), rois = node.get(op.getRois()), pictures = node.get(op.getBatchIndices());
  Type element = x.getElementType(), type = getComputeType(element);
  if (TensorBuilder::isEmpty(x.extents))
    return node.fill(node.getResultExtents(), getScalarAttr(0, element));
  Value batch = node.indexValue(x.extents[0]), height = node.indexValue(x.extents[2]),
        width = node.indexValue(x.extents[3]);
  bool isMax = op.getMode() == "max";
  return node.map({}, node.getResultExtents(), element, [&](OpBuilder &b, Location loc, ValueRange) {
    auto index = [&](int64_t dim) -> Value { return linalg::IndexOp::create(b, loc, dim); };
    Value roi = index(0), channel = index(1);
    auto getCorner = [&](int64_t i) {
      Value where[] = {roi, arith::ConstantIndexOp::create(b, loc, i)};
      return Scalar::fromElement(b, loc, tensor::ExtractOp::create(b, loc, rois.value, where), type, false);
    };
    Value picture = getPosition(b, loc, tensor::ExtractOp::create(b, loc, pictures.value, roi), batch);
    Bin rows = getBin(op, getCorner(1), getCorner(3), index(2), op.getOutputHeight());
    Bin columns = getBin(op, getCorner(0), getCorner(2), index(3), op.getOutputWidth());
    Scalar rowCount = Scalar::fromIndex(b, loc, rows.samples, type);
    Scalar columnCount = Scalar::fromIndex(b, loc, columns.samples, type);
    Scalar init = rowCount.constant(isMax ? -std::numeric_limits<double>::infinity() : 0);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Scalar total = reduceRange(init, zero, rows.samples, [&](Value i, const Scalar &rowTotal) {
      Neighbours row = getNeighbours(rows.getSample(i, rowCount), height);
      return reduceRange(rowTotal, zero, columns.samples, [&](Value j, const Scalar &last) {
        Neighbours column = getNeighbours(columns.getSample(j, columnCount), width);
        auto read = [&](Value h, Value w) {
          Value where[] = {picture, channel, h, w};
          return Scalar::fromElement(b, loc, tensor::ExtractOp::create(b, loc, x.value, where), type, false);
        };
        Scalar value = sample(op, row, column, read);
        return isMax ? getGreater(last, value) : last + value;
      });
    });
    Scalar samples = rowCount * columnCount;
    Scalar result = isMax ? choose(isLess(samples, 1), 0, total) : total / getGreater(samples, 1);
    return result.toElement(element, /*isUnsigned=*/false);
  });
}

//===----------------------------------------------------------------------===//
// MaxRoiPool
//===----------------------------------------------------------------------===//

/// The nearest integer, of two the one farther from zero.
static Scalar roundAway(const Scalar &x) { return choose(isLess(x, 0), getCeil(x - 0.5), getFloor(x + 0.5)); }

namespace {
struct Pixels {
  Value begin, end;
};
} // namespace

/// The pixels of a bin along one dimension, within the map.
static Pixels getPixels(const Scalar &low, const Scalar &high, Value bin, int64_t bins, Value size) {
  OpBuilder &b = *low.builder;
  Scalar first = roundAway(low), length = getGreater(roundAway(high) - first + 1, 1);
  Scalar share = length / static_cast<double>(bins);
  Scalar i = Scalar::fromIndex(b, low.loc, bin, low.value.getType());
  return {(getFloor(i * share) + first).toIndex(size), (getCeil((i + 1) * share) + first).toIndex(size)};
}

static FailureOr<Tensor> convertMaxRoiPool(MaxRoiPoolOp op, Node &node) {
  Tensor x = node.get(op.getX()), rois = node.get(op.getRois());
  Type element = x.getElementType(), type = getComputeType(element);
  if (TensorBuilder::isEmpty(x.extents))
    return node.fill(node.getResultExtents(), getScalarAttr(0, element));
  Value lastPicture = node.indexValue(x.extents[0] - 1), height = node.indexValue(x.extents[2]),
        width = node.indexValue(x.extents[3]);
  double scale = op.getSpatialScale().convertToDouble();
  ArrayRef<int64_t> bins = op.getPooledShape();
  return node.map({}, node.getResultExtents(), element, [&](OpBuilder &b, Location loc, ValueRange) {
    auto index = [&](int64_t dim) -> Value { return linalg::IndexOp::create(b, loc, dim); };
    auto getNumber = [&](int64_t i) {
      Value where[] = {index(0), arith::ConstantIndexOp::create(b, loc, i)};
      return Scalar::fromElement(b, loc, tensor::ExtractOp::create(b, loc, rois.value, where), type, false);
    };
    Value picture = getNumber(0).toIndex(lastPicture), channel = index(1);
    Pixels rows = getPixels(getNumber(2) * scale, getNumber(4) * scale, index(2), bins[0], height);
    Pixels columns = getPixels(getNumber(1) * scale, getNumber(3) * scale, index(3), bins[1], width);
    Scalar init = getNumber(0).constant(-std::numeric_limits<double>::infinity());
    Scalar most = reduceRange(init, rows.begin, rows.end, [&](Value h, const Scalar &rowMost) {
      return reduceRange(rowMost, columns.begin, columns.end, [&](Value w, const Scalar &last) {
        Value where[] = {picture, channel, h, w};
        Value found = tensor::ExtractOp::create(b, loc, x.value, where);
        return getGreater(Scalar::fromElement(b, loc, found, type, false), last);
      });
    });
    auto isEmpty = [&](const Pixels &range) -> Value {
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, range.begin, range.end);
    };
    Value hasNone = arith::OrIOp::create(b, loc, isEmpty(rows), isEmpty(columns));
    return choose(hasNone, 0, most).toElement(element, /*isUnsigned=*/false);
  });
}

void vitc::onnx::populateRoiPoolingPatterns(NodePatterns &patterns) {
  patterns.add(convertMaxRoiPool);
  patterns.add(convertRoiAlign);
}
