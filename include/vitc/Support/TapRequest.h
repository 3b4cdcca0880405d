#ifndef VITC_SUPPORT_TAPREQUEST_H
#define VITC_SUPPORT_TAPREQUEST_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vitc {

/// What of an attention block a tap makes an output; `vit-add-taps` says what each is.
enum class TapKind { Scores, Attention, ClsAttention, Queries, Keys, Values, Tokens, Norms };

/// `cls_attention`
llvm::StringRef getName(TapKind kind);

/// The names of all kinds: "scores, attention, …".
std::string listTapKinds();

/// A kind of tensor in some layers of a model: `attention:-1`, `keys:0-3,-1`, `tokens`.
struct TapRequest {
  /// Layers from `first` to `last`, both included; negatives count from the end.
  struct Range {
    int64_t first, last;
  };

  TapKind kind;
  llvm::SmallVector<Range, 2> layers; ///< empty: all
};

/// Whether the text begins with the name of a kind, by itself or with a colon behind it.
bool startsWithTapKind(llvm::StringRef text);

/// Reads `KIND` or `KIND:LAYERS`, with LAYERS a list of layers and ranges of layers (`0-3,-1`); nothing where the text
/// is not of that form, or a range that can be told ends before it begins.
std::optional<TapRequest> parseTapRequest(llvm::StringRef text);

} // namespace vitc

#endif // VITC_SUPPORT_TAPREQUEST_H
