#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::vgpu;

static ShapedType shapedType(Value value) { return cast<ShapedType>(value.getType()); }

static Element elementOf(Value value) {
  Type element = shapedType(value).getElementType();
  return element.isBF16() ? Element::BF16 : element.isF16() ? Element::F16 : Element::F32;
}

static bool sizesMatch(int64_t a, int64_t b) { return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b); }

/// Whether a value is there and has another shape or element type; dynamic sizes match all.
static bool differs(Value value, Type element, ArrayRef<int64_t> shape) {
  if (!value)
    return false;
  ShapedType type = shapedType(value);
  return type.getElementType() != element || type.getRank() != static_cast<int64_t>(shape.size()) ||
         !llvm::all_of_zip(type.getShape(), shape, sizesMatch);
}

/// Kernels on memrefs read their inputs and write their output.
static void addEffects(DestinationStyleOpInterface op,
                       SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    MemoryEffects::Effect *effect = MemoryEffects::Read::get();
    if (op.isDpsInit(&operand))
      effect = MemoryEffects::Write::get();
    effects.emplace_back(effect, &operand);
  }
}

/// Size `dim` of a memref, a constant where it is static.
static OpFoldResult sizeOf(OpBuilder &builder, Location loc, Value memref, int64_t dim) {
  return memref::getMixedSize(builder, loc, memref, dim);
}

/// size · factor
static OpFoldResult multiply(OpBuilder &builder, Location loc, OpFoldResult size, int64_t factor) {
  AffineExpr product = builder.getAffineSymbolExpr(0) * factor;
  return affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, 1, product), {size});
}

static std::optional<Activation> parseActivation(StringRef name) {
  return llvm::StringSwitch<std::optional<Activation>>(name)
      .Case("none", Activation::None)
      .Case("relu", Activation::Relu)
      .Case("gelu", Activation::Gelu)
      .Case("gelu_tanh", Activation::GeluTanh)
      .Case("silu", Activation::Silu)
      .Case("quick_gelu", Activation::QuickGelu)
      .Case("hard_swish", Activation::HardSwish)
      .Default(std::nullopt);
}

template <typename KernelOp>
static LogicalResult verifyKernel(KernelOp op) {
  std::string reason = whyUnsupported(op.getConfig());
  return reason.empty() ? success() : op.emitOpError("expects what a kernel can compute: ") << reason;
}

//===- vgpu.gemm ----------------------------------------------------------===//

GemmConfig GemmOp::getConfig() {
  GemmConfig config;
  config.element = elementOf(getA());
  config.n = shapedType(getW()).getDimSize(0);
  config.k = shapedType(getW()).getDimSize(1);
  config.tileM = getTileM();
  config.tileN = getTileN();
  config.splits = static_cast<unsigned>(getSplits());
  config.epilogue.bias = !!getBias();
  config.epilogue.activation = *parseActivation(getActivation());
  config.epilogue.scale = !!getScale();
  config.epilogue.tableRows = getTable() ? shapedType(getTable()).getDimSize(0) : 0;
  config.epilogue.residual = !!getResidual();
  config.epilogue.output = elementOf(getOutput());
  return config;
}

// gemm_c1, gemm_c2
LogicalResult GemmOp::verify() {
  ShapedType a = shapedType(getA()), w = shapedType(getW()), c = shapedType(getOutput());
  Type f32 = Float32Type::get(getContext());
  if (a.getRank() != 2 || w.getRank() != 2 || !w.hasStaticShape() || a.getElementType() != w.getElementType() ||
      differs(getA(), a.getElementType(), {ShapedType::kDynamic, w.getDimSize(1)}) ||
      differs(getOutput(), c.getElementType(), {a.getDimSize(0), w.getDimSize(0)}))
    return emitOpError("expects matrices A (M, K), W (N, K) and C (M, N), N and K static");
  int64_t n = w.getDimSize(0);
  if (differs(getBias(), f32, {n}) || differs(getScale(), f32, {n}) ||
      differs(getTable(), f32, {ShapedType::kDynamic, n}) || (getTable() && shapedType(getTable()).isDynamicDim(0)) ||
      differs(getResidual(), c.getElementType(), c.getShape()))
    return emitOpError("expects a bias and a scale of f32 (N), a table of f32 (rows, N) and a residual as C");
  if (!parseActivation(getActivation()))
    return emitOpError("expects an activation that it knows, got '") << getActivation() << "'";
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

OpFoldResult GemmOp::getSize(OpBuilder &builder, GridSize) { return sizeOf(builder, getLoc(), getA(), 0); }

OpFoldResult GemmOp::getMacs(OpBuilder &builder) {
  GemmConfig config = getConfig();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Rows), config.n * config.k);
}

//===- vgpu.attention -----------------------------------------------------===//

AttentionConfig AttentionOp::getConfig() {
  ShapedType query = shapedType(getQuery());
  return chooseAttention(elementOf(getQuery()), query.getDimSize(1), shapedType(getKey()).getDimSize(1),
                         query.getDimSize(3), getScale().convertToDouble(),
                         getBias() ? shapedType(getBias()).getDimSize(0) : 0, AttentionTap::None,
                         shapedType(getValue()).getDimSize(3));
}

// attention_c1, attention_c2, attention_c3
LogicalResult AttentionOp::verify() {
  ShapedType query = shapedType(getQuery()), key = shapedType(getKey()), value = shapedType(getValue());
  Type element = query.getElementType();
  auto areStatic = [](ShapedType type) {
    return type.getRank() == 4 && llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
  };
  if (!areStatic(query) || !areStatic(key) || !areStatic(value) ||
      differs(getKey(), element, {query.getDimSize(0), key.getDimSize(1), query.getDimSize(2), query.getDimSize(3)}) ||
      differs(getValue(), element, {key.getDimSize(0), key.getDimSize(1), key.getDimSize(2), value.getDimSize(3)}) ||
      differs(getOutput(), element,
              {query.getDimSize(0), query.getDimSize(1), query.getDimSize(2), value.getDimSize(3)}))
    return emitOpError(
        "expects a query (B, M, H, D), a key (B, N, H, D), a value (B, N, H, E) and an output (B, M, H, E), "
        "all but B static");
  if (failed(verifyKernel(*this)))
    return failure();
  int64_t columns = biasColumns(getConfig());
  if (getBias() && (!shapedType(getBias()).hasStaticShape() ||
                    differs(getBias(), Float32Type::get(getContext()),
                            {ShapedType::kDynamic, query.getDimSize(2), query.getDimSize(1), columns})))
    return emitOpError("expects a static bias of f32 (P, H, M, ") << columns << ")";
  return success();
}

void AttentionOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

LaunchPlan AttentionOp::getPlan(StringRef name) { return planAttention(name, getConfig()); }

LogicalResult AttentionOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitAttention(builder, module, name, getConfig());
}

Value AttentionOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("Q", getQuery())
      .Case("K", getKey())
      .Case("V", getValue())
      .Case("O", getOutput())
      .Case("bias", getBias())
      .Default(Value());
}

OpFoldResult AttentionOp::getSize(OpBuilder &builder, GridSize size) {
  return sizeOf(builder, getLoc(), getQuery(), size == GridSize::Heads ? 2 : 0);
}

OpFoldResult AttentionOp::getMacs(OpBuilder &builder) {
  AttentionConfig config = getConfig();
  int64_t heads = shapedType(getQuery()).getDimSize(2);
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  heads * config.queries * config.keys * (config.headSize + shapedType(getValue()).getDimSize(3)));
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
