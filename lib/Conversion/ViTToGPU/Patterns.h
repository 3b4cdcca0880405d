#ifndef VITC_CONVERSION_VITTOGPU_PATTERNS_H
#define VITC_CONVERSION_VITTOGPU_PATTERNS_H

#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"
#include "vitc/Support/Tuning.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// What kernels are chosen for.
struct KernelTarget {
  int64_t capability;                             ///< compute capability: 90 for 9.0
  mlir::FloatType element;                        ///< what tensor cores multiply: bf16, f16 or tf32
  std::shared_ptr<const Tuning> tuning = nullptr; ///< schedules that were measured, or null

  bool multipliesByWarps() const { return capability < 90; }
  /// Of two operands that are computed. Those of tf32 that wgmma takes lie along K both, which tokens do not.
  bool multipliesTokensByWarps() const { return multipliesByWarps() || isTF32(); }
  bool isTF32() const { return mlir::isa<mlir::FloatTF32Type>(element); }
  /// Of operands in memory: tensor cores read tf32 from f32.
  mlir::FloatType stored() const { return isTF32() ? mlir::Float32Type::get(element.getContext()) : element; }
  vgpu::Element kernelElement() const {
    return isTF32() ? vgpu::Element::TF32 : element.isF16() ? vgpu::Element::F16 : vgpu::Element::BF16;
  }
};

/// A pattern that chooses kernels.
template <typename Op>
struct KernelPattern : mlir::OpRewritePattern<Op> {
  KernelPattern(mlir::MLIRContext *context, const KernelTarget &target)
      : mlir::OpRewritePattern<Op>(context), target(target) {}

  const KernelTarget target;
};

/// vit.conv of one group → vgpu.conv, or the rows of its windows and vgpu.gemm; channels come last between neighbours.
/// Products are by the kernel for the GPU's compute capability.
void populateViTConvToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// vit.conv of as many groups as channels → vgpu.depthwise_conv, channels last.
void populateViTDepthwiseToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// The halves of a vit.linear, one of which gates the other → one vgpu.gemm. Before vit.linear is converted alone.
void populateViTGatedToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// vit.linear → vgpu.gemm, and what its epilogue does not have as loops.
void populateViTLinearToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// vit.attention → vgpu.attention, by the kernel for the GPU's compute capability.
void populateViTAttentionToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// Products with given scores, which are structured ops by now → vgpu.attend.
void populateAttendToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// Products of matrices with tokens, of scores or of queries and keys → vgpu.batch_gemm.
void populateTokensToGPUPatterns(mlir::RewritePatternSet &patterns, const KernelTarget &target);

/// vit.layer_norm, vit.rms_norm → vgpu.layer_norm.
void populateViTRowsToGPUPatterns(mlir::RewritePatternSet &patterns);

/// Values that are only read rounded are stored so: roundings move up through views to kernels, which then write bf16
/// or f16.
void populateRoundingPatterns(mlir::RewritePatternSet &patterns);

/// The tensor rounded to bf16 or f16; itself where it is so already, or is to stay f32.
mlir::Value roundTo(mlir::FloatType element, mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// What a kernel wrote as f32; itself where it is so already.
mlir::Value widenToF32(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// Weights rounded to what the target multiplies, to the nearest: tf32, too, of which tensor cores otherwise cut off
/// what they do not read.
mlir::Value roundWeight(const KernelTarget &target, mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_PATTERNS_H
