//===- Gather, GatherElements, GatherND, ReverseSequence ------------------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// Positions start, start + step, …
struct Run {
  int64_t start, step, count;
};
} // namespace

/// Cuts a list of positions into runs of ascending neighbours; one run, if the whole list has one step.
static SmallVector<Run> getRuns(ArrayRef<int64_t> positions) {
  SmallVector<Run> runs{{positions[0], 1, static_cast<int64_t>(positions.size())}};
  if (positions.size() > 1)
    runs[0].step = positions[1] - positions[0];
  bool isUniform = runs[0].step > 0;
  for (auto [index, position] : llvm::enumerate(positions))
    isUniform &= position == runs[0].start + static_cast<int64_t>(index) * runs[0].step;
  if (isUniform)
    return runs;
  runs.clear();
  for (int64_t position : positions) {
    if (!runs.empty() && position == runs.back().start + runs.back().count)
      ++runs.back().count;
    else
      runs.push_back({position, 1, 1});
  }
  return runs;
}

/// The run along `axis` as a slice.
static Tensor takeRun(Node &node, const Tensor &x, int64_t axis, const Run &run) {
  Extents offsets(x.getRank(), node.extent(0)), sizes = x.extents;
  SmallVector<int64_t> steps(x.getRank(), 1);
  offsets[axis] = node.extent(run.start);
  sizes[axis] = node.extent(run.count);
  steps[axis] = run.step;
  return node.slice(x, offsets, sizes, steps);
}

/// Slices of `x` at constant positions along `axis`: a slice, a few slices in a row, or one by one.
static Tensor takePositions(Node &node, const Tensor &x, int64_t axis, ArrayRef<int64_t> positions) {
  constexpr size_t maxSlices = 8;
  Extents extents = x.extents;
  extents[axis] = node.extent(positions.size());
  SmallVector<Run> runs;
  if (!positions.empty())
    runs = getRuns(positions);
  if (!runs.empty() && runs.size() <= maxSlices)
    return node.concat(llvm::map_to_vector(runs, [&](const Run &run) { return takeRun(node, x, axis, run); }), axis);
  Value table = node.table(positions).value;
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    source[axis] = lookUp(b, loc, table, position[axis]);
    return source;
  });
}

Value vitc::onnx::getPosition(OpBuilder &b, Location loc, Value index, Value size) {
  Value i = index.getType().isIndex() ? index : arith::IndexCastOp::create(b, loc, b.getIndexType(), index).getResult();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, i, zero);
  Value wrapped = arith::SelectOp::create(b, loc, isNegative, arith::AddIOp::create(b, loc, i, size), i);
  Value last = arith::SubIOp::create(b, loc, size, one);
  return arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, wrapped, last), zero);
}

/// Gather at indices that the run decides.
static Tensor gatherAtRunTime(Node &node, const Tensor &x, int64_t axis, const Tensor &indices, ExtentsRef extents) {
  Value size = node.indexValue(x.extents[axis]);
  int64_t rank = indices.getRank();
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    Value index = tensor::ExtractOp::create(b, loc, indices.value, position.slice(axis, rank));
    SmallVector<Value> source(position.take_front(axis));
    source.push_back(getPosition(b, loc, index, size));
    llvm::append_range(source, position.drop_front(axis + rank));
    return source;
  });
}

static FailureOr<Tensor> convertGather(GatherOp op, Node &node) {
  Tensor x = node.get(op.getData()), indices = node.get(op.getIndices());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  Extents extents = node.getResultExtents();
  auto constants = getIntegers(op.getIndices());
  if (!constants)
    return gatherAtRunTime(node, x, axis, indices, extents);

  bool isScalar = indices.getRank() == 0;
  int64_t size = getStaticExtent(x.extents[axis]);
  if (ShapedType::isDynamic(size)) {
    // A symbol is at least 1: only the first and the last position are there in every run.
    if (isScalar && ((*constants)[0] == 0 || (*constants)[0] == -1)) {
      AffineExpr offset = (*constants)[0] < 0 ? x.extents[axis] + (*constants)[0] : node.extent((*constants)[0]);
      Extents offsets(x.getRank(), node.extent(0)), sizes = x.extents;
      offsets[axis] = offset;
      sizes[axis] = node.extent(1);
      return node.slice(x, offsets, sizes, SmallVector<int64_t>(x.getRank(), 1), {axis});
    }
    return gatherAtRunTime(node, x, axis, indices, extents);
  }
  for (int64_t &index : *constants) {
    if (index < -size || index >= size)
      return node.refuse("index " + Twine(index) + " is outside a dimension of " + Twine(size));
    index = normalizeAxis(index, size);
  }
  if (isScalar) {
    Extents offsets(x.getRank(), node.extent(0)), sizes = x.extents;
    offsets[axis] = node.extent((*constants)[0]);
    sizes[axis] = node.extent(1);
    return node.slice(x, offsets, sizes, SmallVector<int64_t>(x.getRank(), 1), {axis});
  }
  return node.reshape(takePositions(node, x, axis, *constants), extents);
}

