#ifndef VITC_RECOGNITION_ROWLIVENESS_H
#define VITC_RECOGNITION_ROWLIVENESS_H

#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {

/// How many of a sequence's prefix rows are which kind of token; the others have no known role.
struct PrefixRoles {
  int64_t cls = 0;
  int64_t registers = 0;
  int64_t firstCls = 0; ///< its row, where there is a class token
};

/// Follows the rows of a token sequence to what reads them. An attention's queries keep their rows; being a key or a
/// value of others is what every token is for, and no reading.
PrefixRoles classifyPrefix(vit::AssembleOp tokens);

/// Whether dimension `dim` of `value` counts through all rows of the sequence, in their order.
bool holdsSequence(vit::AssembleOp tokens, mlir::Value value, int64_t dim);

} // namespace vitc

#endif // VITC_RECOGNITION_ROWLIVENESS_H
