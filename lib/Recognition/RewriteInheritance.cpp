#include "InheritanceChain.h"

#include "vitc/Recognition/Algebra.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "llvm/ADT/StringExtras.h"

namespace vitc {
#define GEN_PASS_DEF_REWRITEINHERITANCE
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {

/// Where rewrites of one name were made.
using Places = SmallVector<std::string>;

/// softmax(A + b 1ᵀ) = softmax(A): the bias of Ψ is the same for all keys of a query.
class DropQueryBias final : public OpRewritePattern<vit::InheritOp> {
public:
  DropQueryBias(MLIRContext *context, Places &places) : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::InheritOp op, PatternRewriter &rewriter) const override {
    auto takesSoftmax = [](Operation *user) {
      auto attend = dyn_cast<vit::AttendOp>(user);
      return attend && !attend.getNormalized();
    };
    if (!op.getPsiBias() || !llvm::all_of(op->getUsers(), takesSoftmax))
      return failure();
    places.push_back(nodeName(op.getLoc()));
    rewriter.modifyOpInPlace(op, [&] { op.getPsiBiasMutable().clear(); });
    return success();
  }

private:
  Places &places;
};

/// attend(inherit(.. scores(q, k))), v)  ==>  attention(Ψ q, Θ k, v) + B
///
/// (Ψ Q)(Θ K)ᵀ s = Ψ (Q Kᵀ s) Θᵀ, by three products of N² d instead of two of N³ for each head, where scores are
/// nothing but the product.
class PushThrough final : public OpRewritePattern<vit::AttendOp> {
public:
  PushThrough(MLIRContext *context, Places &places) : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::AttendOp op, PatternRewriter &rewriter) const override {
    vit::InheritOp last = op.getScores().getDefiningOp<vit::InheritOp>();
    // With addends of its own, the scores that others read are not those that softmax sees.
    if (!last || op.getNormalized() || (!op.getAddends().empty() && !last->hasOneUse()))
      return failure();
    InheritanceChain chain = chainTo(last);
    auto root = chain.front().getScores().getDefiningOp<vit::AttentionOp>();
    if (!root || chain.front().getScores() != root.getScores() || root.getCausal() || root.getSoftcap() ||
        !root.hasOwnKeys() ||
        !llvm::all_of(root.getAddends(), [&](Value addend) { return isConstantMatrix(addend, root); }))
      return rewriter.notifyMatchFailure(op, "the scores it starts from are more than a product of queries and keys");
    if (!isProfitable(root, chain))
      return rewriter.notifyMatchFailure(op, "3 d is not less than 2 N");
    auto isOther = [&](Operation *user) { return user != op && !isa<tensor::DimOp>(user); };
    for (Operation *user : last->getUsers())
      if (isOther(user) && (user->getBlock() != op->getBlock() || user->isBeforeInBlock(op)))
        return rewriter.notifyMatchFailure(op, "its scores are read before its values are");
    bool exposed = llvm::any_of(last->getUsers(), isOther);
    vit::AttentionOp whole = attend(op, root, composeFrom(root, chain, rewriter, op.getLoc()), exposed, rewriter);
    if (exposed)
      rewriter.replaceUsesWithIf(last.getResult(), whole.getScores(),
                                 [&](OpOperand &use) { return isOther(use.getOwner()); });
    rewriter.replaceOp(op, whole.getProbs() ? ValueRange{whole.getResult(), whole.getProbs()}
                                            : ValueRange{whole.getResult()});
    return success();
  }

private:
  /// Whether an addend is the same matrix for all heads and pictures.
  static bool isConstantMatrix(Value addend, vit::AttentionOp root) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(addend.getType()).getShape();
    return isInputIndependent(addend) && shape == root.getScores().getType().getShape().take_back(2);
  }

  /// Per head: Θ and Ψ of every link against q, k and one product.
  static bool isProfitable(vit::AttentionOp root, ArrayRef<vit::InheritOp> chain) {
    ArrayRef<int64_t> query = root.getQuery().getType().getShape(), key = root.getKey().getType().getShape();
    int64_t m = query[query.size() - 3], n = key[key.size() - 3], d = query.back();
    bool isSquare = llvm::all_of(
        chain, [](vit::InheritOp link) { return link.getResult().getType() == link.getScores().getType(); });
    return isSquare && !ShapedType::isDynamic(m) && m == n && !ShapedType::isDynamic(d) && 3 * d < 2 * n;
  }

  /// Constants, which are folded later.
  static ComposedInheritance composeFrom(vit::AttentionOp root, ArrayRef<vit::InheritOp> chain,
                                         PatternRewriter &rewriter, Location loc) {
    Value sum;
    vit::Einsum einsum(rewriter, loc, 0);
    for (Value addend : root.getAddends())
      sum = sum ? einsum.elementwise(ElementwiseKind::add, "ab", sum, "ab", addend) : addend;
    return compose(chain, sum, rewriter, loc);
  }

  vit::AttentionOp attend(vit::AttendOp op, vit::AttentionOp root, const ComposedInheritance &composed, bool exposed,
                          PatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    vit::Einsum einsum(rewriter, loc, root.getQuery().getType().getRank() - 3);
    auto mixTokens = [&](Value factor, Value tokens) {
      return factor ? einsum.contract("pm", factor, "*mhd", tokens, "*phd") : tokens;
    };
    Value query = mixTokens(composed.psi, root.getQuery()), key = mixTokens(composed.theta, root.getKey());
    SmallVector<Value> addends(op.getAddends());
    if (composed.addend)
      addends.push_back(composed.addend);
    places.push_back(nodeName(loc));
    Type scores = exposed ? op.getScores().getType() : Type(), probs = op.getProbs() ? op.getProbs().getType() : Type();
    return vit::AttentionOp::create(rewriter, loc, op.getResult().getType(), scores, probs, query, key, op.getValue(),
                                    addends, root.getScaleAttr(), UnitAttr(), FloatAttr(), UnitAttr());
  }

  Places &places;
};

