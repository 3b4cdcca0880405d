#include "Parser.h"

#include "Fault.h"

#include <cstdlib>

using namespace vitc::ptxsim;

namespace {

constexpr std::size_t mostLocal = 512 << 10; // of a thread (CUDA C++ Programming Guide, compute capabilities)

ParsedOperand symbolAt(std::uint64_t address, bool isLocal = false) {
  ParsedOperand made;
  made.kind = ParsedOperand::literal;
  made.bits = address;
  made.isLocal = isLocal;
  return made;
}

ParsedOperand registerAt(OperandIndex index) {
  ParsedOperand made;
  made.kind = ParsedOperand::reg;
  made.index = index;
  return made;
}

} // namespace

void Parser::parseKernelBody(Kernel &kernel, const std::vector<Declaration> &parameters, std::size_t dynamic) {
  KernelBuilder made(kernel);
  builder = &made;
  scopes.clear();
  fixups.clear();
  sharedAddresses.clear();
  dynamicShared = dynamic;
  Scope &top = scopes.emplace_back();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    top.symbols[parameters[i].name] = symbolAt(parameterBase + kernel.info.parameters[i].offset);
  parseBlock(&top);
  append("exit", {}, peek().line); // what falls off the end
  bindLabels();
  findReconvergence(kernel);
  builder = nullptr;
}

/// Statements up to the closing brace.
void Parser::parseBlock(Scope *scope) {
  expect("{");
  while (!take("}")) {
    if (peek().kind == Token::end)
      fail("expected '}'");
    if (at("{")) {
      Scope &inner = scopes.emplace_back();
      inner.parent = scope;
      parseBlock(&inner);
    } else
      parseStatement(scope);
  }
}

void Parser::parseStatement(Scope *scope) {
  if (take(";"))
    return;
  if (peek().kind == Token::directive)
    return parseDirective(scope);
  if (take("@")) {
    bool negated = take("!");
    ParsedOperand predicate = parseName(scope);
    if (predicate.kind != ParsedOperand::reg)
      fail("expected a predicate");
    return parseInstruction(scope, true, negated, predicate.index);
  }
  if (peek().kind == Token::word && peek(1).text == ":") {
    std::string_view label = next().text;
    next();
    scope->labels[label] = std::int32_t(builder->kernel.code.size());
    if (at(".branchtargets"))
      parseBranchTargets(scope, label);
    return;
  }
  parseInstruction(scope, false, false, 0);
}

void Parser::parseBranchTargets(Scope *scope, std::string_view label) {
  next();
  std::vector<std::string_view> &list = scope->targetLists[label];
  do
    list.push_back(expectWord());
  while (take(","));
  expect(";");
}

std::uint64_t Parser::allocate(std::size_t &used, const Declaration &made, std::uint64_t base) {
  std::uint64_t address = (base + used + made.align - 1) / made.align * made.align;
  used = address + made.bytes - base;
  return address;
}

void Parser::parseDirective(Scope *scope) {
  std::string_view name = next().text;
  if (name == ".pragma") {
    while (!take(";"))
      next();
    return;
  }
  if (name == ".reg")
    return declareRegisters(scope, parseVariables());
  bool isShared = name == ".shared";
  if (!isShared && name != ".local" && name != ".param")
    raise("unsupported",
          "line " + std::to_string(peek().line) + ": the simulator does not know the directive " + std::string(name));
  KernelInfo &info = builder->kernel.info;
  for (const Declaration &made : parseVariables()) {
    if (!isShared && builder->kernel.localBytes + made.bytes > mostLocal)
      fail("expected at most " + std::to_string(mostLocal) + " bytes of local memory");
    scope->symbols[made.name] = isShared ? symbolAt(allocate(info.staticShared, made, sharedBase))
                                         : symbolAt(allocate(builder->kernel.localBytes, made, localBase), true);
  }
}

void Parser::declareRegisters(Scope *scope, const std::vector<Declaration> &all) {
  for (const Declaration &made : all)
    if (made.registers)
      scope->ranges[made.name] = {made.registers, bitsOf(made.type)};
    else
      scope->symbols[made.name] = registerAt(builder->addRegister(bitsOf(made.type)));
}

