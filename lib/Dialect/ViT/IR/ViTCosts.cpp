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

/// Θ first, then Ψ.
int64_t InheritOp::countMacs() {
  ArrayRef<int64_t> scores = shape(getScores()), result = shape(getResult());
  int64_t keys = product(scores.drop_back()) * product(result.take_back()) * product(scores.take_back());
  int64_t queries = product(result) * product(scores.drop_back().take_back());
  return (getTheta() ? keys : 0) + (getPsi() ? queries : 0);
}
