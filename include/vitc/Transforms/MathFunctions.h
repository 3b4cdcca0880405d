#ifndef VITC_TRANSFORMS_MATHFUNCTIONS_H
#define VITC_TRANSFORMS_MATHFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// Whether every target has an instruction for this op of the math dialect, or a short sequence of them.
bool isNativeFunction(mlir::Operation *op);

/// Whether this op of the math dialect has code on f64: native ones, exp and log.
bool isFunctionOfDoubles(mlir::Operation *op);

/// `math.exp` and `math.log` of f64 become arithmetic.
void populateExpandDoublesPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc

#endif // VITC_TRANSFORMS_MATHFUNCTIONS_H
