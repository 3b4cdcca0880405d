#include "vitc/Recognition/Passes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

namespace vitc {
#define GEN_PASS_DEF_MERGEPROJECTIONS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// A linear layer of constants whose features are heads of an attention.
struct Projection {
  vit::LinearOp linear;
  tensor::ExpandShapeOp expand; ///< (.., N, H · D) as (.., N, H, D)
  int64_t heads, width;         ///< H and D
};

/// What projections must have in common to be one: their input, how their weights lie, how their features are read as
/// heads, and the type of one head.
using Key = std::tuple<Value, unsigned, Attribute, Type>;

} // namespace

static bool isConstant(Value value) { return matchPattern(value, m_Constant()); }

static std::optional<Projection> matchProjection(vit::LinearOp linear) {
  if (!linear.getExtras().empty() || !linear.getEpilogue().empty() || !linear->hasOneUse() ||
      !isConstant(linear.getWeight()) || (linear.getBias() && !isConstant(linear.getBias())))
    return std::nullopt;
  auto expand = dyn_cast<tensor::ExpandShapeOp>(*linear->user_begin());
  if (!expand || expand.getReassociationIndices().back().size() != 2 ||
      !llvm::all_of(expand->getUsers(), llvm::IsaPred<vit::AttentionOp>))
    return std::nullopt;
  ArrayRef<int64_t> sizes = expand.getResultType().getShape().take_back(2);
  if (ShapedType::isDynamicShape(sizes))
    return std::nullopt;
  return Projection{linear, expand, sizes[0], sizes[1]};
}

static Key getKey(const Projection &projection) {
  vit::LinearOp linear = projection.linear;
  tensor::ExpandShapeOp expand = projection.expand;
  SmallVector<int64_t> head(expand.getResultType().getShape());
  head.end()[-2] = 1;
  return {linear.getInput(), linear.getTransposed(), expand.getReassociation(), expand.getResultType().clone(head)};
}

/// A vector of zeros where a projection has no bias.
static Value getBias(OpBuilder &builder, vit::LinearOp linear) {
  if (linear.getBias())
    return linear.getBias();
  RankedTensorType result = linear.getResult().getType();
  auto type = RankedTensorType::get(result.getShape().back(), result.getElementType());
  return arith::ConstantOp::create(builder, linear.getLoc(), builder.getZeroAttr(type));
}

/// One linear layer whose features are those of all, in order. It stands where the first did.
static vit::LinearOp mergeLinears(ArrayRef<Projection> projections) {
  vit::LinearOp first = projections.front().linear;
  OpBuilder builder(first);
  SmallVector<Location> locations;
  SmallVector<Value> weights, biases;
  bool biased = llvm::any_of(projections, [](Projection each) { return bool(each.linear.getBias()); });
  int64_t features = 0;
  for (Projection each : projections) {
    for (Value constant : {each.linear.getWeight(), each.linear.getBias()})
      if (constant && first->isBeforeInBlock(constant.getDefiningOp()))
        constant.getDefiningOp()->moveBefore(first);
    locations.push_back(each.linear.getLoc());
    weights.push_back(each.linear.getWeight());
    if (biased)
      biases.push_back(getBias(builder, each.linear));
    features += each.heads * each.width;
  }
  Location loc = builder.getFusedLoc(locations);
  Value weight = tensor::ConcatOp::create(builder, loc, first.getTransposed() ? 0 : 1, weights);
  Value bias = biased ? Value(tensor::ConcatOp::create(builder, loc, 0, biases)) : Value();
  SmallVector<int64_t> shape(first.getResult().getType().getShape());
  shape.back() = features;
  return vit::LinearOp::create(builder, loc, first.getResult().getType().clone(shape), first.getInput(), weight, bias,
                               ValueRange(), first.getTransposed(), builder.getArrayAttr({}));
}

static void merge(ArrayRef<Projection> projections) {
  vit::LinearOp linear = mergeLinears(projections);
  tensor::ExpandShapeOp first = llvm::min_element(projections, [](const Projection &a, const Projection &b) {
                                  return a.expand->isBeforeInBlock(b.expand);
                                })->expand;
  OpBuilder builder(first);
  int64_t rank = first.getResultType().getRank();
  int64_t heads = linear.getResult().getType().getShape().back() / projections.front().width;
  SmallVector<int64_t> shape(first.getResultType().getShape());
  SmallVector<OpFoldResult> sizes = first.getMixedOutputShape();
  shape[rank - 2] = heads;
  sizes[rank - 2] = builder.getIndexAttr(heads);
  Value all = tensor::ExpandShapeOp::create(builder, linear.getLoc(), first.getResultType().clone(shape), linear,
                                            first.getReassociationIndices(), sizes);
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0)), strides(rank, builder.getIndexAttr(1));
  int64_t offset = 0;
  for (Projection each : projections) {
    offsets[rank - 2] = builder.getIndexAttr(offset);
    sizes[rank - 2] = builder.getIndexAttr(each.heads);
    offset += each.heads;
    each.expand.replaceAllUsesWith(tensor::ExtractSliceOp::create(builder, each.expand.getLoc(),
                                                                  each.expand.getResultType(), all, offsets, sizes,
                                                                  strides)
                                       .getResult());
  }
  for (Projection each : projections) {
    each.expand.erase();
    each.linear.erase();
  }
}

namespace {
struct MergeProjectionsPass final : vitc::impl::MergeProjectionsBase<MergeProjectionsPass> {
  void runOnOperation() override {
    llvm::MapVector<std::pair<Block *, Key>, SmallVector<Projection>> groups;
    getOperation()->walk([&](vit::LinearOp linear) {
      if (std::optional<Projection> projection = matchProjection(linear))
        groups[{linear->getBlock(), getKey(*projection)}].push_back(*projection);
    });
    for (auto &[key, projections] : groups)
      if (projections.size() > 1)
        merge(projections);
  }
};
} // namespace
