#ifndef VITC_CONVERSION_ONNXTOLINALG_EXTENTS_H
#define VITC_CONVERSION_ONNXTOLINALG_EXTENTS_H

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/MapVector.h"

namespace vitc::onnx {

/// The extents of a tensor, one expression a dimension over the symbols of the function (see `Symbols`).
using Extents = llvm::SmallVector<mlir::AffineExpr>;
using ExtentsRef = llvm::ArrayRef<mlir::AffineExpr>;

/// Whether the extent is the constant `value`.
inline bool isExtent(mlir::AffineExpr extent, int64_t value) {
  auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(extent);
  return constant && constant.getValue() == value;
}

/// The value of a static extent; `ShapedType::kDynamic` for a symbolic one.
inline int64_t getStaticExtent(mlir::AffineExpr extent) {
  auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(extent);
  return constant ? constant.getValue() : mlir::ShapedType::kDynamic;
}

/// The product of the extents.
mlir::AffineExpr getProduct(ExtentsRef extents, mlir::MLIRContext *context);

/// One way to go from one shape to another: collapse to `middle`, then expand. Both groupings have one group a
/// dimension of `middle`.
struct ReshapePlan {
  Extents middle;
  llvm::SmallVector<mlir::ReassociationIndices> collapse, expand;
};

/// Pairs the dimensions of two shapes of the same number of elements, in the finest groups whose products are equal.
/// A unit dimension that no group needs joins the one before it.
ReshapePlan planReshape(ExtentsRef from, ExtentsRef to, mlir::MLIRContext *context);

/// The named extents of a function's arguments, and those that a run computes: the symbols that every extent in it is
/// an expression of.
class Symbols {
public:
  explicit Symbols(mlir::MLIRContext *context) : context(context) {}

  /// Names the plain symbols among the extents of `type`, an argument's type in the onnx stage, and reads each with a
  /// `tensor.dim` of `argument`, its converted value, unless an earlier argument has it.
  void defineFrom(mlir::Type type, mlir::Value argument, mlir::OpBuilder &builder, mlir::Location loc);

  /// Gives the symbol `name` its value, an extent that the run computes.
  void define(mlir::StringAttr name, mlir::Value value) { values[name] = value; }

  /// Takes `value`, one expression, to be zero wherever the function runs: of extents that it makes equal the simplest
  /// stands for all.
  void requireZero(vit::DimsAttr value);

  /// The extents of a tensor type of the onnx stage. A null expression stands for an extent that is neither static nor
  /// an expression of the arguments' symbols.
  Extents getExtents(mlir::Type type) const;

  /// The same of a map over names; an expression of others is null.
  Extents getExtents(vit::DimsAttr dims) const;

  /// The extent as an index: an attribute where it is static, else computed at the insertion point.
  mlir::OpFoldResult materialize(mlir::AffineExpr extent, mlir::OpBuilder &builder, mlir::Location loc) const;

  /// The simplest equal expression.
  mlir::AffineExpr simplify(mlir::AffineExpr extent) const;

private:
  mlir::AffineExpr getRepresentative(mlir::AffineExpr extent) const;

  mlir::MLIRContext *context;
  llvm::SmallVector<mlir::AffineExpr> zeros;
  llvm::MapVector<mlir::StringAttr, mlir::Value> values;
};

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_EXTENTS_H
