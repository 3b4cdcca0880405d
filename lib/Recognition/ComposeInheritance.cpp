#include "ApplyRewrite.h"
#include "InheritanceChain.h"

#include "vitc/Dialect/ViT/Utils/Einsum.h"
#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DEF_COMPOSEINHERITANCE
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// The part of a chain, up to its end, that is made one op, and what that saves.
struct Cut {
  size_t start = 0;
  int64_t macsSaved = 0;
};

/// inherit(.. inherit(A))  ==>  Ψ A Θᵀ + B by one inherit and a constant, where that is less
class Compose final : public OpRewritePattern<vit::InheritOp> {
public:
  Compose(MLIRContext *context, SmallVectorImpl<std::string> &places) : OpRewritePattern(context), places(places) {}

  LogicalResult matchAndRewrite(vit::InheritOp last, PatternRewriter &rewriter) const override {
    if (isReadByOneLink(last))
      return failure(); // a part of a longer chain
    InheritanceChain chain = chainTo(last);
    Cut best;
    for (size_t start = 0; start < chain.size(); ++start)
      if (int64_t saved = macsSavedFrom(chain, start); saved > best.macsSaved)
        best = {start, saved};
    if (best.macsSaved == 0)
      return rewriter.notifyMatchFailure(last, "one layer after the other is no more");
    ArrayRef<vit::InheritOp> links = ArrayRef(chain).drop_front(best.start);
    if (!llvm::all_of(links, isConstant))
      return rewriter.notifyMatchFailure(last, "weights or the size of maps depend on the input");
    Location loc = last.getLoc();
    ComposedInheritance composed = compose(links, Value(), rewriter, loc);
    vit::InheritOp first = links.front();
    Value scores = vit::InheritOp::create(rewriter, loc, last.getResult().getType(), first.getScores(), composed.theta,
                                          Value(), composed.psi, Value(), last.getStageAttr());
    if (composed.addend)
      scores = vit::Einsum(rewriter, loc, last.getResult().getType().getRank() - 2)
                   .elementwise(linalg::ElementwiseKind::add, "*mn", scores, "mn", composed.addend);
    places.push_back(nodeName(loc));
    rewriter.replaceOp(last, scores);
    return success();
  }

private:
  static bool isReadByOneLink(vit::InheritOp link) {
    int64_t readers = 0, links = 0;
    for (Operation *user : link->getUsers()) {
      readers += !isa<tensor::DimOp>(user);
      links += isa<vit::InheritOp>(user);
    }
    return readers == 1 && links == 1;
  }

  /// Whether what a link does is known when the model is compiled: constant weights, on maps of constant size.
  static bool isConstant(vit::InheritOp link) {
    auto isStatic = [](Value maps) {
      return !ShapedType::isDynamicShape(cast<RankedTensorType>(maps.getType()).getShape().take_back(2));
    };
    return isStatic(link.getScores()) && isStatic(link.getResult()) &&
           llvm::all_of(link->getOperands().drop_front(), isInputIndependent);
  }

  /// What the links from `start` on take that would be gone, less what one link in their place takes.
  static int64_t macsSavedFrom(const InheritanceChain &chain, size_t start) {
    vit::InheritOp first = chain[start], last = chain.back();
    int64_t before = last.countMacs();
    for (size_t link = chain.size() - 1; link > start && isReadByOneLink(chain[link - 1]); --link)
      before += vit::InheritOp(chain[link - 1]).countMacs();
    ArrayRef<vit::InheritOp> links = ArrayRef(chain).drop_front(start);
    bool theta = llvm::any_of(links, [](vit::InheritOp link) { return !!link.getTheta(); });
    bool psi = llvm::any_of(links, [](vit::InheritOp link) { return !!link.getPsi(); });
    return before - vit::countInheritMacs(first.getScores().getType(), last.getResult().getType(), theta, psi);
  }

  SmallVectorImpl<std::string> &places;
};

struct ComposeInheritancePass final : vitc::impl::ComposeInheritanceBase<ComposeInheritancePass> {
  using ComposeInheritanceBase::ComposeInheritanceBase;
  explicit ComposeInheritancePass(Report *report) : report(report) {}

  void runOnOperation() override {
    SmallVector<std::string> places;
    RewritePatternSet patterns(&getContext());
    patterns.add<Compose>(&getContext(), places);
    if (failed(applyRewrite(getOperation(), std::move(patterns), "compose_inheritance", places, report)))
      signalPassFailure();
  }

private:
  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createComposeInheritancePass(Report *report) {
  return std::make_unique<ComposeInheritancePass>(report);
}
