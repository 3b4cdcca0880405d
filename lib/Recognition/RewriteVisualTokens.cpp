#include "Products.h"
#include "Recognizer.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"
#include "vitc/Recognition/Constants.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "llvm/ADT/StringExtras.h"

namespace vitc {
#define GEN_PASS_DEF_REWRITEVISUALTOKENS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// Where rewrites of one name were made.
using Places = SmallVector<std::string>;

/// The linear layer that made rows: y = x W + b, by a `vit.linear` or a 1 × 1 convolution, perhaps in groups.
struct Layer {
  Value weight;       ///< (C, E), or (E, C / groups) if transposed; of a convolution with two more dimensions
  Value bias;         ///< (E), or null
  bool transposed;    ///< how the weight is stored
  int64_t groups = 1; ///< of a convolution
  AxisMap input;      ///< x: the rows, and all C features
  bool isSoleReader;  ///< whether nothing else reads y
  vit::ConvOp conv;   ///< null for a `vit.linear`

  int64_t inputs() const { return cast<RankedTensorType>(weight.getType()).getDimSize(transposed ? 1 : 0) * groups; }
};

} // namespace

static int64_t extent(Value value, int64_t fromEnd) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  return shape[shape.size() - fromEnd];
}

static bool hasOneReader(Value value) {
  return llvm::count_if(value.getUsers(), [](Operation *user) { return !isa<tensor::DimOp>(user); }) == 1;
}

/// The map over the layer's result as one over its input, whose features are dimension `features` of both.
static std::optional<AxisMap> asInput(const AxisMap &map, Value input, int64_t features) {
  auto isFeature = [&](const Digit &digit) { return digit.dim == features; };
  auto hasFeatures = [&](const Axis &axis) { return llvm::any_of(axis, isFeature); };
  if (matchWholeDim(map, map.axes.back()) != features || map.offsets[features] != 0 ||
      llvm::any_of(ArrayRef(map.axes).drop_back(), hasFeatures))
    return std::nullopt;
  AxisMap rows = map;
  rows.source = input;
  rows.axes.back().clear();
  appendDigit(rows.axes.back(), {extentOf(input, features), features, 1});
  FailureOr<AxisMap> whole = trace(input, {.scales = false}).compose(rows);
  return succeeded(whole) && isMaterializable(*whole) ? std::optional(*whole) : std::nullopt;
}

/// The layer that made `rows`, (.., N, E), from which views may lead to them.
static std::optional<Layer> matchLayer(Value rows) {
  AxisMap map = trace(rows, {.scales = false});
  bool sole = hasOneReader(rows) && hasOneReader(map.source) &&
              llvm::all_of(map.path, [](Operation *view) { return hasOneReader(view->getResult(0)); });
  if (auto linear = map.source.getDefiningOp<vit::LinearOp>()) {
    std::optional<AxisMap> input = asInput(map, linear.getInput(), linear.getType().getRank() - 1);
    if (!input || !linear.getEpilogue().empty() || !linear.getExtras().empty())
      return std::nullopt;
    return Layer{linear.getWeight(), linear.getBias(), linear.getTransposed(), 1, *input, sole, nullptr};
  }
  auto conv = map.source.getDefiningOp<vit::ConvOp>();
  if (!conv || !isPointwise(conv) || !conv.getExtras().empty())
    return std::nullopt;
  std::optional<AxisMap> input = asInput(map, conv.getInput(), 1);
  if (!input)
    return std::nullopt;
  int64_t groups = conv.getGroups();
  return Layer{conv.getWeight(), conv.getBias(), /*transposed=*/true, groups, *input, sole, conv};
}

