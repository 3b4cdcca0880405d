#ifndef VITC_RECOGNITION_PATTERNS_H
#define VITC_RECOGNITION_PATTERNS_H

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/MapVector.h"
#include <string>

namespace vitc {

// Recognition as patterns, a family each, for drivers and pipelines of other projects; the pass of the same name
// applies nothing else. In the order of the pipeline (`buildRecognitionPipeline`), which says why. Every refusal of a
// candidate gives its reason by `notifyMatchFailure`.

/// Generics and named ops of other front ends, to the vocabulary that all other patterns read.
void populateRaiseGenericsPatterns(mlir::RewritePatternSet &patterns);
void populateRaiseSoftmaxPatterns(mlir::RewritePatternSet &patterns);
void populateRaiseLayerNormPatterns(mlir::RewritePatternSet &patterns);
void populateRaiseActivationsPatterns(mlir::RewritePatternSet &patterns);
void populateSimplifySoftmaxPatterns(mlir::RewritePatternSet &patterns);

/// Tokenizers, then projectors, of visual tokens; before attention, which they are as well.
void populateRecognizeTokenizePatterns(mlir::RewritePatternSet &patterns);
void populateRecognizeProjectPatterns(mlir::RewritePatternSet &patterns);
/// Self- and cross-attention of every kind, re-attention included.
void populateRecognizeAttentionPatterns(mlir::RewritePatternSet &patterns);
/// What makes scores from those of an earlier layer, and what attends with them. Applied together with the patterns of
/// attention.
void populateRecognizeInheritedAttentionPatterns(mlir::RewritePatternSet &patterns);
void populateRecognizeLinearPatterns(mlir::RewritePatternSet &patterns);
void populateRecognizeLayerScalePatterns(mlir::RewritePatternSet &patterns);
void populateRecognizePatchEmbedPatterns(mlir::RewritePatternSet &patterns);
void populateSimplifyLayoutPatterns(mlir::RewritePatternSet &patterns);
/// Token sequences. Which rows of the prefix are class tokens and which registers is up to `setPrefixRoles`, when all
/// is recognised.
void populateRecognizeTokensPatterns(mlir::RewritePatternSet &patterns);

/// Counts class tokens and registers of every assembled token sequence below `root` by who reads them.
void setPrefixRoles(mlir::Operation *root);

/// Listens to a driver and remembers, for each op that is still there, why each pattern refused it the last time.
class MissedMatches final : public mlir::RewriterBase::Listener {
public:
  void notifyPatternBegin(const mlir::Pattern &pattern, mlir::Operation *op) override;
  void notifyMatchFailure(mlir::Location loc, llvm::function_ref<void(mlir::Diagnostic &)> reason) override;
  void notifyOperationErased(mlir::Operation *op) override { reasons.erase(op); }

  /// Leaves the reasons on the ops, as `vit.missed = {candidate = "reason"}`, where `Report::collect` reads them.
  void write(llvm::StringRef candidate);

private:
  const mlir::Pattern *currentPattern = nullptr;
  mlir::Operation *currentOp = nullptr;
  llvm::DenseMap<mlir::Operation *, llvm::SmallMapVector<const mlir::Pattern *, std::string, 1>> reasons;
};

/// Applies `patterns` below `root` until none matches. What they refused at last stays on the refused op, as
/// `vit.missed = {candidate = "reason"}`.
mlir::LogicalResult applyRecognizers(mlir::Operation *root, mlir::RewritePatternSet patterns,
                                     llvm::StringRef candidate);

} // namespace vitc

#endif // VITC_RECOGNITION_PATTERNS_H
