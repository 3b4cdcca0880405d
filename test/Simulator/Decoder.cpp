#include "Decoder.h"

#include "Fault.h"

#include <bit>
#include <utility>

using namespace vitc::ptxsim;

OperandIndex KernelBuilder::addRegister(unsigned bits) {
  kernel.registerBits.push_back(std::uint8_t(bits));
  return OperandIndex(kernel.registerBits.size() - 1);
}

OperandIndex KernelBuilder::constant(std::uint64_t value) {
  auto [found, isNew] = constants.try_emplace(value, ~OperandIndex(kernel.constants.size()));
  if (isNew)
    kernel.constants.push_back(value);
  return found->second;
}

OperandIndex KernelBuilder::special(std::string_view name) {
  auto [found, isNew] = specials.try_emplace(name, 0);
  if (isNew) {
    found->second = addRegister(64);
    kernel.specials.push_back({name, found->second});
  }
  return found->second;
}

OperandIndex KernelBuilder::carry() {
  if (!carryRegister)
    carryRegister = addRegister(1);
  return *carryRegister;
}

Decoding::Decoding(KernelBuilder &builder, Instruction &out, std::string_view opcode,
                   std::vector<ParsedOperand> operands)
    : out(out), builder(builder), opcode(opcode), operands(std::move(operands)) {
  for (std::size_t begin = 0; begin <= opcode.size();) {
    std::size_t end = std::min(opcode.find('.', begin), opcode.size());
    modifiers.push_back(opcode.substr(begin, end - begin));
    begin = end + 1;
  }
  base = modifiers.front();
  modifiers.erase(modifiers.begin());
  out.opcode = opcode;
  out.firstOperand = std::uint32_t(builder.kernel.operands.size());
}

bool Decoding::take(std::string_view modifier) { return std::erase(modifiers, modifier) != 0; }

std::optional<std::string_view> Decoding::takePrefix(std::string_view prefix) {
  for (auto it = modifiers.begin(); it != modifiers.end(); ++it)
    if (it->starts_with(prefix)) {
      std::string_view found = *it;
      modifiers.erase(it);
      return found;
    }
  return std::nullopt;
}

namespace {
template <typename Parse>
auto takeFirst(std::vector<std::string_view> &modifiers, Parse parse) -> decltype(parse("")) {
  for (auto it = modifiers.begin(); it != modifiers.end(); ++it)
    if (auto found = parse(*it)) {
      modifiers.erase(it);
      return found;
    }
  return std::nullopt;
}
} // namespace

std::optional<Type> Decoding::takeType() { return takeFirst(modifiers, parseType); }
std::optional<Space> Decoding::takeSpace() { return takeFirst(modifiers, parseSpace); }
std::optional<Compare> Decoding::takeCompare() { return takeFirst(modifiers, parseCompare); }

Type Decoding::needType() {
  std::optional<Type> type = takeType();
  if (!type)
    unsupported("an opcode without a type that the simulator knows");
  return *type;
}

void Decoding::takeArithmeticModifiers() {
  constexpr std::pair<std::string_view, Rounding> roundings[] = {{"rn", Rounding::nearest},
                                                                 {"rna", Rounding::nearestAway},
                                                                 {"rz", Rounding::zero},
                                                                 {"rm", Rounding::down},
                                                                 {"rp", Rounding::up}};
  constexpr std::pair<std::string_view, Rounding> integerRoundings[] = {
      {"rni", Rounding::nearest}, {"rzi", Rounding::zero}, {"rmi", Rounding::down}, {"rpi", Rounding::up}};
  for (auto [name, rounding] : roundings)
    if (take(name))
      out.rounding = rounding;
  for (auto [name, rounding] : integerRoundings)
    if (take(name)) {
      out.rounding = rounding;
      out.toInteger = true;
    }
  out.flushSubnormals = take("ftz");
  out.saturate = take("sat") || take("satfinite");
  out.approximate = take("approx") || take("full");
  out.propagateNaN = take("NaN");
  out.relu = take("relu");
}

void Decoding::takeMemoryModifiers() {
  for (std::string_view ignored :
       {"volatile", "relaxed", "acquire", "release", "acq_rel", "sc", "weak", "cta", "cluster", "gpu",    "sys",
        "nc",       "ca",      "cg",      "cs",      "lu",      "cv", "wb",   "wt",  "mmio",    "unified"})
    take(ignored);
  while (takePrefix("L1::") || takePrefix("L2::"))
    ;
}

