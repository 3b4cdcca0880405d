#include "ApplyRewrite.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DEF_FOLDPREFIX
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

/// A projection without anything that follows it.
static vit::LinearOp asPlainLinear(Operation *op) {
  auto linear = dyn_cast<vit::LinearOp>(op);
  bool plain = linear && linear.getExtras().empty() && linear.getEpilogue().empty();
  return plain ? linear : nullptr;
}

namespace {

/// linear(layer_norm(assemble(prefix, patches)))  ==>  assemble(linear(layer_norm(prefix)),
/// linear(layer_norm(patches)))
class FoldNormedPrefix final : public OpRewritePattern<vit::LayerNormOp> {
public:
  FoldNormedPrefix(MLIRContext *context, SmallVectorImpl<std::string> &places)
      : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::LayerNormOp norm, PatternRewriter &rewriter) const override {
    auto tokens = norm.getInput().getDefiningOp<vit::AssembleOp>();
    if (!tokens || !tokens.getPrefix() || norm->use_empty())
      return failure();
    if (!tokens.getResult().getType().hasStaticShape() || tokens.getResult().getType().getDimSize(0) != 1)
      return rewriter.notifyMatchFailure(norm, "rows of several pictures are not one after the other");
    if (!isInputIndependent(tokens.getPrefix()) || !llvm::all_of(norm->getUsers(), hasConstantWeights))
      return rewriter.notifyMatchFailure(norm, "the prefix or what becomes of it is no constant");
    int64_t count = tokens.getPrefix().getType().getDimSize(0);
    Value prefix = onRows(norm, tokens.getPrefix(), rewriter);
    Value patches = onRows(norm, rowsFrom(tokens.getResult(), count, rewriter), rewriter);
    for (Operation *user : llvm::make_early_inc_range(norm->getUsers())) {
      rewriter.setInsertionPoint(user);
      places.push_back(nodeName(user->getLoc()));
      rewriter.replaceOpWithNewOp<vit::AssembleOp>(user, user->getResult(0).getType(), onRows(user, prefix, rewriter),
                                                   onRows(user, patches, rewriter), Value(), /*cls=*/0,
                                                   /*registers=*/0);
    }
    return success();
  }

private:
  static bool hasConstantWeights(Operation *user) {
    vit::LinearOp linear = asPlainLinear(user);
    return linear && llvm::all_of(linear->getOperands().drop_front(), isInputIndependent);
  }

  /// Rows of (1, N, C) from `first` on.
  static Value rowsFrom(Value tokens, int64_t first, PatternRewriter &rewriter) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(tokens.getType()).getShape();
    auto attributes = [&](ArrayRef<int64_t> values) { return getAsIndexOpFoldResult(rewriter.getContext(), values); };
    return tensor::ExtractSliceOp::create(rewriter, tokens.getLoc(), tokens, attributes({0, first, 0}),
                                          attributes({1, shape[1] - first, shape[2]}), attributes({1, 1, 1}));
  }

  /// An op of rows on other rows.
  static Value onRows(Operation *op, Value rows, PatternRewriter &rewriter) {
    Operation *copy = rewriter.clone(*op);
    copy->setOperand(0, rows);
    auto before = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> shape(cast<RankedTensorType>(rows.getType()).getShape());
    shape.back() = before.getShape().back();
    copy->getResult(0).setType(before.clone(shape));
    return copy->getResult(0);
  }

  SmallVectorImpl<std::string> &places;
};

struct FoldPrefixPass final : vitc::impl::FoldPrefixBase<FoldPrefixPass> {
  using FoldPrefixBase::FoldPrefixBase;
  explicit FoldPrefixPass(Report *report) : report(report) {}

  void runOnOperation() override {
    SmallVector<std::string> places;
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldNormedPrefix>(&getContext(), places);
    if (failed(applyRewrite(getOperation(), std::move(patterns), "static_prefix", places, report)))
      signalPassFailure();
  }

private:
  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createFoldPrefixPass(Report *report) { return std::make_unique<FoldPrefixPass>(report); }
