#ifndef VITC_DRIVER_VERIFICATION_H
#define VITC_DRIVER_VERIFICATION_H

#include "CompareLibraries.h"

#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

// `--verify`: what was compiled runs beside the same graph lowered op by op, with nothing recognised, rewritten or
// fused, and is compared with it.
//
// Two programs are: the one the user gets, by its outputs; and one of the same fused ops that returns the result of
// each as well, to name the first that drifts. Its outputs keep rows alive that nothing else reads, so that what only
// the first does (row pruning) shows in the first's outputs alone.

namespace vitc::driver {

/// How far values of the graph, a module of the stage `onnx`, may be from the reference's, relative to the largest:
/// 1e-4, or one unit in the last place of the coarsest type that it rounds to (a few steps of what it quantises to),
/// since values that differ a little may be rounded to different sides. Of products of bf16 the cosine counts: 0.9995,
/// an angle of 2 degrees.
Tolerance findTolerance(mlir::ModuleOp graph, Precision precision);

/// The nodes of `graph`, a module of the stage `onnx`, whose values are results of ops of `fused`, in the order of
/// these.
std::vector<std::string> findVerifiedNodes(mlir::ModuleOp fused, mlir::ModuleOp graph);

/// A copy of a module of the stage `onnx` that returns the results of these nodes too, after its own.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> returnNodes(mlir::ModuleOp graph, llvm::ArrayRef<std::string> nodes);

/// Lowers a graph that returns nodes op by op and in fp32, or as every model is lowered, and writes the library for
/// this machine.
llvm::LogicalResult writeReference(mlir::ModuleOp graph, TargetInfo target, llvm::StringRef path);
llvm::LogicalResult writeFused(mlir::ModuleOp graph, const TargetInfo &target, llvm::StringRef path);

/// Whether the graph is to return kinds of tensors. These are known once blocks are recognised.
bool hasTaps(mlir::ModuleOp graph);

/// Lowers such a graph with what was recognised in it, in fp32 and with nothing rewritten or fused, and writes the
/// library for this machine.
llvm::LogicalResult writeTaps(mlir::ModuleOp graph, TargetInfo target, llvm::StringRef path);

} // namespace vitc::driver

#endif // VITC_DRIVER_VERIFICATION_H
