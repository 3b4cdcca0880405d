#ifndef VITC_RECOGNITION_CONSTANTS_H
#define VITC_RECOGNITION_CONSTANTS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>

namespace vitc {

/// Whether `value` is a constant of floating-point elements that are the same, bit for bit, at every index of dimension
/// `dim`.
bool repeatsAlong(mlir::Value value, int64_t dim);

/// The largest magnitude among the elements of a constant of single precision; nullopt where `value` is none, and where
/// an element is infinite or no number, be it that −∞ does not count.
std::optional<double> largestMagnitude(mlir::Value value, bool besidesMinusInfinity = false);

/// Whether `value` is a constant, of single precision or of truth values, each line of which along `dim` has an element
/// that is wanted.
bool everyLineHas(mlir::Value value, int64_t dim, llvm::function_ref<bool(double)> isWanted);

} // namespace vitc

#endif // VITC_RECOGNITION_CONSTANTS_H
