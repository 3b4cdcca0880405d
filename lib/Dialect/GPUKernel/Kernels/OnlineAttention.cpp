#include "AttentionTiles.h"

using namespace mlir;
using namespace vitc::vgpu;

namespace {

/// A stage of K or V, and the parity of the phase that fills it.
struct Place {
  Value stage, parity;
};

/// The first scores are computed alone. After that block j's scores and block j - 1's product with V are in flight
/// together, and the softmax of block j runs while the latter is computed.
class OnlineAttention {
public:
  explicit OnlineAttention(AttentionTiles &tiles) : tiles(tiles), e(tiles.e), layout(tiles.layout) {}
  void emit();

private:
  using Values = NVVMEmitter::Values;
  enum Ring { KeysFull, KeysEmpty, ValuesFull, ValuesEmpty };

  void initBarriers();
  void produce();
  void consume();
  Values emitBlock(Value number, ValueRange carried);
  Value firstKey(Value number);
  void finishScores(Values &scores, Value number);
  void finish(const SoftmaxState &state, Place values);

  Value queriesFull() { return e.shared(layout.barriers); }
  Value barrier(Ring ring, Value stage) {
    return e.offset(e.shared(layout.barriers + 8 + 8 * layout.stages * ring), e.mul(stage, 8));
  }
  Value tile(unsigned ring, Value stage) { return e.offset(e.shared(ring), e.mul(stage, layout.keyBytes)); }
  void release(Ring ring, Value stage) {
    e.ifThen(e.equal(tiles.lane, e.i32(0)), [&] { e.arrive(barrier(ring, stage)); });
  }
  Place next(Place place) {
    Value stage = e.add(place.stage, 1), isEnd = e.equal(stage, e.i32(layout.stages));
    return {e.select(isEnd, e.i32(0), stage), e.select(isEnd, e.bitXor(place.parity, e.i32(1)), place.parity)};
  }
  Values carry(const SoftmaxState &state, Place keys, Place values);
  SoftmaxState unpack(ValueRange carried, Place &keys, Place &values);

  AttentionTiles &tiles;
  NVVMEmitter &e;
  const AttentionLayout &layout;
};

} // namespace

void OnlineAttention::initBarriers() {
  e.ifThen(e.equal(tiles.thread, e.i32(0)), [&] {
    e.barrierInit(queriesFull(), 1);
    for (unsigned stage = 0; stage < layout.stages; ++stage)
      for (Ring ring : {KeysFull, KeysEmpty, ValuesFull, ValuesEmpty})
        e.barrierInit(barrier(ring, e.i32(stage)),
                      ring == KeysFull || ring == ValuesFull ? 1 : 4 * tiles.config.warpgroups); // one arrival a warp
    e.fenceBarrierInit();
  });
  e.syncThreads();
}

/// Blocks are counted from the last, which is masked.
Value OnlineAttention::firstKey(Value number) { return e.mul(e.sub(e.i32(layout.blocks - 1), number), layout.keyRows); }

void OnlineAttention::finishScores(Values &scores, Value number) {
  if (tiles.config.biasBatches)
    tiles.addBias(scores, firstKey(number));
  if (tiles.config.tap == AttentionTap::Scores)
    tiles.storeScores(scores, firstKey(number));
}

void OnlineAttention::produce() {
  bool isGiven = tiles.config.givenScores;
  if (!isGiven)
    tiles.loadQueries(queriesFull());
  e.loop(e.i32(0), e.i32(layout.blocks), e.i32(1), {e.i32(0), e.i32(1)}, [&](Value number, ValueRange carried) {
    Place place{carried[0], carried[1]};
    Value key = firstKey(number);
    if (!isGiven) {
      e.wait(barrier(KeysEmpty, place.stage), place.parity);
      tiles.loadKeys("K", tile(layout.k, place.stage), barrier(KeysFull, place.stage), key);
    }
    e.wait(barrier(ValuesEmpty, place.stage), place.parity);
    tiles.loadKeys("V", tile(layout.v, place.stage), barrier(ValuesFull, place.stage), key);
    Place after = next(place);
    return Values{after.stage, after.parity};
  });
}

OnlineAttention::Values OnlineAttention::carry(const SoftmaxState &state, Place keys, Place values) {
  Values all{keys.stage, keys.parity, values.stage, values.parity};
  llvm::append_range(all, state.maximum);
  llvm::append_range(all, state.total);
  all.append(state.sums);
  all.append(state.probabilities);
  return all;
}

