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
void buildRecognitionPipeline(mlir::OpPassManager &pm, Report *report = nullptr);

/// `vit-explain` that gives what it found to `report`.
std::unique_ptr<mlir::Pass> createExplainPass(Report *report);

/// Registers `buildRecognitionPipeline` as `vit-recognize`.
void registerRecognitionPipelines();
} // namespace vitc

#endif // VITC_RECOGNITION_PASSES_H
