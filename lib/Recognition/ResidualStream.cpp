#include "ResidualStream.h"

#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace vitc;

using Values = llvm::DenseSet<Value>;

/// What is computed from `from` in its block without tokens being mixed, itself included.
static Values followForward(Value from) {
  Values reached{from};
  SmallVector<Value> worklist{from};
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers())
      if (user->getBlock() == from.getParentBlock() && !mixesTokens(user) && !isa<tensor::DimOp>(user))
        for (Value result : user->getResults())
          if (reached.insert(result).second)
            worklist.push_back(result);
  return reached;
}

/// What an attention is computed from without tokens being mixed before.
static Values followBack(Operation *attention) {
  Values reached;
  SmallVector<Value> worklist(attention->getOperands());
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!reached.insert(value).second)
      continue;
    Operation *op = value.getDefiningOp();
    // Of an attention in parts, scores and softmax are its own.
    bool isOwn = op && isa<vit::ScoresOp, linalg::SoftmaxOp>(op) && isa<vit::AttendOp>(attention);
    if (op && (isOwn || !mixesTokens(op)))
      llvm::append_range(worklist, op->getOperands());
  }
  return reached;
}

static Value sourceOf(Value value) { return trace(value, {.scales = false}).source; }

namespace {
/// A sum of two tensors of one shape.
struct Sum {
  Value result;
  std::array<Value, 2> operands;
};
} // namespace

static std::optional<Sum> matchSum(Operation *op) {
  std::optional<Elementwise> sum = matchElementwise(op);
  if (!sum || sum->kind != linalg::ElementwiseKind::add)
    return std::nullopt;
  for (OpOperand *operand : sum->operands)
    if (!sum->op.getMatchingIndexingMap(operand).isIdentity())
      return std::nullopt;
  return Sum{op->getResult(0), {sum->operand(0), sum->operand(1)}};
}

namespace {
/// A sum that continues a stream: what is added to it was computed from it.
struct Residual {
  Value sum, stream, branch;
};
} // namespace

/// The first sum behind `after` with one operand that `isBranch` and another one that `isStream`.
static std::optional<Residual> findResidual(Operation *after, function_ref<bool(Value)> isStream,
                                            function_ref<bool(Value)> isBranch) {
  for (Operation *op = after->getNextNode(); op; op = op->getNextNode())
    if (std::optional<Sum> sum = matchSum(op))
      for (unsigned side = 0; side < 2; ++side)
        if (isStream(sum->operands[side]) && isBranch(sum->operands[1 - side]))
          return Residual{sum->result, sum->operands[side], sum->operands[1 - side]};
  return std::nullopt;
}

static std::optional<Residual> findResidualOfAttention(Operation *attention) {
  Values before = followBack(attention), behind = followForward(attention->getResult(0));
  auto isStream = [&](Value value) {
    return !behind.contains(value) && (before.contains(value) || before.contains(sourceOf(value))) &&
           !isInputIndependent(value);
  };
  return findResidual(attention, isStream, [&](Value value) { return behind.contains(value); });
}

static std::optional<Residual> findResidualOfMlp(Value stream) {
  Values behind = followForward(stream);
  auto isStream = [&](Value value) { return sourceOf(value) == stream; };
  return findResidual(stream.getDefiningOp(), isStream,
                      [&](Value value) { return behind.contains(value) && !isStream(value); });
}

/// The sum that alone reads a stream, where its other operand depends on an input and is not computed from the stream.
static std::optional<Residual> findSumBeside(Value stream) {
  SmallVector<Operation *> readers;
  for (Operation *user : stream.getUsers())
    if (!isa<tensor::DimOp>(user))
      readers.push_back(user);
  std::optional<Sum> sum = readers.size() == 1 ? matchSum(readers.front()) : std::nullopt;
  if (!sum)
    return std::nullopt;
  Value other = sum->operands[sum->operands[0] == stream ? 1 : 0];
  if (followForward(stream).contains(other) || isInputIndependent(other))
    return std::nullopt;
  return Residual{sum->result, stream, other};
}

/// Adds the branches that run beside the last one, from what the stream was before; fails at one from elsewhere.
static LogicalResult addBranchesBeside(Residual &residual) {
  Values besides = followForward(sourceOf(residual.stream));
  while (std::optional<Residual> next = findSumBeside(residual.sum)) {
    if (!besides.contains(next->branch))
      return failure();
    residual = *next;
  }
  return success();
}

