#include "ConvWindows.h"
#include "Epilogue.h"
#include "Products.h"
#include "RowsView.h"
#include "Transposes.h"
#include "WinogradFilter.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/CostModel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

/// Pixels of a depthwise tile: enough sums to hide the latency of a multiply-add.
static constexpr int64_t depthwisePixels = 8;

static Value toChannelLast(OpBuilder &builder, Location loc, Value image) {
  return transpose(builder, loc, image, {0, 2, 3, 1});
}

namespace {

/// A rectangle of a tensor, as slices name it.
struct Slice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
};

/// Lowers one vit.conv: a padded channel-last copy of the image, then a kernel for every phase and group, each on a
/// slice of image, filter and output.
class ConvLowering {
public:
  ConvLowering(vit::ConvOp op, const TargetInfo &target, PatternRewriter &rewriter)
      : op(op), target(target), schedule(chooseGemmSchedule(target)), rewriter(rewriter), loc(op.getLoc()) {}
  FailureOr<Value> lower();

private:
  void collectExtras();
  bool isGemm();
  Value takePixels(Value image);
  Value lowerToGemm(Value image);
  WinogradSchedule scheduleWinograd();
  Value lowerToWinograd(Value image, const WinogradSchedule &winograd);
  Value pad(Value image, int64_t tile = 1, bool rounds = false);
  PanelFormat chooseFormat();
  Value makeOutput();
  Value emitPart(Value image, Value output, const ConvAxis &y, const ConvAxis &x, int64_t group, PanelFormat format);
  Value packFilter(const ConvAxis &y, const ConvAxis &x, int64_t group, PanelFormat format);
  SmallVector<AffineMap> partMaps(const ConvAxis &y, const ConvAxis &x, int64_t group);
  template <typename KernelOp>
  KernelOp emitKernel(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x, int64_t group);
  Value emitDense(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x, int64_t group);

  Value emitDepthwise(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x);

  OpFoldResult index(int64_t value) const { return rewriter.getIndexAttr(value); }
  bool isDepthwise() {
    return op.getGroups() > 1 && llvm::all_equal({channels, filters, static_cast<int64_t>(op.getGroups())});
  }
  /// Groups that are computed apart.
  int64_t groups() { return isDepthwise() ? 1 : op.getGroups(); }

  vit::ConvOp op;
  const TargetInfo &target;
  GemmSchedule schedule;
  PatternRewriter &rewriter;
  Location loc;
  int64_t channels = 0, filters = 0;
  ConvAxisPlan height, width;
  bool padsInKernel = false;
  SmallVector<Value> extras;
  SmallVector<AffineMap> maps; ///< from (b, y, x, f) of the output
};

} // namespace

/// The bias, then the epilogue's operands; whole images become channel-last.
void ConvLowering::collectExtras() {
  MLIRContext *context = op.getContext();
  AffineExpr b, y, x, f;
  bindDims(context, b, y, x, f);
  if (op.getBias()) {
    extras.push_back(op.getBias());
    maps.push_back(AffineMap::get(4, 0, f));
  }
  for (auto [extra, attribute] : llvm::zip(op.getExtras(), op.getExtraMaps().getAsRange<AffineMapAttr>())) {
    AffineMap map = attribute.getValue();
    bool isImage = map.isIdentity();
    extras.push_back(isImage ? toChannelLast(rewriter, loc, extra) : extra);
    maps.push_back(isImage ? rewriter.getMultiDimIdentityMap(4) : map.replaceDimsAndSymbols({b, f, y, x}, {}, 4, 0));
  }
}

