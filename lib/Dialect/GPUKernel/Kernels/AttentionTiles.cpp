#include "AttentionTiles.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace vitc::vgpu;

AttentionLayout::AttentionLayout(const AttentionConfig &config) {
  online = config.keysOfBlock != 0;
  headPadded = llvm::alignTo(std::max(config.headSize, config.valueSize), 32);
  columnElements = headPadded % 64 == 0 ? 64 : 32;
  rowBytes = 2 * columnElements;
  columns = headPadded / columnElements;
  scoreColumns = llvm::divideCeil(config.headSize, columnElements);
  keyRows = online ? config.keysOfBlock : llvm::alignTo(config.keys, 16);
  blocks = llvm::divideCeil(config.keys, keyRows);
  queryBytes = 64 * config.warpgroups * headPadded * bytesOf(config.element);
  keyBytes = keyRows * headPadded * bytesOf(config.element);
  stages = online ? 2 : 1;
  k = config.mmaSync && config.givenScores ? 0 : queryBytes; // wgmma's result goes through the shared memory of Q
  v = k + (config.givenScores ? 0 : stages * keyBytes);
  barriers = v + stages * keyBytes;
  end = barriers + 8 * (online ? 1 + 4 * stages : 2);
}

AttentionTiles::AttentionTiles(NVVMEmitter &emitter, const AttentionConfig &config)
    : e(emitter), config(config), layout(config) {
  thread = e.threadId();
  warp = e.uniform(e.lshr(thread, 5));
  group = e.lshr(warp, 2);
  lane = e.bitAnd(thread, 31);
  int64_t rows = 64 * config.warpgroups, tiles = llvm::divideCeil(config.queries, rows);
  batch = e.udiv(e.blockId(0), tiles);
  firstQuery = e.mul(e.urem(e.blockId(0), tiles), rows);
  head = e.blockId(1);
}

void AttentionTiles::loadQueries(Value barrier) {
  e.arriveExpect(barrier, layout.queryBytes / layout.columns * layout.scoreColumns);
  for (unsigned column = 0; column < layout.scoreColumns; ++column)
    for (unsigned of = 0; of < config.warpgroups; ++of)
      e.loadTile(e.shared((column * config.warpgroups + of) * 64 * layout.rowBytes), e.argument("Q"), barrier,
                 {e.i32(column * layout.columnElements), head, e.add(firstQuery, 64 * of), batch});
}

void AttentionTiles::loadKeys(StringRef tensor, Value destination, Value barrier, Value firstKey) {
  unsigned columns = tensor == "K" ? layout.scoreColumns : layout.columns;
  e.arriveExpect(barrier, layout.keyBytes / layout.columns * columns);
  for (unsigned column = 0; column < columns; ++column)
    e.loadTile(e.offset(destination, column * layout.keyRows * layout.rowBytes), e.argument(tensor), barrier,
               {e.i32(column * layout.columnElements), head, firstKey, batch});
}

/// The warpgroup's queries: a column of them.
Value AttentionTiles::queries(unsigned column) {
  Value base = e.shared(column * config.warpgroups * 64 * layout.rowBytes);
  return e.offset(base, e.mul(group, 64 * layout.rowBytes));
}

AttentionTiles::Values AttentionTiles::scores(Value keys) {
  Values sums;
  e.mmaFence();
  for (unsigned element = 0; element < config.headSize; element += 16) { // the rest of the columns is zero
    unsigned column = element / layout.columnElements, byte = element % layout.columnElements * 2;
    Value q = e.descriptor(queries(column), layout.rowBytes);
    Value k = e.descriptor(e.offset(keys, column * layout.keyRows * layout.rowBytes), layout.rowBytes);
    sums = e.mma(config.element, layout.keyRows, sums, {e.advance(q, byte)}, e.advance(k, byte));
  }
  e.mmaCommit();
  return sums;
}

AttentionTiles::Values AttentionTiles::loadScores(Value firstKey) {
  unsigned width = config.keys % 2 == 0 ? 2 : 1; // rows of an odd length do not begin at multiples of 8 bytes
  Type float32 = e.type(Element::F32);
  Value matrix = e.zext64(e.add(e.mul(batch, e.gridDim(1)), head));
  Value column = e.add(firstKey, e.mul(e.bitAnd(lane, 3), 2));
  Values scores(layout.keyRows / 2);
  for (unsigned half : {0, 1}) {
    Value row = e.umin(e.add(firstRow(), 8 * half), e.i32(config.queries - 1));
    Value index = e.mul(e.add(e.mul(matrix, e.i64(config.queries)), e.zext64(row)), e.i64(config.keys));
    Value pointer = e.element(e.argument("scores"), index, float32);
    for (unsigned i = 2 * half; i < scores.size(); i += 4)
      for (unsigned j = 0; j < 2; j += width) {
        Value at = e.umin(e.add(column, i / 4 * 8 + j), e.i32(config.keys - width));
        Values loaded = e.loadFloats(e.element(pointer, at, float32), width);
        std::copy(loaded.begin(), loaded.end(), scores.begin() + i + j);
      }
  }
  return scores;
}

