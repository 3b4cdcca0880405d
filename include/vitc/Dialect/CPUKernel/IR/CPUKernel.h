#ifndef VITC_DIALECT_CPUKERNEL_IR_CPUKERNEL_H
#define VITC_DIALECT_CPUKERNEL_IR_CPUKERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernelDialect.h.inc"
#include "vitc/Dialect/CPUKernel/IR/CPUKernelEnums.h.inc"
#include "vitc/Dialect/CPUKernel/IR/KernelInterface.h.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/CPUKernel/IR/CPUKernelOps.h.inc"

#endif // VITC_DIALECT_CPUKERNEL_IR_CPUKERNEL_H
