#ifndef VITC_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H
#define VITC_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H

#include "Extents.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace vitc::onnx {

/// A tensor of the linalg stage and its extents.
struct Tensor {
  mlir::Value value;
  Extents extents;

  int64_t getRank() const { return extents.size(); }
  mlir::Type getElementType() const { return mlir::cast<mlir::RankedTensorType>(value.getType()).getElementType(); }
};

/// Computes one scalar from one element of each operand.
using ScalarBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
/// Computes the position to read, an index a dimension of the source, from the position to write.
using IndexBody =
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// Builds structured ops in the form that recognition reads: broadcasting in index maps with the broadcast unit
/// dimensions dropped from the operand, scalars of rank 0, results computed into `tensor.empty` or `linalg.fill`.
/// Constants are reshaped themselves.
class TensorBuilder {
public:
  TensorBuilder(mlir::OpBuilder &builder, mlir::Location loc, const Symbols &symbols)
      : builder(builder), loc(loc), symbols(symbols) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const Symbols &symbols;

  mlir::MLIRContext *getContext() const { return builder.getContext(); }
  mlir::AffineExpr extent(int64_t size) const { return builder.getAffineConstantExpr(size); }
  mlir::RankedTensorType getType(ExtentsRef extents, mlir::Type element) const;
  mlir::OpFoldResult index(mlir::AffineExpr extent) { return symbols.materialize(extent, builder, loc); }
  mlir::Value indexValue(mlir::AffineExpr extent);
  llvm::SmallVector<mlir::OpFoldResult> indices(ExtentsRef extents);

  mlir::Value empty(ExtentsRef extents, mlir::Type element);
  /// A tensor that is `value` everywhere.
  Tensor fill(ExtentsRef extents, mlir::TypedAttr value);
  Tensor constant(mlir::ElementsAttr value);
  /// A constant of rank 0, of the element type given: a float or an integer.
  Tensor scalar(double value, mlir::Type element);
  /// A float constant with these extents and values, rounded to the element type.
  Tensor constant(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values, mlir::Type element);

  /// A constant list of positions.
  Tensor table(llvm::ArrayRef<int64_t> positions);

  /// Whether a tensor of these extents has no elements.
  static bool isEmpty(ExtentsRef extents);
  /// Whether each operand broadcasts to `extents` by the rules of ONNX, aligned at the last dimension.
  static bool broadcasts(llvm::ArrayRef<Tensor> operands, ExtentsRef extents);

  /// `linalg.elementwise` over operands that broadcast to `extents`.
  Tensor elementwise(mlir::linalg::ElementwiseKind kind, llvm::ArrayRef<Tensor> operands, ExtentsRef extents);
  Tensor elementwise(mlir::linalg::ElementwiseKind kind, llvm::ArrayRef<Tensor> operands) {
    return elementwise(kind, operands, operands.front().extents);
  }
  /// `linalg.generic` with a scalar body over operands that broadcast to `extents`.
  Tensor map(llvm::ArrayRef<Tensor> operands, ExtentsRef extents, mlir::Type element, ScalarBody body);
  /// `linalg.generic` that reads `source` at computed positions; zeros where it has no elements.
  Tensor gather(const Tensor &source, ExtentsRef extents, IndexBody body);

  /// Σ a · b by index maps from the loops; the result has the loops of `loops` that are in `result`, in that order.
  Tensor contract(const Tensor &a, mlir::AffineMap mapA, const Tensor &b, mlir::AffineMap mapB, mlir::AffineMap mapOut,
                  ExtentsRef extents);
  /// `linalg.reduce` over `dims`, which the result lacks.
  Tensor reduce(const Tensor &x, llvm::ArrayRef<int64_t> dims, mlir::TypedAttr init, ScalarBody body);

  Tensor reshape(const Tensor &x, ExtentsRef extents);
  /// Removes the unit dimensions `dims`, in ascending order.
  Tensor dropDims(const Tensor &x, llvm::ArrayRef<int64_t> dims);
  /// Adds unit dimensions so that they stand at `dims`, in ascending order, of the result.
  Tensor addDims(const Tensor &x, llvm::ArrayRef<int64_t> dims);
  Tensor transpose(const Tensor &x, llvm::ArrayRef<int64_t> permutation);
  /// Broadcasts by ONNX's rules to exactly `extents`.
  Tensor broadcast(const Tensor &x, ExtentsRef extents);
  /// The slice; `dropped` lists result dimensions of extent 1 that it lacks.
  Tensor slice(const Tensor &x, ExtentsRef offsets, ExtentsRef sizes, llvm::ArrayRef<int64_t> strides,
               llvm::ArrayRef<int64_t> dropped = {});
  Tensor sliceDim(const Tensor &x, int64_t dim, mlir::AffineExpr offset, mlir::AffineExpr size);
  Tensor concat(llvm::ArrayRef<Tensor> operands, int64_t dim);
  /// The operand at `offsets` within `extents`.
  Tensor pad(const Tensor &x, ExtentsRef offsets, ExtentsRef extents, mlir::Value value);
  Tensor pad(const Tensor &x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, mlir::Value value);
  Tensor pad(const Tensor &x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, mlir::TypedAttr value);

private:
  struct MappedOperand {
    mlir::Value value;
    mlir::AffineMap map;
  };
  MappedOperand mapToResult(const Tensor &operand, ExtentsRef extents);
  Tensor collapse(const Tensor &x, llvm::ArrayRef<mlir::ReassociationIndices> groups, ExtentsRef extents);
  Tensor expand(const Tensor &x, llvm::ArrayRef<mlir::ReassociationIndices> groups, ExtentsRef extents);
};

/// The position that a constant list has for index `i`.
mlir::Value lookUp(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value table, mlir::Value i);
/// The constant that `value` is in the linalg stage, or null.
mlir::ElementsAttr getConstantValue(mlir::Value value);
/// The same elements with another shape.
mlir::ElementsAttr reshapeElements(mlir::ElementsAttr value, mlir::RankedTensorType type);
/// A scalar attribute of a float or integer type.
mlir::TypedAttr getScalarAttr(double value, mlir::Type element);
/// The least value of the type: −∞, or the least integer.
mlir::TypedAttr getLowestAttr(mlir::Type element, bool isUnsigned);
/// The greatest value of the type: +∞, or the greatest integer.
mlir::TypedAttr getHighestAttr(mlir::Type element, bool isUnsigned);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H
