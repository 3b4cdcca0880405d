#ifndef VITC_TEST_SIMULATOR_PROGRAM_H
#define VITC_TEST_SIMULATOR_PROGRAM_H

#include "Module.h"
#include "TensorCore.h"
#include "Type.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitc::ptxsim {

struct Instruction;
struct Step;

/// What became of an instruction: the split goes on after it, the instruction itself moved the program counter, or it
/// waits and is tried again (or passed, by who releases it).
enum class Outcome { next, jumped, blocked };

using Handler = Outcome (*)(Step &);
/// A result that depends on the operands of one lane alone. Operands and results are the low bits of their numbers.
using LaneFunction = std::uint64_t (*)(const Instruction &, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t);

/// A register of the warp (not negative) or, complemented, a constant of the kernel.
using OperandIndex = std::int32_t;

/// A decoded instruction. Which fields count is up to its handler.
struct Instruction {
  Handler execute = nullptr;
  LaneFunction lane = nullptr;
  std::uint32_t line = 0;
  std::string_view opcode; ///< as written, for messages
  OperandIndex predicate = 0;
  bool predicated = false, negated = false; ///< @p, @!p
  bool aligned = false;                     ///< all threads of the warp must execute it together

  std::uint32_t firstOperand = 0; ///< in Kernel::operands: results, then sources
  std::uint16_t results = 0, sources = 0;

  Type type = Type::none, sourceType = Type::none;
  Space space = Space::generic;
  Rounding rounding = Rounding::none;
  Compare compare = Compare::eq;
  BoolOp boolOp = BoolOp::none;
  bool flushSubnormals = false, saturate = false, approximate = false, propagateNaN = false, relu = false;
  bool toInteger = false;     ///< cvt between floats with an integer rounding (.rni …)
  std::uint8_t variant = 0;   ///< which of a family, as its decoder says
  std::uint8_t elements = 1;  ///< of a vector
  std::int64_t immediate = 0; ///< an address's offset, a table of lop3, a count
  std::int32_t target = -1, reconvergence = -1;
  MatrixProduct product{};           ///< of wgmma and mma
  bool fromRegisters = false;        ///< A of a wgmma is in registers
  std::vector<std::int32_t> targets; ///< of brx.idx
};

/// Special registers become registers that are set when a warp starts; `clock` and its kin are read anew.
struct SpecialRegister {
  std::string_view name;
  OperandIndex index;
};

struct Kernel {
  KernelInfo info;
  std::vector<Instruction> code;
  std::vector<OperandIndex> operands;
  std::vector<std::uint8_t> registerBits;
  std::vector<std::uint64_t> constants;
  std::vector<SpecialRegister> specials;
  std::size_t localBytes = 0;   ///< of one thread: variables and parameters of calls
  std::size_t sharedAlign = 16; ///< of the dynamic shared memory, which follows the static one

  /// Shared memory of a block, with so many bytes of the dynamic one.
  std::size_t sharedBytes(std::size_t dynamic) const;
};

/// Where the state spaces begin. Shared memory starts after what the system keeps for itself on sm_90.
constexpr std::uint64_t sharedBase = 1024, parameterBase = 0x240, localBase = 0x100;
/// Where the spaces lie among generic addresses; global addresses are generic ones.
constexpr std::uint64_t sharedWindow = 0x7e00'0000'0000, localWindow = 0x7d00'0000'0000, paramWindow = 0x7c00'0000'0000,
                        windowBytes = 0x100'0000'0000;
/// Shared addresses of a cluster's blocks: the rank stands above this bit.
constexpr unsigned clusterRankShift = 24;

/// A variable of module scope.
struct Variable {
  std::uint64_t address;
  std::size_t bytes;
};

/// A parsed module.
struct Program {
  std::string text;
  std::vector<Kernel> kernels;
  std::uint64_t base = 0;       ///< address of the variables, unique in the process
  std::vector<std::byte> image; ///< what they hold at first
  std::map<std::string, Variable, std::less<>> variables;
};

} // namespace vitc::ptxsim

#endif
