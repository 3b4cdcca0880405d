#include "vitc/Support/TapRequest.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace vitc;
using llvm::StringRef;

/// By their numbers.
static constexpr llvm::StringLiteral kNames[] = {"scores", "attention", "cls_attention", "queries",
                                                 "keys",   "values",    "tokens",        "norms"};

StringRef vitc::getName(TapKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::string vitc::listTapKinds() { return llvm::join(llvm::ArrayRef(kNames), ", "); }

bool vitc::startsWithTapKind(StringRef text) { return llvm::is_contained(kNames, text.split(':').first); }

/// Takes a layer from the front of `text`: `12` or `-1`, of nine digits at most.
static std::optional<int64_t> takeLayer(StringRef &text) {
  bool isNegative = text.consume_front("-");
  StringRef digits = text.take_while(llvm::isDigit);
  int64_t layer = 0;
  if (digits.size() > 9 || digits.getAsInteger(10, layer))
    return std::nullopt;
  text = text.drop_front(digits.size());
  return isNegative ? -layer : layer;
}

/// `3`, `-1`, `0-3`, `0--1`
static std::optional<TapRequest::Range> parseRange(StringRef text) {
  std::optional<int64_t> first = takeLayer(text);
  std::optional<int64_t> last = first && text.consume_front("-") ? takeLayer(text) : first;
  if (!first || !last || !text.empty() || ((*first < 0) == (*last < 0) && *last < *first))
    return std::nullopt;
  return TapRequest::Range{*first, *last};
}

std::optional<TapRequest> vitc::parseTapRequest(StringRef text) {
  auto [name, layers] = text.split(':');
  const auto *known = llvm::find(kNames, name);
  if (known == std::end(kNames))
    return std::nullopt;
  TapRequest request{static_cast<TapKind>(known - std::begin(kNames)), {}};
  if (name.size() == text.size())
    return request;
  for (StringRef part : llvm::split(layers, ',')) {
    std::optional<TapRequest::Range> range = parseRange(part);
    if (!range)
      return std::nullopt;
    request.layers.push_back(*range);
  }
  return request;
}
