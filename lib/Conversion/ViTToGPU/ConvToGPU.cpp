#include "../ViTToCPU/RowsView.h"
#include "ChannelsLast.h"
#include "GemmProduct.h"
#include "IndexBuilder.h"
#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {

/// The windows of a convolution as rows, and its filters as such: both have the channels of a tap together and are
/// filled with zeros to a length that tensor cores take.
class WindowRows {
public:
  explicit WindowRows(vit::ConvOp op)
      : op(op), channels(op.getInput().getType().getDimSize(1)), filters(op.getWeight().getType().getDimSize(0)),
        kernel{op.getWeight().getType().getDimSize(2), op.getWeight().getType().getDimSize(3)} {}

  /// The elements of a row: of 16 bits in units of 16 bytes.
  int64_t length() const { return paddedDepth(used()); }

  /// (B, H, W, C) as (B · height · width, length()), of one type. The pixels themselves where they are the windows.
  Value gather(PatternRewriter &rewriter, Value image) const {
    Location loc = op.getLoc();
    if (isPixelwise())
      return viewAsRows(rewriter, loc, image);
    RankedTensorType output = op.getResult().getType();
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, image, 0),
                                    rewriter.getIndexAttr(output.getDimSize(2)),
                                    rewriter.getIndexAttr(output.getDimSize(3)), rewriter.getIndexAttr(length())};
    return viewAsRows(rewriter, loc,
                      generate(rewriter, loc, sizes, getElementTypeOrSelf(image), [&](const IndexBuilder &index) {
                        Value k = index.loop(3), tap = index.div(k, channels);
                        Value inside = index.isBelow(k, used());
                        SmallVector<Value> point{index.loop(0)};
                        for (int64_t axis = 0; axis < 2; ++axis) {
                          Value place = axis == 0 ? index.div(tap, kernel[1]) : index.rem(tap, kernel[1]);
                          Value position = positionOf(index, axis, place);
                          inside = index.both(inside, index.isBelow(position, heightOrWidth(axis)));
                          point.push_back(position);
                        }
                        point.push_back(index.rem(k, channels));
                        for (Value &coordinate : llvm::drop_begin(point))
                          coordinate = index.orZero(inside, coordinate);
                        return index.readInside(image, point, inside);
                      }));
  }

  /// (F, C, kh, kw) as (F, length()).
  Value filterRows(PatternRewriter &rewriter, Value weight) const {
    SmallVector<OpFoldResult> sizes{rewriter.getIndexAttr(filters), rewriter.getIndexAttr(length())};
    return generate(rewriter, op.getLoc(), sizes, getElementTypeOrSelf(weight), [&](const IndexBuilder &index) {
      Value k = index.loop(1), inside = index.isBelow(k, used());
      k = index.orZero(inside, k);
      Value tap = index.div(k, channels);
      return index.readInside(
          weight, {index.loop(0), index.rem(k, channels), index.div(tap, kernel[1]), index.rem(tap, kernel[1])},
          inside);
    });
  }

  int64_t used() const { return channels * kernel[0] * kernel[1]; }

  bool isPixelwise() const {
    auto are = [](ArrayRef<int64_t> values, int64_t value) {
      return llvm::all_of(values, [=](int64_t v) { return v == value; });
    };
    return are(kernel, 1) && are(op.getStrides(), 1) && are(op.getPads(), 0) && length() == used();
  }

  /// What a kernel that gathers them itself is told; 64 rows are a rectangle of those of one image and of many where
  /// their number is open.
  vgpu::GemmWindows describe() const {
    auto pairOf = [](ArrayRef<int64_t> values) { return std::array<int64_t, 2>{values[0], values[1]}; };
    RankedTensorType type = op.getResult().getType();
    vgpu::GemmWindows windows;
    windows.channels = channels;
    windows.image = {static_cast<int32_t>(heightOrWidth(0)), static_cast<int32_t>(heightOrWidth(1))};
    windows.extents = pairOf(type.getShape().drop_front(2));
    windows.taps = pairOf(kernel);
    windows.strides = pairOf(op.getStrides());
    windows.pads = pairOf(op.getPads());
    windows.dilations = pairOf(op.getDilations());
    if (type.isDynamicDim(0))
      windows.chooseRectangle({1, 64});
    else
      windows.chooseRectangle(type.getDimSize(0));
    return windows;
  }

  /// The filters' rows as (F, taps, C).
  Value splitTaps(PatternRewriter &rewriter, Value rows) const {
    auto type = RankedTensorType::get({filters, kernel[0] * kernel[1], channels}, getElementTypeOrSelf(rows));
    return tensor::ExpandShapeOp::create(rewriter, op.getLoc(), type, rows,
                                         ArrayRef<ReassociationIndices>{{0}, {1, 2}});
  }

