#ifndef VITC_TARGET_PROGRAM_H
#define VITC_TARGET_PROGRAM_H

#include "vitc/Support/TargetInfo.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace vitc::target {

/// How many symbols a function may have (VITC_MAX_SYMBOLS of the runtime).
inline constexpr size_t maxSymbols = 24;

/// coefficient · Π symbol[i]^power[i]
struct Term {
  int64_t coefficient = 0;
  std::array<uint8_t, maxSymbols> power = {};
};

/// A sum of terms over the symbols of a function; no term is zero.
class Polynomial {
public:
  Polynomial() = default;
  /*implicit*/ Polynomial(int64_t constant);
  explicit Polynomial(const Term &term) { add(term); }
  static Polynomial symbol(size_t index);

  llvm::ArrayRef<Term> getTerms() const { return terms; }
  bool isConstant() const;

  Polynomial operator+(const Polynomial &other) const;
  Polynomial operator*(const Polynomial &other) const;
  Polynomial operator-(const Polynomial &other) const { return *this + other * Polynomial(-1); }
  bool operator==(const Polynomial &other) const { return (*this - other).terms.empty(); }
  int64_t evaluate(llvm::ArrayRef<int64_t> symbols) const;
  /// As info_json spells it: `197*batch`, `batch*tokens^2+1`.
  std::string print(llvm::ArrayRef<llvm::StringRef> names) const;

private:
  void add(const Term &term);
  llvm::SmallVector<Term, 1> terms;
};

/// DLPack's numbers of the kinds of element types.
enum class TypeCode : uint8_t {
  Int = 0,
  UInt = 1,
  Float = 2,
  BFloat = 4,
  Bool = 6,
  Float8E4M3FN = 10,
  Float8E4M3FNUZ = 11,
  Float8E5M2 = 12,
  Float8E5M2FNUZ = 13,
  Float8E8M0FNU = 14,
  Float4E2M1FN = 17
};

struct TensorSpec {
  std::string name;
  TypeCode code = TypeCode::Float;
  uint8_t bits = 32;
  std::vector<Polynomial> shape;
};

/// What a symbol stands for: the runtime's vitc_symbol_kind.
enum class SymbolKind : int32_t {
  Input,    ///< dimension `dim` of input `input`
  Quotient, ///< ⌊value / divisor⌋
  Computed, ///< written in a run; at most `value`
};

/// What sizes are made of: named dimensions, and what is made of symbols before it.
struct Symbol {
  std::string name; ///< of a quotient: its formula
  int32_t input = 0, dim = 0;
  SymbolKind kind = SymbolKind::Input;
  Polynomial value;
  int64_t divisor = 1;
};

/// The runtime's vitc_requirement_kind.
enum class RequirementKind : int32_t { Zero, NonNegative };

/// What the dimensions of a run have to satisfy.
struct Requirement {
  std::string text; ///< "height to be a multiple of 14, for the Reshape 'flatten'"
  Polynomial value;
  RequirementKind kind = RequirementKind::Zero;
};

/// A planned buffer: alive from step `first` to step `last`, both included.
struct BufferSpec {
  Polynomial bytes;
  int32_t first = 0, last = 0;
};

/// What a run does from one barrier to the next: the runtime's vitc_step_spec.
struct StepSpec {
  std::string kind;               ///< "gemm"
  std::vector<std::string> nodes; ///< of the model, the main one first
  Polynomial macs, weightBytes, activationBytes;
};

/// Where something lies in the memory of a GPU: the runtime's vitc_gpu_pointer.
struct GPUPointer {
  enum Place : int32_t { Input, Output, Buffer, Weights };
  Place place = Input;
  int32_t index = 0;
  Polynomial offset;
};

/// What cuTensorMapEncodeTiled takes, dimensions from the innermost: the runtime's vitc_gpu_tensor_map.
struct GPUTensorMap {
  static constexpr size_t maxRank = 5;
  GPUPointer base;
  int32_t type = 0; ///< CUtensorMapDataType
  int32_t rank = 0;
  std::array<Polynomial, maxRank> extents;
  std::array<Polynomial, maxRank - 1> strides; ///< of all but the innermost, in bytes
  std::array<uint32_t, maxRank> box = {};
  std::array<uint32_t, maxRank> steps = {1, 1, 1, 1, 1}; ///< elementStrides
  int32_t swizzle = 0;                                   ///< CUtensorMapSwizzle
};

