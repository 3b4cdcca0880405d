#ifndef VITC_TEST_SIMULATOR_DECODER_H
#define VITC_TEST_SIMULATOR_DECODER_H

#include "Program.h"

#include <optional>
#include <string>
#include <unordered_map>

namespace vitc::ptxsim {

/// An operand as it is written.
struct ParsedOperand {
  enum Kind { reg, literal, address, vector, pair, label, sink };
  enum Literal { integer, single, wide, decimal }; ///< 12, 0f…, 0d…, 1.5
  Kind kind = sink;
  Literal literalKind = integer;
  OperandIndex index = 0;           ///< of a register
  std::uint64_t bits = 0;           ///< of a literal; an address's offset
  bool negated = false;             ///< !p
  bool isLocal = false;             ///< the address of a variable of one thread, or of a call's parameter
  std::string_view name;            ///< of a label
  std::vector<ParsedOperand> parts; ///< of a vector or a pair; an address's base (if any) and its coordinates
};

/// Collects what a kernel's instructions refer to.
class KernelBuilder {
public:
  explicit KernelBuilder(Kernel &kernel) : kernel(kernel) {}
  OperandIndex addRegister(unsigned bits);
  OperandIndex constant(std::uint64_t value);
  /// The register that holds a special register such as `%tid.x`.
  OperandIndex special(std::string_view name);
  /// The register of the carry.
  OperandIndex carry();

  Kernel &kernel;

private:
  std::unordered_map<std::uint64_t, OperandIndex> constants;
  std::unordered_map<std::string_view, OperandIndex> specials;
  std::optional<OperandIndex> carryRegister;
};

/// One instruction between its text and its decoded form. Decoders take modifiers and operands; what is left over in
/// the end is a fault.
class Decoding {
public:
  Decoding(KernelBuilder &builder, Instruction &out, std::string_view opcode, std::vector<ParsedOperand> operands);

  std::string_view name() const { return base; }
  /// Removes a modifier; whether it was there.
  bool take(std::string_view modifier);
  /// Removes and returns the first modifier that begins with `prefix`, or nothing.
  std::optional<std::string_view> takePrefix(std::string_view prefix);
  /// The first modifier of a kind.
  std::optional<Type> takeType();
  Type needType();
  std::optional<Space> takeSpace();
  std::optional<Compare> takeCompare();
  /// .rn, .rz, …, .rni, …, .ftz, .sat, .approx and .full into the instruction's fields.
  void takeArithmeticModifiers();
  /// What says when memory is seen by whom: .relaxed, .gpu, cache hints …; the simulated memory is sequential.
  void takeMemoryModifiers();

  std::size_t operandCount() const { return operands.size(); }
  const ParsedOperand &operand(std::size_t i) const;
  ParsedOperand carry() const;

  /// Appends results and sources; all results come first.
  void addResult(const ParsedOperand &);
  void addSource(const ParsedOperand &, Type type);
  void addSource(std::uint64_t constant);
  /// Appends an address's base; its offset becomes `immediate`. A space that its symbol implies replaces the given one.
  void addAddress(const ParsedOperand &);
  /// Appends an address as two sources, its base and its offset: for instructions with several addresses.
  void addAddressPair(const ParsedOperand &);
  /// Operand 0 as the result and the others as sources of `type`.
  void addAll(Type type);
  /// The value of an operand that must be a constant.
  std::uint64_t constantOf(const ParsedOperand &) const;

  [[noreturn]] void unsupported(std::string_view what) const;
  /// Raises where modifiers are left over.
  void finish() const;

  Instruction &out;

private:
  OperandIndex resolve(const ParsedOperand &, Type type);

  KernelBuilder &builder;
  std::string_view opcode, base;
  std::vector<std::string_view> modifiers;
  std::vector<ParsedOperand> operands;
};

// CarryInstructions.cpp
/// Decodes add, sub and mad where they take or give a carry; false where they do not.
bool decodeCarry(Decoding &);

// MatrixInstructions.cpp
/// .m64n128k16 into the instruction's product.
void takeShape(Decoding &);
/// The types of D, A and B.
void takeProductTypes(Decoding &);

using DecodeFunction = void (*)(Decoding &);

/// A row of the tables by which opcodes are decoded.
struct DecodeRule {
  std::string_view name;
  DecodeFunction decode;
};

// The tables, by what their instructions do.
std::span<const DecodeRule> arithmeticRules();
std::span<const DecodeRule> memoryRules();
std::span<const DecodeRule> controlRules();
std::span<const DecodeRule> warpRules();
std::span<const DecodeRule> barrierRules();
std::span<const DecodeRule> transactionRules();
std::span<const DecodeRule> asyncRules();
std::span<const DecodeRule> matrixRules();
std::span<const DecodeRule> warpgroupRules();

/// Decodes an instruction; raises "unsupported" with the name of an opcode or modifier that it does not know.
void decode(Decoding &);

} // namespace vitc::ptxsim

#endif
