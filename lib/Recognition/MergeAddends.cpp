#include "ApplyRewrite.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"
#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DEF_MERGEADDENDS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

static RankedTensorType typeOf(Value addend) { return cast<RankedTensorType>(addend.getType()); }

/// The shape that static shapes broadcast to, from the right.
static SmallVector<int64_t> broadcastShape(ArrayRef<Value> addends) {
  SmallVector<int64_t> shape;
  for (Value addend : addends) {
    ArrayRef<int64_t> own = typeOf(addend).getShape();
    if (own.size() > shape.size())
      shape.insert(shape.begin(), own.size() - shape.size(), 1);
    for (auto [whole, extent] : llvm::zip(MutableArrayRef(shape).take_back(own.size()), own))
      whole = std::max(whole, extent);
  }
  return shape;
}

namespace {

/// vit.attention addends(a, b)  ==>  vit.attention addends(a + b), where both are constants
class MergeConstants final : public OpRewritePattern<vit::AttentionOp> {
public:
  MergeConstants(MLIRContext *context, int64_t maxBytes, SmallVectorImpl<std::string> &places)
      : OpRewritePattern(context), maxBytes(maxBytes), places(places) {}

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> constants, merged;
    for (Value addend : op.getAddends())
      (isInputIndependent(addend) && typeOf(addend).hasStaticShape() ? constants : merged).push_back(addend);
    if (constants.size() < 2)
      return failure();
    auto type = RankedTensorType::get(broadcastShape(constants), typeOf(constants.front()).getElementType());
    if (type.getNumElements() * type.getElementTypeBitWidth() / 8 > maxBytes)
      return rewriter.notifyMatchFailure(op, "the sum of its addends is larger than it is worth");
    Value zero = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getZeroAttr(type));
    merged.push_back(vit::Einsum(rewriter, op.getLoc(), 0).add(zero, constants));
    places.push_back(nodeName(op.getLoc()));
    rewriter.modifyOpInPlace(op, [&] { op.getAddendsMutable().assign(merged); });
    return success();
  }

private:
  int64_t maxBytes;
  SmallVectorImpl<std::string> &places;
};

struct MergeAddendsPass final : vitc::impl::MergeAddendsBase<MergeAddendsPass> {
  using MergeAddendsBase::MergeAddendsBase;
  explicit MergeAddendsPass(Report *report) : report(report) {}

  void runOnOperation() override {
    SmallVector<std::string> places;
    RewritePatternSet patterns(&getContext());
    patterns.add<MergeConstants>(&getContext(), maxBytes, places);
    if (failed(applyRewrite(getOperation(), std::move(patterns), "merge_addends", places, report)))
      signalPassFailure();
  }

private:
  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createMergeAddendsPass(Report *report) {
  return std::make_unique<MergeAddendsPass>(report);
}
