#include "KernelOperands.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc::vgpu;

static std::array<int64_t, 2> pairOf(ArrayRef<int64_t> values) { return {values[0], values[1]}; }

/// Whether an op's taps, strides, pads and dilations are such.
template <typename ConvolutionOp>
static bool hasPairs(ConvolutionOp op) {
  auto arePairs = [](ArrayRef<int64_t> values, int64_t least) {
    return values.size() == 2 && llvm::all_of(values, [=](int64_t value) { return value >= least; });
  };
  return arePairs(op.getTaps(), 1) && arePairs(op.getStrides(), 1) && arePairs(op.getPads(), 0) &&
         arePairs(op.getDilations(), 1);
}

static bool isStaticButForFirst(ShapedType type) { return !ShapedType::isDynamicShape(type.getShape().drop_front()); }

//===- vgpu.conv ----------------------------------------------------------===//

GemmConfig ConvOp::getConfig() {
  ShapedType output = shapedType(getOutput()), filters = shapedType(getFilters());
  GemmConfig config;
  config.element = multipliedElementOf(getImage());
  config.n = filters.getDimSize(0);
  config.k = filters.getDimSize(1) * filters.getDimSize(2);
  config.tileM = getTileM();
  config.tileN = getTileN();
  config.splits = static_cast<unsigned>(getSplits());
  config.epilogue.bias = !!getBias();
  config.epilogue.activation = *parseActivation(getActivation());
  config.epilogue.last = *parseActivation(getLastActivation());
  config.epilogue.scale = !!getScale();
  config.epilogue.residual = !!getResidual();
  config.epilogue.output = elementOf(getOutput());
  config.windows.channels = filters.getDimSize(2);
  config.windows.extents = {output.getDimSize(1), output.getDimSize(2)};
  config.windows.taps = pairOf(getTaps());
  config.windows.strides = pairOf(getStrides());
  config.windows.pads = pairOf(getPads());
  config.windows.dilations = pairOf(getDilations());
  config.mmaSync = getMmaSync();
  ArrayRef<int64_t> image = shapedType(getImage()).getShape();
  config.windows.image = {static_cast<int32_t>(image[1]), static_cast<int32_t>(image[2])};
  config.windows.rectangle = {getRectangle()[0], getRectangle()[1], getRectangle()[2]};
  return config;
}

// conv_c1, conv_c2, conv_c3
LogicalResult ConvOp::verify() {
  if (!hasPairs(*this) || getRectangle().size() != 3)
    return emitOpError("expects pairs of taps, strides and dilations from 1 and of pads from 0, and a rectangle of "
                       "three sizes");
  ShapedType image = shapedType(getImage()), filters = shapedType(getFilters()), c = shapedType(getOutput());
  if (image.getRank() != 4 || filters.getRank() != 3 || c.getRank() != 4 || !filters.hasStaticShape() ||
      !isStaticButForFirst(image) || !isStaticButForFirst(c) ||
      differs(getFilters(), image.getElementType(),
              {c.getDimSize(3), getTaps()[0] * getTaps()[1], image.getDimSize(3)}) ||
      !sizesMatch(image.getDimSize(0), c.getDimSize(0)))
    return emitOpError("expects an image (B, H, W, C), filters (F, taps, C) and C (B, height, width, F), all but B "
                       "static");
  Type f32 = Float32Type::get(getContext());
  int64_t count = filters.getDimSize(0);
  if (differs(getBias(), f32, {count}) || differs(getScale(), f32, {count}) ||
      differs(getResidual(), c.getElementType(), c.getShape()))
    return emitOpError("expects a bias and a scale of f32 (F), and a residual as C");
  for (StringRef activation : {getActivation(), getLastActivation()})
    if (!parseActivation(activation))
      return emitOpError("expects an activation that it knows, got '") << activation << "'";
  return verifyKernel(*this);
}

void ConvOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

LaunchPlan ConvOp::getPlan(StringRef name) { return planGemm(name, getConfig()); }

