#include "KernelOpDetail.h"

#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

static bool arePositivePair(ArrayRef<int64_t> values) { return values.size() == 2 && values[0] > 0 && values[1] > 0; }

/// Extras and epilogue (C4), and rows of memrefs (C5).
template <typename ConvLikeOp>
static LogicalResult verifyExtras(ConvLikeOp op) {
  if (op.getExtraMaps().size() != op.getExtras().size()) // conv_c4, depthwise_conv_c4, winograd_conv_c4
    return op.emitOpError() << "expected " << op.getExtras().size() << " extra maps, got " << op.getExtraMaps().size();
  for (auto [extra, attr] : llvm::zip_equal(op.getExtras(), op.getExtraMaps())) {
    AffineMap map = cast<AffineMapAttr>(attr).getValue();
    if (map.getNumDims() != 4 ||
        map.getNumResults() != shapedType(extra).getRank()) // conv_c4, depthwise_conv_c4, winograd_conv_c4
      return op.emitOpError() << "expected a map from 4 dimensions to those of " << extra.getType() << ", got " << attr;
  }
  if (failed(verifyContiguousRows(op))) // conv_c5, depthwise_conv_c5, winograd_conv_c5
    return failure();
  if (op.getEpilogue().empty())
    return op.getExtras().empty() ? success() : op.emitOpError("expected an epilogue that reads the extras");
  Block &block = op.getEpilogue().front();
  auto isF32 = [](Type type) { return type.isF32(); };
  auto yield = dyn_cast<YieldOp>(block.back());
  if (block.getNumArguments() != op.getExtras().size() + 1 || !llvm::all_of(block.getArgumentTypes(), isF32) ||
      !yield || !yield.getValue().getType().isF32()) // conv_c4, depthwise_conv_c4, winograd_conv_c4
    return op.emitOpError() << "expected an epilogue of " << op.getExtras().size() + 1
                            << " f32 arguments that yields f32";
  return success();
}

/// What conv and depthwise_conv share: the window (C2), extras and epilogue.
template <typename WindowOp>
static LogicalResult verifyWindow(WindowOp op) {
  if (!arePositivePair(op.getKernel()) || !arePositivePair(op.getStrides()) || !arePositivePair(op.getDilations()) ||
      op.getMr() <= 0 || !llvm::isPowerOf2_64(op.getLanes())) // conv_c2, depthwise_conv_c2
    return op.emitOpError("expected two positive values each as kernel, strides and dilations, a positive mr, and a "
                          "power of two as lanes");
  return verifyExtras(op);
}

/// Whether the last window lies in the input.
static LogicalResult verifyLastWindow(ConvOp op) {
  ShapedType input = shapedType(op.getInput()), output = shapedType(op.getOutputs()[0]);
  for (int64_t axis : {0, 1}) {
    int64_t size = input.getDimSize(axis + 1), windows = output.getDimSize(axis + 1);
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(windows))
      continue;
    int64_t reach = (windows - 1) * op.getStrides()[axis] + (op.getKernel()[axis] - 1) * op.getDilations()[axis] + 1;
    if (reach > size) // conv_c3
      return op.emitOpError() << "expected at least " << reach << " elements along dimension " << axis + 1
                              << " of the input, got " << input;
  }
  return success();
}

/// in (B, H, W, C) and out (B, H', W', F) of f32, in of bf16 where it may be; static C and F.
template <typename WindowOp>
static bool areImages(WindowOp op, bool mayBeBF16 = false) {
  if (op.getOutputs().size() != 1)
    return false;
  ShapedType input = shapedType(op.getInput()), output = shapedType(op.getOutputs()[0]);
  return input.getRank() == 4 && output.getRank() == 4 &&
         (input.getElementType().isF32() || (mayBeBF16 && input.getElementType().isBF16())) &&
         output.getElementType().isF32() && ShapedType::isStatic(input.getDimSize(3)) &&
         ShapedType::isStatic(output.getDimSize(3)) && sizesMatch(input.getDimSize(0), output.getDimSize(0));
}

LogicalResult ConvOp::verify() {
  ShapedType weight = shapedType(getWeight());
  if (!areImages(*this, /*mayBeBF16=*/true) || weight.getRank() != 3 || !weight.hasStaticShape()) // conv_c1
    return emitOpError(
        "expected images (B, H, W, C), f32 or bf16, and (B, H', W', F), f32, and a static packed filter of "
        "rank 3");
  int64_t channels = shapedType(getInput()).getDimSize(3);
  if (hasBF16Products() && (channels % 2 || weight.getDimSize(2) % 2)) // conv_c1
    return emitOpError("expected pairs of channels of a bf16 image, got ") << getInput().getType() << " and " << weight;
  int64_t width = getPanelWidth(), filters = shapedType(getOutputs()[0]).getDimSize(3);
  int64_t taps = getKernel().size() == 2 ? getKernel()[0] * getKernel()[1] : 0;
  SmallVector<int64_t> shape = {llvm::divideCeilSigned(filters, width), taps * channels / getInterleave(),
                                width * getInterleave()};
  Type element = weight.getElementType();
  if (!isOf(getWeight(), element, shape) || !(element.isBF16() || (element.isF32() && !hasBF16Products()))) // conv_c1
    return emitOpError() << "expected a filter of " << weight.clone(shape) << ", got " << weight;
  if (getLanes() <= 0 || width % getLanes()) // conv_c2
    return emitOpError() << "expected lanes to divide the panel width, got " << getLanes();
  return failed(verifyWindow(*this)) ? failure() : verifyLastWindow(*this);
}

