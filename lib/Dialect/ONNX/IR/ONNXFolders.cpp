// Folders of ops that may do nothing, and rewrites of ops that undo or repeat each other. Shape arithmetic folds by
// evaluation; ops on large constants (weights) do not fold here.

#include "vitc/Dialect/ONNX/IR/Arguments.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc::onnx;

/// Whether the types say the same shape: all extents are known, and equal.
static bool hasSameShape(Value a, Value b) { return a.getType() == b.getType() && succeeded(getExtents(a.getType())); }

/// The first operand of an op that moves elements: where result and operand have the same shape, none moves.
template <typename OpT>
static OpFoldResult foldReshape(OpT op, ArrayRef<Attribute> operands) {
  Value data = op->getOperand(0);
  if (hasSameShape(data, op->getResult(0)))
    return data;
  return vitc::onnx::detail::foldByEvaluation(op, operands);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult FlattenOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult SqueezeOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult UnsqueezeOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult ExpandOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult TileOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult CastOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }
OpFoldResult IdentityOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getOperands()); }

OpFoldResult ShapeOp::fold(FoldAdaptor adaptor) {
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}
OpFoldResult SizeOp::fold(FoldAdaptor adaptor) {
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}
OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}
OpFoldResult RangeOp::fold(FoldAdaptor adaptor) {
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}
OpFoldResult ConstantOfShapeOp::fold(FoldAdaptor adaptor) {
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getInputs().size() == 1 && hasSameShape(getInputs().front(), getResult()))
    return getInputs().front();
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}

/// A slice as long as its operand starts at its first element, where it steps by 1.
OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  std::optional<SmallTensor> steps = SmallTensor::fromAttribute(adaptor.getSteps());
  auto isOne = [](const Element &step) { return step == Element(Extent(1)); };
  bool stepsByOne = !getSteps() || (steps && llvm::all_of(steps->getElements(), isOne));
  if (stepsByOne && hasSameShape(getData(), getResult()))
    return getData();
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}

LogicalResult SplitOp::fold(FoldAdaptor adaptor, SmallVectorImpl<OpFoldResult> &results) {
  if (getNumResults() != 1 || !hasSameShape(getInput(), getResult(0)))
    return failure();
  results.push_back(getInput());
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  std::optional<SmallTensor> pads = SmallTensor::fromAttribute(adaptor.getPads());
  bool addsNothing = pads && llvm::all_of(pads->getElements(), [](const Element &pad) { return pad == Extent(0); });
  return addsNothing && hasSameShape(getData(), getResult()) ? getData() : Value();
}

/// Sampling at the positions of the elements themselves: the same size and, where they are stated, scales of 1.
OpFoldResult ResizeOp::fold(FoldAdaptor adaptor) {
  std::optional<SmallTensor> scales = SmallTensor::fromAttribute(adaptor.getScales());
  bool keepsScale =
      !getScales() ||
      (scales && llvm::all_of(scales->getElements(), [](const Element &scale) { return scale == Element(1.0); }));
  bool samplesInPlace = keepsScale && getCoordinateTransformationMode() != "tf_crop_and_resize";
  return samplesInPlace && hasSameShape(getX(), getResult()) ? getX() : Value();
}

OpFoldResult WhereOp::fold(FoldAdaptor adaptor) {
  if (auto condition = dyn_cast_or_null<SplatElementsAttr>(adaptor.getCondition())) {
    Value chosen = condition.getSplatValue<bool>() ? getX() : getY();
    if (hasSameShape(chosen, getResult()))
      return chosen;
  }
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (!isa<RankedTensorType>(getData().getType()))
    return {};
  if (llvm::is_sorted(getPermutation(*this)) && hasSameShape(getData(), getResult()))
    return getData();
  return vitc::onnx::detail::foldByEvaluation(*this, adaptor.getOperands());
}

//===----------------------------------------------------------------------===//
// Canonicalization
//===----------------------------------------------------------------------===//

namespace {
/// Reshape(Reshape(x)) ==> Reshape(x), once the target is in the type.
struct ComposeReshapes final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a Reshape");
    if (op.getShape())
      return rewriter.notifyMatchFailure(op, "target is still an operand");
    rewriter.modifyOpInPlace(op, [&] { op.getDataMutable().set(inner.getData()); });
    return success();
  }
};

/// Transpose(Transpose(x)) ==> Transpose(x) by the composed permutation.
struct ComposeTransposes final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getData().getDefiningOp<TransposeOp>();
    if (!inner || !isa<RankedTensorType>(inner.getData().getType()) || !isa<RankedTensorType>(inner.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not a ranked Transpose");
    SmallVector<int64_t> first = getPermutation(inner);
    auto composed = llvm::map_to_vector(getPermutation(op), [&](int64_t dim) { return first[dim]; });
    rewriter.modifyOpInPlace(op, [&] {
      op.getDataMutable().set(inner.getData());
      op.setPerm(composed);
    });
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ComposeReshapes>(context);
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ComposeTransposes>(context);
}
