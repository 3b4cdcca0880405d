#include "Patterns.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

namespace vitc {
#define GEN_PASS_DEF_CONVERTVITTOGPUPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// Remembers why the patterns that choose kernels, whose names tell them from those that move views, refused ops at
/// last.
class Refusals final : public RewriterBase::Listener {
public:
  void notifyPatternBegin(const Pattern &pattern, Operation *op) override {
    current = pattern.getDebugName().contains("ToGPU") ? &reasons[op][pattern.getDebugName()] : nullptr;
    if (current)
      current->clear();
  }
  void notifyMatchFailure(Location loc, function_ref<void(Diagnostic &)> reason) override {
    Diagnostic diagnostic(loc, DiagnosticSeverity::Remark);
    reason(diagnostic);
    if (current)
      *current = diagnostic.str();
  }
  void notifyOperationErased(Operation *op) override { reasons.erase(op); }

  /// Leaves the reasons on ops that are still there and might have been kernels, where reports look for them.
  void write() const {
    for (const auto &[op, byPattern] : reasons)
      if (std::string reason = join(byPattern); !reason.empty())
        op->setAttr("vit.missed",
                    DictionaryAttr::get(op->getContext(), NamedAttribute(StringAttr::get(op->getContext(), "kernel"),
                                                                         StringAttr::get(op->getContext(), reason))));
  }

private:
  using ByPattern = std::map<StringRef, std::string>;
  static std::string join(const ByPattern &reasons) {
    SmallVector<StringRef> all;
    for (const auto &[pattern, reason] : reasons)
      if (!reason.empty() && !llvm::is_contained(all, reason))
        all.push_back(reason);
    return llvm::join(all, "; ");
  }

  std::string *current = nullptr;
  std::map<Operation *, ByPattern> reasons; // whose places stay
};

struct ConvertViTToGPUPass final : vitc::impl::ConvertViTToGPUPassBase<ConvertViTToGPUPass> {
  using ConvertViTToGPUPassBase::ConvertViTToGPUPassBase;

  void runOnOperation() override {
    auto type = parseType(element, &getContext());
    if (!type || !isa<BFloat16Type, Float16Type, FloatTF32Type>(type)) {
      getOperation()->emitError() << "expected the element bf16, f16 or tf32, got '" << element << "'";
      return signalPassFailure();
    }
    KernelTarget target{capability, cast<FloatType>(type), vit::readTuning(getOperation())};
    if (failed(convertConvolutions(target)) || failed(convertGated(target)) || failed(convertOthers(target)))
      signalPassFailure();
  }

private:
  /// Between convolutions, and around what is elementwise there, channels go first and last again. What then follows a
  /// product without a transpose becomes part of its epilogue.
  LogicalResult convertConvolutions(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateViTConvToGPUPatterns(patterns, target);
    populateViTDepthwiseToGPUPatterns(patterns, target);
    populateTransposeSinkingPatterns(patterns);
    populateChannelLastImagePatterns(patterns);
    OpPassManager fusion;
    fusion.addPass(vit::createFuseEpiloguesPass());
    return failed(apply(std::move(patterns))) ? failure() : runPipeline(fusion, getOperation());
  }

  LogicalResult convertGated(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateViTGatedToGPUPatterns(patterns, target);
    return applyPatternsGreedily(getOperation(), std::move(patterns)); // what it refuses has a kernel of its own
  }

  LogicalResult convertOthers(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateAttendToGPUPatterns(patterns, target);
    populateTokensToGPUPatterns(patterns, target);
    populateViTAttentionToGPUPatterns(patterns, target);
    populateViTLinearToGPUPatterns(patterns, target);
    populateViTRowsToGPUPatterns(patterns);
    populateRoundingPatterns(patterns);
    populateTransposeSinkingPatterns(patterns);
    return apply(std::move(patterns));
  }

  LogicalResult apply(RewritePatternSet patterns) {
    Refusals refusals;
    GreedyRewriteConfig config;
    if (explain)
      config.setListener(&refusals);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return failure();
    refusals.write();
    return success();
  }
};

} // namespace
