#ifndef VITC_TRANSFORMS_PASSES_H
#define VITC_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Transforms/Passes.h.inc"
} // namespace vitc

#endif // VITC_TRANSFORMS_PASSES_H
