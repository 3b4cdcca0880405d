#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTION_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTION_H

#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

namespace vitc::vgpu {

/// What else of an attention is stored.
enum class AttentionTap { None, Scores, Probabilities };

/// softmax(scale · Q · Kᵀ + bias) · V of each head, in two kernels.
///
/// One-shot, for at most 256 keys: a warpgroup has the scores of 64 queries and all keys in registers, so that there is
/// one maximum and one sum of a row; probabilities never leave the registers.
///
/// Online, for any number of keys: a producer thread and two or three warpgroups of 64 queries each walk over blocks of
/// keys, the last block, of which a part is masked, first. The next block's scores are computed by the tensor cores
/// while this block's probabilities are computed by the other units.
///
/// With mma.sync (`mmaSync`), for any number of keys: FlashAttention-2. Where probabilities are tapped, a pass over the
/// keys for maxima and sums comes before it.
///
/// Q, K, V and the result are [batch, tokens, heads, head size], with any strides that are multiples of 16 bytes:
/// tensor maps of {head size, heads, tokens, batch}. Extents must be the true ones, since what lies outside reads as
/// zero. Heads of V and of the result may have another size than those of Q and K.
///
/// The bias is f32[biasBatches, heads, queries, biasColumns(config)], times log2(e), at a multiple of 16 bytes: batch b
/// takes b mod biasBatches (relative positions of windows, and their masks). Its columns beyond the keys are not used.
/// Minus infinity masks a key; a row that is masked throughout gives NaN.
///
/// Scores may be given (an earlier layer's, transformed): f32[batch, heads, queries, keys], dense, in place of Q, K,
/// scale and bias.
///
/// A tap is f32[batch, heads, queries, keys], dense: the scores (scaled, with bias), or, of all kernels but the online
/// one, the probabilities.
///
/// Arguments: Q, K, V, O: tensor maps, Q and K unless scores are given; bias, scores, tap: pointers, where they are
/// asked for.
struct AttentionConfig {
  Element element = Element::BF16; ///< of all four: BF16 or F16, with `mmaSync` also TF32
  int64_t queries = 0, keys = 0;   ///< tokens
  int64_t headSize = 64;           ///< of Q and K, a multiple of 8 up to 128
  double scale = 1;                ///< positive
  int64_t keysOfBlock = 0; ///< online: a multiple of 16 up to 256; 0: one-shot, which has to have at most 256 keys
  unsigned warpgroups = 1; ///< of a block, 64 queries each: 1 to 4 one-shot, 2 or 3 online
  int64_t biasBatches = 0; ///< 0: no bias
  AttentionTap tap = AttentionTap::None;
  bool givenScores = false;
  int64_t valueSize = 0; ///< of heads of V and of the result, a multiple of 8 up to 128; 0: as of Q
  /// For sm_80 and sm_89: blocks of 16 to 64 keys, copied by cp.async, 1 or 2 times four warps of 16 queries, products
  /// by mma.sync. Q, K, V and O are pointers, and their strides part of the code.
  bool mmaSync = false;
  /// In elements; innermost are the elements of a head.
  struct Strides {
    int64_t token = 0, head = 0, batch = 0;
  };
  struct {
    Strides q, k, v, o;
  } strides = {};
};

/// The kernel for so many tokens: one-shot where it can be; with `mmaSync` one that has no strides yet.
AttentionConfig chooseAttention(Element element, int64_t queries, int64_t keys, int64_t headSize, double scale,
                                int64_t biasBatches = 0, AttentionTap tap = AttentionTap::None, int64_t valueSize = 0,
                                bool mmaSync = false);

/// The kernel for given scores.
AttentionConfig chooseAttend(Element element, int64_t queries, int64_t keys, int64_t valueSize,
                             AttentionTap tap = AttentionTap::None, bool mmaSync = false);

/// Columns of a row of the bias.
int64_t biasColumns(const AttentionConfig &config);

/// Why no kernel of this configuration can be emitted; empty if one can.
std::string whyUnsupported(const AttentionConfig &config);

LaunchPlan planAttention(llvm::StringRef name, const AttentionConfig &config);

/// Adds the kernel to a module. Fails, with a diagnostic at the module, where the configuration is not supported.
llvm::LogicalResult emitAttention(mlir::OpBuilder &builder, mlir::gpu::GPUModuleOp module, llvm::StringRef name,
                                  const AttentionConfig &config);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_ATTENTION_H
