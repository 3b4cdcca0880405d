#include "AttentionTiles.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Turns scores into probabilities that are not yet divided by their sums, and returns the factors that do.
static std::array<Value, 2> softmax(AttentionTiles &tiles, NVVMEmitter::Values &scores) {
  NVVMEmitter &e = tiles.e;
  std::array<Value, 2> factors, maximum = tiles.reduceRows(scores, /*isMaximum=*/true);
  for (Value &ofRow : maximum)
    ofRow = tiles.reduceLanes(ofRow, /*isMaximum=*/true);
  tiles.exponentiate(scores, tiles.offsets(maximum));
  for (auto [half, sum] : llvm::enumerate(tiles.reduceRows(scores, /*isMaximum=*/false)))
    factors[half] = e.reciprocal(tiles.reduceLanes(sum, /*isMaximum=*/false));
  return factors;
}

void vitc::vgpu::emitOneShotAttention(AttentionTiles &tiles) {
  NVVMEmitter &e = tiles.e;
  const AttentionLayout &layout = tiles.layout;
  Value scoresReady = e.shared(layout.barriers), valuesReady = e.shared(layout.barriers + 8);
  bool isGiven = tiles.config.givenScores;
  Value isFirst = e.equal(tiles.thread, e.i32(0));
  e.ifThen(isFirst, [&] {
    e.barrierInit(scoresReady, 2); // by Q's load and by K's
    e.barrierInit(valuesReady, 1);
    e.fenceBarrierInit();
  });
  e.syncThreads();
  e.ifThen(isFirst, [&] {
    if (!isGiven) {
      tiles.loadQueries(scoresReady);
      tiles.loadKeys("K", e.shared(layout.k), scoresReady, e.i32(0));
    }
    tiles.loadKeys("V", e.shared(layout.v), valuesReady, e.i32(0));
  });
  NVVMEmitter::Values scores;
  if (isGiven) {
    scores = tiles.loadScores(e.i32(0));
  } else {
    e.wait(scoresReady, e.i32(0));
    scores = e.mmaWait(0, tiles.scores(e.shared(layout.k)));
  }
  if (tiles.config.biasBatches)
    tiles.addBias(scores, e.i32(0));
  tiles.mask(scores, tiles.config.keys);
  if (tiles.config.tap == AttentionTap::Scores)
    tiles.storeScores(scores, e.i32(0));
  std::array<Value, 2> factors = softmax(tiles, scores);
  if (tiles.config.tap == AttentionTap::Probabilities)
    tiles.storeTap(scores, e.i32(0), factors);
  e.wait(valuesReady, e.i32(0));
  NVVMEmitter::Values probabilities = e.mmaFence(tiles.pack(scores));
  tiles.storeResult(e.mmaWait(0, tiles.addValues({}, probabilities, e.shared(layout.v))), factors);
  e.finish();
}