/// The runtime's vitc_gpu_argument; its offset among the kernel's parameters follows from those before it.
struct GPUArgument {
  enum Kind : int32_t { Pointer, Int32, Int64, TensorMap };
  Kind kind = Pointer;
  GPUPointer pointer;
  Polynomial value;
  GPUTensorMap map;
};

/// A kernel on ⌈grid / per⌉ blocks in each dimension: the runtime's vitc_gpu_launch.
struct GPULaunch {
  std::string kernel;
  std::array<Polynomial, 3> grid = {1, 1, 1};
  std::array<int64_t, 3> per = {1, 1, 1};
  int32_t blocksPerMultiprocessor = 0; ///< in all; 0: the whole grid
  uint32_t block = 1, cluster = 1, sharedBytes = 0;
  int32_t step = 0;
  bool overlaps = false; ///< with the launch before it, for which it waits by itself
  std::vector<GPUArgument> arguments;
};

/// What a GPU runs of a variant. There is a cubin, or PTX, or both.
struct GPUCode {
  std::vector<GPULaunch> launches;
  std::string cubin, ptx;
};

/// The code of a function for one CPU level or GPU.
struct Variant {
  TargetInfo target;
  /// The symbol of the entry in the level's module, `void (const vitc_frame *, int64_t thread, int64_t threads)`, as
  /// that module names it: compileModules adds the level.
  std::string entry;
  std::vector<BufferSpec> buffers;
  Polynomial scratchBytes;     ///< of one thread
  std::vector<StepSpec> steps; ///< of a pass, in the order of their barriers
  int32_t passes = 1;          ///< each for the next part of all inputs and outputs
  std::optional<GPUCode> gpu;  ///< instead of an entry
};

/// Functions of one name differ in the shapes they take: a library chooses by those of its inputs.
struct Function {
  std::string name = "main";
  unsigned shape = 0; ///< counts those of one name
  std::vector<TensorSpec> inputs, outputs;
  std::vector<Symbol> symbols;
  std::vector<Variant> variants; ///< from the best to the least
  std::vector<Requirement> requirements;
};

/// How many bytes of the weights the code for one CPU level reads.
struct TargetWeights {
  std::string level;
  uint64_t bytes = 0;
};

/// What the tokens of the model's sequence are, as far as it was recognised.
struct Tokens {
  int64_t cls = 0, registers = 0;
  std::optional<int64_t> patches; ///< where it was, and all functions have as many
};

/// What a library holds, but for its code and the bytes of its weights.
struct Program {
  std::string name; ///< of the model: the stem of its file
  std::vector<Function> functions;
  std::vector<TargetWeights> weights; ///< in the order of the variants
  uint64_t sharedWeightBytes = 0;     ///< that the code for more than one level reads
  /// What vitc was asked for, for info_json: ("precision", "fp32"), …
  std::vector<std::pair<std::string, std::string>> options;
  Tokens tokens;
};

/// What the code of a program is for: its variants are of one architecture.
llvm::StringRef tripleOf(const Program &program);

/// Where a library finds its weights.
struct WeightsPlacement {
  uint64_t bytes = 0;
  std::string file;                    ///< the name of the file beside the library; empty: embedded
  std::array<uint8_t, 32> digest = {}; ///< SHA-256 of external weights
};

/// The bytes alive at the step where most are, with every symbol one: what the runtime's arena is at least.
Polynomial peakOfLiveBytes(const Variant &variant);
/// The same for values of the symbols.
int64_t peakOfLiveBytes(const Variant &variant, llvm::ArrayRef<int64_t> symbols);

/// NumPy's name of an element type: `float32`, `int64`, `bool`, …
std::string numpyName(const TensorSpec &spec);

/// The text of the library's info_json.
std::string makeInfoJson(const Program &program, const WeightsPlacement &weights);

/// The module that defines `vitc_model_program` and `<prefix>_model_v1`: lib/Runtime/Program.h's structures as
/// constants. With embedded weights it also holds a section `.vitc.weights` of their size without bytes, which the
/// linker gives a segment of its own.
std::unique_ptr<llvm::Module> emitProgram(const Program &program, const WeightsPlacement &weights,
                                          llvm::StringRef prefix, llvm::LLVMContext &context);

} // namespace vitc::target

#endif // VITC_TARGET_PROGRAM_H
