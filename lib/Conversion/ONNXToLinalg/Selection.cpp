//===- What runs along one dimension: ArgMax, ArgMin, CumSum, TopK --------===//

#include "DataExtents.h"
#include "Procedure.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Where the extremum is
//===----------------------------------------------------------------------===//

namespace {
/// What is searched for, and which of several equal ones.
struct Search {
  bool greatest, last, isUnsigned;
};
} // namespace

/// Whether `x` is found rather than `best`, which was seen before it.
static Value isBetter(OpBuilder &b, Location loc, const Search &search, Value x, Value best) {
  if (!search.greatest)
    std::swap(x, best);
  // Now the question is x > best, or for the least one the other way round.
  if (isa<FloatType>(x.getType())) {
    auto predicate = search.last ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT;
    return arith::CmpFOp::create(b, loc, predicate, x, best);
  }
  auto orEqual = search.isUnsigned ? arith::CmpIPredicate::uge : arith::CmpIPredicate::sge;
  auto greater = search.isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
  return arith::CmpIOp::create(b, loc, search.last ? orEqual : greater, x, best);
}

/// A running extremum and where it stands, in one linalg.generic.
static Tensor findExtremum(Node &node, const Tensor &x, int64_t axis, const Search &search) {
  Extents extents = x.extents;
  extents.erase(extents.begin() + axis);
  Type type = x.getElementType(), i64 = node.builder.getI64Type();
  Tensor best = node.fill(extents, search.greatest ? getLowestAttr(type, search.isUnsigned)
                                                   : getHighestAttr(type, search.isUnsigned));
  Tensor where = node.fill(extents, getScalarAttr(0, i64));
  AffineMap identity = node.builder.getMultiDimIdentityMap(x.getRank()), kept = identity.dropResult(axis);
  SmallVector<utils::IteratorType> iterators(x.getRank(), utils::IteratorType::parallel);
  iterators[axis] = utils::IteratorType::reduction;
  auto generic =
      linalg::GenericOp::create(node.builder, node.loc, TypeRange{best.value.getType(), where.value.getType()}, x.value,
                                ValueRange{best.value, where.value}, {identity, kept, kept}, iterators,
                                [&](OpBuilder &b, Location loc, ValueRange args) {
                                  Value found = isBetter(b, loc, search, args[0], args[1]);
                                  Value here =
                                      arith::IndexCastOp::create(b, loc, i64, linalg::IndexOp::create(b, loc, axis));
                                  Value value = arith::SelectOp::create(b, loc, found, args[0], args[1]);
                                  Value position = arith::SelectOp::create(b, loc, found, here, args[2]);
                                  linalg::YieldOp::create(b, loc, ValueRange{value, position});
                                });
  return {generic.getResult(1), extents};
}

template <typename ArgOp, bool greatest>
static FailureOr<Tensor> convertArg(ArgOp op, Node &node) {
  Tensor x = node.get(op.getData());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  Tensor result = findExtremum(node, x, axis, {greatest, op.getSelectLastIndex(), isUnsigned(op.getData())});
  return op.getKeepdims() ? node.addDims(result, {axis}) : result;
}

//===----------------------------------------------------------------------===//
// CumSum, CumProd
//===----------------------------------------------------------------------===//

static Value add(ProcedureBuilder &p, Value a, Value b) {
  return isa<FloatType>(a.getType()) ? arith::AddFOp::create(p.builder, p.loc, a, b).getResult() : p.add(a, b);
}
static Value multiply(ProcedureBuilder &p, Value a, Value b) {
  return isa<FloatType>(a.getType()) ? arith::MulFOp::create(p.builder, p.loc, a, b).getResult() : p.mul(a, b);
}

namespace {
/// What is computed of all elements up to one: `combine` of what it is of those before, and the next. Of none, `start`.
struct Running {
  double start;
  Value (*combine)(ProcedureBuilder &, Value, Value);
  bool exclusive, reverse;
};
} // namespace

