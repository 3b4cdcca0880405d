#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {

/// Builds the loops of a normalization of the rows of `input`, which are its last dimension.
class RowLoops {
public:
  /// A tensor and what of it the loops read: elements, one value a row, or one a column.
  struct Operand {
    Value value;
    AffineMap map;
  };
  using Compute = function_ref<Value(OpBuilder &, Location, ValueRange)>;

  RowLoops(PatternRewriter &rewriter, Location loc, TypedValue<RankedTensorType> input)
      : rewriter(rewriter), loc(loc), type(input.getType()), sizes(tensor::getMixedSizes(rewriter, loc, input)),
        whole(rewriter.getMultiDimIdentityMap(type.getRank())) {}

  Operand elements(Value value) const { return {value, whole}; }
  Operand rows(Value value) const { return {value, whole.dropResult(type.getRank() - 1)}; }
  Operand columns(Value value) const { return {value, whole.getMinorSubMap(1)}; }

  /// The mean of `term` over each row.
  Value mean(ArrayRef<Operand> inputs, Compute term) {
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
    Value init = linalg::FillOp::create(rewriter, loc, zero, empty(1)).getResult(0);
    Value sum = loop(inputs, rows(init), [&](OpBuilder &b, Location loc, ValueRange arguments) -> Value {
      return arith::AddFOp::create(b, loc, arguments.back(), term(b, loc, arguments.drop_back()));
    });
    Value length = rewriter.createOrFold<arith::ConstantOp>(
        loc, rewriter.getFloatAttr(type.getElementType(), static_cast<double>(type.getShape().back())));
    int64_t rank = type.getRank() - 1;
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
    return linalg::GenericOp::create(rewriter, loc, TypeRange(init.getType()), sum, empty(1),
                                     ArrayRef<AffineMap>{identity, identity}, parallel,
                                     [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                       Value quotient = arith::DivFOp::create(b, loc, arguments[0], length);
                                       linalg::YieldOp::create(b, loc, quotient);
                                     })
        .getResult(0);
  }

  /// `compute` of each element.
  Value each(ArrayRef<Operand> inputs, Compute compute) {
    return loop(inputs, elements(empty(0)), [&](OpBuilder &b, Location loc, ValueRange arguments) {
      return compute(b, loc, arguments.drop_back());
    });
  }

private:
  Value empty(int64_t dropped) {
    return tensor::EmptyOp::create(rewriter, loc, ArrayRef(sizes).drop_back(dropped), type.getElementType());
  }

  Value loop(ArrayRef<Operand> inputs, Operand output, Compute compute) {
    SmallVector<Value> values;
    SmallVector<AffineMap> maps;
    for (const Operand &input : inputs) {
      values.push_back(input.value);
      maps.push_back(input.map);
    }
    maps.push_back(output.map);
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    if (!output.map.isIdentity())
      loops.back() = utils::IteratorType::reduction;
    return linalg::GenericOp::create(rewriter, loc, TypeRange(output.value.getType()), values, output.value, maps,
                                     loops,
                                     [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                       linalg::YieldOp::create(b, loc, compute(b, loc, arguments));
                                     })
        .getResult(0);
  }

  PatternRewriter &rewriter;
  Location loc;
  RankedTensorType type;
  SmallVector<OpFoldResult> sizes;
  AffineMap whole;
};

Value squareOfDistance(OpBuilder &b, Location loc, ValueRange arguments) {
  Value distance = arguments[0];
  if (arguments.size() > 1)
    distance = arith::SubFOp::create(b, loc, distance, arguments[1]);
  return arith::MulFOp::create(b, loc, distance, distance);
}

