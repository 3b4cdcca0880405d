#include "vitc/Dialect/CPUKernel/Transforms/KernelCost.h"

#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"

#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace vitc::vcpu;

static bool isWeight(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  auto buffer = value.getDefiningOp<BufferOp>();
  return buffer && buffer.getRegion() == MemoryRegion::weights;
}

/// How many symbols an expression may mention.
static unsigned countSymbols(ArrayRef<AffineExpr> exprs) {
  int64_t last = -1, none = -1;
  getMaxDimAndSymbol<ArrayRef<AffineExpr>>({exprs}, none, last);
  return last + 1;
}

AffineMapAttr vitc::vcpu::getKernelCost(Operation *op, OpFoldResult macs, ValueRange captured) {
  MLIRContext *context = op->getContext();
  AffineExpr zero = getAffineConstantExpr(0, context);
  SmallVector<AffineExpr, 3> cost = {zero, zero, zero};
  if (macs) {
    FailureOr<AffineExpr> size = getSymbolicSize(macs, context);
    if (failed(size))
      return nullptr;
    cost[0] = *size;
  }
  SmallVector<Value> buffers(captured);
  llvm::append_range(buffers, op->getOperands());
  for (Value buffer : buffers) {
    if (!isa<MemRefType>(buffer.getType()))
      continue;
    FailureOr<AffineExpr> bytes = getSymbolicBytes(buffer);
    if (failed(bytes))
      return nullptr;
    AffineExpr &sum = cost[isWeight(buffer) ? 1 : 2];
    sum = sum + *bytes;
  }
  return AffineMapAttr::get(AffineMap::get(0, countSymbols(cost), cost, context));
}
