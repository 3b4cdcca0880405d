//===- Unique: distinct slices, found by sorting --------------------------===//

#include "DataExtents.h"
#include "Procedure.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"

using namespace mlir;
using namespace vitc::onnx;

using Values = ProcedureBuilder::Values;

namespace {
/// What is found about each row, a line of one buffer each: outputs of one type could become one buffer.
enum Line : int64_t {
  Order,   ///< rows in ascending order
  Leaders, ///< the first row that equals this one
  First,   ///< of a group: its first row
  Inverse, ///< the group of this row
  Counts,  ///< of a group: its rows
  NumLines
};

/// The rows of x, (rows, elements), by their elements: NaN is one number, and greater than all others.
class RowOrder {
public:
  RowOrder(ProcedureBuilder &p, Value x, bool isUnsigned) : p(p), x(x), isUnsigned(isUnsigned) {}

  Value areEqual(Value a, Value b) { return isSame(findDifference(a, b), p.dim(x, 1)); }

  /// Whether row a is greater than row b, or equal and behind it.
  Value isAfter(Value a, Value b) {
    Value place = findDifference(a, b);
    return p.choose(
        p.less(place, p.dim(x, 1)), [&] { return Values{isLess(p.load(x, {b, place}), p.load(x, {a, place}))}; },
        [&] { return Values{p.less(b, a)}; })[0];
  }

private:
  Value isSame(Value a, Value b) { return compare(arith::CmpIPredicate::eq, a, b); }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(p.builder, p.loc, predicate, a, b);
  }
  Value isNaN(Value number) { return p.isFloat(arith::CmpFPredicate::UNO, number, number); }
  Value logicalOr(Value a, Value b) { return arith::OrIOp::create(p.builder, p.loc, a, b); }

  Value isLess(Value a, Value b) {
    if (!isa<FloatType>(a.getType()))
      return compare(isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, a, b);
    Value isNumber = p.isFloat(arith::CmpFPredicate::ORD, a, a);
    return logicalOr(p.isFloat(arith::CmpFPredicate::OLT, a, b), p.logicalAnd(isNumber, isNaN(b)));
  }
  Value isEqual(Value a, Value b) {
    if (!isa<FloatType>(a.getType()))
      return isSame(a, b);
    return logicalOr(p.isFloat(arith::CmpFPredicate::OEQ, a, b), p.logicalAnd(isNaN(a), isNaN(b)));
  }

  /// The first place where rows differ, or their length.
  Value findDifference(Value a, Value b) {
    Type i1 = p.builder.getI1Type();
    return p.loopWhile(
        {p.index(0)},
        [&](ValueRange place) {
          return p.choose(
              p.less(place[0], p.dim(x, 1)),
              [&] { return Values{isEqual(p.load(x, {a, place[0]}), p.load(x, {b, place[0]}))}; },
              [&] { return Values{p.constant(i1, 0)}; })[0];
        },
        [&](ValueRange place) { return Values{p.add(place[0], p.index(1))}; })[0];
  }

  ProcedureBuilder &p;
  Value x;
  bool isUnsigned;
};

/// Finds the distinct rows. Whatever rows become while this runs, positions stay positions of rows.
class RowGroups {
public:
  /// Buffers are x, (rows, elements), `lines`, (NumLines, rows), and how many groups there are.
  RowGroups(ProcedureBuilder &p, ValueRange buffers, bool isUnsigned)
      : p(p), rows(p, buffers[0], isUnsigned), lines(buffers[1]), number(buffers[2]), extent(p.dim(buffers[0], 0)) {}

  void emit(bool sorted) {
    sort();
    findLeaders();
    p.store(p.toI64(nameGroups(sorted)), number);
  }

private:
  Value get(Line line, Value at) { return p.toIndex(p.load(lines, {p.index(line), at})); }
  void put(Value index, Line line, Value at) { p.store(p.toI64(index), lines, {p.index(line), at}); }
  void swap(Value a, Value b) {
    Value first = get(Order, a), second = get(Order, b);
    put(second, Order, a);
    put(first, Order, b);
  }

  /// Positions of rows in ascending order, by a heap whose root is the greatest.
  void sort() {
    Value zero = p.index(0), one = p.index(1);
    p.forEach(zero, extent, [&](Value row) { put(row, Order, row); });
    Value half = arith::DivUIOp::create(p.builder, p.loc, extent, p.index(2));
    p.forEach(zero, half, [&](Value i) { sift(p.sub(half, p.add(i, one)), extent); });
    p.forEach(one, extent, [&](Value i) {
      Value last = p.sub(extent, i);
      swap(zero, last);
      sift(zero, last);
    });
  }

