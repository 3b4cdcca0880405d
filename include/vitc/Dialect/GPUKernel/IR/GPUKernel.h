#ifndef VITC_DIALECT_GPUKERNEL_IR_GPUKERNEL_H
#define VITC_DIALECT_GPUKERNEL_IR_GPUKERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "vitc/Dialect/GPUKernel/Kernels/Attention.h"
#include "vitc/Dialect/GPUKernel/Kernels/DepthwiseConvolution.h"
#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"
#include "vitc/Dialect/GPUKernel/Kernels/LayerNorm.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernelDialect.h.inc"
#include "vitc/Dialect/GPUKernel/IR/KernelInterface.h.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/GPUKernel/IR/GPUKernelOps.h.inc"

#endif // VITC_DIALECT_GPUKERNEL_IR_GPUKERNEL_H
