#ifndef VITC_CONVERSION_VITTOCPU_VITTOCPU_H
#define VITC_CONVERSION_VITTOCPU_VITTOCPU_H

#include "mlir/IR/PatternMatch.h"

#include "vitc/Support/TargetInfo.h"

namespace vitc {

/// vit.linear → vcpu.pack, vcpu.gemm.
void populateViTLinearToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// vcpu.strassen_gemm forms the sums that another one multiplies of its result.
void populateStrassenPatterns(mlir::RewritePatternSet &patterns);

/// linalg.contract of two tensors that are not weights → vcpu.pack of one of them at run time, vcpu.gemm of a batch.
void populateContractToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// Contractions take over the transpose of their result, and merge columns that are several dimensions.
void populateContractionOrderPatterns(mlir::RewritePatternSet &patterns);

/// vit.attention → vcpu.pack, vcpu.attention.
void populateViTAttentionToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// vit.layer_norm and linalg.softmax over the last dimension → row kernels; vit.patchify and vit.gather_rows → the same
/// of vcpu.
void populateViTRowsToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// vit.scatter, vit.top_k → the same of vcpu.
void populateViTIndexingToCPUPatterns(mlir::RewritePatternSet &patterns);

/// vit.conv → vcpu.{pad, conv, depthwise_conv, gemm} on channel-last images, between linalg.transposes.
void populateViTConvToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// Transposes move below elementwise linalg ops and reshapes, and cancel where they meet.
void populateTransposeSinkingPatterns(mlir::RewritePatternSet &patterns);

/// Padding, pooling and sums of channel-last images that are transposed to channel-first: the transpose moves below
/// them.
void populateChannelLastImagePatterns(mlir::RewritePatternSet &patterns);

/// linalg.transpose of two groups of dimensions → vcpu.pack; for transposes that did not cancel.
void populateTransposeToCPUPatterns(mlir::RewritePatternSet &patterns, const TargetInfo &target);

/// What fused with nothing: vit.gelu, vit.silu, vit.layer_scale → linalg.generic.
void populateViTElementwiseToLinalgPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_VITTOCPU_H
