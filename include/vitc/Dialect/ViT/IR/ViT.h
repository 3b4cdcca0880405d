#ifndef VITC_DIALECT_VIT_IR_VIT_H
#define VITC_DIALECT_VIT_IR_VIT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "vitc/Dialect/ViT/IR/ViTDialect.h.inc"
#include "vitc/Dialect/ViT/IR/ViTEnums.h.inc"

#include "vitc/Dialect/ViT/IR/CostInterface.h.inc"

#define GET_ATTRDEF_CLASSES
#include "vitc/Dialect/ViT/IR/ViTAttributes.h.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/ViT/IR/ViTOps.h.inc"

namespace vitc::vit {

/// Dimension `dim` of an operand.
struct OperandExtent {
  mlir::Value operand;
  int64_t dim;
};

/// The operand's extent that dimension `dim` of a vit op's result has by the op's definition; nullopt where that is
/// arithmetic on several extents, or the op is none of this dialect.
std::optional<OperandExtent> findOperandExtent(mlir::OpResult result, int64_t dim);

/// Multiplications of a `vit.inherit` without biases, in the order that takes the least; symbolic extents count as one.
int64_t countInheritMacs(mlir::RankedTensorType scores, mlir::RankedTensorType result, bool theta, bool psi);

/// The attribute of a function that says how often it runs for a whole batch; see `vit-split-batch`.
inline constexpr llvm::StringLiteral passesAttrName = "vit.passes";

/// The attributes of a function that say what else it is to return, as a list of strings, and whether nothing else; see
/// `vit-add-taps`.
inline constexpr llvm::StringLiteral tapsAttrName = "vit.taps";
inline constexpr llvm::StringLiteral tapOnlyAttrName = "vit.tap_only";

/// How often the function that an op is in, or is, runs for a whole batch.
int64_t countPasses(mlir::Operation *op);

} // namespace vitc::vit

#endif // VITC_DIALECT_VIT_IR_VIT_H
