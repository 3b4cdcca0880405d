#include "HeadMix.h"

#include "Recognizer.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

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

/// An elementwise op on constants; the second operand is a vector along the first dimension.
static Value combine(OpBuilder &builder, Location loc, ElementwiseKind kind, Value lhs, Value rhs) {
  auto type = cast<RankedTensorType>(lhs.getType());
  auto whole = builder.getMultiDimIdentityMap(type.getRank());
  auto rows = AffineMap::get(type.getRank(), 0, builder.getAffineDimExpr(0));
  Value init = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  return linalg::ElementwiseOp::create(builder, loc, ValueRange{lhs, rhs}, ValueRange{init},
                                       linalg::ElementwiseKindAttr::get(builder.getContext(), kind),
                                       builder.getAffineMapArrayAttr({whole, rows, whole}))
      ->getResult(0);
}

ComposedMix vitc::compose(OpBuilder &builder, Location loc, ArrayRef<HeadMix> mixes) {
  ComposedMix composed;
  for (const HeadMix &mix : mixes) {
    if (mix.weight) {
      composed.theta =
          tensor::CollapseShapeOp::create(builder, loc, mix.weight, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
      composed.shift = mix.bias;
      continue;
    }
    Value vector = *materialize(builder, loc, *mix.vector);
    if (mix.isFactor)
      composed.theta = combine(builder, loc, ElementwiseKind::mul, composed.theta, vector);
    if (!composed.shift)
      composed.shift = mix.isFactor ? Value() : vector;
    else
      composed.shift =
          combine(builder, loc, mix.isFactor ? ElementwiseKind::mul : ElementwiseKind::add, composed.shift, vector);
  }
  return composed;
}
