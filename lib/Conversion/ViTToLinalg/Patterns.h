#ifndef VITC_CONVERSION_VITTOLINALG_PATTERNS_H
#define VITC_CONVERSION_VITTOLINALG_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// vit.attention → linalg.contract, linalg.softmax, linalg.contract.
void populateViTAttentionToLinalgPatterns(mlir::RewritePatternSet &patterns);

/// vit.linear, vit.conv → a contraction or a window's loops, then the bias and the epilogue in one linalg.generic.
void populateViTProductsToLinalgPatterns(mlir::RewritePatternSet &patterns);

/// vit.layer_norm, vit.rms_norm, vit.patchify, vit.gather_rows.
void populateViTRowsToLinalgPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOLINALG_PATTERNS_H
