#ifndef VITC_CONVERSION_ONNXTOLINALG_SCALARS_H
#define VITC_CONVERSION_ONNXTOLINALG_SCALARS_H

#include "SmallFloats.h"

#include "mlir/IR/Builders.h"

// Arithmetic on one element, for bodies of structured ops: what ONNX leaves undefined has a result here, and never
// stops the program.

namespace vitc::onnx {

/// The element type of a tensor of the onnx stage, as scalars of the linalg stage have it: without a sign.
struct ScalarType {
  mlir::Type type;
  bool isUnsigned;
  /// What bytes hold, where they stand for a smaller type.
  mlir::Type small = {};

  /// Of a tensor, or an element.
  static ScalarType of(mlir::Type type);
};

/// ONNX's Cast. Floats become integers by truncation, the nearest integer that the type has where it lacks that, and
/// NaN 0; integers wrap; bools are whether the value is not zero. What is not f32 is rounded to f16 and bf16 through
/// it; `rounding` is about smaller floats.
mlir::Value castScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, ScalarType from, ScalarType to,
                       Rounding rounding = {});

/// x / y of integers, truncated; 0 where y is 0, and the least integer / −1 wraps.
mlir::Value divideIntegers(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y, bool isUnsigned);

/// x − y · ⌊x / y⌋, or with the sign of x for `fmod`; 0 for integers where y is 0.
mlir::Value moduloScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y, bool isUnsigned,
                         bool fmod);

/// x to the power of y in the type of x, an integer or a float. Integers wrap; the powers that are no integers
/// (negative or fractional exponents) are truncated.
mlir::Value powScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, ScalarType xType, mlir::Value y,
                      ScalarType yType);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_SCALARS_H
