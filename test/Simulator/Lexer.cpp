#include "Lexer.h"

#include "Fault.h"

#include <cctype>

using namespace vitc::ptxsim;

namespace {

bool startsWord(char c) { return std::isalpha((unsigned char)c) || c == '_' || c == '$' || c == '%'; }
bool continuesWord(char c) { return std::isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%'; }

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}

  std::vector<Token> run() {
    while (skipBlanks())
      next();
    tokens.push_back({Token::end, line, {}});
    return std::move(tokens);
  }

private:
  char at(std::size_t offset) const { return position + offset < text.size() ? text[position + offset] : '\0'; }

  void advanceTo(std::size_t where, std::string_view what) {
    if (where == std::string_view::npos)
      raise("syntax", "line " + std::to_string(line) + ": " + std::string(what) + " never ends");
    for (; position < where; ++position)
      line += text[position] == '\n';
  }

  /// To the next token; false at the end of the text.
  bool skipBlanks() {
    while (position < text.size()) {
      if (std::isspace((unsigned char)text[position]))
        line += text[position++] == '\n';
      else if (text.substr(position, 2) == "//")
        advanceTo(std::min(text.find('\n', position), text.size()), "a comment");
      else if (text.substr(position, 2) == "/*") {
        std::size_t close = text.find("*/", position + 2);
        advanceTo(close == std::string_view::npos ? close : close + 2, "a comment");
      } else
        return true;
    }
    return false;
  }

  void push(Token::Kind kind, std::size_t length) {
    tokens.push_back({kind, line, text.substr(position, length)});
    position += length;
  }

  /// Characters from `length` on, with `.modifier` and `::modifier` as parts.
  std::size_t wordLength(std::size_t length) const {
    for (;;) {
      if (continuesWord(at(length)))
        ++length;
      else if (at(length) == '.' && continuesWord(at(length + 1)))
        length += 2;
      else if (at(length) == ':' && at(length + 1) == ':' && continuesWord(at(length + 2)))
        length += 3;
      else
        return length;
    }
  }

  void next() {
    char c = at(0);
    if (c == '.' && startsWord(at(1)))
      return directive();
    if (startsWord(c))
      return push(Token::word, wordLength(1));
    if (std::isdigit((unsigned char)c)) {
      std::size_t length = 1;
      while (std::isalnum((unsigned char)at(length)) || at(length) == '.')
        ++length;
      return push(Token::number, length);
    }
    if (c == '"') {
      std::size_t close = text.find('"', position + 1);
      if (close == std::string_view::npos)
        raise("syntax", "line " + std::to_string(line) + ": a string never ends");
      tokens.push_back({Token::string, line, text.substr(position + 1, close - position - 1)});
      return advanceTo(close + 1, "a string");
    }
    push(Token::punctuation, 1);
  }

  /// A directive is one name; those about source lines take their whole line, a `.section` its braces too.
  void directive() {
    std::size_t length = 1;
    while (continuesWord(at(length)) || at(length) == ':')
      ++length;
    std::string_view name = text.substr(position, length);
    if (name == ".loc" || name == ".file")
      return advanceTo(std::min(text.find('\n', position), text.size()), name);
    if (name == ".section")
      return advanceTo(text.find('}', position) == std::string_view::npos ? std::string_view::npos
                                                                          : text.find('}', position) + 1,
                       name);
    push(Token::directive, length);
  }

  std::string_view text;
  std::size_t position = 0;
  unsigned line = 1;
  std::vector<Token> tokens;
};

} // namespace

std::vector<Token> vitc::ptxsim::tokenize(std::string_view text) { return Lexer(text).run(); }