AttentionTiles::Values AttentionTiles::addValues(Values sums, const Values &probabilities, Value values) {
  Value v = e.descriptor(values, layout.rowBytes, /*leading=*/layout.keyRows * layout.rowBytes);
  for (unsigned key = 0; key < layout.keyRows; key += 16) {
    Values p(probabilities.begin() + key / 4, probabilities.begin() + key / 4 + 4);
    sums = e.mma(config.element, layout.headPadded, sums, p, e.advance(v, key * layout.rowBytes), /*transposeB=*/true);
  }
  e.mmaCommit();
  return sums;
}

void AttentionTiles::mask(Values &scores, unsigned valid) {
  // No finite number, which would be above a row of lesser ones, or of minus infinity, whose result is NaN.
  Value laneColumn = e.mul(e.bitAnd(lane, 3), 2), least = e.f32(-INFINITY);
  for (unsigned i = 0; i < scores.size(); ++i) {
    unsigned column = i / 4 * 8 + i % 2; // of lane 0; lanes 1, 2 and 3 have 2, 4 and 6 more
    if (column >= valid)
      scores[i] = {};
    else if (column + 6 >= valid)
      scores[i] = e.select(e.less(laneColumn, e.i32(valid - column)), scores[i], least);
  }
}

Value AttentionTiles::firstRow() { return e.add(e.add(firstQuery, e.mul(warp, 16)), e.lshr(lane, 2)); }

void AttentionTiles::storeTap(const Values &scores, Value firstKey, const std::array<Value, 2> &factors) {
  Type float32 = e.type(Element::F32);
  Value matrix = e.zext64(e.add(e.mul(batch, e.gridDim(1)), head));
  Value column = e.add(firstKey, e.mul(e.bitAnd(lane, 3), 2));
  for (unsigned half : {0, 1}) {
    Value row = e.add(firstRow(), 8 * half);
    Value index = e.mul(e.add(e.mul(matrix, e.i64(config.queries)), e.zext64(row)), e.i64(config.keys));
    Value pointer = e.element(e.argument("tap"), index, float32), isRow = e.less(row, e.i32(config.queries));
    for (unsigned i = 2 * half; i < scores.size(); i += 4)
      for (unsigned j : {0, 1}) {
        if (!scores[i + j])
          continue;
        Value at = e.add(column, i / 4 * 8 + j);
        e.ifThen(e.both(isRow, e.less(at, e.i32(config.keys))),
                 [&] { e.store(e.fmul(scores[i + j], factors[half]), e.element(pointer, at, float32), 4); });
      }
  }
}

void AttentionTiles::storeScores(const Values &scores, Value firstKey) {
  // What addBias leaves is in units of log2.
  Value factor = e.f32(config.biasBatches ? 0.6931471805599453 : config.scale);
  storeTap(scores, firstKey, {factor, factor});
}

void AttentionTiles::addBias(Values &scores, Value firstKey) {
  int64_t columns = biasColumns(config);
  Value row = firstRow();
  Value matrix = e.add(e.mul(e.urem(batch, config.biasBatches), e.gridDim(1)), head);
  Value column = e.add(firstKey, e.mul(e.bitAnd(lane, 3), 2)), scale = scaleLog2e();
  for (unsigned half : {0, 1}) {
    Value at = e.umin(e.add(row, 8 * half), e.i32(config.queries - 1));
    Value index = e.mul(e.add(e.mul(e.zext64(matrix), e.i64(config.queries)), e.zext64(at)), e.i64(columns));
    Value pointer = e.element(e.argument("bias"), e.add(index, e.zext64(column)), e.type(Element::F32));
    for (unsigned i = 2 * half; i < scores.size(); i += 4) {
      Values bias = e.loadFloats(e.offset(pointer, i / 4 * 8 * 4), 2);
      scores[i] = e.fma(scores[i], scale, bias[0]);
      scores[i + 1] = e.fma(scores[i + 1], scale, bias[1]);
    }
  }
}