/// The layer's weight as a matrix.
static Value matrixOf(const Layer &layer, OpBuilder &builder, Location loc) {
  if (!layer.conv)
    return layer.weight;
  return tensor::CollapseShapeOp::create(builder, loc, layer.weight, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
}

/// The layer's input; `known`, where that is the same.
static Value inputOf(const Layer &layer, Value known, OpBuilder &builder, Location loc) {
  AxisMap map = trace(known, {.scales = false});
  if (map.source == layer.input.source && map.axes == layer.input.axes && map.offsets == layer.input.offsets)
    return known;
  return *materialize(builder, loc, layer.input);
}

static RankedTensorType withFeatures(Value rows, int64_t features) {
  auto type = cast<RankedTensorType>(rows.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = features;
  return RankedTensorType::get(shape, type.getElementType());
}

static Value linear(OpBuilder &builder, Location loc, Value rows, Value weight, Value bias, bool transposed) {
  int64_t features = cast<RankedTensorType>(weight.getType()).getDimSize(transposed ? 0 : 1);
  return vit::LinearOp::create(builder, loc, withFeatures(rows, features), rows, weight, bias, ValueRange(), transposed,
                               builder.getAffineMapArrayAttr({}));
}

/// A convolution in groups of rows (B, L, C), as an image of one line.
static Value convolveRows(const Layer &layer, Value rows, OpBuilder &builder, Location loc) {
  vit::ConvOp conv = layer.conv;
  auto transpose = [&](Value value) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
    std::swap(sizes[1], sizes[2]);
    Value init = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(value));
    return linalg::TransposeOp::create(builder, loc, value, init, ArrayRef<int64_t>{0, 2, 1}).getResult()[0];
  };
  SmallVector<ReassociationIndices> line{{0}, {1}, {2, 3}};
  Value columns = transpose(rows);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, columns);
  sizes.insert(sizes.begin() + 2, builder.getIndexAttr(1));
  auto type = cast<RankedTensorType>(columns.getType());
  auto imageOf = [&](int64_t channels) {
    return RankedTensorType::get({type.getDimSize(0), channels, 1, type.getDimSize(2)}, type.getElementType());
  };
  Value image = tensor::ExpandShapeOp::create(builder, loc, imageOf(type.getDimSize(1)), columns, line, sizes);
  Value result = vit::ConvOp::create(builder, loc, imageOf(extent(layer.weight, 4)), image, layer.weight, layer.bias,
                                     ValueRange(), conv.getStrides(), conv.getPads(), conv.getDilations(),
                                     conv.getGroups(), /*transposed=*/false, builder.getArrayAttr({}));
  return transpose(tensor::CollapseShapeOp::create(builder, loc, result, line));
}

static bool isKnown(std::initializer_list<int64_t> extents) {
  return llvm::none_of(extents, [](int64_t extent) { return ShapedType::isDynamic(extent); });
}

namespace {

/// tokenize(x, w, values y W + b)  ==>  tokenize(x, w, values y) W + b
///
/// Aᵀ(Y W + 1 bᵀ) = (Aᵀ Y) W + (Aᵀ 1) bᵀ, and Aᵀ 1 = 1, because softmax makes the maps of a token sum to one.
class PoolFirst final : public OpRewritePattern<vit::TokenizeOp> {
public:
  PoolFirst(MLIRContext *context, Places &places) : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::TokenizeOp op, PatternRewriter &rewriter) const override {
    std::optional<Layer> layer = op.getValues() ? matchLayer(op.getValues()) : std::nullopt;
    if (!layer)
      return failure();
    if (!layer->isSoleReader)
      return rewriter.notifyMatchFailure(op, "others read the projected values");
    if (layer->groups > 1 && op.getTokens().getType().getRank() != 3)
      return rewriter.notifyMatchFailure(op, "a convolution in groups has one dimension of batch");
    if (!isProfitable(op, *layer))
      return rewriter.notifyMatchFailure(op, "it is not less to project tokens than positions");
    Location loc = op.getLoc();
    Value values = inputOf(*layer, op.getX(), rewriter, loc);
    auto pooled = vit::TokenizeOp::create(rewriter, loc, withFeatures(op.getTokens(), layer->inputs()),
                                          op.getMaps() ? op.getMaps().getType() : Type(), op.getX(), op.getWeights(),
                                          values == op.getX() ? Value() : values, op.getScaleAttr());
    Value tokens = layer->groups > 1 ? convolveRows(*layer, pooled.getTokens(), rewriter, loc)
                                     : linear(rewriter, loc, pooled.getTokens(), matrixOf(*layer, rewriter, loc),
                                              layer->bias, layer->transposed);
    places.push_back(nodeName(loc));
    rewriter.replaceOp(op, op.getMaps() ? ValueRange{tokens, pooled.getMaps()} : ValueRange{tokens});
    return success();
  }

private:
  /// Products of a picture: project P positions and pool the results, or pool and project L tokens.
  static bool isProfitable(vit::TokenizeOp op, const Layer &layer) {
    int64_t p = extent(op.getX(), 2), l = extent(op.getTokens(), 2), e = extent(op.getTokens(), 1);
    int64_t c = layer.inputs(), perGroup = c / layer.groups;
    return isKnown({p, l, e, c}) && l * p * c + l * perGroup * e < p * perGroup * e + l * p * e;
  }

  Places &places;
};

