#include "Parser.h"

#include "Fault.h"

#include <atomic>
#include <cstring>

using namespace vitc::ptxsim;

void Parser::run() {
  static std::atomic<std::uint64_t> modules{0};
  program.base = 0x6000'0000'0000 + (modules++ << 32);
  bool isExtern = false, sawVersion = false;
  while (peek().kind != Token::end) {
    if (take(".version")) {
      sawVersion = true;
      next();
    } else if (take(".target")) {
      do
        next();
      while (take(","));
    } else if (take(".address_size")) {
      if (expectCount() != 64)
        fail("expected 64-bit addresses");
    } else if (take(".pragma")) {
      while (!take(";"))
        next();
    } else if (take(".extern"))
      isExtern = true;
    else if (take(".visible") || take(".weak") || take(".common"))
      continue;
    else {
      if (take(".entry"))
        parseEntry();
      else if (take(".func"))
        parseFunction();
      else
        parseTopVariable(isExtern);
      isExtern = false;
    }
  }
  if (!sawVersion)
    fail("expected a .version");
}

void Parser::parseEntry() {
  std::string_view name = expectWord();
  std::vector<Declaration> parameters;
  if (take("("))
    parameters = parseParameters();
  KernelInfo info;
  info.name = name;
  layOutParameters(parameters, info);
  parseTuning(info);
  if (take(";"))
    return; // a declaration only
  // Dynamic shared memory follows the static one, whose size is known at the end of the body: hence two rounds.
  std::size_t body = position, dynamic = 0;
  for (int round = 0; round < 2; ++round) {
    Kernel kernel;
    kernel.info = info;
    position = body;
    parseKernelBody(kernel, parameters, dynamic);
    std::size_t align = kernel.sharedAlign;
    dynamic = (sharedBase + kernel.info.staticShared + align - 1) / align * align;
    if (round)
      program.kernels.push_back(std::move(kernel));
  }
}

void Parser::parseTuning(KernelInfo &info) {
  while (peek().kind == Token::directive) {
    std::string_view name = next().text;
    if (name == ".reqntid")
      for (unsigned i = 0; i < 3; ++i)
        info.requiredThreads[i] = i == 0 || take(",") ? unsigned(expectCount()) : 1;
    else if (name == ".reqnctapercluster")
      for (unsigned i = 0; i < 3; ++i)
        info.requiredCluster[i] = i == 0 || take(",") ? unsigned(expectCount()) : 1;
    else if (name == ".maxnreg")
      info.maxRegisters = unsigned(expectCount());
    else if (name == ".pragma")
      next(), expect(";");
    else if (name != ".explicitcluster" && name != ".noreturn" && name != ".blocksareclusters")
      do
        expectCount();
      while (take(","));
  }
}

void Parser::layOutParameters(const std::vector<Declaration> &declared, KernelInfo &info) {
  std::size_t offset = 0;
  for (const Declaration &parameter : declared) {
    offset = (offset + parameter.align - 1) / parameter.align * parameter.align;
    info.parameters.push_back({offset, parameter.bytes, parameter.align});
    offset += parameter.bytes;
  }
}

std::vector<Declaration> Parser::parseParameters() {
  std::vector<Declaration> all;
  while (!take(")")) {
    if (!take(".param"))
      expect(".reg");
    Declaration made;
    while (peek().kind == Token::directive)
      if (take(".align")) {
        std::size_t align = expectAlignment();
        if (made.type == Type::none) // after .ptr it is the pointer's target that is aligned
          made.align = align;
      } else if (std::optional<Type> type = parseType(next().text.substr(1)); type && made.type == Type::none)
        made.type = *type;
    made.name = expectWord();
    parseDimensions(made);
    all.push_back(made);
    take(",");
  }
  return all;
}

namespace {
constexpr std::size_t largestVariable = 1 << 28; // bytes; more is a mistake
} // namespace

void Parser::parseDimensions(Declaration &made) {
  std::size_t count = 1;
  while (take("[")) {
    if (take("]")) {
      made.isUnsized = true;
      continue;
    }
    std::size_t extent = expectCount();
    if (extent > largestVariable || (count *= extent) > largestVariable)
      fail("expected a variable of at most 256 MB");
    expect("]");
  }
  made.bytes = made.isUnsized ? 0 : made.bytes ? made.bytes * count : bytesOf(made.type) * count;
  if (made.align == 0)
    made.align = std::max(1u, bytesOf(made.type));
}

std::vector<Declaration> Parser::parseVariables() {
  Declaration common;
  unsigned lanes = 1;
  while (peek().kind == Token::directive)
    if (take(".align"))
      common.align = expectAlignment();
    else if (take(".v2"))
      lanes = 2;
    else if (take(".v4"))
      lanes = 4;
    else if (std::optional<Type> type = parseType(peek().text.substr(1))) {
      common.type = *type;
      next();
    } else
      fail("expected a type");
  if (common.type == Type::none)
    fail("expected a type");
  std::vector<Declaration> all;
  do {
    Declaration made = common;
    made.name = expectWord();
    made.bytes = bytesOf(common.type) * lanes;
    if (take("<")) {
      made.registers = unsigned(expectCount());
      expect(">");
    }
    parseDimensions(made);
    if (take("=")) {
      made.initial = position;
      if (at("{"))
        skipBraces();
      else
        while (!at(";") && !at(","))
          next();
    }
    all.push_back(made);
  } while (take(","));
  expect(";");
  return all;
}

void Parser::parseTopVariable(bool isExtern) {
  std::string_view space = next().text;
  if (space == ".shared") {
    for (const Declaration &made : parseVariables())
      sharedVariables[made.name] = made;
    return;
  }
  if (space != ".global" && space != ".const") {
    --position;
    fail("expected a variable, a .func or an .entry");
  }
  for (const Declaration &made : parseVariables()) {
    if (isExtern)
      raise("unsupported", "the variable " + std::string(made.name) + " is defined in another module");
    std::size_t offset = (program.image.size() + made.align - 1) / made.align * made.align;
    program.image.resize(offset + made.bytes);
    program.variables[std::string(made.name)] = {program.base + offset, made.bytes};
    if (made.initial)
      initialise(made, program.image.data() + offset);
  }
}

void Parser::initialise(const Declaration &made, std::byte *bytes) {
  std::size_t after = position, size = bytesOf(made.type), done = 0;
  position = made.initial;
  for (int depth = 0; depth > 0 || done == 0;) {
    if (take("{")) {
      ++depth;
      continue;
    }
    if (take("}")) {
      --depth;
      done = std::max<std::size_t>(done, 1);
      continue;
    }
    if (take(","))
      continue;
    std::uint64_t value;
    if (peek().kind == Token::word) {
      bool generic = take("generic");
      if (generic)
        expect("(");
      std::optional<ParsedOperand> symbol = lookUpModule(expectWord());
      if (!symbol)
        fail("expected the name of a variable");
      value = symbol->bits;
      if (take("+"))
        value += literal().bits;
      if (generic)
        expect(")");
    } else
      value = literal().bits;
    if (done + size > made.bytes)
      fail("expected no more values for " + std::string(made.name));
    std::memcpy(bytes + done, &value, size);
    done += size;
  }
  position = after;
}

void Parser::parseFunction() {
  Function made;
  if (take("("))
    made.results = parseParameters();
  std::string_view name = expectWord();
  if (take("("))
    made.parameters = parseParameters();
  KernelInfo ignored;
  parseTuning(ignored);
  if (!take(";")) {
    made.body = position;
    skipBraces();
  }
  if (made.body || !functions.contains(name))
    functions[name] = made;
}