SoftmaxState OnlineAttention::unpack(ValueRange carried, Place &keys, Place &values) {
  keys = {carried[0], carried[1]};
  values = {carried[2], carried[3]};
  ValueRange rest = carried.drop_front(8);
  return {llvm::to_vector(rest.take_front(layout.headPadded / 2)),
          llvm::to_vector(rest.drop_front(layout.headPadded / 2)),
          {carried[4], carried[5]},
          {carried[6], carried[7]}};
}

OnlineAttention::Values OnlineAttention::emitBlock(Value number, ValueRange carried) {
  Place keys, values;
  SoftmaxState state = unpack(carried, keys, values);
  bool isGiven = tiles.config.givenScores;
  Values scores;
  if (!isGiven) {
    e.wait(barrier(KeysFull, keys.stage), keys.parity);
    scores = tiles.scores(tile(layout.k, keys.stage));
  }
  e.wait(barrier(ValuesFull, values.stage), values.parity);
  Values operands = state.sums;
  operands.append(state.probabilities);
  operands = e.mmaFence(operands);
  Values sums(operands.begin(), operands.begin() + state.sums.size());
  sums = tiles.addValues(sums, Values(operands.begin() + sums.size(), operands.end()), tile(layout.v, values.stage));
  if (isGiven) {
    scores = tiles.loadScores(firstKey(number));
  } else {
    scores = e.mmaWait(1, scores);
    release(KeysEmpty, keys.stage);
  }
  finishScores(scores, number);
  std::array<Value, 2> factors = tiles.onlineSoftmax(scores, state);
  // ptxas would hoist the wait for P · V above the exponentials, were they in one basic block. This barrier has been
  // waited for; waiting again ends the block, and tying the exponentials to the wait keeps them in front of it.
  e.wait(barrier(ValuesFull, values.stage), values.parity);
  Values tied = sums;
  tied.append(scores);
  tied = e.mmaWait(0, tied);
  release(ValuesEmpty, values.stage);
  for (unsigned i = 0; i < sums.size(); ++i)
    sums[i] = e.fmul(tied[i], factors[i / 2 % 2]);
  state.sums = sums;
  state.probabilities = tiles.pack(Values(tied.begin() + sums.size(), tied.end()));
  return carry(state, next(keys), next(values));
}

void OnlineAttention::finish(const SoftmaxState &state, Place values) {
  e.wait(barrier(ValuesFull, values.stage), values.parity);
  Values operands = state.sums;
  operands.append(state.probabilities);
  operands = e.mmaFence(operands);
  Values sums(operands.begin(), operands.begin() + state.sums.size());
  sums = e.mmaWait(
      0, tiles.addValues(sums, Values(operands.begin() + sums.size(), operands.end()), tile(layout.v, values.stage)));
  std::array<Value, 2> factors;
  for (unsigned half : {0, 1})
    factors[half] = e.reciprocal(tiles.reduceLanes(state.total[half], /*isMaximum=*/false));
  tiles.storeResult(sums, factors);
}

void OnlineAttention::consume() {
  Place keys{e.i32(0), e.i32(0)}, values = keys;
  Values scores;
  if (tiles.config.givenScores) {
    scores = tiles.loadScores(firstKey(e.i32(0)));
  } else {
    e.wait(queriesFull(), e.i32(0));
    e.wait(barrier(KeysFull, keys.stage), keys.parity);
    scores = e.mmaWait(0, tiles.scores(tile(layout.k, keys.stage)));
    release(KeysEmpty, keys.stage);
  }
  finishScores(scores, e.i32(0));
  tiles.mask(scores, tiles.config.keys - (layout.blocks - 1) * layout.keyRows);
  Value zero = e.f32(0), least = tiles.leastMaximum();
  SoftmaxState state{Values(layout.headPadded / 2, zero), {}, {least, least}, {zero, zero}};
  tiles.onlineSoftmax(scores, state);
  state.probabilities = tiles.pack(scores);
  Values carried = e.loop(e.i32(1), e.i32(layout.blocks), e.i32(1), carry(state, next(keys), values),
                          [&](Value number, ValueRange inner) { return emitBlock(number, inner); });
  state = unpack(carried, keys, values);
  finish(state, values);
}

void OnlineAttention::emit() {
  initBarriers();
  e.specialise(tiles.config.warpgroups, tiles.thread, tiles.warp, [&] { produce(); }, [&] { consume(); });
  e.finish();
}

void vitc::vgpu::emitOnlineAttention(AttentionTiles &tiles) { OnlineAttention(tiles).emit(); }
