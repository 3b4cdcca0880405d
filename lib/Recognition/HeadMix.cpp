#include "HeadMix.h"

#include "Recognizer.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

static bool isMixingConvolution(vit::ConvOp conv) {
  auto all = [](ArrayRef<int64_t> values, int64_t value) {
    return llvm::all_of(values, [&](int64_t other) { return other == value; });
  };
  ArrayRef<int64_t> filter = conv.getWeight().getType().getShape();
  return conv.getGroups() == 1 && !conv.getTransposed() && conv.getEpilogue().empty() && all(filter.take_back(2), 1) &&
         filter[0] == filter[1] && all(conv.getStrides(), 1) && all(conv.getPads(), 0) &&
         isInputIndependent(conv.getWeight()) && (!conv.getBias() || isInputIndependent(conv.getBias()));
}

/// A product with or a sum of a constant that varies from head to head only.
static std::optional<HeadMix> matchPerHead(const Elementwise &step) {
  if (step.kind != ElementwiseKind::mul && step.kind != ElementwiseKind::add)
    return std::nullopt;
  std::optional<OperandAndConstant> sides = matchOperandAndConstant(step);
  if (!sides || cast<RankedTensorType>(step.op->getResult(0).getType()).getRank() != 4)
    return std::nullopt;
  AxisMap map = traceOperand(step.op, sides->constant, {.scales = false});
  for (auto [dim, axis] : llvm::enumerate(map.axes))
    if (dim != HeadMix::kHeadDim && llvm::any_of(axis, [](const Digit &digit) { return !digit.isFree(); }))
      return std::nullopt;
  map.axes = {map.axes[HeadMix::kHeadDim]};
  if (!isMaterializable(map))
    return std::nullopt;
  return HeadMix{step.op, sides->operand->get(), nullptr, nullptr, map, step.kind == ElementwiseKind::mul};
}

std::optional<HeadMix> vitc::matchHeadMix(Operation *op) {
  if (auto conv = dyn_cast_if_present<vit::ConvOp>(op)) {
    if (!isMixingConvolution(conv))
      return std::nullopt;
    return HeadMix{op, conv.getInput(), conv.getWeight(), conv.getBias(), std::nullopt};
  }
  std::optional<Elementwise> step = matchElementwise(op);
  return step ? matchPerHead(*step) : std::nullopt;
}

ComposedMix vitc::compose(OpBuilder &builder, Location loc, ArrayRef<HeadMix> mixes) {
  vit::Einsum einsum(builder, loc, /*batchRank=*/0);
  ComposedMix whole;
  for (const HeadMix &mix : mixes) {
    if (mix.weight) {
      Value weight =
          tensor::CollapseShapeOp::create(builder, loc, mix.weight, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
      whole.theta = whole.theta ? einsum.contract("gk", weight, "kh", whole.theta, "gh") : weight;
      if (whole.shift)
        whole.shift = einsum.contract("gk", weight, "k", whole.shift, "g");
      if (mix.bias)
        whole.shift =
            whole.shift ? einsum.elementwise(ElementwiseKind::add, "g", whole.shift, "g", mix.bias) : mix.bias;
      continue;
    }
    Value vector = *materialize(builder, loc, *mix.vector);
    if (mix.isFactor)
      whole.theta = einsum.elementwise(ElementwiseKind::mul, "gh", whole.theta, "g", vector);
    if (whole.shift)
      whole.shift =
          einsum.elementwise(mix.isFactor ? ElementwiseKind::mul : ElementwiseKind::add, "g", whole.shift, "g", vector);
    else if (!mix.isFactor)
      whole.shift = vector;
  }
  return whole;
}