std::optional<ParsedOperand> Parser::lookUp(Scope *scope, std::string_view name) {
  std::string_view prefix = name.substr(0, name.find_last_not_of("0123456789") + 1);
  for (; scope; scope = scope->parent) {
    if (auto found = scope->symbols.find(name); found != scope->symbols.end())
      return found->second;
    if (auto range = scope->ranges.find(prefix); range != scope->ranges.end() && prefix.size() < name.size()) {
      if (std::strtoull(std::string(name.substr(prefix.size())).c_str(), nullptr, 10) >= range->second.count)
        fail(std::string(name) + " is beyond its range");
      return scope->symbols[name] = registerAt(builder->addRegister(range->second.bits));
    }
  }
  return lookUpModule(name);
}

std::optional<ParsedOperand> Parser::lookUpModule(std::string_view name) {
  if (auto found = program.variables.find(name); found != program.variables.end())
    return symbolAt(found->second.address);
  auto shared = sharedVariables.find(name);
  if (shared == sharedVariables.end() || !builder)
    return std::nullopt;
  const Declaration &made = shared->second;
  if (made.isUnsized) {
    builder->kernel.sharedAlign = std::max(builder->kernel.sharedAlign, made.align);
    return symbolAt(dynamicShared);
  }
  auto [found, isNew] = sharedAddresses.try_emplace(name);
  if (isNew)
    found->second = symbolAt(allocate(builder->kernel.info.staticShared, made, sharedBase));
  return found->second;
}

/// A register, a special register, a variable with an offset, or a label.
ParsedOperand Parser::parseName(Scope *scope) {
  std::string_view name = expectWord();
  if (name == "_")
    return {};
  // %r5.x of a vector register is not supported, %tid.x is a name of its own.
  if (std::optional<ParsedOperand> found = lookUp(scope, name)) {
    if (found->kind == ParsedOperand::literal && (at("+") || at("-"))) {
      take("+"); // a minus is the number's own
      found->bits += literal().bits;
    }
    return *found;
  }
  if (name == "WARP_SZ")
    return symbolAt(32);
  if (name.starts_with("%")) {
    ParsedOperand special = registerAt(builder->special(name));
    special.name = name;
    return special;
  }
  ParsedOperand label;
  label.kind = ParsedOperand::label;
  label.name = name;
  return label;
}

ParsedOperand Parser::parseAddress(Scope *scope) {
  ParsedOperand made;
  made.kind = ParsedOperand::address;
  made.parts.push_back(at("{") || peek().kind != Token::word ? literal() : parseName(scope));
  if (take("+") || at("-"))
    made.bits = literal().bits;
  while (take(",")) // the coordinates of a tensor
    made.parts.push_back(parseOperand(scope));
  expect("]");
  return made;
}

ParsedOperand Parser::parseOperand(Scope *scope) {
  if (take("[")) {
    return parseAddress(scope);
  }
  if (take("{")) {
    ParsedOperand made;
    made.kind = ParsedOperand::vector;
    while (!take("}")) {
      made.parts.push_back(parseOperand(scope));
      take(",");
    }
    return made;
  }
  if (take("!")) {
    ParsedOperand made = parseOperand(scope);
    made.negated = true;
    return made;
  }
  if (peek().kind == Token::number || at("-"))
    return literal();
  ParsedOperand made = parseName(scope);
  if (!take("|"))
    return made;
  ParsedOperand both;
  both.kind = ParsedOperand::pair;
  both.parts = {made, parseName(scope)};
  return both;
}

Instruction &Parser::append(std::string_view opcode, std::vector<ParsedOperand> operands, unsigned line) {
  Instruction &made = builder->kernel.code.emplace_back();
  made.line = line;
  try {
    Decoding decoding(*builder, made, opcode, std::move(operands));
    decode(decoding);
  } catch (FaultException &caught) {
    raise(caught.fault.kind, "line " + std::to_string(line) + ": " + caught.fault.message);
  }
  return made;
}

void Parser::branchTo(Scope *scope, std::string_view label, unsigned line) {
  ParsedOperand target;
  target.kind = ParsedOperand::label;
  append("bra", {target}, line);
  fixups.push_back({builder->kernel.code.size() - 1, std::size_t(-1), scope, label});
}