  /// Moves what is at `root` down among the first `end` until its children are not after it.
  void sift(Value root, Value end) {
    p.sift(
        root, end, [&](Value a, Value b) { return rows.isAfter(get(Order, a), get(Order, b)); },
        [&](Value a, Value b) { swap(a, b); });
  }

  /// The first row that equals each: equal ones are neighbours in the order, the first one in front.
  void findLeaders() {
    Value zero = p.index(0);
    p.loop(zero, extent, {zero, zero}, [&](Value i, ValueRange previous) {
      Value row = get(Order, i);
      Value isEqual = p.choose(
          p.less(zero, i), [&] { return Values{rows.areEqual(previous[0], row)}; },
          [&] { return Values{p.constant(p.builder.getI1Type(), 0)}; })[0];
      Value leader = p.select(isEqual, previous[1], row);
      put(leader, Leaders, row);
      put(zero, Inverse, row);
      return Values{row, leader};
    });
  }

  /// Numbers groups in ascending order, or as they first occur: in both their leaders come first.
  Value nameGroups(bool sorted) {
    Value zero = p.index(0), one = p.index(1);
    return p.loop(zero, extent, zero, [&](Value i, ValueRange found) {
      Value row = sorted ? get(Order, i) : i, leader = get(Leaders, row);
      Value isLeader = arith::CmpIOp::create(p.builder, p.loc, arith::CmpIPredicate::eq, leader, row);
      Value group = p.choose(
          isLeader,
          [&] {
            put(row, First, found[0]);
            put(zero, Counts, found[0]);
            return Values{found[0]};
          },
          [&] { return Values{get(Inverse, leader)}; })[0];
      put(group, Inverse, row);
      put(p.add(get(Counts, group), one), Counts, group);
      return Values{p.add(found[0], p.select(isLeader, one, zero))};
    })[0];
  }

  ProcedureBuilder &p;
  RowOrder rows;
  Value lines, number, extent;
};
} // namespace

/// The slices along `axis` as rows.
static Tensor flattenSlices(Node &node, const Tensor &x, int64_t axis) {
  SmallVector<int64_t> toRows{axis};
  for (int64_t dim = 0; dim < x.getRank(); ++dim)
    if (dim != axis)
      toRows.push_back(dim);
  Tensor moved = node.transpose(x, toRows);
  AffineExpr elements = getProduct(ExtentsRef(moved.extents).drop_front(), node.getContext());
  return node.reshape(moved, {x.extents[axis], elements});
}

static FailureOr<SmallVector<Tensor>> convertUnique(UniqueOp op, Node &node) {
  Tensor x = node.get(op.getX());
  if (!op.getAxis())
    x = node.reshape(x, getProduct(x.extents, node.getContext()));
  int64_t axis = op.getAxis() ? normalizeAxis(*op.getAxis(), x.getRank()) : 0;
  AffineExpr slices = x.extents[axis];
  Type i64 = node.builder.getI64Type();
  SmallVector<std::pair<Extents, Type>> outputs{{{node.extent(NumLines), slices}, i64}, {{}, i64}};
  bool hasNoSign = isUnsigned(op.getX()), sorted = op.getSorted();
  SmallVector<Tensor> found = buildProcedure(
      node, {}, flattenSlices(node, x, axis), outputs,
      [&](ProcedureBuilder &p, Value, ValueRange buffers) { RowGroups(p, buffers, hasNoSign).emit(sorted); });
  if (failed(defineExtent(op, node, readIndex(node, found[1]))))
    return failure();
  Extents extents = node.getResultExtents();
  auto getLine = [&](Line line, AffineExpr length) {
    return node.slice(found[0], {node.extent(line), node.extent(0)}, {node.extent(1), length}, {1, 1}, {0});
  };
  Tensor first = getLine(First, extents[axis]);
  Value size = node.indexValue(slices);
  Tensor y = node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    Value chosen = tensor::ExtractOp::create(b, loc, first.value, position[axis]);
    source[axis] = getPosition(b, loc, chosen, size);
    return source;
  });
  return SmallVector<Tensor>{y, first, getLine(Inverse, slices), getLine(Counts, extents[axis])};
}

void vitc::onnx::populateUniquePatterns(NodePatterns &patterns) { patterns.add(convertUnique); }
