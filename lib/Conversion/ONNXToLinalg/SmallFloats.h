#ifndef VITC_CONVERSION_ONNXTOLINALG_SMALLFLOATS_H
#define VITC_CONVERSION_ONNXTOLINALG_SMALLFLOATS_H

#include "mlir/IR/Builders.h"

// Floats of eight bits and less are stored as bytes, in their low bits, and converted by arithmetic on integers:
// processors have no instructions for them.

namespace vitc::onnx {

/// How a number becomes one that a format of eight bits or less has.
struct Rounding {
  enum class Direction { Up, Down, Nearest };
  /// What is too large becomes the largest number; else infinity or, in formats without it, NaN.
  bool saturate = true;
  /// Of formats that have powers of two alone; others round to the nearest number, halves to even.
  Direction direction = Direction::Up;
};

/// The number that a byte stands for in a float format, as f32.
mlir::Value decodeSmallFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value byte, mlir::FloatType format);

/// The byte of x, of f32, in a float format. NaN is −0 in formats without NaN.
mlir::Value encodeSmallFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::FloatType format,
                             Rounding rounding);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_SMALLFLOATS_H
