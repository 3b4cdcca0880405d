#ifndef VITC_DIALECT_ONNX_TRANSFORMS_STORAGETYPES_H
#define VITC_DIALECT_ONNX_TRANSFORMS_STORAGETYPES_H

#include "mlir/IR/BuiltinAttributes.h"

namespace vitc::onnx {

/// Whether values of this type are stored only, and computed with in f32: floats of less bits.
bool isStorageType(mlir::Type element);

/// The elements of a constant of a storage type in f32, which all have exactly. Large ones stay resources. A scalar
/// that is the rounding of a constant of GELU, QuickGELU or HardSwish (√2, 1/√2, √(2/π), 0.044715, 1.702, 1/6) becomes
/// that one: it was rounded to be stored, and the activation is computed in f32.
mlir::ElementsAttr widenElements(mlir::ElementsAttr value);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_STORAGETYPES_H