LogicalResult ConvOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitGemm(builder, module, name, getConfig());
}

Value ConvOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("A", getImage())
      .Case("W", getFilters())
      .Case("C", getOutput())
      .Case("residual", getResidual())
      .Case("bias", getBias())
      .Case("scale", getScale())
      .Default(Value());
}

bool ConvOp::isDense(Value) { return getMmaSync(); }

OpFoldResult ConvOp::getSize(OpBuilder &builder, GridSize size) {
  OpFoldResult images = sizeOf(builder, getLoc(), getImage(), 0);
  return size == GridSize::Rows ? multiply(builder, getLoc(), images, getConfig().windows.countWindows()) : images;
}

OpFoldResult ConvOp::getMacs(OpBuilder &builder) {
  GemmConfig config = getConfig();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  config.windows.countWindows() * config.n * config.k);
}

//===- vgpu.depthwise_conv ------------------------------------------------===//

DepthwiseConfig DepthwiseConvOp::getConfig() {
  ShapedType image = shapedType(getImage()), output = shapedType(getOutput());
  DepthwiseConfig config;
  config.input = elementOf(getImage());
  config.output = elementOf(getOutput());
  config.channels = image.getDimSize(3);
  config.image = {image.getDimSize(1), image.getDimSize(2)};
  config.result = {output.getDimSize(1), output.getDimSize(2)};
  config.taps = pairOf(getTaps());
  config.strides = pairOf(getStrides());
  config.dilations = pairOf(getDilations());
  config.pads = pairOf(getPads());
  config.bias = !!getBias();
  config.activation = *parseActivation(getActivation());
  chooseTile(config);
  return config;
}

// depthwiseconv_c1, depthwiseconv_c2, depthwiseconv_c3
LogicalResult DepthwiseConvOp::verify() {
  if (!hasPairs(*this))
    return emitOpError("expects pairs of taps, strides and dilations from 1 and of pads from 0");
  ShapedType image = shapedType(getImage()), output = shapedType(getOutput());
  Type f32 = Float32Type::get(getContext());
  if (image.getRank() != 4 || output.getRank() != 4 || !isStaticButForFirst(image) || !isStaticButForFirst(output) ||
      image.getDimSize(3) != output.getDimSize(3) || !sizesMatch(image.getDimSize(0), output.getDimSize(0)) ||
      differs(getFilters(), f32, {getTaps()[0] * getTaps()[1], image.getDimSize(3)}) ||
      differs(getBias(), f32, {image.getDimSize(3)}))
    return emitOpError("expects an image (B, H, W, C) and y (B, height, width, C), all but B static, filters of f32 "
                       "(taps, C) and a bias of f32 (C)");
  if (!parseActivation(getActivation()))
    return emitOpError("expects an activation that it knows, got '") << getActivation() << "'";
  return verifyKernel(*this);
}

void DepthwiseConvOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addEffects(*this, effects);
}

LaunchPlan DepthwiseConvOp::getPlan(StringRef name) { return planDepthwise(name, getConfig()); }

LogicalResult DepthwiseConvOp::emitKernel(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name) {
  return emitDepthwise(builder, module, name, getConfig());
}

bool DepthwiseConvOp::isDense(Value) { return true; }

Value DepthwiseConvOp::getOperandOf(StringRef role) {
  return llvm::StringSwitch<Value>(role)
      .Case("x", getImage())
      .Case("filters", getFilters())
      .Case("y", getOutput())
      .Case("bias", getBias())
      .Default(Value());
}

OpFoldResult DepthwiseConvOp::getSize(OpBuilder &builder, GridSize) { return sizeOf(builder, getLoc(), getImage(), 0); }

OpFoldResult DepthwiseConvOp::getMacs(OpBuilder &builder) {
  DepthwiseConfig config = getConfig();
  return multiply(builder, getLoc(), getSize(builder, GridSize::Batch),
                  config.result[0] * config.result[1] * config.channels * config.taps[0] * config.taps[1]);
}
