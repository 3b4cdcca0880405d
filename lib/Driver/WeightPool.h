#ifndef VITC_DRIVER_WEIGHTPOOL_H
#define VITC_DRIVER_WEIGHTPOOL_H

#include "vitc/Target/Weights.h"

#include "mlir/IR/BuiltinOps.h"

#include <deque>
#include <map>

namespace vitc::driver {

/// The weights of a library: the constants of the modules of its levels, those with the same bytes once.
class WeightPool {
public:
  /// Takes the constants (`memref.global` with `vcpu.offset`) out of a module, whose code (`vcpu.buffer weights`) reads
  /// them where the pool has them from then on. Returns how many bytes the module reads.
  mlir::FailureOr<uint64_t> take(mlir::ModuleOp module);

  /// The blobs belong to the modules' context, or to this pool.
  const target::Weights &getWeights() const { return weights; }
  /// Bytes that more than one module reads.
  uint64_t getSharedBytes() const { return sharedBytes; }

private:
  /// The offset of a blob with these bytes, an old one or a new one behind all others.
  uint64_t place(llvm::ArrayRef<char> bytes);
  mlir::FailureOr<llvm::ArrayRef<char>> getBytes(mlir::Operation *global, mlir::Attribute value);

  target::Weights weights;
  /// Bytes of constants that are not in the IR as they lie in memory.
  std::deque<std::vector<char>> expanded;
  /// Length and hash → the blobs that have them.
  std::multimap<std::pair<size_t, uint64_t>, size_t> blobsOf;
  /// The last module that reads a blob, and whether another one did before.
  struct Reader {
    unsigned module;
    bool shared;
  };
  std::vector<Reader> readers;
  unsigned modules = 0;
  uint64_t moduleBytes = 0, sharedBytes = 0;
};

} // namespace vitc::driver

#endif // VITC_DRIVER_WEIGHTPOOL_H
