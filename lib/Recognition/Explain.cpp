#include "vitc/Recognition/Passes.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc {
#define GEN_PASS_DEF_EXPLAIN
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {
struct ExplainPass final : vitc::impl::ExplainBase<ExplainPass> {
  using ExplainBase::ExplainBase;
  ExplainPass(Report *report, StringRef format) : report(report) { this->format = format.str(); }

  void runOnOperation() override {
    Report found = Report::collect(getOperation());
    stripMissed(getOperation());
    if (format == "json")
      llvm::outs() << llvm::formatv("{0:2}", found.toJSON()) << "\n";
    else if (format == "text")
      found.print(llvm::outs());
    if (report)
      *report = std::move(found);
  }

private:
  Report *report = nullptr;
};
} // namespace

std::unique_ptr<Pass> vitc::createExplainPass(Report *report, StringRef format) {
  return std::make_unique<ExplainPass>(report, format);
}
