#include "KernelOperands.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::vgpu;

//===- vgpu.attention -----------------------------------------------------===//

/// Of a tensor (B, tokens, H, D).
static AttentionConfig::Strides stridesOf(Value tensor) {
  return {strideOf(tensor, 1), strideOf(tensor, 2), strideOf(tensor, 0)};
}

AttentionConfig AttentionOp::getConfig() {
  ShapedType query = shapedType(getQuery());
  AttentionTap tap = getOutputs().size() < 2 ? AttentionTap::None
                     : getProbabilities()    ? AttentionTap::Probabilities
                                             : AttentionTap::Scores;
  AttentionConfig config = chooseAttention(
      multipliedElementOf(getQuery()), query.getDimSize(1), shapedType(getKey()).getDimSize(1), query.getDimSize(3),
      getScale().convertToDouble(), getBias() ? shapedType(getBias()).getDimSize(0) : 0, tap,
      shapedType(getValue()).getDimSize(3), getMmaSync());
  if (config.mmaSync && !getOutputs().empty())
    config.strides = {stridesOf(getQuery()), stridesOf(getKey()), stridesOf(getValue()), stridesOf(getOutputs()[0])};
  return config;
}

/// Whether all but the first of four sizes are known.
static bool areStatic(ShapedType type) {
  return type.getRank() == 4 && llvm::none_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

/// Whether there is one output of this type or, behind it, a tap of f32 of this one.
static bool areOutputs(ValueRange outputs, Type element, ArrayRef<int64_t> result, ArrayRef<int64_t> tap) {
  return !outputs.empty() && outputs.size() <= 2 && !differs(outputs[0], element, result) &&
         (outputs.size() == 1 || !differs(outputs[1], Float32Type::get(element.getContext()), tap));
}

// attention_c1, attention_c2, attention_c3, attention_c4
LogicalResult AttentionOp::verify() {
  ShapedType query = shapedType(getQuery()), key = shapedType(getKey()), value = shapedType(getValue());
  Type element = query.getElementType();
  if (!areStatic(query) || !areStatic(key) || !areStatic(value) ||
      differs(getKey(), element, {query.getDimSize(0), key.getDimSize(1), query.getDimSize(2), query.getDimSize(3)}) ||
      differs(getValue(), element, {key.getDimSize(0), key.getDimSize(1), key.getDimSize(2), value.getDimSize(3)}))
    return emitOpError("expects a query (B, M, H, D), a key (B, N, H, D) and a value (B, N, H, E), all but B static");
  int64_t batch = query.getDimSize(0), queries = query.getDimSize(1), heads = query.getDimSize(2);
  if (!areOutputs(getOutputs(), element, {batch, queries, heads, value.getDimSize(3)},
                  {batch, heads, queries, key.getDimSize(1)}))
    return emitOpError("expects an output (B, M, H, E) and, for scores or probabilities, one of f32 (B, H, M, N)");
  if (failed(verifyKernel(*this)))
    return failure();
  int64_t columns = biasColumns(getConfig());
  if (getBias() &&
      (!shapedType(getBias()).hasStaticShape() ||
       differs(getBias(), Float32Type::get(getContext()), {ShapedType::kDynamic, heads, queries, columns})))
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
      .Case("O", getOutputs().front())
      .Case("tap", getOutputs().back())
      .Case("bias", getBias())
      .Default(Value());
}

bool AttentionOp::isDense(Value operand) { return getOutputs().size() == 2 && operand == getOutputs().back(); }

OpFoldResult AttentionOp::getSize(OpBuilder &builder, GridSize size) {
  return sizeOf(builder, getLoc(), getQuery(), size == GridSize::Heads ? 2 : 0);
}

OpFoldResult AttentionOp::getMacs(OpBuilder &builder) {
  AttentionConfig config = getConfig();
  int64_t heads = shapedType(getQuery()).getDimSize(2);
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  heads * config.queries * config.keys * (config.headSize + shapedType(getValue()).getDimSize(3)));
}

//===- vgpu.attend --------------------------------------------------------===//

AttentionConfig AttendOp::getConfig() {
  ShapedType scores = shapedType(getScores());
  AttentionConfig config = chooseAttend(
      multipliedElementOf(getValue()), scores.getDimSize(2), scores.getDimSize(3), shapedType(getValue()).getDimSize(3),
      getOutputs().size() < 2 ? AttentionTap::None : AttentionTap::Probabilities, getMmaSync());
  if (config.mmaSync && !getOutputs().empty()) {
    config.strides.v = stridesOf(getValue());
    config.strides.o = stridesOf(getOutputs()[0]);
  }
  return config;
}

// attend_c1, attend_c2, attend_c3
LogicalResult AttendOp::verify() {
  ShapedType scores = shapedType(getScores()), value = shapedType(getValue());
  Type element = value.getElementType();
  if (!areStatic(scores) || !areStatic(value) ||
      differs(getScores(), Float32Type::get(getContext()), scores.getShape()) ||
      differs(getValue(), element,
              {scores.getDimSize(0), scores.getDimSize(3), scores.getDimSize(1), value.getDimSize(3)}))
    return emitOpError("expects scores of f32 (B, H, M, N) and a value (B, N, H, E), all but B static");
  int64_t batch = scores.getDimSize(0), heads = scores.getDimSize(1), queries = scores.getDimSize(2);
  if (!areOutputs(getOutputs(), element, {batch, queries, heads, value.getDimSize(3)}, scores.getShape()))
    return emitOpError("expects an output (B, M, H, E) and, for probabilities, one of f32 (B, H, M, N)");
  return verifyKernel(*this);
}

void AttendOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

LaunchPlan AttendOp::getPlan(StringRef name) { return planAttention(name, getConfig()); }

LogicalResult AttendOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitAttention(builder, module, name, getConfig());
}

Value AttendOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("scores", getScores())
      .Case("V", getValue())
      .Case("O", getOutputs().front())
      .Case("tap", getOutputs().back())
      .Default(Value());
}

bool AttendOp::isDense(Value operand) {
  return operand == getScores() || (getOutputs().size() == 2 && operand == getOutputs().back());
}

OpFoldResult AttendOp::getSize(OpBuilder &builder, GridSize size) {
  return sizeOf(builder, getLoc(), getScores(), size == GridSize::Heads ? 1 : 0);
}

OpFoldResult AttendOp::getMacs(OpBuilder &builder) {
  ArrayRef<int64_t> scores = shapedType(getScores()).getShape();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  scores[1] * scores[2] * scores[3] * shapedType(getValue()).getDimSize(3));
}
