// What the descriptions of vit.scores, attend, inherit and reattend call (C1), (C2), ..: one check each, named op_cN.
#include "VerifyShapes.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::vit;
using namespace vitc::vit::detail;

using Shape = SmallVector<int64_t>;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// (batch.., last..).
static Shape inBatch(ArrayRef<int64_t> batch, std::initializer_list<int64_t> last) {
  Shape shape(batch);
  shape.append(last);
  return shape;
}

LogicalResult ScoresOp::verify() {
  ArrayRef<int64_t> query = shapeOf(getQuery()), key = shapeOf(getKey());
  size_t rank = query.size();
  if (rank < 3 || key.size() != rank) // scores_c1
    return emitOpError("expected query and key of one rank, at least 3, got ")
           << getQuery().getType() << " and " << getKey().getType();
  ArrayRef<int64_t> batch = query.drop_back(3);
  int64_t m = query[rank - 3], heads = query[rank - 2], d = query[rank - 1], n = key[rank - 3];
  Shape scores = inBatch(batch, {heads, m, n});
  if (failed(verifyShape(*this, "a key", getKey(), inBatch(batch, {n, heads, d}))) || // scores_c1
      failed(verifyShape(*this, "a result", getResult(), scores)))                    // scores_c1
    return failure();
  return verifyAddends(*this, getAddends(), scores); // scores_c2
}

LogicalResult AttendOp::verify() {
  ArrayRef<int64_t> scores = shapeOf(getScores()), value = shapeOf(getValue());
  size_t rank = scores.size();
  if (rank < 3 || value.size() != rank) // attend_c1
    return emitOpError("expected scores and value of one rank, at least 3, got ")
           << getScores().getType() << " and " << getValue().getType();
  ArrayRef<int64_t> batch = scores.drop_back(3);
  int64_t heads = scores[rank - 3], m = scores[rank - 2], n = scores[rank - 1], e = value[rank - 1];
  if (failed(verifyShape(*this, "a value", getValue(), inBatch(batch, {n, heads, e}))) || // attend_c1
      failed(verifyShape(*this, "a result", getResult(), inBatch(batch, {m, heads, e})))) // attend_c1
    return failure();
  if (getProbs() && failed(verifyShape(*this, "probabilities", getProbs(), scores))) // attend_c1
    return failure();
  if (getNormalized() && (getProbs() || !getAddends().empty())) // attend_c2
    return emitOpError("expected neither addends to probabilities nor a second result");
  return verifyAddends(*this, getAddends(), scores); // attend_c2
}

/// Whether a square or rectangular factor along a dimension of `from` extents, and its bias, are of the right shape;
/// `to` becomes what the dimension has after it.
static LogicalResult verifyFactor(Operation *op, StringRef name, Value factor, Value bias, int64_t from, int64_t &to) {
  to = from;
  if (!factor) {
    if (bias) // inherit_c2
      return op->emitOpError("expected ") << name << " with its bias";
    return success();
  }
  ArrayRef<int64_t> shape = shapeOf(factor);
  if (shape.size() != 2 || !agree(shape[1], from)) // inherit_c1
    return op->emitOpError("expected ") << name << " of shape " << show({ShapedType::kDynamic, from}) << ", got "
                                        << factor.getType();
  to = shape[0];
  return verifyPerChannel(op, "a bias", bias, to); // inherit_c1
}

LogicalResult InheritOp::verify() {
  ArrayRef<int64_t> scores = shapeOf(getScores());
  if (scores.size() < 3) // inherit_c1
    return emitOpError("expected scores of rank 3 or more, got ") << getScores().getType();
  if (!getTheta() && !getPsi()) // inherit_c2
    return emitOpError("expected theta or psi");
  int64_t m, n;
  if (failed(verifyFactor(*this, "theta", getTheta(), getThetaBias(), scores.back(), n)) ||
      failed(verifyFactor(*this, "psi", getPsi(), getPsiBias(), scores[scores.size() - 2], m)))
    return failure();
  return verifyShape(*this, "a result", getResult(), inBatch(scores.drop_back(2), {m, n})); // inherit_c1
}

LogicalResult ScoreDownOp::verify() {
  ArrayRef<int64_t> scores = shapeOf(getScores()), filter = shapeOf(getFilter());
  int64_t stride = getStride(), groups = getGroups();
  if (scores.size() != 4 || filter.size() != 4 || ShapedType::isDynamicShape(scores.drop_front())) // score_down_c1
    return emitOpError("expected scores (B, H, M, N) with static H, M, N and a filter of rank 4, got ")
           << getScores().getType() << " and " << getFilter().getType();
  if (stride < 1 || groups < 1 || scores[1] % groups != 0 || filter[0] % groups != 0 ||
      filter[1] != scores[1] / groups) // score_down_c2
    return emitOpError("expected a positive stride and a filter for ")
           << groups << " groups of " << scores[1] << " heads, got stride " << stride << " and "
           << getFilter().getType();
  auto shrunk = [&](int64_t extent, int64_t kernel) { return (extent - kernel) / stride + 1; };
  if (failed(verifyPerChannel(*this, "a bias", getBias(), filter[0]))) // score_down_c1
    return failure();
  return verifyShape(
      *this, "a result", getResult(),
      {scores[0], filter[0], shrunk(scores[2], filter[2]), shrunk(scores[3], filter[3])}); // score_down_c1
}

LogicalResult ReattendOp::verify() {
  ArrayRef<int64_t> probs = shapeOf(getProbs()), theta = shapeOf(getTheta());
  size_t rank = probs.size();
  if (rank < 3 || theta.size() != 2 || !agree(theta[1], probs[rank - 3])) // reattend_c1
    return emitOpError("expected probabilities (B.., H, M, N) and theta (G, H), got ")
           << getProbs().getType() << " and " << getTheta().getType();
  Shape result(probs);
  result[rank - 3] = theta[0];
  if (failed(verifyPerChannel(*this, "a shift", getShift(), theta[0]))) // reattend_c1
    return failure();
  return verifyShape(*this, "a result", getResult(), result); // reattend_c1
}
