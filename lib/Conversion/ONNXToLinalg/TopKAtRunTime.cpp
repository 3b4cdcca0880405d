//===- TopK whose k the run knows ------------------------------------------===//

#include "DataExtents.h"
#include "Procedure.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace vitc::onnx;

using Values = ProcedureBuilder::Values;

namespace {
/// The k best elements of a row, kept as a heap whose root is the worst of them. Best first is how they end: the root
/// goes behind all others, again and again.
class RowSelector {
public:
  RowSelector(ProcedureBuilder &p, Value row, ValueRange buffers, bool largest, bool isUnsigned)
      : p(p), row(row), x(buffers[0]), values(buffers[1]), indices(buffers[2]), largest(largest),
        isUnsigned(isUnsigned) {}

  void emit() {
    Value zero = p.index(0), one = p.index(1), two = p.index(2), extent = p.dim(x, 1);
    Value count = p.min(p.dim(values, 1), extent);
    p.branch(p.less(zero, count), [&] {
      p.forEach(zero, count, [&](Value i) { put(i, read(i)); });
      Value half = arith::DivSIOp::create(p.builder, p.loc, count, two);
      p.forEach(zero, half, [&](Value i) { sift(p.sub(half, p.add(i, one)), count); });
      p.forEach(count, extent, [&](Value i) {
        Element element = read(i);
        p.branch(isBetter(element, get(zero)), [&] {
          put(zero, element);
          sift(zero, count);
        });
      });
      p.forEach(one, count, [&](Value i) {
        Value last = p.sub(count, i);
        swap(zero, last);
        sift(zero, last);
      });
    });
  }

private:
  struct Element {
    Value value, index; // i64
  };

  Element read(Value i) { return {p.load(x, {row, i}), p.toI64(i)}; }
  Element get(Value place) { return {p.load(values, {row, place}), p.load(indices, {row, place})}; }
  void put(Value place, const Element &element) {
    p.store(element.value, values, {row, place});
    p.store(element.index, indices, {row, place});
  }
  void swap(Value a, Value b) {
    Element first = get(a), second = get(b);
    put(a, second);
    put(b, first);
  }

  /// Greater (less, for the smallest), or as great and before it.
  Value isBetter(const Element &a, const Element &b) {
    const Element &more = largest ? a : b, &less = largest ? b : a;
    Value isGreater, isSame;
    if (isa<FloatType>(a.value.getType())) {
      isGreater = p.isFloat(arith::CmpFPredicate::OGT, more.value, less.value);
      isSame = p.isFloat(arith::CmpFPredicate::OEQ, a.value, b.value);
    } else {
      auto greater = isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
      isGreater = arith::CmpIOp::create(p.builder, p.loc, greater, more.value, less.value);
      isSame = arith::CmpIOp::create(p.builder, p.loc, arith::CmpIPredicate::eq, a.value, b.value);
    }
    Value isEarlier = p.logicalAnd(isSame, p.less(a.index, b.index));
    return arith::OrIOp::create(p.builder, p.loc, isGreater, isEarlier);
  }

  /// Moves the element at `root` down among the first `end` until its children are no worse.
  void sift(Value root, Value end) {
    p.sift(
        root, end, [&](Value a, Value b) { return isBetter(get(b), get(a)); }, [&](Value a, Value b) { swap(a, b); });
  }

  ProcedureBuilder &p;
  Value row, x, values, indices;
  bool largest, isUnsigned;
};
} // namespace

FailureOr<SmallVector<Tensor>> vitc::onnx::convertTopKAtRunTime(TopKOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  SmallVector<int64_t> toRows = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  toRows.erase(toRows.begin() + axis);
  toRows.push_back(axis);
  Value k = arith::MinSIOp::create(node.builder, node.loc, readIndex(node, node.get(op.getK())),
                                   node.indexValue(x.extents[axis]));
  if (failed(defineExtent(op, node, k)))
    return failure();
  Extents extents = node.getResultExtents();
  Extents found = llvm::map_to_vector(toRows, [&](int64_t dim) { return extents[dim]; });
  AffineExpr rows = getProduct(ExtentsRef(found).drop_back(), node.getContext());
  Tensor flat = node.reshape(node.transpose(x, toRows), {rows, x.extents[axis]});
  SmallVector<std::pair<Extents, Type>> outputs{{{rows, extents[axis]}, x.getElementType()},
                                                {{rows, extents[axis]}, node.builder.getI64Type()}};
  bool largest = op.getLargest(), hasNoSign = isUnsigned(op.getX());
  SmallVector<Tensor> results = buildProcedure(node, node.indexValue(rows), flat, outputs,
                                               [&](ProcedureBuilder &p, Value row, ValueRange buffers) {
                                                 RowSelector(p, row, buffers, largest, hasNoSign).emit();
                                               });
  SmallVector<int64_t> back = invertPermutationVector(toRows);
  return llvm::map_to_vector(results,
                             [&](const Tensor &result) { return node.transpose(node.reshape(result, found), back); });
}
