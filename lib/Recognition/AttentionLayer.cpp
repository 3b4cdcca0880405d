#include "AttentionLayer.h"

#include "Recognizer.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

using namespace mlir;
using namespace vitc;

/// The softmax whose probabilities, their heads mixed, meet the values; null where there is none.
static linalg::SoftmaxOp findSoftmax(vit::AttendOp attend) {
  Value maps = attend.getScores();
  while (auto mixed = maps.getDefiningOp<vit::ReattendOp>())
    maps = mixed.getProbs();
  return attend.getNormalized() ? maps.getDefiningOp<linalg::SoftmaxOp>() : linalg::SoftmaxOp();
}

/// The product that an attention in parts begins with; null where its scores are inherited.
static vit::ScoresOp findProduct(Operation *op) {
  auto attend = dyn_cast<vit::AttendOp>(op);
  if (!attend)
    return {};
  linalg::SoftmaxOp softmax = findSoftmax(attend);
  return (softmax ? softmax.getInput() : attend.getScores()).getDefiningOp<vit::ScoresOp>();
}

Value AttentionLayer::getQueries() const {
  if (auto attention = dyn_cast<vit::AttentionOp>(op))
    return attention.getQuery();
  vit::ScoresOp product = findProduct(op);
  return product ? product.getQuery() : Value();
}

Value AttentionLayer::getKeys() const {
  if (auto attention = dyn_cast<vit::AttentionOp>(op))
    return attention.getKey();
  vit::ScoresOp product = findProduct(op);
  return product ? product.getKey() : Value();
}

Value AttentionLayer::getValues() const {
  auto attention = dyn_cast<vit::AttentionOp>(op);
  return attention ? attention.getValue() : cast<vit::AttendOp>(op).getValue();
}

/// Makes the attention again, with these results beside those that it has.
void AttentionLayer::addResults(bool scores, bool probs, OpBuilder &builder) {
  builder.setInsertionPoint(op);
  Operation *wider = nullptr;
  SmallVector<Value> replacements;
  if (auto attention = dyn_cast<vit::AttentionOp>(op)) {
    SmallVector<int64_t> shape(attention.getQuery().getType().getShape().drop_back());
    std::swap(shape.end()[-1], shape.end()[-2]);
    shape.push_back(attention.getKey().getType().getShape().end()[-3]);
    Type maps = attention.getQuery().getType().clone(shape);
    auto made = vit::AttentionOp::create(
        builder, getLoc(), attention.getResult().getType(), scores || attention.getScores() ? maps : Type(),
        probs || attention.getProbs() ? maps : Type(), attention.getQuery(), attention.getKey(), attention.getValue(),
        attention.getAddends(), attention.getScaleAttr(), attention.getCausalAttr(), attention.getSoftcapAttr(),
        attention.getZeroMaskedAttr());
    replacements.push_back(made.getResult());
    for (auto [before, after] :
         {std::pair(attention.getScores(), made.getScores()), {attention.getProbs(), made.getProbs()}})
      if (before)
        replacements.push_back(after);
    wider = made;
  } else {
    auto attend = cast<vit::AttendOp>(op);
    auto made =
        vit::AttendOp::create(builder, getLoc(), attend.getResult().getType(), attend.getScores().getType(),
                              attend.getScores(), attend.getValue(), attend.getAddends(), attend.getNormalizedAttr());
    replacements.push_back(made.getResult());
    wider = made;
  }
  op->replaceAllUsesWith(replacements);
  op->erase();
  op = wider;
}

Value AttentionLayer::exposeScores(OpBuilder &builder) {
  if (auto attention = dyn_cast<vit::AttentionOp>(op)) {
    if (!attention.getScores())
      addResults(/*scores=*/true, /*probs=*/false, builder);
    return cast<vit::AttentionOp>(op).getScores();
  }
  auto attend = cast<vit::AttendOp>(op);
  if (linalg::SoftmaxOp softmax = findSoftmax(attend))
    return softmax.getInput();
  if (attend.getNormalized())
    return {};
  builder.setInsertionPoint(op);
  int64_t batchRank = attend.getResult().getType().getRank() - 3;
  return vit::Einsum(builder, getLoc(), batchRank).add(attend.getScores(), attend.getAddends());
}

Value AttentionLayer::exposeProbs(OpBuilder &builder) {
  if (auto attention = dyn_cast<vit::AttentionOp>(op)) {
    if (!attention.getProbs())
      addResults(/*scores=*/false, /*probs=*/true, builder);
    return cast<vit::AttentionOp>(op).getProbs();
  }
  auto attend = cast<vit::AttendOp>(op);
  if (linalg::SoftmaxOp softmax = findSoftmax(attend))
    return softmax.getResult()[0];
  if (attend.getNormalized())
    return {};
  if (!attend.getProbs())
    addResults(/*scores=*/false, /*probs=*/true, builder);
  return cast<vit::AttendOp>(op).getProbs();
}

SmallVector<AttentionLayer> vitc::findAttentionLayers(func::FuncOp function) {
  SmallVector<AttentionLayer> layers;
  for (Operation &op : function.front())
    if (isa<vit::AttentionOp, vit::AttendOp>(op))
      layers.push_back(AttentionLayer(&op));
  return layers;
}

bool vitc::mixesTokens(Operation *op) {
  return isa<vit::AttentionOp, vit::AttendOp, vit::ScoresOp, vit::TokenizeOp, vit::ProjectOp, linalg::SoftmaxOp>(op);
}
