#ifndef VITC_RECOGNITION_INHERITANCECHAIN_H
#define VITC_RECOGNITION_INHERITANCECHAIN_H

#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {

/// The ops by which scores are inherited, first to last; each but the first reads the one before.
using InheritanceChain = llvm::SmallVector<vit::InheritOp>;

/// The chain that ends with `last`, as long as it is.
InheritanceChain chainTo(vit::InheritOp last);

/// A chain as one map of the scores A that it starts from: A ↦ Ψ A Θᵀ + B. Null is the identity, or zero.
struct ComposedInheritance {
  mlir::Value theta, psi, addend;
};

/// Composes a chain on scores A + addend, `addend` a constant matrix or null. What is built depends on constants alone,
/// where the chain's weights do.
ComposedInheritance compose(llvm::ArrayRef<vit::InheritOp> chain, mlir::Value addend, mlir::OpBuilder &builder,
                            mlir::Location loc);

} // namespace vitc

#endif // VITC_RECOGNITION_INHERITANCECHAIN_H
