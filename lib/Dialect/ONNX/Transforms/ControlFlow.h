#ifndef VITC_DIALECT_ONNX_TRANSFORMS_CONTROLFLOW_H
#define VITC_DIALECT_ONNX_TRANSFORMS_CONTROLFLOW_H

#include "vitc/Dialect/ONNX/IR/ONNXControl.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc::onnx {

/// Puts what control flow does in the place of its ops while shapes are inferred: branches, iterations, and the tensors
/// of sequences. What an op reads is inferred by then; what takes its place is inferred here.
class ControlFlow {
public:
  /// Infers the shapes of the ops from the first one up to the second (excluded), which stand in one block.
  using InferOps = std::function<llvm::LogicalResult(mlir::Operation *, mlir::Operation *)>;

  ControlFlow(ShapeEnv &env, mlir::IRRewriter &rewriter, InferOps inferOps)
      : env(env), rewriter(rewriter), inferOps(std::move(inferOps)) {}

  /// Whether an op is one of these.
  static bool handles(mlir::Operation *op);
  llvm::LogicalResult resolve(mlir::Operation *op);

private:
  llvm::LogicalResult resolveIf(IfOp op);
  llvm::LogicalResult resolveLoop(LoopOp op);
  llvm::LogicalResult resolveSequence(mlir::Operation *op);
  llvm::LogicalResult split(SplitToSequenceOp op);
  llvm::LogicalResult concat(ConcatFromSequenceOp op);

  /// What one iteration of a loop leaves.
  struct Iteration {
    mlir::Value condition;
    llvm::SmallVector<mlir::Value> carried, collected;
  };
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> inlineBranch(mlir::Region &branch, IfOp op);
  mlir::FailureOr<Iteration> inlineBody(LoopOp op, int64_t index, mlir::Value condition,
                                        llvm::ArrayRef<mlir::Value> carried);
  /// Whether the next iteration runs: yes, no, or only at run time; an error where that cannot be compiled.
  mlir::FailureOr<std::optional<bool>> runs(LoopOp op, int64_t index, mlir::Value condition);
  llvm::LogicalResult keepWhereOver(LoopOp op, Iteration &next, mlir::Value condition,
                                    llvm::ArrayRef<mlir::Value> before);
  mlir::FailureOr<mlir::Value> stack(mlir::Operation *op, llvm::ArrayRef<mlir::Value> tensors, int64_t axis);
  mlir::FailureOr<mlir::Value> choose(mlir::Operation *op, mlir::Value condition, mlir::Value x, mlir::Value y);
  /// The same for values of different extents along one axis.
  mlir::FailureOr<mlir::Value> chooseShape(mlir::Operation *op, mlir::Value condition, mlir::Value x, mlir::Value y,
                                           int64_t axis);
  /// A condition of one element as a scalar.
  mlir::Value asScalar(mlir::Operation *op, mlir::Value condition);
  /// Fails once control flow has made too many ops.
  llvm::LogicalResult countCopies(mlir::Operation *op, size_t count);
  /// Calls `create` before `op`, and infers what it creates.
  llvm::LogicalResult inferCreated(mlir::Operation *op, llvm::function_ref<void()> create);
  mlir::Value constant(mlir::Operation *op, llvm::ArrayRef<int64_t> values, bool isScalar = false);
  std::optional<int64_t> getInteger(mlir::Value value);
  /// A position in [0, size], or before `size` alone, that may count from the end.
  mlir::FailureOr<int64_t> getPosition(mlir::Operation *op, mlir::Value position, int64_t size, bool mayBeEnd);

  ShapeEnv &env;
  mlir::IRRewriter &rewriter;
  InferOps inferOps;
  /// The tensors of the sequences seen so far.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> sequences;
  size_t numCopies = 0;
};

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_CONTROLFLOW_H
