#ifndef VITC_RECOGNITION_RESIDUALSTREAM_H
#define VITC_RECOGNITION_RESIDUALSTREAM_H

#include "AttentionLayer.h"

namespace vitc {

/// The tokens after the block of an attention: a value and which of its dimensions count what.
struct BlockTokens {
  mlir::Value value;
  int64_t channelDim = 0;
  bool tokensFirst = false; ///< (N, B, C) in place of (B, N, C)
};

/// Finds the residual stream after the block: the sum of the attention's result with what it was computed from, then
/// the sum of that with what an MLP makes of it, where one follows before tokens are mixed again. `reason` says why it
/// was not found.
mlir::FailureOr<BlockTokens> findTokensAfter(const AttentionLayer &layer, llvm::StringRef &reason);

} // namespace vitc

#endif // VITC_RECOGNITION_RESIDUALSTREAM_H
