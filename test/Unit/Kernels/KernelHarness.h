#ifndef VITC_TEST_UNIT_KERNELS_KERNELHARNESS_H
#define VITC_TEST_UNIT_KERNELS_KERNELHARNESS_H

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace vitc::test {

/// A row-major array of floats, the argument of a kernel. Rows (the last dimension) may lie `pitch` elements apart.
struct Array {
  explicit Array(std::vector<int64_t> shape, int64_t pitch = 0);

  float &at(std::initializer_list<int64_t> indices);
  /// Numbers in [-1, 1), from the seed alone.
  Array &fill(uint32_t seed);

  /// The type as MLIR writes it, its sizes as they are or (`dynamicDims`) as `?`.
  std::string type(std::initializer_list<int64_t> dynamicDims = {}) const;

  std::vector<int64_t> shape, strides;
  std::vector<float> data; ///< all that the strides span
};

/// Memory whose first byte follows, or whose last byte precedes, a page that nobody may touch.
class GuardedMemory {
public:
  enum class Guard { before, after };
  GuardedMemory(size_t bytes, Guard guard);
  ~GuardedMemory();
  GuardedMemory(GuardedMemory &&other) noexcept;
  void *data() const { return start; }

private:
  void *mapping, *start;
  size_t mappedBytes;
};

/// A function `@main` of kernel ops on memrefs, compiled for a CPU level and loaded into this process.
class CompiledKernels {
public:
  /// Fails the current test, and returns null, where the text does not compile. `level` is one of TargetInfo's.
  static std::unique_ptr<CompiledKernels> compile(const std::string &text, const std::string &level);

  /// Runs main on the arrays, in place, the items of each kernel in `parts` ranges from the last to the first. It runs
  /// twice, with guard pages after and before every buffer, and expects the same bits.
  void run(std::vector<Array *> arguments, int64_t parts = 1);

  /// Calls main on plain memory, for timing.
  void call(const std::vector<Array *> &arguments, int64_t parts, void *scratch);
  /// The bytes of scratch that main asks for.
  int64_t scratchBytes(const std::vector<Array *> &arguments);

  /// Writes the object file, for reading its assembly.
  void dumpObject(const std::string &path) { engine->dumpToObjectFile(path); }

private:
  struct Scratch {
    void *data;
    int64_t bytes;
  };
  /// With no parts, nothing runs; the result is the scratch that is needed in any case.
  int64_t invoke(const std::vector<Array *> &arguments, const std::vector<void *> &places, int64_t parts,
                 Scratch scratch);
  std::vector<std::vector<float>> runGuarded(const std::vector<Array *> &arguments, int64_t parts,
                                             GuardedMemory::Guard guard);

  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<mlir::ExecutionEngine> engine;
};

/// The least CPU level and the best that this machine runs, with their vectors: "x86-64-v3" and 8 lanes, "znver4" and
/// 16.
struct Level {
  std::string name;
  int64_t lanes;
};
std::vector<Level> runnableLevels();

} // namespace vitc::test

#endif // VITC_TEST_UNIT_KERNELS_KERNELHARNESS_H
