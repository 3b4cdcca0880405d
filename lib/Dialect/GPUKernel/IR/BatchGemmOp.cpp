#include "KernelOperands.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::vgpu;

GemmConfig BatchGemmOp::getConfig() {
  ShapedType a = shapedType(getA()), c = shapedType(getOutput());
  GemmConfig config;
  config.element = multipliedElementOf(getA());
  config.n = c.getDimSize(3);
  config.k = a.getDimSize(3);
  config.tileM = getTileM();
  config.tileN = getTileN();
  config.transposedW = true;
  config.epilogue.output = elementOf(getOutput());
  config.batch.heads = c.getDimSize(1);
  if (a.getDimSize(0) == 1 && a.getDimSize(1) == 1)
    config.batch.a = GemmBatch::OfAll;
  config.mmaSync = getMmaSync();
  if (config.mmaSync) { // no tensor map says how many rows W has
    config.k = shapedType(getW()).getDimSize(2);
    config.strides.a = a.getDimSize(3);
  }
  return config;
}

// batchgemm_c1, batchgemm_c2
LogicalResult BatchGemmOp::verify() {
  ShapedType a = shapedType(getA()), w = shapedType(getW()), c = shapedType(getOutput());
  for (ShapedType type : {a, w, c})
    if (type.getRank() != 4 || llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
      return emitOpError("expects operands of four sizes, all but the first static");
  int64_t batch = c.getDimSize(0), heads = c.getDimSize(1), rows = c.getDimSize(2), depth = a.getDimSize(3);
  bool isShared = a.getDimSize(0) == 1 && a.getDimSize(1) == 1;
  if (differs(getA(), w.getElementType(), {isShared ? 1 : batch, isShared ? 1 : heads, rows, depth}) ||
      differs(getW(), a.getElementType(), {batch, heads, w.getDimSize(2), c.getDimSize(3)}) || w.getDimSize(2) > depth)
    return emitOpError("expects A (B, H, M, K) or (1, 1, M, K), W (B, H, K, N) and C (B, H, M, N)");
  return verifyKernel(*this);
}

void BatchGemmOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

bool BatchGemmOp::isDense(Value operand) { return getMmaSync() || (operand == getOutput() && !isStaged(getConfig())); }

LaunchPlan BatchGemmOp::getPlan(StringRef name) { return planGemm(name, getConfig()); }

LogicalResult BatchGemmOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitGemm(builder, module, name, getConfig());
}

Value BatchGemmOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role).Case("A", getA()).Case("W", getW()).Case("C", getOutput()).Default(Value());
}

OpFoldResult BatchGemmOp::getSize(OpBuilder &builder, GridSize size) {
  return sizeOf(builder, getLoc(), getOutput(), size == GridSize::Rows ? 2 : 0);
}

OpFoldResult BatchGemmOp::getMacs(OpBuilder &builder) {
  ArrayRef<int64_t> c = shapedType(getOutput()).getShape();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  c[1] * c[2] * c[3] * shapedType(getA()).getDimSize(3));
}
