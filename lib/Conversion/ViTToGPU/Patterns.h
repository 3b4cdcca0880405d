#ifndef VITC_CONVERSION_VITTOGPU_PATTERNS_H
#define VITC_CONVERSION_VITTOGPU_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// vit.conv of one group → the rows of its windows, vgpu.gemm; channels come last between neighbours. Products are by
/// the kernel for the GPU's compute capability.
void populateViTConvToGPUPatterns(mlir::RewritePatternSet &patterns, int64_t capability);

/// The halves of a vit.linear, one of which gates the other → one vgpu.gemm. Before vit.linear is converted alone.
void populateViTGatedToGPUPatterns(mlir::RewritePatternSet &patterns, int64_t capability);

/// vit.linear → vgpu.gemm, and what its epilogue does not have as loops.
void populateViTLinearToGPUPatterns(mlir::RewritePatternSet &patterns, int64_t capability);

/// vit.attention → vgpu.attention, by the kernel for the GPU's compute capability.
void populateViTAttentionToGPUPatterns(mlir::RewritePatternSet &patterns, int64_t capability);

/// Products with given scores, which are structured ops by now → vgpu.attend.
void populateAttendToGPUPatterns(mlir::RewritePatternSet &patterns);

/// Products of matrices with tokens, of scores or of queries and keys → vgpu.batch_gemm.
void populateTokensToGPUPatterns(mlir::RewritePatternSet &patterns);

/// vit.layer_norm, vit.rms_norm → vgpu.layer_norm.
void populateViTRowsToGPUPatterns(mlir::RewritePatternSet &patterns);

/// Values that are only read rounded to bf16 are stored so: roundings move up through views to kernels, which then
/// write bf16.
void populateRoundingPatterns(mlir::RewritePatternSet &patterns);

/// The tensor rounded to bf16.
mlir::Value roundToBF16(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_PATTERNS_H
