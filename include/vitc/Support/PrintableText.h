#ifndef VITC_SUPPORT_PRINTABLETEXT_H
#define VITC_SUPPORT_PRINTABLETEXT_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace vitc {

/// A text that may hold a stranger's names, as a line for a terminal: valid UTF-8 without control characters, escape
/// sequences, line breaks and marks of direction, which stand as `\x1b` or `\u202e`. Of one that is longer than
/// `mostBytes` the middle is left out.
std::string printable(llvm::StringRef text, size_t mostBytes = 8192);

} // namespace vitc

#endif // VITC_SUPPORT_PRINTABLETEXT_H
