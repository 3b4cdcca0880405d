#include "AttentionReaders.h"

#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

/// Whether `user` is neither a part of the attention nor shape arithmetic.
static bool isReader(Operation *user, const AttentionMatch &match) {
  return user != match.valuesOp && user != match.softmax && !match.path.contains(user) && !isa<tensor::DimOp>(user);
}

static bool hasOtherReader(Value value, const AttentionMatch &match) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) { return isReader(user, match); });
}

/// The probabilities and their views on the way to the values, as far as something else reads them.
static SmallVector<Value> exposedProbs(Value value, const AttentionMatch &match) {
  SmallVector<Value> exposed;
  if (hasOtherReader(value, match))
    exposed.push_back(value);
  for (Operation *user : value.getUsers())
    if (match.path.contains(user) && viewedOperand(user, {.scales = false}))
      llvm::append_range(exposed, exposedProbs(user->getResult(0), match));
  return exposed;
}

FailureOr<ExposedParts> vitc::findExposedParts(const AttentionMatch &match, Operation *place, std::string &reason) {
  linalg::SoftmaxOp softmax = match.softmax;
  ExposedParts exposed{hasOtherReader(softmax.getInput(), match), exposedProbs(softmax.getResult()[0], match)};
  if (!match.isWhole && (exposed.scores || !exposed.probs.empty())) {
    reason = "values meet a part of the probabilities, and others read them all";
    return failure();
  }
  SmallVector<Value> read(exposed.probs);
  if (exposed.scores)
    read.push_back(softmax.getInput());
  for (Value value : read)
    for (Operation *user : value.getUsers())
      if (isReader(user, match) && (user->getBlock() != place->getBlock() || user->isBeforeInBlock(place))) {
        reason = "scores or probabilities are read before the values are";
        return failure();
      }
  return exposed;
}

void vitc::exposeTo(const AttentionMatch &match, Value from, Value to, PatternRewriter &rewriter) {
  rewriter.replaceUsesWithIf(from, to, [&](OpOperand &use) { return isReader(use.getOwner(), match); });
}

void vitc::exposeProbs(const AttentionMatch &match, const ExposedParts &exposed, Value probs, ArrayRef<Axis> axes,
                       Location loc, PatternRewriter &rewriter) {
  for (Value from : exposed.probs) {
    AxisMap view = *viewOf(probs, axes).compose(trace(from, {.scales = false}));
    exposeTo(match, from, *materialize(rewriter, loc, view), rewriter);
  }
}