/// An instruction that is neither a call nor a return from one.
void Parser::parsePlainInstruction(Scope *scope, std::string_view opcode, unsigned line) {
  std::vector<ParsedOperand> operands;
  while (!at(";")) {
    operands.push_back(parseOperand(scope));
    if (!take(",") && !at(";"))
      fail("expected ';'");
  }
  bool isIndexed = opcode.starts_with("brx"), branches = isIndexed || opcode.starts_with("bra");
  std::string_view label = branches && !operands.empty() ? operands.back().name : std::string_view();
  append(opcode, std::move(operands), line);
  std::size_t index = builder->kernel.code.size() - 1;
  if (!isIndexed) {
    if (branches)
      fixups.push_back({index, std::size_t(-1), scope, label});
    return;
  }
  Scope *holder = scope;
  while (holder && !holder->targetLists.contains(label))
    holder = holder->parent;
  if (!holder)
    fail("no .branchtargets before this brx.idx");
  const std::vector<std::string_view> &targets = holder->targetLists[label];
  builder->kernel.code[index].targets.resize(targets.size(), -1);
  for (std::size_t i = 0; i < targets.size(); ++i)
    fixups.push_back({index, i, scope, targets[i]});
}

void Parser::parseInstruction(Scope *scope, bool predicated, bool negated, OperandIndex predicate) {
  unsigned line = peek().line;
  std::string_view opcode = expectWord();
  std::size_t index = builder->kernel.code.size();
  bool isReturn = inlined && (opcode == "ret" || opcode == "ret.uni");
  if (opcode == "call" || opcode == "call.uni") {
    // A predicated call becomes a branch around it.
    if (predicated)
      branchTo(scope, {}, line), negated = !negated;
    parseCall(scope);
    if (predicated) {
      builder->kernel.code[index].target = std::int32_t(builder->kernel.code.size());
      std::erase_if(fixups, [&](const Fixup &fixup) { return fixup.instruction == index; });
    }
  } else if (isReturn) {
    Scope *function = scope;
    while (!function->isFunction)
      function = function->parent;
    branchTo(function, "return", line); // no label of PTX: those end with a colon of their own scope
  } else
    parsePlainInstruction(scope, opcode, line);
  expect(";");
  if (predicated && index < builder->kernel.code.size()) {
    Instruction &made = builder->kernel.code[index];
    made.predicated = true;
    made.negated = negated;
    made.predicate = predicate;
  }
}

std::vector<ParsedOperand> Parser::parseArguments(Scope *scope) {
  std::vector<ParsedOperand> all;
  while (!take(")")) {
    all.push_back(parseOperand(scope));
    take(",");
  }
  return all;
}

void Parser::parseCall(Scope *scope) {
  std::vector<ParsedOperand> results, arguments;
  if (take("(")) {
    results = parseArguments(scope);
    expect(",");
  }
  std::string_view name = expectWord();
  if (take(",")) {
    expect("(");
    arguments = parseArguments(scope);
  }
  inlineFunction(name, results, arguments);
}

void Parser::inlineFunction(std::string_view name, const std::vector<ParsedOperand> &results,
                            const std::vector<ParsedOperand> &arguments) {
  if (name == "vprintf")
    return; // what a kernel prints is nobody's business here
  if (name == "__assertfail") {
    append("trap", {}, peek().line);
    return;
  }
  auto found = functions.find(name);
  if (found == functions.end() || !found->second.body)
    raise("unsupported", "line " + std::to_string(peek().line) + ": the function " + std::string(name) +
                             " has no body in this module");
  if (inlined >= 32)
    raise("unsupported", "the function " + std::string(name) + " calls itself, or 32 calls lie in each other");
  const Function &function = found->second;
  if (function.results.size() != results.size() || function.parameters.size() != arguments.size())
    fail("the call of " + std::string(name) + " has another number of arguments than its declaration");
  std::size_t after = position;
  Scope &inner = scopes.emplace_back();
  inner.isFunction = true;
  for (std::size_t i = 0; i < results.size(); ++i)
    inner.symbols[function.results[i].name] = results[i];
  for (std::size_t i = 0; i < arguments.size(); ++i)
    inner.symbols[function.parameters[i].name] = arguments[i];
  ++inlined;
  position = function.body;
  parseBlock(&inner);
  inner.labels["return"] = std::int32_t(builder->kernel.code.size());
  --inlined;
  position = after;
}

void Parser::bindLabels() {
  for (const Fixup &fixup : fixups) {
    Scope *scope = fixup.scope;
    while (scope && !scope->labels.contains(fixup.label))
      scope = scope->parent;
    Instruction &made = builder->kernel.code[fixup.instruction];
    if (!scope)
      raise("syntax", "line " + std::to_string(made.line) + ": no label '" + std::string(fixup.label) + "'");
    (fixup.table == std::size_t(-1) ? made.target : made.targets[fixup.table]) = scope->labels[fixup.label];
  }
}