private:
  int64_t heightOrWidth(int64_t axis) const { return op.getInput().getType().getDimSize(2 + axis); }

  /// Of a tap of the window along an axis, in the image; beyond it where that is the border.
  Value positionOf(const IndexBuilder &index, int64_t axis, Value place) const {
    auto times = [&](Value value, int64_t factor) -> Value {
      return arith::MulIOp::create(index.builder, index.loc, value, index.constant(factor));
    };
    Value sum = arith::AddIOp::create(index.builder, index.loc, times(index.loop(1 + axis), op.getStrides()[axis]),
                                      times(place, op.getDilations()[axis]));
    return arith::SubIOp::create(index.builder, index.loc, sum, index.constant(op.getPads()[axis]));
  }

  mutable vit::ConvOp op;
  int64_t channels, filters;
  int64_t kernel[2];
};

/// A convolution as a product of its windows with its filters, channels last. The kernel reads windows where they are,
/// or else, where it cannot or that is expected to take longer, as rows that loops gather.
struct ConvToGPU final : KernelPattern<vit::ConvOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    RankedTensorType input = op.getInput().getType(), type = op.getResult().getType();
    auto epilogue = EpilogueParts::of(op);
    bool isStatic = op.getWeight().getType().hasStaticShape() && ArrayRef(input.getShape()).drop_front().size() == 3 &&
                    !ShapedType::isDynamicShape(input.getShape().drop_front()) &&
                    !ShapedType::isDynamicShape(type.getShape().drop_front());
    if (!isStatic || op.getGroups() != 1 || op.getTransposed() || !type.getElementType().isF32() ||
        !epilogue.readsProjections())
      return rewriter.notifyMatchFailure(
          op, "expected f32, one group, static sizes and an epilogue that reads projections");
    WindowRows windows(op);
    int64_t pixels = type.getDimSize(2) * type.getDimSize(3), filters = type.getDimSize(1);
    int64_t rows = type.isDynamicDim(0) ? ShapedType::kDynamic : type.getDimSize(0) * pixels;
    GemmProduct product(target, epilogue, /*rank=*/4, /*channel=*/1, rows, filters, windows.length(), /*period=*/0);
    GemmProduct inPlace(target, epilogue, /*rank=*/4, /*channel=*/1, rows, filters, windows.used(), /*period=*/0,
                        windows.describe());
    bool readsInPlace = !windows.isPixelwise() && windows.length() == windows.used() &&
                        inPlace.whyUnsupported().empty() &&
                        inPlace.estimate(/*gathers=*/false) < product.estimate(/*gathers=*/true);
    if (std::string reason = product.whyUnsupported(); !readsInPlace && !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);

    Location loc = op.getLoc();
    Value image = roundTo(target.stored(), rewriter, loc, putChannelsLast(rewriter, loc, op.getInput()));
    Value w = windows.filterRows(rewriter, roundWeight(target, rewriter, loc, op.getWeight()));
    Value result;
    if (readsInPlace) {
      if (inPlace.residual)
        inPlace.residual = putChannelsLast(rewriter, loc, inPlace.residual);
      result = inPlace.createOfWindows(rewriter, loc, image, windows.splitTaps(rewriter, w));
    } else {
      result = multiplyRows(rewriter, op, product, windows.gather(rewriter, image), w);
    }
    if (!product.isWhole())
      result = applyEpilogue(rewriter, loc, withChannelsLast(rewriter, loc, epilogue), result, 3);
    rewriter.replaceOp(op, putChannelsFirst(rewriter, loc, result));
    return success();
  }

private:
  static Value multiplyRows(PatternRewriter &rewriter, vit::ConvOp op, GemmProduct &product, Value rows,
                            Value filters) {
    Location loc = op.getLoc();
    if (product.residual)
      product.residual = viewAsRows(rewriter, loc, putChannelsLast(rewriter, loc, product.residual));
    RankedTensorType type = op.getResult().getType();
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, op.getInput(), 0)};
    SmallVector<int64_t> shape{type.getDimSize(0)};
    for (int64_t dim : {2, 3, 1}) {
      shape.push_back(type.getDimSize(dim));
      sizes.push_back(rewriter.getIndexAttr(type.getDimSize(dim)));
    }
    return viewRowsAs(rewriter, loc, product.create(rewriter, loc, rows, filters),
                      RankedTensorType::get(shape, type.getElementType()), sizes);
  }
};

} // namespace

void vitc::populateViTConvToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<ConvToGPU>(patterns.getContext(), target);
}