/// Sums or products along the middle dimension of x and y (outer, n, inner), for one position of the outer one: each
/// element is the one before it and what is added to that. One pass, however long the dimension is.
static void emitRunning(ProcedureBuilder &p, Value outer, Value x, Value y, const Running &running) {
  bool exclusive = running.exclusive, reverse = running.reverse;
  Value zero = p.index(0), one = p.index(1), extent = p.dim(x, 1), width = p.dim(x, 2);
  Type type = cast<MemRefType>(x.getType()).getElementType();
  auto place = [&](Value step) { return reverse ? p.sub(extent, p.add(step, one)) : step; };
  p.branch(p.less(zero, extent), [&] {
    Value first = place(zero);
    p.forEach(zero, width, [&](Value k) {
      Value value = exclusive ? p.constant(type, running.start) : p.load(x, {outer, first, k});
      p.store(value, y, {outer, first, k});
    });
  });
  p.forEach(one, extent, [&](Value step) {
    Value here = place(step), before = place(p.sub(step, one));
    p.forEach(zero, width, [&](Value k) {
      Value sum = p.load(y, {outer, before, k}), term = p.load(x, {outer, exclusive ? before : here, k});
      p.store(running.combine(p, sum, term), y, {outer, here, k});
    });
  });
}

/// y[.., i, ..] is that of x[.., j, ..] for the j up to i (from i on with `reverse`; without i itself with
/// `exclusive`).
template <typename OpTy>
static FailureOr<Tensor> accumulate(OpTy op, Node &node, double start,
                                    Value (*combine)(ProcedureBuilder &, Value, Value)) {
  Tensor x = node.get(op.getX());
  std::optional<double> constantAxis = getScalar(op.getAxis());
  if (!constantAxis)
    return node.refuse("its axis is not constant");
  int64_t axis = normalizeAxis(*constantAxis, x.getRank());
  if (TensorBuilder::isEmpty(x.extents))
    return x;
  AffineExpr outer = getProduct(ExtentsRef(x.extents).take_front(axis), node.getContext());
  AffineExpr inner = getProduct(ExtentsRef(x.extents).drop_front(axis + 1), node.getContext());
  Extents view{outer, x.extents[axis], inner};
  Running running{start, combine, op.getExclusive(), op.getReverse()};
  Tensor result = buildProcedure(node, node.indexValue(outer), node.reshape(x, view), {{view, x.getElementType()}},
                                 [&](ProcedureBuilder &p, Value item, ValueRange buffers) {
                                   emitRunning(p, item, buffers[0], buffers[1], running);
                                 })[0];
  return node.reshape(result, x.extents);
}

static FailureOr<Tensor> convertCumSum(CumSumOp op, Node &node) { return accumulate(op, node, 0, add); }
static FailureOr<Tensor> convertCumProd(CumProdOp op, Node &node) { return accumulate(op, node, 1, multiply); }

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

/// The rows that `vit.top_k` takes run along the last dimension.
static FailureOr<SmallVector<Tensor>> convertTopK(TopKOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t rank = x.getRank(), axis = normalizeAxis(op.getAxis(), rank);
  Extents extents = node.getResultExtents();
  if (extents[axis] == nullptr || ShapedType::isDynamic(getStaticExtent(extents[axis])))
    return convertTopKAtRunTime(op, node);
  SmallVector<int64_t> toRows = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  toRows.erase(toRows.begin() + axis);
  toRows.push_back(axis);
  Tensor rows = node.transpose(x, toRows);
  Extents found = llvm::map_to_vector(toRows, [&](int64_t dim) { return extents[dim]; });
  if (isExtent(extents[axis], 0))
    return SmallVector<Tensor>{{node.empty(extents, x.getElementType()), extents},
                               {node.empty(extents, node.builder.getI64Type()), extents}};
  auto sorted = vitc::vit::TopKOp::create(
      node.builder, node.loc,
      TypeRange{node.getType(found, x.getElementType()), node.getType(found, node.builder.getI64Type())}, rows.value,
      !op.getLargest(), isUnsigned(op.getX()));
  SmallVector<int64_t> back = invertPermutationVector(toRows);
  return SmallVector<Tensor>{node.transpose({sorted.getValues(), found}, back),
                             node.transpose({sorted.getIndices(), found}, back)};
}

void vitc::onnx::populateSelectionPatterns(NodePatterns &patterns) {
  patterns.add(convertArg<ArgMaxOp, /*greatest=*/true>);
  patterns.add(convertArg<ArgMinOp, /*greatest=*/false>);
  patterns.add(convertCumProd);
  patterns.add(convertCumSum);
  patterns.add(convertTopK);
}
