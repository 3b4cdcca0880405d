#ifndef VITC_CONVERSION_PASSES_H
#define VITC_CONVERSION_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

namespace vitc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

#endif // VITC_CONVERSION_PASSES_H
