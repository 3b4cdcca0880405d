#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vcpu;

/// Kernels on memrefs read their inputs and read and write their outputs; on tensors they have no effects.
template <typename KernelOp>
static void addEffects(KernelOp op, SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand, 0, true, SideEffects::DefaultResource::get());
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, 0, true, SideEffects::DefaultResource::get());
  }
}

void GemmOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}
LogicalResult GemmOp::verify() { return success(); }
OpFoldResult GemmOp::getWorkItems(OpBuilder &builder) { return builder.getIndexAttr(1); }
LogicalResult GemmOp::emitKernel(OpBuilder &builder, ValueRange arguments) { return emitOpError("not emitted yet"); }

#define GET_OP_CLASSES
#include "vitc/Dialect/CPUKernel/IR/CPUKernelOps.cpp.inc"
