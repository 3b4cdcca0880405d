//===- NonMaxSuppression ---------------------------------------------------===//

#include "DataExtents.h"
#include "Procedure.h"

using namespace mlir;
using namespace vitc::onnx;

using Values = ProcedureBuilder::Values;
using Predicate = arith::CmpFPredicate;

namespace {
/// A box by its corners.
struct Corners {
  Value top, left, bottom, right;
};

/// The geometry of boxes, in single precision and in the order that ONNX Runtime computes it.
class BoxBuilder {
public:
  BoxBuilder(ProcedureBuilder &p, Value boxes, bool centred) : p(p), boxes(boxes), centred(centred) {}

  Corners read(Value batch, Value box) {
    SmallVector<Value, 4> c;
    for (int64_t i = 0; i < 4; ++i)
      c.push_back(p.load(boxes, {batch, box, p.index(i)}));
    if (!centred)
      return {least(c[0], c[2]), least(c[1], c[3]), greatest(c[0], c[2]), greatest(c[1], c[3])};
    Value half = p.constant(p.builder.getF32Type(), 0.5);
    Value width = mulf(c[2], half), height = mulf(c[3], half);
    return {subf(c[1], height), subf(c[0], width), addf(c[1], height), addf(c[0], width)};
  }

  /// Whether the intersection over the union is greater than `threshold`; never where there is a NaN or no area.
  Value overlap(const Corners &a, const Corners &b, Value threshold) {
    Value zero = p.constant(p.builder.getF32Type(), 0);
    Value height = subf(least(a.bottom, b.bottom), greatest(a.top, b.top));
    Value width = subf(least(a.right, b.right), greatest(a.left, b.left));
    Value intersection = mulf(width, height), areaOfA = getArea(a), areaOfB = getArea(b);
    Value both = subf(addf(areaOfA, areaOfB), intersection);
    Value overlaps = greater(arith::DivFOp::create(p.builder, p.loc, intersection, both), threshold);
    for (Value part : {height, width, intersection, areaOfA, areaOfB, both})
      overlaps = p.logicalAnd(overlaps, greater(part, zero));
    return overlaps;
  }

private:
  Value addf(Value a, Value b) { return arith::AddFOp::create(p.builder, p.loc, a, b); }
  Value subf(Value a, Value b) { return arith::SubFOp::create(p.builder, p.loc, a, b); }
  Value mulf(Value a, Value b) { return arith::MulFOp::create(p.builder, p.loc, a, b); }
  Value greater(Value a, Value b) { return p.isFloat(Predicate::OGT, a, b); }
  Value least(Value a, Value b) { return p.select(greater(a, b), b, a); }
  Value greatest(Value a, Value b) { return p.select(greater(a, b), a, b); }
  Value getArea(const Corners &box) { return mulf(subf(box.right, box.left), subf(box.bottom, box.top)); }

  ProcedureBuilder &p;
  Value boxes;
  bool centred;
};

/// The operands that a NonMaxSuppression has, and where the body of a procedure finds them.
struct Operands {
  SmallVector<Tensor> tensors;
  std::optional<unsigned> limit, overlap, score; // positions in `tensors`

  Operands(NonMaxSuppressionOp op, Node &node) : tensors{node.get(op.getBoxes()), node.get(op.getScores())} {
    limit = add(node, op.getMaxOutputBoxesPerClass());
    overlap = add(node, op.getIouThreshold());
    score = add(node, op.getScoreThreshold());
  }

private:
  std::optional<unsigned> add(Node &node, Value operand) {
    if (!operand)
      return std::nullopt;
    tensors.push_back(node.get(operand));
    return tensors.size() - 1;
  }
};

/// Chooses the boxes of one class of one batch.
class ClassPicker {
public:
  /// Buffers: `operands`, then picked (batch, class, limit), counts (batch, class), candidates (batch, class, box).
  ClassPicker(ProcedureBuilder &p, const Operands &operands, ValueRange buffers, bool centred, Value item)
      : p(p), geometry(p, buffers[0], centred), scores(buffers[1]), picked(buffers[operands.tensors.size()]),
        counts(buffers[operands.tensors.size() + 1]), candidates(buffers[operands.tensors.size() + 2]) {
    Type f32 = p.builder.getF32Type();
    Value classes = p.dim(scores, 1);
    batch = arith::DivSIOp::create(p.builder, p.loc, item, classes);
    label = arith::RemSIOp::create(p.builder, p.loc, item, classes);
    boxes = p.dim(scores, 2);
    threshold = operands.overlap ? loadScalar(buffers[*operands.overlap]) : p.constant(f32, 0);
    if (operands.score)
      leastScore = loadScalar(buffers[*operands.score]);
    limit = p.min(boxes, p.dim(picked, 2));
    if (operands.limit)
      limit = p.min(limit, p.toIndex(loadScalar(buffers[*operands.limit])));
  }

  void emit() {
    Value none = p.index(-1), zero = p.index(0);
    p.store(p.toI64(zero), counts, {batch, label});
    p.branch(p.less(zero, limit), [&] { // there is a box
      auto picks = p.loopWhile(
          {zero, scan(none)},
          [&](ValueRange state) { return p.logicalAnd(p.less(state[0], limit), p.less(none, state[1])); },
          [&](ValueRange state) {
            p.store(p.toI64(state[1]), picked, {batch, label, state[0]});
            return Values{p.add(state[0], p.index(1)), scan(state[1])};
          });
      p.store(p.toI64(picks[0]), counts, {batch, label});
    });
  }

private:
  Value loadScalar(Value buffer) {
    return p.load(buffer, Values(cast<MemRefType>(buffer.getType()).getRank(), p.index(0)));
  }

