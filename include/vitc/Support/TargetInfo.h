#ifndef VITC_SUPPORT_TARGETINFO_H
#define VITC_SUPPORT_TARGETINFO_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorOr.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vitc {

/// What the cost model and the kernel builders know of a CPU level. Sizes are in bytes, per core.
struct TargetInfo {
  std::string level;        ///< vitc's name of the level: "x86-64-v3", "x86-64-v4", …
  std::string llvmCpu;      ///< for -mcpu
  std::string llvmFeatures; ///< "+avx512vnni,…"
  int64_t vectorBytes = 32; ///< of the widest vector kernels use
  int64_t vectorRegisters = 16;
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 1 << 20;

  int64_t lanes(int64_t elementBytes) const { return vectorBytes / elementBytes; }

  /// The level named by `--mcpu` ("host" for the machine this runs on), or nothing for an unknown name.
  static std::optional<TargetInfo> get(llvm::StringRef name);
};

} // namespace vitc

#endif // VITC_SUPPORT_TARGETINFO_H