const ParsedOperand &Decoding::operand(std::size_t i) const {
  if (i >= operands.size())
    raise("syntax", std::string(opcode) + " has " + std::to_string(operands.size()) + " operands, expected more");
  return operands[i];
}

ParsedOperand Decoding::carry() const {
  ParsedOperand made;
  made.kind = ParsedOperand::reg;
  made.index = builder.carry();
  return made;
}

OperandIndex Decoding::resolve(const ParsedOperand &operand, Type type) {
  if (operand.kind == ParsedOperand::reg)
    return operand.index;
  if (operand.kind != ParsedOperand::literal)
    raise("syntax", std::string(opcode) + " expects a register or a constant");
  switch (operand.literalKind) {
  case ParsedOperand::integer:
    return builder.constant(operand.bits);
  case ParsedOperand::single:
    return builder.constant(
        type == Type::f64 ? std::bit_cast<std::uint64_t>(double(std::bit_cast<float>(std::uint32_t(operand.bits))))
                          : operand.bits);
  case ParsedOperand::wide:
  case ParsedOperand::decimal:
    if (type == Type::f32)
      return builder.constant(std::bit_cast<std::uint32_t>(float(std::bit_cast<double>(operand.bits))));
    return builder.constant(operand.bits);
  }
  unsupported("this constant");
}

void Decoding::addResult(const ParsedOperand &operand) {
  if (operand.kind == ParsedOperand::vector || operand.kind == ParsedOperand::pair) {
    for (const ParsedOperand &part : operand.parts)
      addResult(part);
    return;
  }
  if (operand.kind != ParsedOperand::reg && operand.kind != ParsedOperand::sink)
    raise("syntax", std::string(opcode) + " expects a register for its result");
  // What goes into a sink goes into a register that nobody reads.
  OperandIndex index = operand.kind == ParsedOperand::reg ? operand.index : builder.addRegister(64);
  builder.kernel.operands.push_back(index);
  ++out.results;
}

void Decoding::addSource(const ParsedOperand &operand, Type type) {
  if (operand.kind == ParsedOperand::vector) {
    for (const ParsedOperand &part : operand.parts)
      addSource(part, type);
    return;
  }
  builder.kernel.operands.push_back(resolve(operand, type));
  ++out.sources;
}

void Decoding::addSource(std::uint64_t value) {
  builder.kernel.operands.push_back(builder.constant(value));
  ++out.sources;
}

void Decoding::addAddress(const ParsedOperand &operand) {
  if (operand.kind != ParsedOperand::address)
    raise("syntax", std::string(opcode) + " expects an address in brackets");
  out.immediate = std::int64_t(operand.bits);
  const ParsedOperand &base = operand.parts.front();
  if (base.isLocal)
    out.space = Space::local;
  addSource(base, Type::b64);
}

void Decoding::addAddressPair(const ParsedOperand &operand) {
  addAddress(operand);
  addSource(std::uint64_t(std::exchange(out.immediate, 0)));
}

void Decoding::addAll(Type type) {
  addResult(operand(0));
  for (std::size_t i = 1; i < operands.size(); ++i)
    addSource(operands[i], type);
}

std::uint64_t Decoding::constantOf(const ParsedOperand &operand) const {
  if (operand.kind != ParsedOperand::literal)
    unsupported("an operand that is no constant");
  return operand.bits;
}

void Decoding::unsupported(std::string_view what) const {
  raise("unsupported", "the simulator does not know " + std::string(what) + " in " + std::string(opcode));
}

void Decoding::finish() const {
  if (!modifiers.empty())
    unsupported("the modifier ." + std::string(modifiers.front()));
}

void vitc::ptxsim::decode(Decoding &decoding) {
  static const std::unordered_map<std::string_view, DecodeFunction> rules = [] {
    std::unordered_map<std::string_view, DecodeFunction> all;
    for (auto table : {arithmeticRules(), memoryRules(), controlRules(), warpRules(), barrierRules(),
                       transactionRules(), asyncRules(), matrixRules(), warpgroupRules()})
      for (const DecodeRule &rule : table)
        all.emplace(rule.name, rule.decode);
    return all;
  }();
  auto found = rules.find(decoding.name());
  if (found == rules.end())
    decoding.unsupported("the opcode");
  found->second(decoding);
  decoding.finish();
}