  /// Drops the candidates that `chosen` (none: −1) overlaps, itself first, and gives the best of the others, or −1. In
  /// the first pass every box becomes one whose score counts.
  Value scan(Value chosen) {
    Value isFirst = p.less(chosen, p.index(0)), none = p.index(-1), yes = p.constant(p.builder.getI8Type(), 1),
          no = p.constant(p.builder.getI8Type(), 0);
    Corners corners = geometry.read(batch, p.select(isFirst, p.index(0), chosen));
    Value lowest = p.constant(p.builder.getF32Type(), 0);
    return p.loop(p.index(0), boxes, {none, lowest}, [&](Value box, ValueRange best) {
      Value score = p.load(scores, {batch, label, box});
      Value stays = p.choose(
          isFirst, [&] { return Values{isCandidate(score)}; },
          [&] { return Values{survives(chosen, corners, box)}; })[0];
      p.store(p.select(stays, yes, no), candidates, {batch, label, box});
      Value isBetter = arith::OrIOp::create(p.builder, p.loc, p.less(best[0], p.index(0)),
                                            p.isFloat(Predicate::OGT, score, best[1]));
      Value isBest = p.logicalAnd(stays, isBetter);
      return Values{p.select(isBest, box, best[0]), p.select(isBest, score, best[1])};
    })[0];
  }

  Value isCandidate(Value score) {
    return leastScore ? p.isFloat(Predicate::OGT, score, leastScore) : p.isFloat(Predicate::ORD, score, score);
  }

  Value survives(Value chosen, const Corners &corners, Value box) {
    Value wasCandidate = p.isNonZero(p.load(candidates, {batch, label, box}));
    Value isOther = arith::CmpIOp::create(p.builder, p.loc, arith::CmpIPredicate::ne, box, chosen);
    Value stays = p.logicalAnd(wasCandidate, isOther);
    return p.choose(
        stays,
        [&] {
          Value overlaps = geometry.overlap(geometry.read(batch, box), corners, threshold);
          return Values{arith::XOrIOp::create(p.builder, p.loc, overlaps, p.constant(p.builder.getI1Type(), 1))};
        },
        [&] { return Values{stays}; })[0];
  }

  ProcedureBuilder &p;
  BoxBuilder geometry;
  Value scores, picked, counts, candidates;
  Value batch, label, boxes, threshold, leastScore, limit;
};
} // namespace

/// The sum of the counts, as a tensor of rank 0.
static Tensor getTotal(Node &node, const Tensor &counts) {
  std::pair<Extents, Type> scalar{{}, node.builder.getI64Type()};
  return buildProcedure(node, {}, counts, scalar, [](ProcedureBuilder &p, Value, ValueRange buffers) {
    Value zero = p.constant(p.builder.getI64Type(), 0);
    Value total = p.walk(buffers[0], zero, [&](ValueRange position, ValueRange carried) {
      return Values{p.add(carried[0], p.load(buffers[0], position))};
    })[0];
    p.store(total, buffers[1]);
  })[0];
}

/// Rows (batch, class, box), of one class after the other.
static Tensor gatherRows(Node &node, const Tensor &picked, const Tensor &counts, ExtentsRef extents) {
  std::pair<Extents, Type> rows{Extents(extents), node.builder.getI64Type()};
  return buildProcedure(node, {}, {picked, counts}, rows, [](ProcedureBuilder &p, Value, ValueRange buffers) {
    Value most = p.dim(buffers[2], 0);
    p.walk(buffers[1], p.index(0), [&](ValueRange at, ValueRange begin) {
      Value count = p.min(p.toIndex(p.load(buffers[1], at)), p.sub(most, begin[0]));
      p.forEach(p.index(0), count, [&](Value i) {
        Value row = p.add(begin[0], i);
        p.store(p.toI64(at[0]), buffers[2], {row, p.index(0)});
        p.store(p.toI64(at[1]), buffers[2], {row, p.index(1)});
        p.store(p.load(buffers[0], {at[0], at[1], i}), buffers[2], {row, p.index(2)});
      });
      return Values{p.add(begin[0], count)};
    });
  })[0];
}

static FailureOr<Tensor> convertNonMaxSuppression(NonMaxSuppressionOp op, Node &node) {
  if (!op.getMaxOutputBoxesPerClass()) {
    Extents extents = node.getResultExtents();
    return Tensor{node.empty(extents, node.getResultElementType()), extents};
  }
  Operands operands(op, node);
  Extents scores = operands.tensors[1].extents;
  AffineExpr most = scores[2];
  if (auto limit = getIntegers(op.getMaxOutputBoxesPerClass()); limit && limit->front() < (int64_t(1) << 31)) {
    int64_t boxes = getStaticExtent(most), count = std::max<int64_t>(limit->front(), 0);
    most = node.extent(ShapedType::isDynamic(boxes) ? count : std::min(count, boxes));
  }
  Type i64 = node.builder.getI64Type(), i8 = node.builder.getI8Type();
  SmallVector<std::pair<Extents, Type>> outputs{
      {{scores[0], scores[1], most}, i64}, {{scores[0], scores[1]}, i64}, {scores, i8}};
  Value items = node.indexValue(getProduct(ExtentsRef(scores).take_front(2), node.getContext()));
  SmallVector<Tensor> picked =
      buildProcedure(node, items, operands.tensors, outputs, [&](ProcedureBuilder &p, Value item, ValueRange buffers) {
        ClassPicker(p, operands, buffers, op.getCenterPointBox() == 1, item).emit();
      });
  if (failed(defineExtent(op, node, readIndex(node, getTotal(node, picked[1])))))
    return failure();
  return gatherRows(node, picked[0], picked[1], node.getResultExtents());
}

void vitc::onnx::populateNonMaxSuppressionPatterns(NodePatterns &patterns) { patterns.add(convertNonMaxSuppression); }
