#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

using namespace mlir;
using namespace vitc::vcpu;

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.getLayout().isIdentity()) // buffer_c1
    return emitOpError("expected a contiguous buffer, got ") << type;
  if (static_cast<size_t>(type.getNumDynamicDims()) != getSizes().size()) // buffer_c1
    return emitOpError("expected ") << type.getNumDynamicDims() << " sizes, got " << getSizes().size();
  if (getRegion() == MemoryRegion::weights && getIndex() % 64 != 0)
    return emitOpError("expected a multiple of 64 as offset of weights, got ") << getIndex();
  return success();
}
