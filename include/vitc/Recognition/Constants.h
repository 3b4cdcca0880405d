#ifndef VITC_RECOGNITION_CONSTANTS_H
#define VITC_RECOGNITION_CONSTANTS_H

#include "mlir/IR/Value.h"
#include <optional>

namespace vitc {

/// Whether `value` is a constant of floating-point elements that are the same, bit for bit, at every index of dimension
/// `dim`.
bool repeatsAlong(mlir::Value value, int64_t dim);

/// The largest magnitude among the elements of a constant of single precision; nullopt where `value` is none, and where
/// an element is infinite or no number.
std::optional<double> largestMagnitude(mlir::Value value);

} // namespace vitc

#endif // VITC_RECOGNITION_CONSTANTS_H
