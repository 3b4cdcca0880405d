#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTIONTILES_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTIONTILES_H

#include "vitc/Dialect/GPUKernel/Kernels/Attention.h"

#include <limits>

namespace vitc::vgpu {

/// What lies where in the shared memory of an attention's block. Tiles are columns of 64 or 32 elements of the head,
/// each [rows, columns] with swizzled rows; the head is padded to whole columns, with the zeros that TMA reads outside
/// of it.
struct AttentionLayout {
  explicit AttentionLayout(const AttentionConfig &config);

  bool online;
  unsigned columnElements, rowBytes, columns; ///< of a tile
  unsigned headPadded;                        ///< the larger of the sizes of heads
  unsigned scoreColumns;                      ///< of tiles of Q and K: those that hold elements of their heads
  unsigned keyRows;                           ///< of a tile of K or V
  unsigned blocks;                            ///< of keys
  unsigned queryBytes, keyBytes;              ///< of the tiles of all warpgroups, and of one of K or V
  unsigned stages;
  unsigned k, v, barriers, end; ///< offsets; Q is first
};

/// What is carried from one block of keys to the next: the sums of P · V so far, the probabilities of the block whose
/// product with V comes next, and of both rows the maximum of the scores and the lane's part of the sum of
/// probabilities.
struct SoftmaxState {
  NVVMEmitter::Values sums, probabilities;
  std::array<mlir::Value, 2> maximum, total;
};

/// The parts that the kernels have in common. Scores and results are held as tensor cores leave them: of each eight
/// columns a thread has two of row lane / 4 and two of the row eight below.
class AttentionTiles {
public:
  using Value = mlir::Value;
  using Values = NVVMEmitter::Values;

  AttentionTiles(NVVMEmitter &emitter, const AttentionConfig &config);

  void loadQueries(Value barrier);
  void loadKeys(llvm::StringRef tensor, Value destination, Value barrier, Value firstKey);
  /// S = Q · Kᵀ of 64 queries, in flight.
  Values scores(Value keys);
  /// The scores that are given, of 64 queries and the keys from `firstKey` on; behind the last key, others.
  Values loadScores(Value firstKey);
  /// O += P · V, in flight. `sums` is empty or what mmaFence gave.
  Values addValues(Values sums, const Values &probabilities, Value values);
  /// Sets scores of keys from `valid` on to a number below all others, or where no lane has another key to null, which
  /// what follows takes for a probability of zero.
  void mask(Values &scores, unsigned valid);
  /// Multiplies scores by scale · log2(e) and adds the bias.
  void addBias(Values &scores, Value firstKey);
  /// Stores scores of the keys from `firstKey` on times their rows' factors to the tap.
  void storeTap(const Values &scores, Value firstKey, const std::array<Value, 2> &factors);
  /// The same of scores as addBias left them, or Q · Kᵀ.
  void storeScores(const Values &scores, Value firstKey);
  /// max or sum over the values of each of a thread's two rows, and (`acrossLanes`) over the four lanes of the row.
  std::array<Value, 2> reduceRows(const Values &values, bool isMaximum);
  Value reduceLanes(Value value, bool isMaximum);
  /// What `exponentiate` takes for scores whose rows have these maxima.
  std::array<Value, 2> offsets(const std::array<Value, 2> &maximum);
  /// exp(score - maximum), in place.
  void exponentiate(Values &scores, const std::array<Value, 2> &offsets);
  /// The probabilities of a block's scores, in place, and the factors of what came before it.
  std::array<Value, 2> onlineSoftmax(Values &scores, SoftmaxState &state);
  Values pack(const Values &probabilities);
  /// Writes rows times their factors to O, through the shared memory of Q.
  void storeResult(const Values &sums, const std::array<Value, 2> &factors);
  Value firstRow(); ///< of the thread, a query
  /// The maximum of no scores: the least number, not minus infinity, from which it could not be subtracted.
  Value leastMaximum() { return e.f32(-std::numeric_limits<float>::max()); }
  Value scaleLog2e() { return e.f32(config.scale * 1.4426950408889634); }

  NVVMEmitter &e;
  const AttentionConfig &config;
  const AttentionLayout layout;
  Value thread, warp, group, lane; ///< warp is uniform; group is the warpgroup
  Value batch, head, firstQuery;   ///< of the block

private:
  Value queries(unsigned column);
  Value probability(Value score, Value offset);
};

void emitOneShotAttention(AttentionTiles &tiles);
void emitOnlineAttention(AttentionTiles &tiles);
void emitMmaSyncAttention(AttentionTiles &tiles);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTIONTILES_H
