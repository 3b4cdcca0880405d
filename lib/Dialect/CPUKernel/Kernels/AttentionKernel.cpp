#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/Exp2.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <numbers>

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// Emits vcpu.attention. Scratch holds the scaled q rows (mr, D), the reciprocal row sums (mr), and the score rows in
/// blocks of a panel, (⌈N / nr⌉, mr, nr): every stride is a constant, whatever N is. Where products are of bf16, q rows
/// are pairs, and the exponentials of a panel's row become pairs in the place of its first scores.
class AttentionEmitter {
public:
  AttentionEmitter(AttentionOp op, KernelBuilder &kernel, ValueRange arguments);
  void emitItem(Value item);

private:
  /// One work item: rows [firstRow, firstRow + rows) of a head.
  struct Item {
    Values batch;
    Value head, keyHead, block, firstRow, rows;
  };

  /// body(p, offset, mask, carried) for each vector of keys p · nr + offset, offset < nr.
  using KeyBody = function_ref<Values(Value panel, int64_t offset, Value mask, ValueRange carried)>;

  Item locate(Value item);
  Values at(const Item &item, ValueRange suffix) const;
  void copyQueries(const Item &item);
  void emitScores(const Item &item, int64_t rows);
  Values sweepKeys(ValueRange inits, KeyBody body);
  Value finishScores(const Item &item, Value row, Value panel, int64_t offset, Value mask, Value vector);
  Value loadAddend(Value addend, const Item &item, Value row, Value column, Value mask);
  Values emitMaxima(const Item &item, ValueRange rows);
  Values emitExponentials(ValueRange rows, ValueRange maxima);
  Values reduceRows(ValueRange partial, function_ref<Value(Value, Value)> combine, function_ref<Value(Value)> reduce);
  void storePairs(Value vector, ArrayRef<Value> indices);
  void storeProbs(const Item &item, Value row, Value inverse);
  void emitSoftmax(const Item &item, ValueRange rows);
  void emitValues(const Item &item, int64_t rows);
  void emitValuePanel(const Item &item, int64_t rows, Value column, int64_t columns);
  void storeKeyVector(Value vector, Value target, const Item &item, Value row, Value column, Value mask);
  Value column(Value panel, int64_t offset) { return k.add(k.mul(panel, width), offset); }

  AttentionOp op;
  KernelBuilder &k;
  Value query, key, value, valuePanels, out, storedScores, storedProbs;
  ValueRange addends;
  int64_t width, vectors, depth, valueDepth;
  Value keys, wholePanels, tailKeys;
  std::optional<RowBlocks> blocks;
  Value queryBlock, inverses, scores;
  Value pairsOfProbs,
      narrowProbs; ///< (⌈N / nr⌉, mr, nr) of pairs, (⌈N / nr⌉, mr, 2 · nr) of bf16, where the scores are
};

} // namespace

AttentionEmitter::AttentionEmitter(AttentionOp op, KernelBuilder &kernel, ValueRange arguments) : op(op), k(kernel) {
  query = arguments[0], key = arguments[1], value = arguments[2];
  arguments = arguments.drop_front(3);
  if (op.hasBF16Products())
    valuePanels = arguments.front(), arguments = arguments.drop_front();
  addends = arguments.take_front(op.getAddends().size());
  ValueRange outputs = arguments.slice(addends.size(), op.getOutputs().size());
  out = outputs[0];
  storedScores = op.getStoreScores() ? outputs[1] : Value();
  storedProbs = op.getStoreProbs() ? outputs.back() : Value();
  width = op.getPanelWidth();
  vectors = width / k.lanes;
  depth = op.getQueryType().getShape().back();
  valueDepth = op.getValueType().getShape().back();

  int64_t batchRank = op.getBatchRank(), mr = op.getMr();
  keys = k.dim(value, batchRank);
  wholePanels = k.div(keys, k.index(width));
  tailKeys = k.rem(keys, k.index(width));
  blocks.emplace(k, k.dim(query, batchRank), mr);

  Value scratch = arguments[addends.size() + outputs.size()], panels = k.dim(key, batchRank + 1);
  int64_t rowBytes = op.getQueryRowBytes(), fixed = op.getFixedScratchBytes();
  Type pair = k.builder.getI32Type();
  queryBlock = k.scratchView(scratch, 0, {mr, rowBytes / 4}, {}, valuePanels ? pair : k.elementType());
  inverses = k.scratchView(scratch, mr * rowBytes, {mr});
  SmallVector<int64_t> shape = {ShapedType::kDynamic, mr, width};
  scores = k.scratchView(scratch, fixed, shape, panels);
  if (!valuePanels)
    return;
  pairsOfProbs = k.scratchView(scratch, fixed, shape, panels, pair);
  shape.back() *= 2;
  narrowProbs = k.scratchView(scratch, fixed, shape, panels, k.builder.getBF16Type());
}

