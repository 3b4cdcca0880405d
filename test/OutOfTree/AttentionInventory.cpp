#include "AttentionInventory.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Patterns.h"
#include "vitc/Recognition/Report.h"

using namespace mlir;

namespace {
struct AttentionInventoryPass final : PassWrapper<AttentionInventoryPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AttentionInventoryPass)

  StringRef getArgument() const override { return "attention-inventory"; }
  StringRef getDescription() const override { return "list the attentions of a function"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect, tensor::TensorDialect,
                    vitc::vit::ViTDialect>();
  }

  void runOnOperation() override {
    // First what others' linalg spells out; then attention, with a listener that keeps the reasons of refusals.
    RewritePatternSet raising(&getContext()), recognition(&getContext());
    vitc::populateRaiseGenericsPatterns(raising);
    vitc::populateRaiseSoftmaxPatterns(raising);
    vitc::populateRecognizeAttentionPatterns(recognition);
    vitc::MissedMatches missed;
    GreedyRewriteConfig config;
    config.setListener(&missed).setUseTopDownTraversal(true);
    if (failed(applyPatternsGreedily(getOperation(), std::move(raising))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(recognition), config)))
      return signalPassFailure();
    missed.write("attention");

    getOperation().walk([](vitc::vit::AttentionOp attention) {
      ArrayRef<int64_t> query = attention.getQuery().getType().getShape(),
                        key = attention.getKey().getType().getShape();
      attention.emitRemark() << "attention of " << query[query.size() - 2] << " heads of " << query.back() << ", "
                             << query[query.size() - 3] << " queries, " << key[key.size() - 3] << " keys, "
                             << vitc::countMacsOf(attention) << " multiplications";
    });
    getOperation().walk([](linalg::SoftmaxOp softmax) {
      InFlightDiagnostic remark = softmax.emitRemark() << "a softmax that is no attention";
      if (auto missed = softmax->getAttrOfType<DictionaryAttr>(vitc::kMissedAttrName))
        remark << ": " << cast<StringAttr>(missed.get("attention")).getValue();
    });
    vitc::stripMissed(getOperation());
  }
};
} // namespace

std::unique_ptr<Pass> createAttentionInventoryPass() { return std::make_unique<AttentionInventoryPass>(); }
