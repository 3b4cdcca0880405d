#ifndef VITC_CONVERSION_VITTOCPU_TRANSPOSES_H
#define VITC_CONVERSION_VITTOCPU_TRANSPOSES_H

#include "mlir/IR/Builders.h"

namespace vitc {

/// A linalg.transpose: dimension i of the result is dimension permutation[i] of the input. The input itself where
/// nothing moves.
mlir::Value transpose(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input,
                      llvm::ArrayRef<int64_t> permutation);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_TRANSPOSES_H