AttentionEmitter::Item AttentionEmitter::locate(Value item) {
  Item located;
  located.block = k.rem(item, blocks->count());
  item = k.div(item, blocks->count());
  located.head = k.rem(item, k.index(op.getHeads()));
  int64_t group = op.getHeads() / op.getKeyHeads();
  located.keyHead = group == 1 ? located.head : k.div(located.head, k.index(group));
  item = k.div(item, k.index(op.getHeads()));
  for (int64_t dim = op.getBatchRank() - 1; dim >= 0; --dim) {
    located.batch.insert(located.batch.begin(), dim == 0 ? item : k.rem(item, k.dim(query, dim)));
    item = dim == 0 ? item : k.div(item, k.dim(query, dim));
  }
  located.firstRow = blocks->firstRow(k, located.block);
  located.rows = blocks->size(k, located.block);
  return located;
}

/// The indices (batch.., suffix..).
Values AttentionEmitter::at(const Item &item, ValueRange suffix) const {
  Values indices = item.batch;
  llvm::append_range(indices, suffix);
  return indices;
}

/// Scaled, and side by side: the rows of a projection may be a multiple of 4 KB apart and compete for one cache set.
void AttentionEmitter::copyQueries(const Item &item) {
  KernelBuilder source(k.builder, k.loc, valuePanels ? 2 * k.lanes : k.lanes, k.elementType());
  Value scale = source.splat(op.getScale().convertToDouble());
  k.forEach(k.index(0), item.rows, k.index(1), [&](Value row) {
    Value token = k.add(item.firstRow, row);
    source.sweep(k.index(depth), {}, [&](Value feature, Value mask, ValueRange) {
      Value vector = source.mulf(source.loadVector(query, at(item, {token, item.head, feature}), mask), scale);
      if (valuePanels)
        k.storeVector(k.bitcast(k.toPairs(vector), k.builder.getI32Type()), queryBlock,
                      {row, k.div(feature, k.index(2))});
      else
        k.storeVector(vector, queryBlock, {row, feature});
      return Values();
    });
  });
}

void AttentionEmitter::emitScores(const Item &item, int64_t rows) {
  auto emitPanel = [&](Value panel, int64_t vectors) {
    Values sums = emitMicrokernel(
        k, rows, vectors, k.index(0), k.index(op.getPanelRows()), Values(rows * vectors, k.splat(0.0)),
        [&](Value d, int64_t row) { return k.load(queryBlock, {k.index(row), d}); },
        [&](Value d, int64_t vector) {
          Values keyRow = at(item, {item.keyHead, panel, d});
          keyRow.push_back(k.index(vector * k.lanes * (valuePanels ? 2 : 1)));
          return valuePanels ? k.loadPairs(key, keyRow) : k.loadVector(key, keyRow);
        });
    for (auto [index, sum] : llvm::enumerate(sums))
      k.storeVector(sum, scores, {panel, k.index(index / vectors), k.index(index % vectors * k.lanes)});
  };
  // Scores past the last vector that holds a key are never read.
  std::optional<int64_t> tail = getConstantIntValue(tailKeys);
  int64_t lastVectors = tail && *tail ? llvm::divideCeil(*tail, k.lanes) : vectors;
  Value panels = k.dim(key, op.getBatchRank() + 1), end = lastVectors < vectors ? wholePanels : panels;
  k.forEach(k.index(0), end, k.index(1), [&](Value panel) { emitPanel(panel, vectors); });
  if (lastVectors < vectors)
    emitPanel(wholePanels, lastVectors);
}

