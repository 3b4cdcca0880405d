#ifndef VITC_SUPPORT_TARGETINFO_H
#define VITC_SUPPORT_TARGETINFO_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace vitc {

/// What a library's code may need of a CPU; the bits are `vitc_cpu_feature` of the runtime.
enum CPUFeature : uint64_t {
  CPUFeatureV3 = 1 << 0,
  CPUFeatureV4 = 1 << 1,
  CPUFeatureVNNI = 1 << 2,
  CPUFeatureBF16 = 1 << 3,
  CPUFeatureAMXTile = 1 << 4,
  CPUFeatureAMXBF16 = 1 << 5,
  CPUFeatureAMXInt8 = 1 << 6,
};

/// In what numbers products are computed; see `--precision`. Sums are f32 in any case.
enum class Precision {
  FP32,
  /// Constant operands are stored as bf16. Where the level has products of bf16, the other operands are rounded, too;
  /// elsewhere the constants are widened, and products are f32.
  BF16,
  /// Of GPUs alone: operands of products are rounded to f16, whose largest number is 65504.
  FP16,
  /// Of GPUs alone: tensor cores read the upper 19 bits of operands, which stay f32 in memory.
  TF32,
};

struct Tuning;

/// What the cost model and the kernel builders know of a CPU level. Sizes are in bytes, per core.
struct TargetInfo {
  std::string level; ///< vitc's name of the level: "x86-64-v3", "znver4", …
  std::string triple = "x86_64-unknown-linux-gnu";
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
  /// How many whole vectors of pairs of bf16 a core multiplies and adds to f32 a cycle (vdpbf16ps); 0: it has no such
  /// instruction. Each does twice the products of an FMA, so that it gains where there are more than half as many.
  int64_t bf16DotsPerCycle = 0;
  bool hasAMX = false; ///< tiles of bf16 and int8
  double memoryBytesPerSecond = 13e9, cacheBytesPerSecond = 100e9;

  /// Of a GPU: 90 stands for compute capability 9.0. What is said of a CPU above is of the host, and only its triple
  /// counts.
  int64_t gpuCapability = 0;

  Precision precision = Precision::FP32; ///< what code is made for
  bool plainProducts = false;            ///< neither Strassen's nor Winograd's algorithm; see --plain-products
  std::shared_ptr<const Tuning> tuning;  ///< what was measured, or null

  bool isGPU() const { return gpuCapability != 0; }
  /// Whether the kernels use instructions that no other capability has (wgmma, TMA): "sm_90a".
  bool isArchitectureSpecific() const { return gpuCapability >= 90; }
  /// Whether products go to kernels for tensor cores.
  bool hasTensorKernels() const { return isGPU() && precision != Precision::FP32; }
  /// The element that they multiply.
  llvm::StringRef multipliedElement() const {
    return precision == Precision::TF32 ? "tf32" : precision == Precision::FP16 ? "f16" : "bf16";
  }
  /// The GPU's name for LLVM and ptxas: "sm_90a".
  std::string chip() const { return "sm_" + std::to_string(gpuCapability) + (isArchitectureSpecific() ? "a" : ""); }
  int64_t lanes(int64_t elementBytes) const { return vectorBytes / elementBytes; }
  /// Whether a machine of this level runs code for `other`.
  bool runs(const TargetInfo &other) const {
    return !other.isGPU() && triple == other.triple && (other.cpuFeatures & ~cpuFeatures) == 0;
  }
  bool hasBF16Dot() const { return bf16DotsPerCycle > 0; }
  /// Whether one instruction looks 16 f32 up in a vector of 16.
  bool permutesLanes() const { return cpuFeatures & CPUFeatureV4; }
  /// Whether products of bf16 take less time than those of f32.
  bool gainsByBF16() const { return 2 * bf16DotsPerCycle > fmasPerCycle; }
  /// Whether code multiplies bf16.
  bool multipliesBF16() const { return precision == Precision::BF16 && gainsByBF16(); }
  /// Whether matrix products of bf16 are computed on AMX's tiles.
  bool multipliesTiles() const { return precision == Precision::BF16 && hasAMX; }
  /// The peak of multiplications with an addition, one core.
  double macsPerSecond(int64_t elementBytes) const { return hertz * fmasPerCycle * lanes(elementBytes); }
  /// The same of the products that `precision` asks for, and the bytes of a constant that they read.
  double productsPerSecond() const {
    return multipliesBF16() ? hertz * bf16DotsPerCycle * lanes(2) : macsPerSecond(sizeof(float));
  }
  bool isStoredAsFloats() const { return precision == Precision::FP32 || precision == Precision::TF32; }
  int64_t weightBytes() const { return isStoredAsFloats() ? sizeof(float) : 2; }

  /// The level named by `--mcpu` ("host" for the machine this runs on), or the GPU named by `--target` ("cuda-sm_90");
  /// nothing for an unknown name or a host that has none of the levels.
  static std::optional<TargetInfo> get(llvm::StringRef name);

  /// The same with another precision: "fp32", "bf16", for a GPU "tf32" or "fp16", or "auto", which is bf16 where the
  /// level gains by it, fp32 elsewhere. Nothing for another name.
  std::optional<TargetInfo> withPrecision(llvm::StringRef name) const;

  /// What `withPrecision` takes.
  static llvm::ArrayRef<llvm::StringLiteral> precisions();

  /// The names of all levels, those of an architecture from the least to the best.
  static llvm::ArrayRef<llvm::StringLiteral> levels();

  /// The names of all GPUs, from the least to the best.
  static llvm::ArrayRef<llvm::StringLiteral> gpus();
};

} // namespace vitc

#endif // VITC_SUPPORT_TARGETINFO_H
