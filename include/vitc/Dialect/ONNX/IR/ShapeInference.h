#ifndef VITC_DIALECT_ONNX_IR_SHAPEINFERENCE_H
#define VITC_DIALECT_ONNX_IR_SHAPEINFERENCE_H

#include "vitc/Dialect/ONNX/IR/SmallTensor.h"

#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>

namespace vitc::onnx {

/// What holds of the extents of every run that is let through.
struct Requirement {
  mlir::OperationName node; ///< that needs it
  mlir::Location loc;
  Extent lhs, rhs;
  bool isEquality; ///< lhs = rhs, else lhs >= rhs

  Extent getValue() const { return lhs - rhs; }
};

/// The contents of small tensors, symbolic or constant, as far as they are known, and what is required of extents where
/// that cannot be told for all values of the symbols.
class ShapeEnv {
public:
  ShapeEnv() = default;
  /// The environment of a folder: constants for some operands of `op`, null for the others.
  ShapeEnv(mlir::Operation *op, llvm::ArrayRef<mlir::Attribute> constants);

  /// Null where unknown or large, or where `value` is null (an absent operand). Constants are read on demand.
  const SmallTensor *contents(mlir::Value value);
  void set(mlir::Value value, SmallTensor contents);

  /// What cannot be told is required of every run; false where it never holds, or cannot be checked.
  bool requireEqual(mlir::Operation *op, const Extent &a, const Extent &b);
  bool requireAtLeast(mlir::Operation *op, const Extent &a, const Extent &b);
  llvm::ArrayRef<Requirement> getRequirements() const { return requirements; }

private:
  llvm::DenseMap<mlir::Value, std::unique_ptr<SmallTensor>> known;
  std::vector<Requirement> requirements;
};

/// The extents of a value whose type is ranked, its dynamic dimensions named.
SymbolicShape extentsOf(mlir::Value value);
/// The shape of the one result where inference has dropped the operand that says it: that of its type.
llvm::LogicalResult keepResultShape(mlir::Operation *op, llvm::SmallVectorImpl<SymbolicShape> &shapes);

/// `axis` counted from the front, where it is in [−rank, rank).
inline int64_t fromFront(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

/// Two extents that may be equal have to be so in every run; an error at `op`, "WHAT differ", where they never are.
llvm::LogicalResult checkEqual(mlir::Operation *op, ShapeEnv &env, llvm::StringRef what, const Extent &a,
                               const Extent &b);

/// The shape that shapes broadcast to: one of two extents is 1, or they have to be equal in every run; a constant one
/// is then the result's.
mlir::FailureOr<SymbolicShape> broadcastShapes(mlir::Operation *op, ShapeEnv &env,
                                               llvm::ArrayRef<SymbolicShape> shapes);

/// The constant integers that `operand` holds; an error where they depend on data or symbols.
mlir::FailureOr<llvm::SmallVector<int64_t>> constantIntegers(mlir::Operation *op, ShapeEnv &env, mlir::Value operand,
                                                             llvm::StringRef name);

/// The distinct axes that `operand` holds, counted from the front and in order.
mlir::FailureOr<llvm::SmallVector<int64_t>> constantAxes(mlir::Operation *op, ShapeEnv &env, mlir::Value operand,
                                                         int64_t rank);

/// The lesser of two integers of which either may be unknown: as much as is known of it.
Element boundMinimum(const Element &a, const Element &b);

/// A bound of a slice as a position in [least, most], from an index that may be negative (from the end) or outside.
/// None where symbols leave it open.
std::optional<Extent> clampIndex(const Element &index, const Extent &extent, const Extent &least, const Extent &most);
/// The same, but where symbols leave it open the index has to lie within these bounds in every run.
std::optional<Extent> clampIndex(mlir::Operation *op, ShapeEnv &env, const Element &index, const Extent &extent,
                                 const Extent &least, const Extent &most);

/// What `onnx` ops of a family share; their definitions are in ODS.
namespace detail {
/// Results have the shape of the first operand.
llvm::LogicalResult inferSameShape(mlir::Operation *op, llvm::SmallVectorImpl<SymbolicShape> &shapes);
/// The result has the shape that all operands broadcast to.
llvm::LogicalResult inferBroadcast(mlir::Operation *op, ShapeEnv &env, llvm::SmallVectorImpl<SymbolicShape> &shapes);
/// The dimensions that a reduction reduces, in order.
mlir::FailureOr<llvm::SmallVector<int64_t>> getReductionAxes(mlir::Operation *op, ShapeEnv &env, mlir::Value axes,
                                                             bool noopWithEmptyAxes);
llvm::LogicalResult inferReduction(mlir::Operation *op, ShapeEnv &env, mlir::Value axes, bool keepDims,
                                   bool noopWithEmptyAxes, llvm::SmallVectorImpl<SymbolicShape> &shapes);
/// (C1) and (C2) of CumSum and CumProd.
llvm::LogicalResult verifyCumulative(mlir::Operation *op, mlir::Value axis);
/// Spatial dimensions become 1.
llvm::LogicalResult inferGlobalPool(mlir::Operation *op, llvm::SmallVectorImpl<SymbolicShape> &shapes);
/// Results of a recurrent network: its states at all steps, then last states.
llvm::LogicalResult inferRecurrent(mlir::Operation *op, llvm::SmallVectorImpl<SymbolicShape> &shapes);
/// Those that are not null.
llvm::SmallVector<mlir::Value> presentOperands(llvm::ArrayRef<mlir::Value> operands);
/// The one result of a `ShapeArithmeticOpInterface`, where it is constant.
mlir::OpFoldResult foldByEvaluation(mlir::Operation *op, llvm::ArrayRef<mlir::Attribute> operands);
} // namespace detail

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_SHAPEINFERENCE_H
