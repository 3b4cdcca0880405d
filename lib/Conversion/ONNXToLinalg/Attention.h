#ifndef VITC_CONVERSION_ONNXTOLINALG_ATTENTION_H
#define VITC_CONVERSION_ONNXTOLINALG_ATTENTION_H

#include "Node.h"

namespace vitc::onnx {

/// From (B, heads, tokens, features) to (B, tokens, heads, features), or back.
Tensor swapTokensAndHeads(Node &node, const Tensor &x);

/// (B, tokens, heads · features) or (B, heads, tokens, features) as (B, tokens, heads, features).
Tensor toTokenMajor(Node &node, const Tensor &x, int64_t heads);

/// Keys or values: what the attention reads, and what the next call reads as those of its past.
struct Cached {
  Tensor tokens;       ///< (B, N, G, features)
  Tensor present = {}; ///< (B, G, N, features); null where it is not asked for
};

/// `tokens` (B, N, G, features) behind those of `past` (B, G, P, features), which may be null.
Cached appendToPast(Node &node, const Tensor &tokens, mlir::Value past, bool keepsPresent);

/// Whether heads and features of each operand, (B, tokens, heads, features), are static; refuses the node if not.
llvm::LogicalResult checkHeads(Node &node, llvm::ArrayRef<Tensor> operands);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_ATTENTION_H