/// The panel past the whole ones has `tailKeys` keys.
Values AttentionEmitter::sweepKeys(ValueRange inits, KeyBody body) {
  Values carried = k.loop(k.index(0), wholePanels, k.index(1), inits, [&](Value panel, ValueRange carried) {
    Values next(carried);
    for (int64_t vector = 0; vector < vectors; ++vector)
      next = body(panel, vector * k.lanes, {}, next);
    return next;
  });
  auto tail = [&] {
    Values next = carried;
    for (int64_t vector = 0; vector < vectors; ++vector) {
      // Less than none is none.
      Value valid = k.sub(tailKeys, k.index(vector * k.lanes));
      if (std::optional<int64_t> known = getConstantIntValue(valid); !known)
        next = body(wholePanels, vector * k.lanes, k.dynamicMask(valid), next);
      else if (*known > 0)
        next = body(wholePanels, vector * k.lanes, k.constantMask(std::min(*known, k.lanes)), next);
    }
    return next;
  };
  return k.choose(k.less(k.index(0), tailKeys), tail, [&] { return carried; });
}

/// The addend's elements for a query row and a vector of keys.
Value AttentionEmitter::loadAddend(Value addend, const Item &item, Value row, Value column, Value mask) {
  Values coordinates = at(item, {item.head, k.add(item.firstRow, row), column});
  ArrayRef<int64_t> shape = cast<MemRefType>(addend.getType()).getShape();
  Values indices(ArrayRef<Value>(coordinates).take_back(shape.size()));
  for (auto [index, size] : llvm::zip(indices, shape))
    index = size == 1 ? k.index(0) : index;
  if (shape.empty() || shape.back() == 1)
    return k.broadcast(k.load(addend, indices));
  return k.loadVector(addend, indices, mask);
}

/// What follows the product: softcap, addends and the causal mask; −inf in lanes past the last key.
Value AttentionEmitter::finishScores(const Item &item, Value row, Value panel, int64_t offset, Value mask,
                                     Value vector) {
  Value first = column(panel, offset);
  Value infinity = k.splat(-std::numeric_limits<double>::infinity());
  if (op.getSoftcap()) {
    double cap = op.getSoftcap()->convertToDouble();
    vector = k.mulf(math::TanhOp::create(k.builder, k.loc, k.mulf(vector, k.splat(1 / cap))), k.splat(cap));
  }
  for (Value addend : addends)
    vector = k.addf(vector, loadAddend(addend, item, row, first, mask));
  if (op.getCausal()) {
    // Keys up to m + (N − M); the difference may be negative, and then the mask is empty.
    Value last = k.sub(k.add(k.add(item.firstRow, row), keys), k.dim(query, op.getBatchRank()));
    vector = k.selectLanes(k.dynamicMask(k.sub(k.add(last, 1), first)), vector, infinity);
  }
  if (storedScores)
    storeKeyVector(vector, storedScores, item, row, first, mask);
  return k.selectLanes(mask, vector, infinity);
}

void AttentionEmitter::storeKeyVector(Value vector, Value target, const Item &item, Value row, Value column,
                                      Value mask) {
  k.storeVector(vector, target, at(item, {item.head, k.add(item.firstRow, row), column}), mask);
}

/// A number a row, of partial vectors, `vectors` of them a row.
Values AttentionEmitter::reduceRows(ValueRange partial, function_ref<Value(Value, Value)> combine,
                                    function_ref<Value(Value)> reduce) {
  Values reduced;
  for (size_t first = 0; first < partial.size(); first += vectors) {
    Value row = partial[first];
    for (Value other : partial.slice(first + 1, vectors - 1))
      row = combine(row, other);
    reduced.push_back(reduce(row));
  }
  return reduced;
}

