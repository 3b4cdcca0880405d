#ifndef VITC_CONVERSION_VITTOCPU_CONTRACTLOOPS_H
#define VITC_CONVERSION_VITTOCPU_CONTRACTLOOPS_H

#include "mlir/IR/AffineMap.h"

namespace vitc {

/// The loops of a contraction that index the dimensions of an operand, by its indexing map.
inline llvm::SmallVector<int64_t> loopsOf(mlir::AffineMap map) {
  return llvm::map_to_vector(map.getResults(), [](mlir::AffineExpr expr) -> int64_t {
    return llvm::cast<mlir::AffineDimExpr>(expr).getPosition();
  });
}

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_CONTRACTLOOPS_H
