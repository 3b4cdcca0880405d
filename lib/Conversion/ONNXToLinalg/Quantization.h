#ifndef VITC_CONVERSION_ONNXTOLINALG_QUANTIZATION_H
#define VITC_CONVERSION_ONNXTOLINALG_QUANTIZATION_H

#include "Scalars.h"

namespace vitc::onnx {

/// x / scale + zeroPoint of f32 as a quantised type has it: rounded to an integer before the addition, halves to even,
/// where it has integers. The zero point may be null.
mlir::Value quantizeScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value scale,
                           mlir::Value zeroPoint, ScalarType to, Rounding rounding = {});

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_QUANTIZATION_H