/// The last sum of a block.
static FailureOr<Residual> findBlockEnd(Operation *attention, StringRef &reason) {
  std::optional<Residual> residual = findResidualOfAttention(attention);
  if (!residual) {
    reason = "has no residual sum of its result with what it was computed from";
    return failure();
  }
  LogicalResult isWhole = addBranchesBeside(*residual);
  if (std::optional<Residual> mlp = succeeded(isWhole) ? findResidualOfMlp(residual->sum) : std::nullopt) {
    residual = mlp;
    isWhole = addBranchesBeside(*residual);
  }
  if (succeeded(isWhole))
    return *residual;
  reason = "has a residual sum that another branch is added to, so that where its block ends is not known";
  return failure();
}

//===----------------------------------------------------------------------===//
// Which dimension is which
//===----------------------------------------------------------------------===//

/// The first operand of an elementwise op that has all its dimensions and depends on an input.
static Value mainOperand(Operation *op) {
  if (isa<vit::GeluOp, vit::HardSwishOp, vit::SiluOp>(op))
    return op->getOperand(0);
  std::optional<Elementwise> elementwise = matchElementwise(op);
  if (!elementwise)
    return {};
  for (OpOperand *operand : elementwise->operands)
    if (elementwise->op.getMatchingIndexingMap(operand).isIdentity() && !isInputIndependent(operand->get()))
      return operand->get();
  return {};
}

static bool isPerRow(Operation *op) {
  return isa<vit::LinearOp, vit::LayerNormOp, vit::RmsNormOp, vit::LayerScaleOp>(op);
}

/// The dimension of channels, followed back to the op that makes them.
static std::optional<int64_t> findChannelDim(Value branch) {
  AxisMap map = trace(branch);
  Operation *op = map.source.getDefiningOp();
  std::optional<int64_t> dim;
  if (!op)
    return std::nullopt;
  if (isPerRow(op))
    dim = cast<RankedTensorType>(map.source.getType()).getRank() - 1;
  else if (isa<vit::ConvOp>(op))
    dim = 1;
  else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) // of windows that were padded
    dim = slice.getType().getRank() == slice.getSourceType().getRank() ? findChannelDim(slice.getSource()) : dim;
  else if (Value before = isa<tensor::ConcatOp>(op) ? viewedOperand(op, {.rolls = true}) : mainOperand(op))
    dim = findChannelDim(before);
  for (auto [position, axis] : llvm::enumerate(map.axes))
    if (dim && matchWholeDim(map, axis) == dim)
      return position;
  return std::nullopt;
}

/// Whether the first dimension of (.., .., C) counts the attention's queries alone, told by the digits that it is made
/// of; nullopt where the way back to the attention's result is not one of views and rows.
static std::optional<bool> countsQueries(Value branch, Value attention) {
  AxisMap map = trace(branch);
  while (map.source != attention) {
    Operation *op = map.source.getDefiningOp();
    Value rows = !op ? Value() : isPerRow(op) ? op->getOperand(0) : mainOperand(op);
    if (!rows)
      return std::nullopt;
    // Of one channel: there may be another number of them.
    map.source = rows;
    map.axes.back().clear();
    map.offsets.back() = 0;
    FailureOr<AxisMap> further = trace(rows).compose(map);
    if (failed(further))
      return std::nullopt;
    map = *further;
  }
  int64_t queryDim = cast<RankedTensorType>(attention.getType()).getRank() - 3;
  return matchWholeDim(map, map.axes[0]) == queryDim;
}

/// Whether (N, B, C) is the order of a stream of rank 3; nullopt where it cannot be told.
static std::optional<bool> isTokensFirst(const Residual &residual, Value attention) {
  int64_t queryDim = cast<RankedTensorType>(attention.getType()).getRank() - 3;
  Extent batch, queries = extentOf(attention, queryDim);
  for (int64_t dim = 0; dim < queryDim; ++dim)
    batch = batch * extentOf(attention, dim);
  Extent first = extentOf(residual.sum, 0), second = extentOf(residual.sum, 1);
  if (!(first == queries) || (first.isOne() && second.isOne()))
    return false;
  if (second == batch && !(first == second))
    return true;
  return countsQueries(residual.branch, attention);
}

FailureOr<BlockTokens> vitc::findTokensAfter(const AttentionLayer &layer, StringRef &reason) {
  FailureOr<Residual> residual = findBlockEnd(layer.getOp(), reason);
  if (failed(residual))
    return failure();
  int64_t rank = cast<RankedTensorType>(residual->sum.getType()).getRank();
  std::optional<int64_t> channelDim = findChannelDim(residual->branch);
  std::optional<bool> tokensFirst = false;
  if (rank == 3 && channelDim == 2)
    tokensFirst = isTokensFirst(*residual, layer.getOp()->getResult(0));
  if (rank < 3 || !channelDim || channelDim == 0 || !tokensFirst) {
    reason = "has a residual stream whose dimensions could not be told apart";
    return failure();
  }
  return BlockTokens{residual->sum, *channelDim, *tokensFirst};
}
