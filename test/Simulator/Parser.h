#ifndef VITC_TEST_SIMULATOR_PARSER_H
#define VITC_TEST_SIMULATOR_PARSER_H

#include "Decoder.h"
#include "Lexer.h"

#include <deque>
#include <unordered_map>

namespace vitc::ptxsim {

/// What a name of a variable declaration says: `.shared .align 16 .b8 name[64]`.
struct Declaration {
  std::string_view name;
  Type type = Type::none;
  std::size_t align = 0, bytes = 0;
  unsigned registers = 0;  ///< of %r<660>
  bool isUnsized = false;  ///< name[]
  std::size_t initial = 0; ///< the token after `=`, 0 without
};

/// Names between braces. Registers of a range (%r<660>) are made when they are first named.
struct Scope {
  struct Range {
    unsigned count, bits;
  };
  Scope *parent = nullptr;
  std::unordered_map<std::string_view, ParsedOperand> symbols;
  std::unordered_map<std::string_view, Range> ranges;
  std::unordered_map<std::string_view, std::int32_t> labels;
  std::unordered_map<std::string_view, std::vector<std::string_view>> targetLists; ///< .branchtargets
  bool isFunction = false; ///< the body of a called function: labels of the caller are not seen
};

/// A device function; its body is decoded anew wherever it is called.
struct Function {
  std::vector<Declaration> results, parameters;
  std::size_t body = 0; ///< its opening brace; 0 where it is only declared
};

/// Tokens with the ways to read them.
class TokenReader {
public:
  const Token &peek(std::size_t ahead = 0) const { return tokens[std::min(position + ahead, tokens.size() - 1)]; }
  const Token &next() { return tokens[std::min(position++, tokens.size() - 1)]; }
  bool at(std::string_view text) const { return peek().kind != Token::string && peek().text == text; }
  bool take(std::string_view text) { return at(text) && (next(), true); }
  void expect(std::string_view text);
  std::string_view expectWord();
  std::size_t expectCount();
  std::size_t expectAlignment();
  /// A number, with or without a minus, as the bits of an operand.
  ParsedOperand literal();
  /// Moves behind the brace that closes the one that comes next.
  void skipBraces();
  [[noreturn]] void fail(const std::string &what) const;

  std::vector<Token> tokens;
  std::size_t position = 0;
};

class Parser : private TokenReader {
public:
  explicit Parser(Program &program) : program(program) { tokens = tokenize(program.text); }
  void run();

private:
  // Declarations, ParserModule.cpp.
  void parseEntry();
  void parseFunction();
  void parseTopVariable(bool isExtern);
  std::vector<Declaration> parseVariables();
  void parseDimensions(Declaration &);
  std::vector<Declaration> parseParameters();
  void parseTuning(KernelInfo &);
  void layOutParameters(const std::vector<Declaration> &, KernelInfo &);
  void initialise(const Declaration &, std::byte *bytes);

  // Bodies, ParserBody.cpp.
  void parseKernelBody(Kernel &, const std::vector<Declaration> &parameters, std::size_t dynamicShared);
  void parseBlock(Scope *);
  void parseStatement(Scope *);
  void parseDirective(Scope *);
  void parseInstruction(Scope *, bool predicated, bool negated, OperandIndex predicate);
  void parsePlainInstruction(Scope *, std::string_view opcode, unsigned line);
  void parseCall(Scope *);
  void inlineFunction(std::string_view name, const std::vector<ParsedOperand> &results,
                      const std::vector<ParsedOperand> &arguments);
  std::vector<ParsedOperand> parseArguments(Scope *);
  void parseBranchTargets(Scope *, std::string_view label);
  ParsedOperand parseOperand(Scope *);
  ParsedOperand parseAddress(Scope *);
  ParsedOperand parseName(Scope *);
  std::optional<ParsedOperand> lookUp(Scope *, std::string_view name);
  std::optional<ParsedOperand> lookUpModule(std::string_view name);
  void declareRegisters(Scope *, const std::vector<Declaration> &);
  std::uint64_t allocate(std::size_t &used, const Declaration &, std::uint64_t base);
  Instruction &append(std::string_view opcode, std::vector<ParsedOperand> operands, unsigned line);
  void branchTo(Scope *, std::string_view label, unsigned line);
  void bindLabels();

  struct Fixup {
    std::size_t instruction, table; ///< table: which entry of brx.idx, or -1
    Scope *scope;
    std::string_view label;
  };

  Program &program;
  std::unordered_map<std::string_view, Function> functions;
  std::unordered_map<std::string_view, Declaration> sharedVariables; ///< of module scope
  // Of the kernel that is being parsed.
  KernelBuilder *builder = nullptr;
  std::deque<Scope> scopes;
  std::vector<Fixup> fixups;
  std::unordered_map<std::string_view, ParsedOperand> sharedAddresses;
  std::uint64_t dynamicShared = 0;
  unsigned inlined = 0;
};

/// Sets where the two sides of each branch meet again: at its immediate post-dominator, or -1 where they never do.
void findReconvergence(Kernel &);

} // namespace vitc::ptxsim

#endif