OpFoldResult ConvOp::getWorkItems(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes = {sizeOf(builder, getLoc(), getOutputs()[0], 0),
                                     sizeOf(builder, getLoc(), getOutputs()[0], 1)};
  int64_t panels = shapedType(getWeight()).getDimSize(0);
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * builder.getAffineSymbolExpr(1) * panels, sizes);
}

OpFoldResult ConvOp::getMacs(OpBuilder &builder) {
  int64_t inner = getKernel()[0] * getKernel()[1] * shapedType(getInput()).getDimSize(3);
  return countElements(builder, getLoc(), getOutputs()[0], inner);
}

LogicalResult DepthwiseConvOp::verify() {
  int64_t channels = areImages(*this) ? shapedType(getInput()).getDimSize(3) : 0;
  if (!areImages(*this) || getKernel().size() != 2 || shapedType(getOutputs()[0]).getDimSize(3) != channels ||
      !isF32Of(getWeight(), {1, getKernel()[0] * getKernel()[1], channels})) // depthwise_conv_c1
    return emitOpError("expected f32 images (B, H, W, C) and (B, H', W', C), and a filter (1, kh * kw, C)");
  if (getLow().size() != 2 || getLow()[0] < 0 || getLow()[1] < 0) // depthwise_conv_c3
    return emitOpError("expected low to have two values that are not negative");
  return verifyWindow(*this);
}

OpFoldResult DepthwiseConvOp::getWorkItems(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes = {sizeOf(builder, getLoc(), getOutputs()[0], 0),
                                     sizeOf(builder, getLoc(), getOutputs()[0], 1)};
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * builder.getAffineSymbolExpr(1), sizes);
}

OpFoldResult DepthwiseConvOp::getMacs(OpBuilder &builder) {
  return countElements(builder, getLoc(), getOutputs()[0], getKernel()[0] * getKernel()[1]);
}

void ConvOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void DepthwiseConvOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void WinogradConvOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }

LogicalResult WinogradConvOp::verify() {
  ShapedType weight = shapedType(getWeight());
  if (!areImages(*this) || weight.getRank() != 4 || !weight.hasStaticShape()) // winograd_conv_c1
    return emitOpError("expected f32 images (B, H, W, C) and (B, H', W', F), and a static packed filter of rank 4");
  if ((getTile() != 2 && getTile() != 4) || getChunk() <= 0 || getPanels() <= 0 || getMr() <= 0 ||
      !llvm::isPowerOf2_64(getLanes()) || getPanelWidth() % getLanes()) // winograd_conv_c2
    return emitOpError("expected a tile of 2 or 4, a positive chunk, panels and mr, and as lanes a power of two that "
                       "divides the panel width");
  int64_t window = getWindow(), width = getPanelWidth();
  SmallVector<int64_t> shape = {window * window, llvm::divideCeilSigned(getFilters(), width), getChannels(), width};
  if (!isF32Of(getWeight(), shape)) // winograd_conv_c1
    return emitOpError() << "expected a filter of " << weight.clone(shape) << ", got " << weight;
  ShapedType input = shapedType(getInput()), output = shapedType(getOutputs()[0]);
  for (int64_t axis : {1, 2}) {
    int64_t size = input.getDimSize(axis), outputs = output.getDimSize(axis);
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(outputs))
      continue;
    int64_t least = llvm::divideCeilSigned(outputs, getTile()) * getTile() + 2;
    if (size < least) // winograd_conv_c3
      return emitOpError() << "expected at least " << least << " elements along dimension " << axis
                           << " of the input, got " << input;
  }
  return verifyExtras(*this);
}

/// Tiles of all images, of the sizes of the output's first three dimensions.
static AffineExpr countTiles(WinogradConvOp op, OpBuilder &builder, SmallVectorImpl<OpFoldResult> &sizes) {
  for (int64_t dim : {0, 1, 2})
    sizes.push_back(sizeOf(builder, op.getLoc(), op.getOutputs()[0], dim));
  auto tiles = [&](unsigned dim) { return builder.getAffineSymbolExpr(dim).ceilDiv(op.getTile()); };
  return builder.getAffineSymbolExpr(0) * tiles(1) * tiles(2);
}

OpFoldResult WinogradConvOp::getWorkItems(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes;
  AffineExpr chunks = countTiles(*this, builder, sizes).ceilDiv(getChunk());
  return foldSizes(builder, getLoc(), chunks * getGroupCount(), sizes);
}

OpFoldResult WinogradConvOp::getMacs(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes;
  AffineExpr tiles = countTiles(*this, builder, sizes);
  return foldSizes(builder, getLoc(), tiles * (getWindow() * getWindow() * getChannels() * getFilters()), sizes);
}
