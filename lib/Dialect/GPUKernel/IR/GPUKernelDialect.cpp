#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace vitc::vgpu;

#include "vitc/Dialect/GPUKernel/IR/GPUKernelDialect.cpp.inc"
#include "vitc/Dialect/GPUKernel/IR/KernelInterface.cpp.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/GPUKernel/IR/GPUKernelOps.cpp.inc"

void GPUKernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/GPUKernel/IR/GPUKernelOps.cpp.inc"
      >();
}

// launch_c1
LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr());
  if (!kernel || !isa<gpu::GPUModuleOp>(kernel->getParentOp()))
    return emitOpError("expects ") << getKernelAttr() << " to be a function of a gpu.module";
  if (kernel.getNumArguments() != getArguments().size())
    return emitOpError("expects the ") << kernel.getNumArguments() << " arguments of " << getKernelAttr() << ", got "
                                       << getArguments().size();
  return success();
}

// launch_c2
LogicalResult LaunchOp::verify() {
  constexpr size_t mostDimensions = 3;
  constexpr int64_t mostThreads = 1024;
  if (getGrid().empty() || getGrid().size() > mostDimensions || getPer().size() != getGrid().size() ||
      llvm::any_of(getPer(), [](int64_t divisor) { return divisor < 1; }))
    return emitOpError("expects a grid of one to three dimensions with a positive divisor each");
  if (getBlock() < 1 || getBlock() > mostThreads)
    return emitOpError("expects blocks of 1 to 1024 threads, got ") << getBlock();
  return success();
}
