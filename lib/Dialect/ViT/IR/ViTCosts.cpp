#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::vit;

static int64_t product(ArrayRef<int64_t> extents) {
  int64_t result = 1;
  for (int64_t extent : extents)
    result *= ShapedType::isDynamic(extent) ? 1 : extent;
  return result;
}

static ArrayRef<int64_t> shape(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

int64_t vitc::vit::countPasses(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto passes = op->getAttrOfType<IntegerAttr>(passesAttrName))
      return passes.getInt();
  return 1;
}

int64_t LinearOp::countMacs() { return product(shape(getInput())) * product(shape(getResult()).take_back()); }

/// Each element of the result (of the input, if transposed) meets one filter.
int64_t ConvOp::countMacs() {
  Value counted = getTransposed() ? getInput() : getResult();
  return product(shape(counted)) * product(shape(getWeight()).drop_front());
}

int64_t PatchEmbedOp::countMacs() { return product(shape(getResult())) * product(shape(getWeight()).drop_front()); }

/// Queries by keys, and probabilities by values.
int64_t AttentionOp::countMacs() {
  int64_t keys = product(shape(getKey()).drop_back(2).take_back());
  return (product(shape(getQuery())) + product(shape(getResult()))) * keys;
}

int64_t ScoresOp::countMacs() { return product(shape(getResult())) * product(shape(getQuery()).take_back()); }

int64_t AttendOp::countMacs() { return product(shape(getScores())) * product(shape(getValue()).take_back()); }

int64_t ReattendOp::countMacs() { return product(shape(getResult())) * product(shape(getTheta()).take_back()); }

int64_t ScoreDownOp::countMacs() { return product(shape(getResult())) * product(shape(getFilter()).drop_front()); }

/// Weights by positions, and maps by values.
int64_t TokenizeOp::countMacs() {
  int64_t features = product(shape(getX()).take_back()) + product(shape(getTokens()).take_back());
  return product(shape(getTokens()).drop_back()) * product(shape(getX()).drop_back().take_back()) * features;
}

/// Queries by keys, and maps by values.
int64_t ProjectOp::countMacs() {
  int64_t features = product(shape(getQuery()).take_back()) + product(shape(getValue()).take_back());
  return product(shape(getX()).drop_back()) * product(shape(getKey()).drop_back().take_back()) * features;
}

/// Multiplications of Ψ A Θᵀ in either order.
struct InheritMacs {
  int64_t keysFirst, queriesFirst;
};

static InheritMacs inheritMacs(RankedTensorType scores, RankedTensorType result, bool theta, bool psi) {
  int64_t maps = product(scores.getShape().drop_back(2));
  int64_t m = product(scores.getShape().drop_back().take_back()), n = product(scores.getShape().take_back());
  int64_t p = product(result.getShape().drop_back().take_back()), q = product(result.getShape().take_back());
  return {maps * ((theta ? m * n * q : 0) + (psi ? p * m * q : 0)),
          maps * ((psi ? p * m * n : 0) + (theta ? p * n * q : 0))};
}

int64_t vitc::vit::countInheritMacs(RankedTensorType scores, RankedTensorType result, bool theta, bool psi) {
  InheritMacs macs = inheritMacs(scores, result, theta, psi);
  return std::min(macs.keysFirst, macs.queriesFirst);
}

static InheritMacs inheritMacs(InheritOp op) {
  return inheritMacs(cast<RankedTensorType>(op.getScores().getType()), op.getResult().getType(), !!op.getTheta(),
                     !!op.getPsi());
}

bool InheritOp::isQueriesFirst() {
  InheritMacs macs = inheritMacs(*this);
  return !getThetaBias() && macs.queriesFirst < macs.keysFirst;
}

int64_t InheritOp::countMacs() {
  InheritMacs macs = inheritMacs(*this);
  return isQueriesFirst() ? macs.queriesFirst : macs.keysFirst;
}
