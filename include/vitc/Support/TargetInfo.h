#ifndef VITC_SUPPORT_TARGETINFO_H
#define VITC_SUPPORT_TARGETINFO_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vitc {

/// What a library's code may need of a CPU; the bits are `vitc_cpu_feature` of the runtime.
enum CPUFeature : uint64_t {
  CPUFeatureV3 = 1 << 0,
  CPUFeatureV4 = 1 << 1,
};

/// What the cost model and the kernel builders know of a CPU level. Sizes are in bytes, per core.
struct TargetInfo {
  std::string level;        ///< vitc's name of the level: "x86-64-v3", "x86-64-v4", …
  std::string llvmCpu;      ///< for -mcpu
  std::string llvmFeatures; ///< "+avx512vnni,…"
  uint64_t cpuFeatures = 0; ///< CPUFeature bits that a machine must have to run the level's code
  int64_t vectorBytes = 32; ///< of the widest vector kernels use
  int64_t vectorRegisters = 16;
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 1 << 20;
  /// For estimates: what one core of a server CPU sustains. Measured on Emerald Rapids: 13 to 14 GB/s from memory; from
  /// L2 139 GB/s reading alone.
  double hertz = 3e9;
  int64_t fmasPerCycle = 2; ///< of whole vectors
  double memoryBytesPerSecond = 13e9, cacheBytesPerSecond = 100e9;

  int64_t lanes(int64_t elementBytes) const { return vectorBytes / elementBytes; }
  /// The peak of multiplications with an addition, one core.
  double macsPerSecond(int64_t elementBytes) const { return hertz * fmasPerCycle * lanes(elementBytes); }

  /// The level named by `--mcpu` ("host" for the machine this runs on), or nothing for an unknown name or a host that
  /// has none of the levels.
  static std::optional<TargetInfo> get(llvm::StringRef name);

  /// The names of all levels, from the least to the best.
  static llvm::ArrayRef<llvm::StringLiteral> levels();
};

} // namespace vitc

#endif // VITC_SUPPORT_TARGETINFO_H