FailureOr<Value> ConvLowering::lower() {
  if (!llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); }))
    return rewriter.notifyMatchFailure(op, "only f32 is supported");
  channels = op.getInput().getType().getDimSize(1), filters = op.getResult().getType().getDimSize(1);
  if (!op.getWeight().getType().hasStaticShape() || ShapedType::isDynamic(channels) || ShapedType::isDynamic(filters))
    return rewriter.notifyMatchFailure(op, "channels or filter of dynamic size");
  FailureOr<ConvAxisPlan> height = planConvAxis(op, 0, rewriter), width = planConvAxis(op, 1, rewriter);
  if (failed(height) || failed(width))
    return failure();
  this->height = std::move(*height), this->width = std::move(*width);
  collectExtras();

  Value image = toChannelLast(rewriter, loc, op.getInput());
  if (isGemm())
    return lowerToGemm(image);
  if (WinogradSchedule winograd = scheduleWinograd(); winograd.tile)
    if (Value output = lowerToWinograd(image, winograd))
      return output;
  // A depthwise kernel knows what is outside of the image.
  padsInKernel = isDepthwise() && !op.getTransposed();
  PanelFormat format = chooseFormat();
  if (!padsInKernel)
    image = pad(image, /*tile=*/1, format.isOfPairs());
  Value output = makeOutput();
  for (const ConvAxis &y : this->height.parts)
    for (const ConvAxis &x : this->width.parts)
      for (int64_t group = 0; group < groups(); ++group)
        output = emitPart(image, output, y, x, group, format);
  return output;
}

/// Whether every pixel of the output is a row of a matrix product, and the extras can be read by its rows and columns.
/// Upstream cannot expand a buffer into two dynamic sizes, which the rows would be.
bool ConvLowering::isGemm() {
  auto isPointwise = [](const ConvAxisPlan &plan) {
    const ConvAxis &part = plan.parts.front();
    return plan.parts.size() == 1 && part.taps == 1 && plan.padLow == 0 && plan.padHigh == 0;
  };
  auto isReadable = [](AffineMap map) {
    return map.isIdentity() || !(map.isFunctionOfDim(0) || map.isFunctionOfDim(1) || map.isFunctionOfDim(2));
  };
  return op.getGroups() == 1 && isPointwise(height) && isPointwise(width) && llvm::all_of(maps, isReadable) &&
         op.getInput().getType().getNumDynamicDims() <= 1;
}

/// A copy of the pixels that a convolution with strides reads: a small part of its work, and its rows are a matrix.
Value ConvLowering::takePixels(Value image) {
  int64_t rowStride = height.parts.front().stride, columnStride = width.parts.front().stride;
  if (rowStride == 1 && columnStride == 1)
    return image;
  OpFoldResult batch = tensor::getMixedSize(rewriter, loc, op.getInput(), 0), zero = index(0), one = index(1);
  SmallVector<OpFoldResult> sizes{batch, height.outputSize, width.outputSize, index(channels)};
  Value pixels = tensor::ExtractSliceOp::create(rewriter, loc, image, {zero, zero, zero, zero}, sizes,
                                                {one, index(rowStride), index(columnStride), one});
  Value copy = tensor::EmptyOp::create(rewriter, loc, sizes, rewriter.getF32Type());
  return linalg::CopyOp::create(rewriter, loc, pixels, copy).getResult(0);
}

Value ConvLowering::lowerToGemm(Value image) {
  image = takePixels(image);
  SmallVector<ReassociationIndices> rows = {{0, 1, 2}, {3}};
  AffineExpr m, n;
  bindDims(op.getContext(), m, n);
  auto collapse = [&](Value value) -> Value { return tensor::CollapseShapeOp::create(rewriter, loc, value, rows); };
  PanelFormat format = PanelFormat::chooseForGemm(target, op.getWeight(), channels);
  GemmOperands operands{collapse(image), packFilter(height.parts.front(), width.parts.front(), 0, format), {}, {}, {}};
  for (auto [extra, map] : llvm::zip(extras, maps)) {
    operands.extras.push_back(map.isIdentity() ? collapse(extra) : extra);
    operands.maps.push_back(map.isIdentity() ? rewriter.getMultiDimIdentityMap(2)
                                             : map.replaceDimsAndSymbols({m, m, m, n}, {}, 2, 0));
  }
  operands.output = tensor::EmptyOp::create(
      rewriter, loc, ArrayRef{tensor::getMixedSize(rewriter, loc, operands.rows, 0), index(filters)},
      rewriter.getF32Type());
  operands.group = rowsOfImage(op, cast<ShapedType>(image.getType()));
  Gemm gemm = createGemm(rewriter, loc, target, operands, format);
  buildKernelEpilogue(rewriter, loc, op.getEpilogue(), !!op.getBias(), operands.extras.size(), rewriter.getF32Type(),
                      gemm.epilogue);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, image);
  sizes.back() = index(filters);
  auto imageType = cast<RankedTensorType>(image.getType());
  SmallVector<int64_t> shape = llvm::to_vector(imageType.getShape());
  shape.back() = filters;
  return tensor::ExpandShapeOp::create(rewriter, loc, imageType.clone(shape), gemm.result, rows, sizes);
}