/// Rounds a vector of exponentials, which takes half the place of its scores: those after it are read later.
void AttentionEmitter::storePairs(Value vector, ArrayRef<Value> indices) {
  k.storeVector(k.toBF16(vector), narrowProbs, indices);
}

/// Finishes the scores of rows in scratch; gives their maxima.
Values AttentionEmitter::emitMaxima(const Item &item, ValueRange rows) {
  bool rewrites = !addends.empty() || op.getCausal() || op.getSoftcap();
  Values lowest(rows.size() * vectors, k.splat(-std::numeric_limits<double>::infinity()));
  Values partial = sweepKeys(lowest, [&](Value panel, int64_t offset, Value mask, ValueRange carried) {
    Values next(carried);
    for (auto [number, row] : llvm::enumerate(rows)) {
      Values indices = {panel, row, k.index(offset)};
      Value vector = finishScores(item, row, panel, offset, mask, k.loadVector(scores, indices));
      if (rewrites)
        k.storeVector(vector, scores, indices);
      Value &largest = next[number * vectors + offset / k.lanes];
      largest = k.maxf(vector, largest);
    }
    return next;
  });
  return reduceRows(
      partial, [&](Value lhs, Value rhs) { return k.maxf(lhs, rhs); },
      [&](Value vector) { return k.reduceMax(vector); });
}

/// Replaces the scores of rows by exp(score − max); gives their sums.
Values AttentionEmitter::emitExponentials(ValueRange rows, ValueRange maxima) {
  Value log2e = k.splat(std::numbers::log2e);
  Values largest = llvm::map_to_vector<8>(maxima, [&](Value max) { return k.broadcast(max); });
  Values zeros(rows.size() * vectors, k.splat(0.0));
  Values partial = sweepKeys(zeros, [&](Value panel, int64_t offset, Value mask, ValueRange carried) {
    Values next(carried);
    for (auto [number, row] : llvm::enumerate(rows)) {
      Values indices = {panel, row, k.index(offset)};
      // The difference first: log2 e times a mask of the most negative float is not finite.
      Value difference = k.subf(k.loadVector(scores, indices), largest[number]);
      Value power = emitExp2(k, k.mulf(difference, log2e));
      power = k.selectLanes(mask, power, k.splat(0.0));
      if (valuePanels && !storedProbs)
        storePairs(power, indices);
      else
        k.storeVector(power, scores, indices);
      Value &sum = next[number * vectors + offset / k.lanes];
      sum = k.addf(sum, power);
    }
    return next;
  });
  return reduceRows(
      partial, [&](Value lhs, Value rhs) { return k.addf(lhs, rhs); },
      [&](Value vector) { return k.reduceAdd(vector); });
}

void AttentionEmitter::storeProbs(const Item &item, Value row, Value inverse) {
  Value factor = k.broadcast(inverse);
  sweepKeys({}, [&](Value panel, int64_t offset, Value mask, ValueRange) {
    Values indices = {panel, row, k.index(offset)};
    Value power = k.loadVector(scores, indices);
    storeKeyVector(k.mulf(power, factor), storedProbs, item, row, column(panel, offset), mask);
    if (valuePanels)
      storePairs(power, indices);
    return Values();
  });
}

/// The softmax of rows, but for the division, which the values' product takes over. A row of −inf gives
/// −inf − (−inf), so NaN throughout, unless 0 is subtracted: then every exponential is 0, and the sum is taken for 1.
void AttentionEmitter::emitSoftmax(const Item &item, ValueRange rows) {
  Values maxima = emitMaxima(item, rows), masked;
  if (op.getZeroMasked())
    for (Value &max : maxima) {
      Value infinity = k.scalar(-std::numeric_limits<double>::infinity());
      masked.push_back(arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OEQ, max, infinity));
      max = arith::SelectOp::create(k.builder, k.loc, masked.back(), k.scalar(0.0), max);
    }
  Values sums = emitExponentials(rows, maxima);
  for (auto [number, row] : llvm::enumerate(rows)) {
    Value sum = sums[number];
    if (!masked.empty())
      sum = arith::SelectOp::create(k.builder, k.loc, masked[number], k.scalar(1.0), sum);
    Value inverse = k.divf(k.scalar(1.0), sum);
    memref::StoreOp::create(k.builder, k.loc, inverse, inverses, row);
    if (storedProbs)
      storeProbs(item, row, inverse);
  }
}

