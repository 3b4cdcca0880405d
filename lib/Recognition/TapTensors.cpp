#include "TapTensors.h"

#include "AttentionKind.h"
#include "Recognizer.h"
#include "ResidualStream.h"
#include "RowLiveness.h"
#include "RowSlices.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

using namespace mlir;
using namespace vitc;

/// A view of `value` whose dimensions are made of dimensions of it, one list each; an empty list is a dimension of 1.
static Value regroup(OpBuilder &builder, Location loc, Value value, ArrayRef<SmallVector<int64_t>> groups) {
  AxisMap map = AxisMap::identity(value);
  SmallVector<Axis> axes;
  for (ArrayRef<int64_t> group : groups) {
    Axis &axis = axes.emplace_back();
    for (int64_t dim : group)
      for (const Digit &digit : map.axes[dim])
        appendDigit(axis, digit);
  }
  return *materialize(builder, loc, viewOf(value, axes)); // every dimension is in one of the groups
}

/// (B.., x, y, z) as (B, ..), the last three in the order that they are given in by their distance from the end.
static Value mergeBatch(OpBuilder &builder, Location loc, Value value, std::array<int64_t, 3> order) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<SmallVector<int64_t>> groups{llvm::to_vector(llvm::seq<int64_t>(0, rank - 3))};
  for (int64_t fromEnd : order)
    groups.push_back({rank - fromEnd});
  return regroup(builder, loc, value, groups);
}

/// (B, N, C), whatever dimensions count what.
static Value arrange(OpBuilder &builder, Location loc, const BlockTokens &tokens) {
  if (tokens.tokensFirst)
    return regroup(builder, loc, tokens.value, {{1}, {0}, {2}});
  SmallVector<int64_t> between;
  for (int64_t dim = 1, rank = cast<RankedTensorType>(tokens.value.getType()).getRank(); dim < rank; ++dim)
    if (dim != tokens.channelDim)
      between.push_back(dim);
  return regroup(builder, loc, tokens.value, {{0}, between, {tokens.channelDim}});
}

/// √(Σ x²) over the last of three dimensions.
static Value computeNorms(OpBuilder &builder, Location loc, Value tokens) {
  vit::Einsum expand(builder, loc, /*batchRank=*/2);
  Value squares = expand.elementwise(linalg::ElementwiseKind::mul, "*c", tokens, "*c", tokens);
  Type element = getElementTypeOrSelf(tokens);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tokens);
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef(sizes).drop_back(), element);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Value zeros = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  auto addUp = [](OpBuilder &b, Location at, ValueRange args) {
    linalg::YieldOp::create(b, at, arith::AddFOp::create(b, at, args[0], args[1]).getResult());
  };
  Value sum = linalg::ReduceOp::create(builder, loc, squares, zeros, ArrayRef<int64_t>{2}, addUp).getResult(0);
  auto root = linalg::ElementwiseKindAttr::get(builder.getContext(), linalg::ElementwiseKind::sqrt);
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(2));
  return linalg::ElementwiseOp::create(builder, loc, ValueRange{sum}, ValueRange{empty}, root,
                                       builder.getAffineMapArrayAttr(maps))
      ->getResult(0);
}

FailureOr<Value> TapTensors::buildMaps(Value maps) {
  if (!maps)
    return refuse("multiplies its values with maps that no softmax made");
  builder.setInsertionPointAfterValue(maps);
  return mergeBatch(builder, maps.getLoc(), maps, {3, 2, 1});
}

FailureOr<Value> TapTensors::buildHeads(Value heads) {
  if (!heads)
    return refuse("inherits its scores, and has no queries and keys of its own");
  builder.setInsertionPointAfterValue(heads);
  return mergeBatch(builder, heads.getLoc(), heads, {2, 3, 1});
}

FailureOr<Value> TapTensors::buildClassRow(AttentionLayer &layer) {
  auto attention = dyn_cast<vit::AttentionOp>(layer.getOp());
  if (attention && kindOfAttention(attention) == "class_attention") // its one query is the class token
    return buildMaps(layer.exposeProbs(builder));
  Value queries = layer.getQueries();
  auto type = queries ? cast<RankedTensorType>(queries.getType()) : RankedTensorType();
  if (type && type.isDynamicDim(type.getRank() - 3))
    return refuse("has a number of tokens that is open: fix it with --shape");
  for (auto tokens : function.getOps<vit::AssembleOp>()) {
    if (!type || !holdsSequence(tokens, queries, type.getRank() - 3))
      continue;
    PrefixRoles roles = classifyPrefix(tokens);
    if (roles.cls != 1)
      return refuse("has a sequence without exactly one class token that an output reads");
    Value maps = layer.exposeProbs(builder);
    builder.setInsertionPointAfterValue(maps);
    int64_t queryDim = cast<RankedTensorType>(maps.getType()).getRank() - 2;
    return buildMaps(takeRows(builder, maps.getLoc(), maps, {queryDim, roles.firstCls, 1}));
  }
  return refuse("has queries that are not known to be a sequence of a class token and patches");
}

FailureOr<Value> TapTensors::buildTokens(AttentionLayer &layer) {
  FailureOr<BlockTokens> tokens = findTokensAfter(layer, reason);
  if (failed(tokens))
    return failure();
  builder.setInsertionPointAfterValue(tokens->value);
  return arrange(builder, tokens->value.getLoc(), *tokens);
}

FailureOr<Value> TapTensors::build(TapKind kind, AttentionLayer &layer) {
  switch (kind) {
  case TapKind::Scores:
    return buildMaps(layer.exposeScores(builder));
  case TapKind::Attention:
    return buildMaps(layer.exposeProbs(builder));
  case TapKind::ClsAttention:
    return buildClassRow(layer);
  case TapKind::Queries:
    return buildHeads(layer.getQueries());
  case TapKind::Keys:
    return buildHeads(layer.getKeys());
  case TapKind::Values:
    return buildHeads(layer.getValues());
  case TapKind::Tokens:
    return buildTokens(layer);
  case TapKind::Norms: {
    FailureOr<Value> tokens = buildTokens(layer);
    return succeeded(tokens) ? computeNorms(builder, tokens->getLoc(), *tokens) : tokens;
  }
  }
  llvm_unreachable("all kinds are handled");
}