Value AttentionTiles::reduceLanes(Value value, bool isMaximum) {
  for (unsigned mask : {1, 2}) {
    Value other = e.shuffleXor(value, mask);
    value = isMaximum ? e.fmax(value, other) : e.fadd(value, other);
  }
  return value;
}

std::array<Value, 2> AttentionTiles::reduceRows(const Values &values, bool isMaximum) {
  std::array<Value, 2> results;
  for (unsigned half : {0, 1}) {
    Values row;
    for (unsigned i = 2 * half; i < values.size(); i += 4)
      for (Value value : {values[i], values[i + 1]})
        if (value)
          row.push_back(value);
    results[half] = e.reduce(row, [&](Value a, Value b) { return isMaximum ? e.fmax(a, b) : e.fadd(a, b); });
  }
  return results;
}

AttentionTiles::Values AttentionTiles::pack(const Values &probabilities) {
  Values pairs;
  auto orZero = [&](Value value) { return value ? value : e.f32(0); };
  for (unsigned i = 0; i < probabilities.size(); i += 2)
    pairs.push_back(probabilities[i] ? e.pack(config.element, probabilities[i], orZero(probabilities[i + 1]))
                                     : e.i32(0));
  return pairs;
}

/// Scores that are given may be any numbers: those near the least are not multiplied before the maximum is subtracted.
std::array<Value, 2> AttentionTiles::offsets(const std::array<Value, 2> &maximum) {
  std::array<Value, 2> offsets;
  for (unsigned half : {0, 1})
    offsets[half] =
        e.fneg(config.biasBatches || config.givenScores ? maximum[half] : e.fmul(maximum[half], scaleLog2e()));
  return offsets;
}

Value AttentionTiles::probability(Value score, Value offset) {
  if (config.givenScores)
    return e.exp2(e.fmul(e.fadd(score, offset), scaleLog2e()));
  return e.exp2(e.fma(score, config.biasBatches ? e.f32(1) : scaleLog2e(), offset));
}

void AttentionTiles::exponentiate(Values &scores, const std::array<Value, 2> &offsets) {
  for (auto [i, score] : llvm::enumerate(scores))
    if (score)
      score = probability(score, offsets[i / 2 % 2]);
}

std::array<Value, 2> AttentionTiles::onlineSoftmax(Values &scores, SoftmaxState &state) {
  std::array<Value, 2> factors, maximum = reduceRows(scores, /*isMaximum=*/true);
  for (unsigned half : {0, 1})
    maximum[half] = e.fmax(state.maximum[half], reduceLanes(maximum[half], /*isMaximum=*/true));
  std::array<Value, 2> offset = offsets(maximum);
  for (unsigned half : {0, 1})
    factors[half] = probability(state.maximum[half], offset[half]);
  exponentiate(scores, offset);
  std::array<Value, 2> total = reduceRows(scores, /*isMaximum=*/false);
  for (unsigned half : {0, 1})
    state.total[half] = e.fma(state.total[half], factors[half], total[half]);
  state.maximum = maximum;
  return factors;
}

void AttentionTiles::storeResult(const Values &sums, const std::array<Value, 2> &factors) {
  Value matrixRow = e.add(e.mul(e.bitAnd(warp, 3), 16), e.bitAnd(lane, 15));
  Value turn = e.bitAnd(layout.rowBytes == 128 ? matrixRow : e.lshr(matrixRow, 1), layout.rowBytes / 16 - 1);
  Value rowStart = e.mul(matrixRow, layout.rowBytes);
  for (unsigned element = 0; element < layout.headPadded; element += 16) {
    Values pairs;
    for (unsigned i = element / 2; i < element / 2 + 8; i += 2) {
      Value factor = factors[i / 2 % 2];
      pairs.push_back(e.pack(config.element, e.fmul(sums[i], factor), e.fmul(sums[i + 1], factor)));
    }
    Value piece = e.bitXor(e.add(e.lshr(lane, 4), element % layout.columnElements / 8), turn);
    e.storeMatrices(e.offset(queries(element / layout.columnElements), e.add(rowStart, e.shl(piece, 4))), pairs);
  }
  e.fenceAsync();
  e.syncNamed(e.add(group, 1), 128);
  e.ifThen(e.equal(e.urem(thread, 128), e.i32(0)), [&] {
    for (unsigned column = 0; column < layout.columns; ++column)
      e.storeTile(e.argument("O"), queries(column),
                  {e.i32(column * layout.columnElements), head, e.add(firstQuery, e.mul(group, 64)), batch});
    e.commitStores();
    e.waitStores(0, /*readOnly=*/false);
  });
}
