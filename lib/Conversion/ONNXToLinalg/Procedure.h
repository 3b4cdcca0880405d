#ifndef VITC_CONVERSION_ONNXTOLINALG_PROCEDURE_H
#define VITC_CONVERSION_ONNXTOLINALG_PROCEDURE_H

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace vitc::onnx {

/// Builds the body of a `vit.procedure`: loops over memrefs, with indices that are positions or counts.
class ProcedureBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<mlir::Value>;

  ProcedureBuilder(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;

  Value index(int64_t value);
  Value constant(mlir::Type type, double value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value min(Value lhs, Value rhs);  ///< of signed integers
  Value less(Value lhs, Value rhs); ///< of signed integers
  Value logicalAnd(Value lhs, Value rhs);
  Value select(Value condition, Value whenTrue, Value whenFalse);
  Value isFloat(mlir::arith::CmpFPredicate predicate, Value lhs, Value rhs);
  /// Whether an element of any type is not zero; NaN is not.
  Value isNonZero(Value element);
  Value toI64(Value index);
  Value toIndex(Value integer);

  Value dim(Value memref, int64_t dimension);
  Value load(Value memref, ValueRange indices = {});
  void store(Value value, Value memref, ValueRange indices = {});

  /// For each position from `begin` on, before `end`; `body` gives the next carried values.
  Values loop(Value begin, Value end, ValueRange inits, llvm::function_ref<Values(Value, ValueRange)> body);
  void forEach(Value begin, Value end, llvm::function_ref<void(Value)> body);
  /// While `condition` holds for the carried values.
  Values loopWhile(ValueRange inits, llvm::function_ref<Value(ValueRange)> condition,
                   llvm::function_ref<Values(ValueRange)> body);
  /// For each position of a memref, in row-major order.
  Values walk(Value memref, ValueRange inits, llvm::function_ref<Values(ValueRange, ValueRange)> body);
  void branch(Value condition, llvm::function_ref<void()> then);
  Values choose(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);
  /// Moves what is at `root` of a binary heap down among the first `end` places until none of its children goes above
  /// it. `goesAbove` compares what is at two places, `swap` exchanges it.
  void sift(Value root, Value end, llvm::function_ref<Value(Value, Value)> goesAbove,
            llvm::function_ref<void(Value, Value)> swap);

private:
  Values walkFrom(Value memref, Values position, ValueRange inits,
                  llvm::function_ref<Values(ValueRange, ValueRange)> body);
};

using ProcedureBody = llvm::function_ref<void(ProcedureBuilder &, mlir::Value item, mlir::ValueRange buffers)>;

/// A `vit.procedure` whose outputs are new tensors of these extents and element types; `items` may be null for one.
llvm::SmallVector<Tensor> buildProcedure(TensorBuilder &builder, mlir::Value items, llvm::ArrayRef<Tensor> inputs,
                                         llvm::ArrayRef<std::pair<Extents, mlir::Type>> outputs, ProcedureBody body);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_PROCEDURE_H
