#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vcpu;

#include "vitc/Dialect/CPUKernel/IR/CPUKernelDialect.cpp.inc"
#include "vitc/Dialect/CPUKernel/IR/CPUKernelEnums.cpp.inc"
#include "vitc/Dialect/CPUKernel/IR/KernelInterface.cpp.inc"

void CPUKernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/CPUKernel/IR/CPUKernelOps.cpp.inc"
      >();
}
