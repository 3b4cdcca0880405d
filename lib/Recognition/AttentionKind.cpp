#include "AttentionKind.h"

#include "Recognizer.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

/// The operand whose rows the op's rows are computed from, each from one; null where there is none. A sum continues a
/// residual stream: its first operand that no linear layer made.
static Value rowsOperand(Operation *op) {
  if (!op)
    return {};
  return TypeSwitch<Operation *, Value>(op)
      .Case<vit::LinearOp, vit::LayerNormOp, vit::RmsNormOp, vit::LayerScaleOp, vit::GeluOp, vit::HardSwishOp,
            vit::SiluOp>([](auto each) { return each.getInput(); })
      .Default([](Operation *other) -> Value {
        std::optional<Elementwise> sum = matchElementwise(other);
        if (!sum || sum->kind != linalg::ElementwiseKind::add)
          return {};
        for (OpOperand *operand : sum->operands) {
          bool isWhole = sum->op.getMatchingIndexingMap(operand).isIdentity();
          if (isWhole && !isInputIndependent(operand->get()) &&
              !trace(operand->get()).source.getDefiningOp<vit::LinearOp>())
            return operand->get();
        }
        return {};
      });
}

/// Whether the tokens count rows and columns of windows that the dimensions before count: two digits, each the inner
/// part of what another dimension counts further.
static bool countsWindows(const AxisMap &map, int64_t tokenDim) {
  auto continues = [&](const Digit &inner) {
    for (const Axis &axis : ArrayRef(map.axes).take_front(tokenDim))
      for (const Digit &outer : axis)
        if (!inner.isFree() && outer.dim == inner.dim && outer.stride == inner.stride * inner.extent)
          return true;
    return false;
  };
  return llvm::count_if(map.axes[tokenDim], continues) >= 2;
}

/// Follows tokens back, as far as they keep their order, to the view that put them into it.
static bool isWindowed(Value tokens, int64_t tokenDim) {
  constexpr unsigned kLimit = 64; // ops: some blocks of residual sums
  for (unsigned i = 0; i < kLimit && tokens; ++i) {
    AxisMap map = trace(tokens, {.rolls = true});
    std::optional<int64_t> before = matchWholeDim(map, map.axes[tokenDim]);
    if (!before)
      return countsWindows(map, tokenDim);
    tokenDim = *before;
    tokens = rowsOperand(map.source.getDefiningOp());
  }
  return false;
}

/// The value that a projection of tokens reads, norms after a convolution looked through.
static Value projectedFrom(Value heads) {
  auto linear = trace(heads).source.getDefiningOp<vit::LinearOp>();
  return linear ? trace(linear.getInput()).source : Value();
}

static bool isReduced(vit::AttentionOp op) {
  Value queries = projectedFrom(op.getQuery()), keys = projectedFrom(op.getKey());
  if (!queries || !keys)
    return false;
  while (Value before = rowsOperand(keys.getDefiningOp()))
    keys = trace(before).source;
  Value image;
  if (auto embed = keys.getDefiningOp<vit::PatchEmbedOp>())
    image = embed.getImage();
  else if (auto conv = keys.getDefiningOp<vit::ConvOp>(); conv && conv.getStrides()[0] > 1)
    image = conv.getInput();
  return image && trace(image).source == queries;
}

/// Whether one token looks at all tokens, of which it is one.
static bool isOfOneToken(vit::AttentionOp op) {
  int64_t tokens = op.getQuery().getType().getRank() - 3;
  Value queries = projectedFrom(op.getQuery());
  return op.getQuery().getType().getDimSize(tokens) == 1 && op.getKey().getType().getDimSize(tokens) != 1 && queries &&
         queries == projectedFrom(op.getKey());
}

StringRef vitc::kindOfAttention(vit::AttentionOp op) {
  if (isWindowed(op.getQuery(), op.getQuery().getType().getRank() - 3))
    return "window_attention";
  if (isOfOneToken(op))
    return "class_attention";
  return isReduced(op) ? "sr_attention" : "attention";
}