/// project(x, y W_Q + b_Q, t W_K + b_K, v)  ==>  project(x, y, t (W_K W_Qᵀ), v) + t (W_K b_Q) for every position
///
/// (Y W_Q + 1 b_Qᵀ)(T W_K + 1 b_Kᵀ)ᵀ = Y (T W_K W_Qᵀ)ᵀ + 1 (T W_K b_Q)ᵀ + (Y W_Q b_K) 1ᵀ + 1 (b_Qᵀ b_K) 1ᵀ. The last
/// two are the same for all tokens of a position, and softmax over tokens subtracts them again.
class FoldProjector final : public OpRewritePattern<vit::ProjectOp> {
public:
  FoldProjector(MLIRContext *context, Places &places) : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::ProjectOp op, PatternRewriter &rewriter) const override {
    std::optional<Layer> query = matchLayer(op.getQuery()), key = matchLayer(op.getKey());
    if (!query || !key || query->groups > 1 || key->groups > 1)
      return failure();
    if (!query->isSoleReader)
      return rewriter.notifyMatchFailure(op, "others read the queries");
    if (key->bias && !largestMagnitude(key->bias))
      return rewriter.notifyMatchFailure(op, "the bias of the keys is no constant of finite elements");
    if (!isProfitable(op, *query, *key))
      return rewriter.notifyMatchFailure(op, "it is not less to project tokens to the features of positions");
    Location loc = op.getLoc();
    vit::Einsum einsum(rewriter, loc, 0);
    Value toKeys = matrixOf(*key, rewriter, loc), toQueries = matrixOf(*query, rewriter, loc);
    StringRef keyDims = key->transposed ? "dt" : "td";
    Value product = einsum.contract(keyDims, toKeys, query->transposed ? "dc" : "cd", toQueries, "tc");
    Value tokens = inputOf(*key, op.getValue(), rewriter, loc);
    Value positions = inputOf(*query, op.getX(), rewriter, loc);
    SmallVector<Value> addends(op.getAddends());
    if (query->bias) {
      Value column = einsum.contract(keyDims, toKeys, "d", query->bias, "t");
      addends.push_back(rowOf(einsum.scale(column, op.getScale()), tokens, rewriter, loc));
    }
    places.push_back(nodeName(loc));
    rewriter.replaceOpWithNewOp<vit::ProjectOp>(op, op.getResult().getType(),
                                                op.getMaps() ? op.getMaps().getType() : Type(), op.getX(), positions,
                                                linear(rewriter, loc, tokens, product, Value(), /*transposed=*/false),
                                                op.getValue(), addends, op.getScaleAttr());
    return success();
  }

private:
  /// tokens (B.., L, C) times a column (C), as (B.., 1, L).
  static Value rowOf(Value column, Value tokens, OpBuilder &builder, Location loc) {
    int64_t rank = cast<RankedTensorType>(tokens.getType()).getRank();
    int64_t channels = extent(column, 1);
    Type element = getElementTypeOrSelf(column);
    Value weight = tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get({channels, 1}, element), column,
                                                 ArrayRef<ReassociationIndices>{{0, 1}});
    Value products = linear(builder, loc, tokens, weight, Value(), /*transposed=*/false); // (B.., L, 1)
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim + 2 < rank; ++dim)
      groups.push_back({dim});
    groups.push_back({rank - 2, rank - 1});
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tokens);
    sizes[rank - 1] = sizes[rank - 2];
    sizes[rank - 2] = builder.getIndexAttr(1);
    SmallVector<int64_t> shape(cast<RankedTensorType>(products.getType()).getShape());
    std::swap(shape[rank - 2], shape[rank - 1]);
    Value flat = tensor::CollapseShapeOp::create(builder, loc, products, groups);
    return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(shape, element), flat, groups, sizes);
  }

  /// Products of a picture: queries, keys and their scores, or keys of the positions' width and their scores.
  static bool isProfitable(vit::ProjectOp op, const Layer &query, const Layer &key) {
    int64_t p = extent(op.getX(), 2), l = extent(op.getKey(), 2), d = extent(op.getKey(), 1);
    int64_t c = query.inputs(), t = key.inputs();
    int64_t before = p * c * d + (key.isSoleReader ? l * t * d : 0) + p * l * d;
    return isKnown({p, l, d, c, t}) && l * t * c + (query.bias ? l * t : 0) + p * l * c < before;
  }

  Places &places;
};

struct RewriteVisualTokensPass final : vitc::impl::RewriteVisualTokensBase<RewriteVisualTokensPass> {
  using RewriteVisualTokensBase::RewriteVisualTokensBase;
  explicit RewriteVisualTokensPass(Report *report) : report(report) {}

  void runOnOperation() override {
    if (failed(apply<PoolFirst>("pool_first")) || failed(apply<FoldProjector>("fold_projector")))
      signalPassFailure();
  }

private:
  template <typename Rewrite>
  LogicalResult apply(StringRef name) {
    Places places;
    int64_t before = countMacs(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<Rewrite>(&getContext(), places);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return failure();
    if (report && !places.empty()) {
      report->finalMacs = countMacs(getOperation());
      report->rewrites.push_back({name.str(), llvm::join(places, ", "), before - report->finalMacs});
    }
    return success();
  }

  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createRewriteVisualTokensPass(Report *report) {
  return std::make_unique<RewriteVisualTokensPass>(report);
}
