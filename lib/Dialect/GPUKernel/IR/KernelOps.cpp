#include "KernelOperands.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::vgpu;

//===- vgpu.gemm ----------------------------------------------------------===//

GemmConfig GemmOp::getConfig() {
  GemmConfig config;
  config.element = multipliedElementOf(getA());
  config.n = shapedType(getW()).getDimSize(0);
  config.k = shapedType(getW()).getDimSize(1);
  config.tileM = getTileM();
  config.tileN = getTileN();
  config.splits = static_cast<unsigned>(getSplits());
  config.stages = static_cast<unsigned>(getStages());
  config.epilogue.gated = getGated();
  config.epilogue.bias = !!getBias();
  config.epilogue.activation = *parseActivation(getActivation());
  config.epilogue.last = *parseActivation(getLastActivation());
  config.epilogue.scale = !!getScale();
  config.epilogue.tableRows = getTable() ? shapedType(getTable()).getDimSize(0) : 0;
  config.epilogue.residual = !!getResidual();
  config.epilogue.output = elementOf(getOutput());
  config.mmaSync = getMmaSync();
  if (config.mmaSync)
    config.strides = {strideOf(getA(), 0), strideOf(getW(), 0), strideOf(getOutput(), 0), strideOf(getResidual(), 0)};
  return config;
}

// gemm_c1, gemm_c2
LogicalResult GemmOp::verify() {
  ShapedType a = shapedType(getA()), w = shapedType(getW()), c = shapedType(getOutput());
  Type f32 = Float32Type::get(getContext());
  if (a.getRank() != 2 || w.getRank() != 2 || !w.hasStaticShape() || a.getElementType() != w.getElementType() ||
      differs(getA(), a.getElementType(), {ShapedType::kDynamic, w.getDimSize(1)}) ||
      differs(getOutput(), c.getElementType(), {a.getDimSize(0), w.getDimSize(0) / (getGated() ? 2 : 1)}))
    return emitOpError(
        "expects matrices A (M, K), W (N, K) and C (M, N), of a gated product (M, N / 2), N and K static");
  int64_t n = w.getDimSize(0), columns = c.getDimSize(1);
  if (differs(getBias(), f32, {n}) || differs(getScale(), f32, {columns}) ||
      differs(getTable(), f32, {ShapedType::kDynamic, columns}) ||
      (getTable() && shapedType(getTable()).isDynamicDim(0)) ||
      differs(getResidual(), c.getElementType(), c.getShape()))
    return emitOpError("expects a bias of f32 (N), a scale and a table of f32 of C's columns, (N) and (rows, N), and a "
                       "residual as C");
  for (StringRef activation : {getActivation(), getLastActivation()})
    if (!parseActivation(activation))
      return emitOpError("expects an activation that it knows, got '") << activation << "'";
  return verifyKernel(*this);
}

void GemmOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

LaunchPlan GemmOp::getPlan(StringRef name) { return planGemm(name, getConfig()); }

LogicalResult GemmOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitGemm(builder, module, name, getConfig());
}

Value GemmOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("A", getA())
      .Case("W", getW())
      .Case("C", getOutput())
      .Case("residual", getResidual())
      .Case("bias", getBias())
      .Case("scale", getScale())
      .Case("table", getTable())
      .Default(Value());
}

bool GemmOp::isDense(Value operand) {
  bool isPointer = !getMmaSync() && !isStaged(getConfig());
  return operand == getTable() || (isPointer && (operand == getOutput() || operand == getResidual()));
}

OpFoldResult GemmOp::getSize(OpBuilder &builder, GridSize) { return sizeOf(builder, getLoc(), getA(), 0); }

OpFoldResult GemmOp::getMacs(OpBuilder &builder) {
  GemmConfig config = getConfig();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Rows), config.n * config.k);
}

//===- vgpu.layer_norm ----------------------------------------------------===//

LayerNormConfig LayerNormOp::getConfig() {
  LayerNormConfig config;
  config.width = shapedType(getInput()).getDimSize(1);
  config.input = elementOf(getInput());
  config.output = elementOf(getOutput());
  config.epsilon = getEpsilon().convertToDouble();
  config.rms = getRms();
  config.weight = !!getScale();
  config.bias = !!getBias();
  return config;
}

// layernorm_c1, layernorm_c2
LogicalResult LayerNormOp::verify() {
  ShapedType input = shapedType(getInput());
  Type f32 = Float32Type::get(getContext());
  if (input.getRank() != 2 || input.isDynamicDim(1) ||
      differs(getOutput(), shapedType(getOutput()).getElementType(), input.getShape()) ||
      differs(getScale(), f32, {input.getDimSize(1)}) || differs(getBias(), f32, {input.getDimSize(1)}))
    return emitOpError("expects matrices x and y (M, C), C static, and a scale and a bias of f32 (C)");
  return verifyKernel(*this);
}

void LayerNormOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

bool LayerNormOp::isDense(Value operand) { return operand == getInput() || operand == getOutput(); }

LaunchPlan LayerNormOp::getPlan(StringRef name) { return planLayerNorm(name, getConfig()); }

LogicalResult LayerNormOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitLayerNorm(builder, module, name, getConfig());
}

Value LayerNormOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("x", getInput())
      .Case("y", getOutput())
      .Case("weight", getScale())
      .Case("bias", getBias())
      .Default(Value());
}

OpFoldResult LayerNormOp::getSize(OpBuilder &builder, GridSize) { return sizeOf(builder, getLoc(), getInput(), 0); }
