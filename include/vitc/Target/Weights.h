#ifndef VITC_TARGET_WEIGHTS_H
#define VITC_TARGET_WEIGHTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <vector>

namespace vitc::target {

/// The least huge page of the architectures that vitc compiles for.
inline constexpr uint64_t hugePageBytes = 2 << 20;

/// Bytes at an offset of the weights. They are read when the library is written, and belong to the caller.
struct WeightBlob {
  uint64_t offset = 0;
  llvm::ArrayRef<char> bytes;
};

/// The weights of a library: blobs by ascending offset that do not overlap; what lies between them is zero.
struct Weights {
  uint64_t bytes = 0;
  std::vector<WeightBlob> blobs;

  /// Fails where the blobs overlap, are out of order, or reach beyond `bytes`.
  llvm::Error verify() const;
  /// Calls `consume` with consecutive pieces that make up all bytes, gaps included.
  void forEachPiece(llvm::function_ref<void(llvm::ArrayRef<char>)> consume) const;
  std::array<uint8_t, 32> computeSHA256() const;
  /// Writes all bytes at `position` of an open file, which is made longer where needed; large gaps become holes.
  llvm::Error write(int file, uint64_t position) const;
};

} // namespace vitc::target

#endif // VITC_TARGET_WEIGHTS_H
