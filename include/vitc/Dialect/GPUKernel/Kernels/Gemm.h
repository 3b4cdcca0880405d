#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_GEMM_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_GEMM_H

#include "vitc/Dialect/GPUKernel/Kernels/Activation.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmWindows.h"
#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>

namespace vitc::vgpu {

/// C = last(residual + table + scale · activation(A · Wᵀ + bias)), each part where it is asked for.
struct GemmEpilogue {
  bool bias = false;                        ///< f32[N]
  Activation activation = Activation::None; ///< of a product of its own, or of the gates
  bool gated = false;                       ///< see GemmConfig
  bool scale = false;                       ///< f32[columns of C]: LayerScale
  Activation last = Activation::None;       ///< of the result, such as the ReLU behind ResNet's residual
  int64_t tableRows = 0;          ///< f32[tableRows, columns of C]: row m takes row m mod tableRows (positions)
  bool residual = false;          ///< [M, columns of C] of the output's type; may be C itself
  Element output = Element::BF16; ///< BF16, F16 or F32
};

/// Products of many pairs of matrices, numbered by batch and head (attention's, say): every operand is [batch, heads,
/// rows, columns] with strides of its own.
struct GemmBatch {
  enum Sharing { Own, OfHead, OfAll }; ///< of an operand: one a product, a head, or one
  int64_t heads = 0;                   ///< 0: there is one product
  Sharing a = Own, w = Own;
};

/// A[M, K] · W[N, K]ᵀ with M known when it is launched: persistent blocks, one warp that keeps TMA busy, and a
/// warpgroup for each 64 rows of a tile, whose sums of K stay in registers. K need not be a multiple of anything but
/// the 16 bytes that TMA asks of the rows of A and W.
///
/// A gated product is activation(gate) · up: W has a row of each for every column of C, in turns of eight, gates first
/// (rows 16 i + j and 16 i + 8 + j are gate and up of column 8 i + j), and so has the bias. C has N / 2 columns.
///
/// Vectors in f32 begin at multiples of 16 bytes.
///
/// Arguments: A, W: tensor maps of [rows, K] (innermost K); C and residual: tensor maps of [M, columns], or, where the
/// rows of C are not multiples of 16 bytes, pointers to dense rows; bias, scale, table: pointers; rows: M. Products of
/// a batch have tensor maps of rank 4, with axes of heads and of the batch outside (1 long where operands are shared),
/// and the argument batches; C as a pointer is then dense.
///
/// Rows that are windows of images have tensor maps of (channels, width, height, images) for A, C and residual, of
/// (channels, taps, N) for W, and the argument batches, the images, in place of rows. For mma.sync they are pointers to
/// dense elements, and rows is there.
struct GemmConfig {
  Element element = Element::BF16; ///< of A and W: BF16, F16 or TF32
  int64_t n = 0, k = 0;
  int64_t tileM = 128; ///< 64, 128 or 192
  int64_t tileN = 128; ///< a multiple of 16 up to 256
  unsigned stages = 0; ///< of the ring of tiles in shared memory; 0: as many as fit, up to 8
  GemmEpilogue epilogue = {};
  bool transposedW = false; ///< W is [K, N], innermost N: of 16-bit elements, or for mma.sync of any
  /// Rows of A, W, C and residual begin at multiples of 16 bytes, though their elements may be fewer.
  bool paddedRows = false;
  /// For sm_80 and sm_89: tiles of 32, 64 or 128 rows and 64 or 128 columns, copied by cp.async and multiplied by
  /// mma.sync, a block each. A, W, C and residual are pointers, of batches dense but for the rows of A. No splits, no
  /// padded rows. Where W is [K, N], K may be any number below the elements of a row of A.
  bool mmaSync = false;
  /// Into how many parts K is cut, for few rows: that many blocks, a cluster, share a tile, and the first adds up what
  /// the others send to its shared memory, in their order. 1 to 8; with more than one there is one tile a cluster.
  unsigned splits = 1;
  GemmBatch batch = {};
  /// Elements from row to row of what mma.sync's kernel addresses; 0: dense.
  struct RowStrides {
    int64_t a = 0, w = 0, c = 0, residual = 0;
  } strides = {};
  GemmWindows windows = {}; ///< where the rows of A are such: K are the channels of each tap in turn
};

/// Whether C and the residual are tensor maps on Hopper; else they are pointers to dense rows.
bool isStaged(const GemmConfig &config);

/// Why no kernel of this configuration can be emitted; empty if one can.
std::string whyUnsupported(const GemmConfig &config);

LaunchPlan planGemm(llvm::StringRef name, const GemmConfig &config);

/// Adds the kernel to a module. Fails, with a diagnostic at the module, where the configuration is not supported.
llvm::LogicalResult emitGemm(mlir::OpBuilder &builder, mlir::gpu::GPUModuleOp module, llvm::StringRef name,
                             const GemmConfig &config);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_GEMM_H
