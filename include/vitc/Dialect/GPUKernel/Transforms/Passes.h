#ifndef VITC_DIALECT_GPUKERNEL_TRANSFORMS_PASSES_H
#define VITC_DIALECT_GPUKERNEL_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

namespace vitc::vgpu {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_TRANSFORMS_PASSES_H