/// `columns` features of the output from `column` on.
void AttentionEmitter::emitValuePanel(const Item &item, int64_t rows, Value column, int64_t columns) {
  int64_t count = llvm::divideCeil(columns, k.lanes);
  auto maskOf = [&](int64_t vector) { return k.constantMask(std::min(columns - vector * k.lanes, k.lanes)); };
  int64_t step = valuePanels ? 2 : 1; // tokens of an element of the probabilities
  auto loadValue = [&](Value j, int64_t vector) {
    if (valuePanels)
      return k.loadPairs(valuePanels,
                         at(item, {item.keyHead, k.div(column, k.index(width)), j, k.index(vector * 2 * k.lanes)}));
    return k.loadVector(value, at(item, {j, item.keyHead, k.add(column, vector * k.lanes)}), maskOf(vector));
  };
  auto accumulate = [&](Value panel, Value end, ValueRange inits) {
    Value first = k.mul(panel, width / step), probs = valuePanels ? pairsOfProbs : scores;
    return emitMicrokernel(
        k, rows, count, k.index(0), end, inits,
        [&](Value j, int64_t row) { return k.load(probs, {panel, k.index(row), j}); },
        [&](Value j, int64_t vector) { return loadValue(k.add(first, j), vector); });
  };
  Values sums(rows * count, k.splat(0.0));
  sums = k.loop(k.index(0), wholePanels, k.index(1), sums,
                [&](Value panel, ValueRange carried) { return accumulate(panel, k.index(width / step), carried); });
  sums = accumulate(wholePanels, k.ceilDiv(tailKeys, k.index(step)), sums);
  for (int64_t row = 0; row < rows; ++row) {
    Value factor = k.broadcast(k.load(inverses, k.index(row)));
    for (int64_t vector = 0; vector < count; ++vector)
      k.storeVector(k.mulf(sums[row * count + vector], factor), out,
                    at(item, {k.add(item.firstRow, row), item.head, k.add(column, vector * k.lanes)}), maskOf(vector));
  }
}

void AttentionEmitter::emitValues(const Item &item, int64_t rows) {
  int64_t tail = valueDepth % width, whole = valueDepth - tail;
  if (whole)
    k.forEach(k.index(0), k.index(whole), k.index(width),
              [&](Value column) { emitValuePanel(item, rows, column, width); });
  if (tail)
    emitValuePanel(item, rows, k.index(whole), tail);
}

void AttentionEmitter::emitItem(Value itemIndex) {
  Item item = locate(itemIndex);
  copyQueries(item);
  blocks->dispatch(k, item.block, [&](int64_t rows) { emitScores(item, rows); });
  // Several rows at once: one after the other they would wait for each other's sums across lanes.
  int64_t group = k.lanes == 16 ? 4 : 2;
  Value single = k.sub(item.rows, k.rem(item.rows, k.index(group)));
  k.forEach(k.index(0), single, k.index(group), [&](Value first) {
    emitSoftmax(item, llvm::map_to_vector<8>(llvm::seq(group), [&](int64_t row) { return k.add(first, row); }));
  });
  k.forEach(single, item.rows, k.index(1), [&](Value row) { emitSoftmax(item, row); });
  blocks->dispatch(k, item.block, [&](int64_t rows) { emitValues(item, rows); });
}

LogicalResult AttentionOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  AttentionEmitter emitter(*this, kernel, arguments);
  ValueRange range = arguments.take_back(2);
  kernel.forEach(range[0], range[1], kernel.index(1), [&](Value item) { emitter.emitItem(item); });
  return success();
}
