#ifndef VITC_CONVERSION_VITTOGPU_HEADPRODUCTS_H
#define VITC_CONVERSION_VITTOGPU_HEADPRODUCTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace vitc {

/// Whether a product has five loops, of which the operands and the result have these, and adds to zeros.
bool isHeadProduct(mlir::linalg::ContractOp op, mlir::ArrayRef<mlir::ArrayRef<unsigned>> operands);

/// Whether a tensor is of f32 and all its sizes but the first are static.
bool isStaticF32(mlir::Value tensor);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_HEADPRODUCTS_H
