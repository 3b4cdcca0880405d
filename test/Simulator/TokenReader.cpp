#include "Parser.h"

#include "Fault.h"

#include <bit>
#include <cstdlib>

using namespace vitc::ptxsim;

void TokenReader::fail(const std::string &what) const {
  const Token &token = peek();
  raise("syntax", "line " + std::to_string(token.line) + ": " + what + ", got '" + std::string(token.text) + "'");
}

void TokenReader::expect(std::string_view text) {
  if (!take(text))
    fail("expected '" + std::string(text) + "'");
}

std::string_view TokenReader::expectWord() {
  if (peek().kind != Token::word)
    fail("expected a name");
  return next().text;
}

std::size_t TokenReader::expectCount() {
  if (peek().kind != Token::number)
    fail("expected a number");
  return literal().bits;
}

std::size_t TokenReader::expectAlignment() {
  std::size_t align = expectCount();
  if (!std::has_single_bit(align) || align > 1 << 16)
    fail("expected an alignment, got " + std::to_string(align) + " before");
  return align;
}

ParsedOperand TokenReader::literal() {
  bool negative = take("-");
  if (peek().kind != Token::number)
    fail("expected a number");
  std::string text(next().text);
  ParsedOperand made;
  made.kind = ParsedOperand::literal;
  if (text.starts_with("0f") || text.starts_with("0F")) {
    made.literalKind = ParsedOperand::single;
    made.bits = std::strtoull(text.c_str() + 2, nullptr, 16) ^ (negative ? 1ull << 31 : 0);
  } else if (text.starts_with("0d") || text.starts_with("0D")) {
    made.literalKind = ParsedOperand::wide;
    made.bits = std::strtoull(text.c_str() + 2, nullptr, 16) ^ (negative ? 1ull << 63 : 0);
  } else if (text.find('.') != std::string::npos) {
    made.literalKind = ParsedOperand::decimal;
    made.bits = std::bit_cast<std::uint64_t>((negative ? -1 : 1) * std::strtod(text.c_str(), nullptr));
  } else {
    // 0b1010 is PTX, not C.
    bool binary = text.starts_with("0b") || text.starts_with("0B");
    made.bits = binary ? std::strtoull(text.c_str() + 2, nullptr, 2) : std::strtoull(text.c_str(), nullptr, 0);
    if (negative)
      made.bits = 0 - made.bits;
  }
  return made;
}

void TokenReader::skipBraces() {
  expect("{");
  for (unsigned depth = 1; depth;) {
    if (peek().kind == Token::end)
      fail("expected '}'");
    depth += at("{");
    depth -= at("}");
    next();
  }
}