Value ConvLowering::makeOutput() {
  OpFoldResult batch = tensor::getMixedSize(rewriter, loc, op.getInput(), 0);
  return tensor::EmptyOp::create(rewriter, loc, ArrayRef{batch, height.outputSize, width.outputSize, index(filters)},
                                 rewriter.getF32Type());
}

/// Channels of one element of a filter are channels of one tap; depthwise products are f32.
PanelFormat ConvLowering::chooseFormat() {
  PanelFormat format = PanelFormat::choose(target, op.getWeight());
  bool splitsPairs = format.isOfPairs() && channels / groups() % 2 != 0;
  return isDepthwise() || splitsPairs ? PanelFormat{rewriter.getF32Type()} : format;
}

/// Pads with zeros, so far that the outputs are a multiple of `tile` along each axis; `rounds` to bf16.
Value ConvLowering::pad(Value image, int64_t tile, bool rounds) {
  auto extended = [&](const ConvAxisPlan &plan) {
    const ConvAxis &part = plan.parts.front();
    AffineExpr size = getAffineSymbolExpr(0, op.getContext()) + (plan.padLow + plan.padHigh);
    if (tile > 1)
      size = (size - (part.taps - 1)).ceilDiv(tile) * tile + (part.taps - 1);
    return affine::makeComposedFoldedAffineApply(rewriter, loc, AffineMap::get(0, 1, size), {plan.inputSize});
  };
  OpFoldResult rows = extended(height), columns = extended(width);
  if (!rounds && height.padLow == 0 && width.padLow == 0 && isEqualConstantIntOrValue(rows, height.inputSize) &&
      isEqualConstantIntOrValue(columns, width.inputSize))
    return image;
  OpFoldResult batch = tensor::getMixedSize(rewriter, loc, op.getInput(), 0);
  Type element = rounds ? Type(rewriter.getBF16Type()) : rewriter.getF32Type();
  Value init = tensor::EmptyOp::create(rewriter, loc, ArrayRef{batch, rows, columns, index(channels)}, element);
  return vcpu::PadOp::create(rewriter, loc, init.getType(), image, init, ArrayRef{height.padLow, width.padLow},
                             schedule.lanes)
      .getResult();
}

/// How it is computed by minimal filtering; a tile of 0 where it is not.
WinogradSchedule ConvLowering::scheduleWinograd() {
  auto isPlain = [](const ConvAxisPlan &plan) {
    const ConvAxis &part = plan.parts.front();
    return plan.parts.size() == 1 && part.taps == 3 && part.stride == 1 && part.dilation == 1;
  };
  if (op.getTransposed() || op.getGroups() != 1 || !isPlain(height) || !isPlain(width) || channels < schedule.lanes ||
      filters < schedule.nr)
    return {};
  // What is not known is taken to be large enough not to decide.
  auto getSize = [](OpFoldResult size) { return getConstantIntValue(size).value_or(56); };
  return chooseWinogradSchedule(target, {getSize(height.outputSize), getSize(width.outputSize), channels, filters});
}