/// `vit.layer_norm`, and `vit.rms_norm`, which takes the mean for 0 and has no bias. Two passes: the variance is that
/// of differences to the mean.
template <typename NormOp>
struct NormToLinalg final : OpRewritePattern<NormOp> {
  using OpRewritePattern<NormOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(NormOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType();
    if (type.getRank() < 1 || type.isDynamicDim(type.getRank() - 1))
      return rewriter.notifyMatchFailure(op, "expected rows of static length");
    RowLoops loops(rewriter, op.getLoc(), op.getInput());
    SmallVector<RowLoops::Operand> operands{loops.elements(op.getInput())};
    Value bias;
    bool isCentered = std::is_same_v<NormOp, vit::LayerNormOp>;
    if constexpr (std::is_same_v<NormOp, vit::LayerNormOp>)
      bias = op.getBias();
    if (isCentered)
      operands.push_back(loops.rows(
          loops.mean(operands, [](OpBuilder &, Location, ValueRange arguments) -> Value { return arguments[0]; })));
    operands.push_back(loops.rows(loops.mean(operands, squareOfDistance)));
    if (op.getScale())
      operands.push_back(loops.columns(op.getScale()));
    if (bias)
      operands.push_back(loops.columns(bias));
    double epsilon = op.getEpsilon().convertToDouble();
    bool isScaled = !!op.getScale();
    rewriter.replaceOp(op, loops.each(operands, [&](OpBuilder &b, Location loc, ValueRange arguments) -> Value {
      Value small = arith::ConstantOp::create(b, loc, b.getFloatAttr(type.getElementType(), epsilon));
      Value y = arguments.front();
      if (isCentered)
        y = arith::SubFOp::create(b, loc, y, arguments[1]);
      arguments = arguments.drop_front(isCentered ? 2 : 1);
      Value deviation = math::SqrtOp::create(b, loc, arith::AddFOp::create(b, loc, arguments[0], small));
      y = arith::DivFOp::create(b, loc, y, deviation);
      if (isScaled)
        y = arith::MulFOp::create(b, loc, y, arguments[1]);
      return bias ? arith::AddFOp::create(b, loc, y, arguments.back()).getResult() : y;
    }));
    return success();
  }
};

/// A linalg.generic without inputs whose elements `read` finds by their position.
Value gather(PatternRewriter &rewriter, Location loc, ArrayRef<OpFoldResult> sizes, Type element,
             function_ref<Value(OpBuilder &, Location, SmallVector<Value>)> read) {
  Value init = tensor::EmptyOp::create(rewriter, loc, sizes, element);
  int64_t rank = static_cast<int64_t>(sizes.size());
  SmallVector<AffineMap> maps{rewriter.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(rewriter, loc, TypeRange(init.getType()), ValueRange(), init, maps, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange) {
                                     SmallVector<Value> position;
                                     for (int64_t dim = 0; dim < rank; ++dim)
                                       position.push_back(linalg::IndexOp::create(b, loc, dim));
                                     linalg::YieldOp::create(b, loc, read(b, loc, position));
                                   })
      .getResult(0);
}

struct PatchifyToLinalg final : OpRewritePattern<vit::PatchifyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::PatchifyOp op, PatternRewriter &rewriter) const override {
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    int64_t height = op.getPatch()[0], width = op.getPatch()[1];
    int64_t across = op.getImage().getType().getDimSize(3) / width;
    auto read = [&](OpBuilder &b, Location loc, SmallVector<Value> position) -> Value {
      auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
      auto quotient = [&](Value x, int64_t y) -> Value { return arith::DivUIOp::create(b, loc, x, constant(y)); };
      auto rest = [&](Value x, int64_t y) -> Value { return arith::RemUIOp::create(b, loc, x, constant(y)); };
      auto at = [&](Value patch, int64_t size, Value inside) -> Value {
        return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, patch, constant(size)), inside);
      };
      Value token = position[1], feature = position[2];
      Value pixel = rest(feature, height * width);
      Value source[] = {position[0], quotient(feature, height * width),
                        at(quotient(token, across), height, quotient(pixel, width)),
                        at(rest(token, across), width, rest(pixel, width))};
      return tensor::ExtractOp::create(b, loc, op.getImage(), source);
    };
    rewriter.replaceOp(op,
                       gather(rewriter, op.getLoc(), shapes.front(), op.getResult().getType().getElementType(), read));
    return success();
  }
};

struct GatherRowsToLinalg final : OpRewritePattern<vit::GatherRowsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::GatherRowsOp op, PatternRewriter &rewriter) const override {
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    auto read = [&](OpBuilder &b, Location loc, SmallVector<Value> position) -> Value {
      Value row = tensor::ExtractOp::create(b, loc, op.getRows(), position[1]);
      position[1] = arith::IndexCastOp::create(b, loc, b.getIndexType(), row);
      return tensor::ExtractOp::create(b, loc, op.getInput(), position);
    };
    rewriter.replaceOp(op,
                       gather(rewriter, op.getLoc(), shapes.front(), op.getResult().getType().getElementType(), read));
    return success();
  }
};

} // namespace

void vitc::populateViTRowsToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<GatherRowsToLinalg, NormToLinalg<vit::LayerNormOp>, NormToLinalg<vit::RmsNormOp>, PatchifyToLinalg>(
      patterns.getContext());
}
