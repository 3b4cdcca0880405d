#ifndef VITC_DRIVER_STAGERUNNER_H
#define VITC_DRIVER_STAGERUNNER_H

#include "vitc/Driver/Driver.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Takes a module from the stage before to `stage`, which is one before `llvm`; constants are folded where a stage
/// leaves some to fold. `report`, where not null, is told what was recognised and what the rewrites saved.
llvm::LogicalResult runStage(Stage stage, mlir::ModuleOp module, const TargetInfo &target, Report *report);

/// Takes a module from `onnx` to a form that the stage `tiled` reads, with each op on its own: nothing is recognised,
/// rewritten or fused. What `--verify` compares with.
llvm::LogicalResult lowerUnfused(mlir::ModuleOp module, const TargetInfo &target);

/// Which ops of a module of the stage `fused` stay loops on a GPU, and why: those of one kind for one reason are one.
std::vector<Report::Missed> findLoops(mlir::ModuleOp module, const TargetInfo &target);

} // namespace vitc::driver

#endif // VITC_DRIVER_STAGERUNNER_H
