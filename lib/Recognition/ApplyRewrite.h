#ifndef VITC_RECOGNITION_APPLYREWRITE_H
#define VITC_RECOGNITION_APPLYREWRITE_H

#include "vitc/Recognition/Report.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// Applies the patterns of one rewrite below `root` until none matches. Where they noted in `places` what they changed,
/// `report`, unless it is null, is told so under `name`, with the multiplications that were saved.
mlir::LogicalResult applyRewrite(mlir::Operation *root, mlir::RewritePatternSet patterns, llvm::StringRef name,
                                 const llvm::SmallVectorImpl<std::string> &places, Report *report);

} // namespace vitc

#endif // VITC_RECOGNITION_APPLYREWRITE_H
