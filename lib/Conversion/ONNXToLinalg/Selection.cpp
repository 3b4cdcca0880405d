//===- What runs along one dimension: ArgMax, ArgMin, CumSum, TopK --------===//

#include "DataExtents.h"

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
// CumSum
//===----------------------------------------------------------------------===//

/// y[.., i, ..] = Σ_j x[.., j, ..] over the j up to i (from i on with `reverse`; without i itself with `exclusive`).
static FailureOr<Tensor> convertCumSum(CumSumOp op, Node &node) {
  Tensor x = node.get(op.getX());
  std::optional<double> constantAxis = getScalar(op.getAxis());
  if (!constantAxis)
    return node.refuse("its axis is not constant");
  int64_t rank = x.getRank(), axis = normalizeAxis(*constantAxis, rank);
  Type type = x.getElementType();
  Tensor zeros = node.fill(x.extents, getScalarAttr(0, type));
  // Loops: those of y, then j.
  SmallVector<AffineExpr> read;
  for (int64_t dim = 0; dim < rank; ++dim)
    read.push_back(node.builder.getAffineDimExpr(dim == axis ? rank : dim));
  AffineMap maps[] = {AffineMap::get(rank + 1, 0, read, node.getContext()),
                      AffineMap::getMultiDimIdentityMap(rank + 1, node.getContext()).dropResult(rank)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  auto order = op.getReverse() ? (op.getExclusive() ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::uge)
                               : (op.getExclusive() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::ule);
  auto generic = linalg::GenericOp::create(
      node.builder, node.loc, TypeRange(zeros.value.getType()), x.value, zeros.value, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        Value j = linalg::IndexOp::create(b, loc, rank), i = linalg::IndexOp::create(b, loc, axis);
        Value counts = arith::CmpIOp::create(b, loc, order, j, i);
        Value sum = isa<FloatType>(type) ? arith::AddFOp::create(b, loc, args[1], args[0]).getResult()
                                         : arith::AddIOp::create(b, loc, args[1], args[0]).getResult();
        linalg::YieldOp::create(b, loc, arith::SelectOp::create(b, loc, counts, sum, args[1]).getResult());
      });
  return Tensor{generic.getResult(0), x.extents};
}

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
  patterns.add(convertCumSum);
  patterns.add(convertTopK);
}