/// Null where the filter is not a constant.
Value ConvLowering::lowerToWinograd(Value image, const WinogradSchedule &winograd) {
  DenseResourceElementsAttr transformed = transformFilter(op.getWeight(), winograd.tile, schedule.nr);
  if (!transformed)
    return {};
  Value filter = arith::ConstantOp::create(rewriter, loc, transformed), output = makeOutput();
  auto conv = vcpu::WinogradConvOp::create(rewriter, loc, TypeRange(output.getType()), pad(image, winograd.tile),
                                           filter, extras, ValueRange(output), rewriter.getAffineMapArrayAttr(maps),
                                           winograd.tile, winograd.chunk, winograd.panels, schedule.mr, schedule.lanes);
  buildKernelEpilogue(rewriter, loc, op.getEpilogue(), !!op.getBias(), extras.size(), rewriter.getF32Type(),
                      conv.getEpilogue());
  return conv.getResult(0);
}

/// In panels of `format`, or one panel of all channels where they are convolved apart.
Value ConvLowering::packFilter(const ConvAxis &y, const ConvAxis &x, int64_t group, PanelFormat format) {
  ArrayRef<int64_t> shape = op.getWeight().getType().getShape();
  int64_t outer = shape[0] / groups();
  Slice slice = {{index(group * outer), index(0), index(y.tapOffset), index(x.tapOffset)},
                 {index(outer), index(shape[1]), index(y.taps), index(x.taps)},
                 {index(1), index(1), index(y.tapStride), index(x.tapStride)}};
  Value filter = op.getWeight();
  if (groups() > 1 || y.taps != shape[2] || x.taps != shape[3])
    filter = tensor::ExtractSliceOp::create(rewriter, loc, filter, slice.offsets, slice.sizes, slice.strides);
  bool filtersFirst = isDepthwise() || !op.getTransposed();
  int64_t columns = filtersFirst ? outer : shape[1], inner = filtersFirst ? shape[1] : outer;
  SmallVector<int64_t> permutation = {2, 3, filtersFirst ? 1 : 0, filtersFirst ? 0 : 1};
  int64_t depth = y.taps * x.taps * inner;
  if (!isDepthwise())
    return packPanels(rewriter, loc, target, filter, {{}, index(depth), index(columns)}, permutation, format);
  Value init = tensor::EmptyOp::create(rewriter, loc, ArrayRef<int64_t>{1, depth, columns}, rewriter.getF32Type());
  return vcpu::PackOp::create(rewriter, loc, init.getType(), filter, init, permutation, schedule.lanes).getResult();
}

/// The extras' maps from (b, y, x, f) of the part.
SmallVector<AffineMap> ConvLowering::partMaps(const ConvAxis &y, const ConvAxis &x, int64_t group) {
  AffineExpr b, row, column, f;
  bindDims(op.getContext(), b, row, column, f);
  SmallVector<AffineExpr> whole = {b, row * y.outputStride + y.outputOffset, column * x.outputStride + x.outputOffset,
                                   f + group * (filters / groups())};
  SmallVector<AffineMap> result;
  for (AffineMap map : maps)
    result.push_back(map.replaceDimsAndSymbols(whole, {}, 4, 0));
  return result;
}

template <typename KernelOp>
KernelOp ConvLowering::emitKernel(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x,
                                  int64_t group) {
  int64_t rows = isDepthwise() ? depthwisePixels : schedule.mr;
  auto kernel =
      KernelOp::create(rewriter, loc, TypeRange(output.getType()), image, filter, extras, ValueRange(output),
                       ArrayRef{y.taps, x.taps}, ArrayRef{y.stride, x.stride}, ArrayRef{y.dilation, x.dilation},
                       op.getTransposed(), rewriter.getAffineMapArrayAttr(partMaps(y, x, group)), rows, schedule.lanes);
  buildKernelEpilogue(rewriter, loc, op.getEpilogue(), !!op.getBias(), extras.size(), rewriter.getF32Type(),
                      kernel.getEpilogue());
  return kernel;
}

Value ConvLowering::emitDense(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x,
                              int64_t group) {
  auto conv = emitKernel<vcpu::ConvOp>(image, filter, output, y, x, group);
  auto type = cast<ShapedType>(filter.getType());
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  conv.setPanelsInside(bytes <= target.l2Bytes / 2);
  return conv.getResult(0);
}