/// Scores and probabilities that nobody reads any more are not stored.
struct DropUnreadResults final : OpRewritePattern<vit::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    auto isUnread = [](Value result) { return result && result.use_empty(); };
    if (!isUnread(op.getScores()) && !isUnread(op.getProbs()))
      return failure();
    auto keep = [&](Value result) { return result && !result.use_empty() ? result.getType() : Type(); };
    auto fewer =
        vit::AttentionOp::create(rewriter, op.getLoc(), op.getResult().getType(), keep(op.getScores()),
                                 keep(op.getProbs()), op.getQuery(), op.getKey(), op.getValue(), op.getAddends(),
                                 op.getScaleAttr(), op.getCausalAttr(), op.getSoftcapAttr(), op.getZeroMaskedAttr());
    rewriter.replaceAllUsesWith(op.getResult(), fewer.getResult());
    for (auto [before, after] : {std::pair(op.getScores(), fewer.getScores()), {op.getProbs(), fewer.getProbs()}})
      if (before && after)
        rewriter.replaceAllUsesWith(before, after);
    rewriter.eraseOp(op);
    return success();
  }
};

struct RewriteInheritancePass final : vitc::impl::RewriteInheritanceBase<RewriteInheritancePass> {
  using RewriteInheritanceBase::RewriteInheritanceBase;
  explicit RewriteInheritancePass(Report *report) : report(report) {}

  void runOnOperation() override {
    Places biases, pushed;
    int64_t before = countMacs(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<DropQueryBias>(&getContext(), biases);
    if (pushThrough)
      patterns.add<PushThrough>(&getContext(), pushed);
    patterns.add<DropUnreadResults>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (!report)
      return;
    if (!biases.empty())
      report->rewrites.push_back({"drop_query_bias", llvm::join(biases, ", "), 0});
    if (!pushed.empty())
      report->rewrites.push_back({"push_through", llvm::join(pushed, ", "), before - countMacs(getOperation())});
    report->finalMacs = countMacs(getOperation());
  }

private:
  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createRewriteInheritancePass(Report *report) {
  return std::make_unique<RewriteInheritancePass>(report);
}
