#ifndef VITC_TEST_SIMULATOR_LEXER_H
#define VITC_TEST_SIMULATOR_LEXER_H

#include <string_view>
#include <vector>

namespace vitc::ptxsim {

struct Token {
  enum Kind : unsigned char {
    word,        ///< an opcode with its modifiers, a register, a label, a symbol: add.rn.f32, %tid.x, smem
    directive,   ///< .reg, .b32 (with the dot)
    number,      ///< 12, 0x1F, 0f3F800000, 8.3
    string,      ///< without its quotes
    punctuation, ///< one character
    end,
  };
  Kind kind;
  unsigned line;
  std::string_view text;
};

/// The tokens of a PTX text, without comments, `.loc`, `.file` and the sections of debug information; the last one has
/// kind `end`. Raises "syntax" where a comment or a string never ends.
std::vector<Token> tokenize(std::string_view text);

} // namespace vitc::ptxsim

#endif
