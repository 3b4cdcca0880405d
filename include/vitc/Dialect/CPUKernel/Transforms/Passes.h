#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_PASSES_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

namespace vitc::vcpu {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_PASSES_H