/// output[b.., i.., k..] = data[b.., indices[b.., i.., :].., k..]
static FailureOr<Tensor> convertGatherND(GatherNDOp op, Node &node) {
  Tensor x = node.get(op.getData()), indices = node.get(op.getIndices());
  int64_t batch = op.getBatchDims(), outer = indices.getRank() - 1, length = getStaticExtent(indices.extents.back());
  if (ShapedType::isDynamic(length))
    return node.refuse("the length of its index vectors is not static");
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < length; ++i)
    sizes.push_back(node.indexValue(x.extents[batch + i]));
  return node.gather(x, node.getResultExtents(), [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position.take_front(batch));
    for (int64_t i = 0; i < length; ++i) {
      SmallVector<Value> where(position.take_front(outer));
      where.push_back(arith::ConstantIndexOp::create(b, loc, i));
      Value index = tensor::ExtractOp::create(b, loc, indices.value, where);
      source.push_back(getPosition(b, loc, index, sizes[i]));
    }
    llvm::append_range(source, position.drop_front(outer));
    return source;
  });
}

/// output[i.., j, k..] = data[i.., indices[i.., j, k..], k..]
static FailureOr<Tensor> convertGatherElements(GatherElementsOp op, Node &node) {
  Tensor x = node.get(op.getData()), indices = node.get(op.getIndices());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  SmallVector<Value> sizes = llvm::map_to_vector(x.extents, [&](AffineExpr size) { return node.indexValue(size); });
  return node.gather(x, indices.extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    Value index = tensor::ExtractOp::create(b, loc, indices.value, position);
    source[axis] = getPosition(b, loc, index, sizes[axis]);
    for (auto [dim, from, to] : llvm::enumerate(x.extents, indices.extents)) {
      // The verifier compares static extents; others may be larger than the operand's in a run.
      bool isWithin = from == to || (isa<AffineConstantExpr>(from) && isa<AffineConstantExpr>(to));
      if (static_cast<int64_t>(dim) != axis && !isWithin)
        source[dim] = getPosition(b, loc, source[dim], sizes[dim]);
    }
    return source;
  });
}

/// y[t, b, ..] = input[t < length[b] ? length[b] − 1 − t : t, b, ..]
static FailureOr<Tensor> convertReverseSequence(ReverseSequenceOp op, Node &node) {
  Tensor x = node.get(op.getInput()), lengths = node.get(op.getSequenceLens());
  int64_t time = op.getTimeAxis(), batch = op.getBatchAxis();
  Value size = node.indexValue(x.extents[time]);
  return node.gather(x, x.extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    Value stated = tensor::ExtractOp::create(b, loc, lengths.value, position[batch]);
    Value length = arith::IndexCastOp::create(b, loc, b.getIndexType(), stated);
    length = arith::MinSIOp::create(b, loc, length, size);
    Value isReversed = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, position[time], length);
    Value last = arith::SubIOp::create(b, loc, length, arith::ConstantIndexOp::create(b, loc, 1));
    Value mirrored = arith::SubIOp::create(b, loc, last, position[time]);
    source[time] = arith::SelectOp::create(b, loc, isReversed, mirrored, position[time]);
    return source;
  });
}

void vitc::onnx::populateIndexingPatterns(NodePatterns &patterns) {
  patterns.add(convertGather);
  patterns.add(convertGatherElements);
  patterns.add(convertGatherND);
  patterns.add(convertReverseSequence);
}
