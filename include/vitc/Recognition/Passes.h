#ifndef VITC_RECOGNITION_PASSES_H
#define VITC_RECOGNITION_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Report.h"

namespace vitc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Recognition/Passes.h.inc"

/// From the `linalg` stage to the `vit` stage. `report`, where not null, receives what was found; it outlives the run.
/// It is printed as well where `explain` is `text` or `json`.
void buildRecognitionPipeline(mlir::OpPassManager &pm, Report *report = nullptr, llvm::StringRef explain = "");

/// From linalg of another front end to the vocabulary that the recognition pipeline reads. What vitc imports is in it
/// already.
void buildRaisingPipeline(mlir::OpPassManager &pm);

/// Rewrites of the vit stage that save work, the first part of the `fused` stage. `report`, where not null, is told
/// what they saved.
void buildRewritePipeline(mlir::OpPassManager &pm, Report *report = nullptr);

/// The rewrites that tell `report`, which outlives them, what they saved.
std::unique_ptr<mlir::Pass> createRewriteInheritancePass(Report *report);
std::unique_ptr<mlir::Pass> createRewriteVisualTokensPass(Report *report);
std::unique_ptr<mlir::Pass> createPruneRowsPass(Report *report);
std::unique_ptr<mlir::Pass> createComposeInheritancePass(Report *report);
std::unique_ptr<mlir::Pass> createFoldPrefixPass(Report *report);
std::unique_ptr<mlir::Pass> createMergeAddendsPass(Report *report);
std::unique_ptr<mlir::Pass> createComposeMovesPass(Report *report);

/// `vit-add-taps` that tells `report`, where not null, what is computed less with the taps alone.
std::unique_ptr<mlir::Pass> createAddTapsPass(Report *report);

/// `vit-explain` that gives what it found to `report`, where not null.
std::unique_ptr<mlir::Pass> createExplainPass(Report *report, llvm::StringRef format = "");

/// Registers the pipelines as `vit-raise`, `vit-recognize` and `vit-rewrite`.
void registerRecognitionPipelines();
} // namespace vitc

#endif // VITC_RECOGNITION_PASSES_H