Value ConvLowering::emitDepthwise(Value image, Value filter, Value output, const ConvAxis &y, const ConvAxis &x) {
  auto conv = emitKernel<vcpu::DepthwiseConvOp>(image, filter, output, y, x, 0);
  if (padsInKernel)
    conv.setLow({height.padLow, width.padLow});
  return conv.getResult(0);
}

Value ConvLowering::emitPart(Value image, Value output, const ConvAxis &y, const ConvAxis &x, int64_t group,
                             PanelFormat format) {
  int64_t inner = channels / groups(), outer = filters / groups();
  OpFoldResult batch = tensor::getMixedSize(rewriter, loc, op.getInput(), 0);
  bool whole = groups() == 1 && height.parts.size() == 1 && width.parts.size() == 1;
  Slice in = {{index(0), index(y.inputOffset), index(x.inputOffset), index(group * inner)},
              {batch, y.inputSize, x.inputSize, index(inner)},
              SmallVector<OpFoldResult>(4, index(1))};
  Slice out = {{index(0), index(y.outputOffset), index(x.outputOffset), index(group * outer)},
               {batch, y.outputSize, x.outputSize, index(outer)},
               {index(1), index(y.outputStride), index(x.outputStride), index(1)}};
  Value slice = output;
  if (!whole) {
    image = tensor::ExtractSliceOp::create(rewriter, loc, image, in.offsets, in.sizes, in.strides);
    slice = tensor::ExtractSliceOp::create(rewriter, loc, output, out.offsets, out.sizes, out.strides);
  }
  Value filter = packFilter(y, x, group, format);
  Value part = isDepthwise() ? emitDepthwise(image, filter, slice, y, x) : emitDense(image, filter, slice, y, x, group);
  if (whole)
    return part;
  return tensor::InsertSliceOp::create(rewriter, loc, part, output, out.offsets, out.sizes, out.strides);
}

namespace {

/// One input channel a group and several filters: each channel is repeated once a filter, so that the convolution is
/// depthwise and one kernel, not a small one for each group.
struct RepeatChannels final : OpRewritePattern<vit::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    RankedTensorType image = op.getInput().getType();
    int64_t groups = op.getGroups(), filters = op.getWeight().getType().getDimSize(0);
    if (op.getTransposed() || groups == 1 || image.getDimSize(1) != groups || filters <= groups)
      return rewriter.notifyMatchFailure(op, "not one channel and several filters a group");
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(repeat(rewriter, op.getLoc(), op.getInput(), filters / groups));
      op.setGroups(filters);
    });
    return success();
  }

private:
  /// (B, C, H, W) → (B, C · times, H, W): filter f reads channel ⌊f / times⌋.
  static Value repeat(PatternRewriter &rewriter, Location loc, Value image, int64_t times) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, image);
    sizes.insert(sizes.begin() + 2, rewriter.getIndexAttr(times));
    Value init = tensor::EmptyOp::create(rewriter, loc, sizes, getElementTypeOrSelf(image));
    Value repeated = linalg::BroadcastOp::create(rewriter, loc, image, init, ArrayRef<int64_t>{2})->getResult(0);
    return tensor::CollapseShapeOp::create(rewriter, loc, repeated,
                                           ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}, {4}});
  }
};

/// Between transposes: a chain of convolutions stays channel-last where its transposes meet.
struct ConvToCPU final : OpRewritePattern<vit::ConvOp> {
  ConvToCPU(MLIRContext *context, const TargetInfo &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    FailureOr<Value> output = ConvLowering(op, target, rewriter).lower();
    if (failed(output))
      return failure();
    Value channelFirst = transpose(rewriter, op.getLoc(), *output, {0, 3, 1, 2});
    if (channelFirst.getType() != op.getResult().getType())
      channelFirst = tensor::CastOp::create(rewriter, op.getLoc(), op.getResult().getType(), channelFirst);
    rewriter.replaceOp(op, channelFirst);
    return success();
  }

  TargetInfo target;
};

} // namespace

void vitc::populateViTConvToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<ConvToCPU>(patterns.getContext(), target);
  patterns.add<RepeatChannels>(patterns.getContext(), /*benefit=*/2);
}
