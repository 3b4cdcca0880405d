#include "vitc/Support/PrintableText.h"

#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// Whether a terminal does something else than to show the character: controls (C0, DEL, C1), line and paragraph
/// separators, marks of direction (Unicode's Bidi_Control), which reorder what surrounds them.
static bool isControl(UTF32 character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
         (character >= 0x200e && character <= 0x200f) || (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

/// Writes the first character of `rest`, or its first byte where that is no character, and drops it.
static void printNext(raw_ostream &os, StringRef &rest) {
  const auto *begin = reinterpret_cast<const UTF8 *>(rest.bytes_begin()), *next = begin;
  UTF32 character = 0;
  if (convertUTF8Sequence(&next, rest.bytes_end(), &character, strictConversion) != conversionOK) {
    os << "\\x" << format_hex_no_prefix(static_cast<uint8_t>(rest.front()), 2);
    rest = rest.drop_front();
    return;
  }
  if (!isControl(character))
    os << rest.take_front(next - begin);
  else if (character < 0x100)
    os << "\\x" << format_hex_no_prefix(character, 2);
  else
    os << "\\u" << format_hex_no_prefix(character, 4);
  rest = rest.drop_front(next - begin);
}

std::string vitc::printable(StringRef text, size_t mostBytes) {
  std::string result;
  raw_string_ostream os(result);
  bool isLong = text.size() > mostBytes;
  for (StringRef rest = isLong ? text.take_front(mostBytes / 2) : text; !rest.empty();)
    printNext(os, rest);
  if (isLong)
    os << "... (" << text.size() - mostBytes << " bytes) ...";
  for (StringRef rest = isLong ? text.take_back(mostBytes / 2) : ""; !rest.empty();)
    printNext(os, rest);
  return result;
}
