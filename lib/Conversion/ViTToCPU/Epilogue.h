#ifndef VITC_CONVERSION_VITTOCPU_EPILOGUE_H
#define VITC_CONVERSION_VITTOCPU_EPILOGUE_H

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// Fills `target`, the epilogue of a kernel op with `extras` extra operands, with what follows a vit op's accumulator:
/// the bias, where there is one (the first extra), then the vit op's own epilogue. Nothing where neither is.
void buildKernelEpilogue(mlir::PatternRewriter &rewriter, mlir::Location loc, mlir::Region &source, bool hasBias,
                         unsigned extras, mlir::Type element, mlir::Region &target);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_EPILOGUE_H
