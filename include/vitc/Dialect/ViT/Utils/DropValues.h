#ifndef VITC_DIALECT_VIT_UTILS_DROPVALUES_H
#define VITC_DIALECT_VIT_UTILS_DROPVALUES_H

#include "mlir/IR/PatternMatch.h"

namespace vitc::vit {

/// An attention of which only scores or probabilities are read  ==>  `vit.scores`, and a softmax where it is read
void populateDropValuesPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc::vit

#endif // VITC_DIALECT_VIT_UTILS_DROPVALUES_H
