#include "ApplyRewrite.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace vitc;

LogicalResult vitc::applyRewrite(Operation *root, RewritePatternSet patterns, StringRef name,
                                 const SmallVectorImpl<std::string> &places, Report *report) {
  int64_t before = report ? countMacs(root) : 0;
  if (failed(applyPatternsGreedily(root, std::move(patterns))))
    return failure();
  if (!report || places.empty())
    return success();
  report->finalMacs = countMacs(root);
  report->rewrites.push_back({name.str(), llvm::join(places, ", "), before - report->finalMacs});
  return success();
}
