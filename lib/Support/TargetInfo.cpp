#include "vitc/Support/TargetInfo.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace vitc;

static TargetInfo makeAVX2() {
  TargetInfo info;
  info.level = "x86-64-v3";
  info.llvmCpu = "x86-64-v3";
  info.cpuFeatures = CPUFeatureV3;
  return info;
}

static TargetInfo makeAVX512() {
  TargetInfo info;
  info.level = "x86-64-v4";
  info.llvmCpu = "x86-64-v4";
  info.cpuFeatures = CPUFeatureV3 | CPUFeatureV4;
  info.vectorBytes = 64;
  info.vectorRegisters = 32;
  return info;
}

/// AVX-512 with products of pairs of bf16 at the rate of FMAs: Zen 4 and later.
static TargetInfo makeZen4() {
  TargetInfo info = makeAVX512();
  info.level = "znver4";
  // Named one by one: LLVM's znver4 may also use what only AMD has.
  info.llvmFeatures = "+avx512vnni,+avx512bf16,-prefer-256-bit";
  info.cpuFeatures |= CPUFeatureVNNI | CPUFeatureBF16;
  info.bf16DotsPerCycle = info.fmasPerCycle;
  info.memoryBytesPerSecond = 25e9; // EPYCs of Zen 4: 23 to 29
  return info;
}

/// Tiles of bf16 and int8; products of pairs of bf16 in vectors at half the rate of FMAs.
static TargetInfo makeSapphireRapids() {
  TargetInfo info = makeZen4();
  info.level = "sapphirerapids";
  info.llvmFeatures += ",+amx-tile,+amx-bf16,+amx-int8";
  info.cpuFeatures |= CPUFeatureAMXTile | CPUFeatureAMXBF16 | CPUFeatureAMXInt8;
  info.bf16DotsPerCycle = 1;
  info.hasAMX = true;
  info.l2Bytes = 2 << 20;
  info.memoryBytesPerSecond = TargetInfo().memoryBytesPerSecond;
  return info;
}

/// What every 64-bit Arm processor has: NEON, 32 registers of four f32. Sizes and rates are those of a Neoverse N1.
static TargetInfo makeAArch64() {
  TargetInfo info;
  info.level = "aarch64";
  info.triple = "aarch64-unknown-linux-gnu";
  info.llvmCpu = "generic";
  info.vectorBytes = 16;
  info.vectorRegisters = 32;
  return info;
}

/// "cuda-sm_90": the number counts the compute capability in tenths.
static std::optional<TargetInfo> getGPU(llvm::StringRef name) {
  llvm::StringRef number = name;
  if (!llvm::is_contained(TargetInfo::gpus(), name) || !number.consume_front("cuda-sm_"))
    return std::nullopt;
  TargetInfo info;
  info.level = name.str();
  number.getAsInteger(10, info.gpuCapability);
  return info;
}

/// The registers of AMX are large: Linux gives them to a process that asks.
static bool requestAMX() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr int requestPermission = 0x1023 /*ARCH_REQ_XCOMP_PERM*/, tileData = 18 /*XFEATURE_XTILEDATA*/;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

/// The CPUFeature bits of this machine.
static uint64_t getHostFeatures() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto bit = [&](CPUFeature feature, std::initializer_list<llvm::StringRef> names) -> uint64_t {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); }) ? feature : 0;
  };
  uint64_t found = bit(CPUFeatureV3, {"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"}) |
                   bit(CPUFeatureV4, {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"}) |
                   bit(CPUFeatureVNNI, {"avx512vnni"}) | bit(CPUFeatureBF16, {"avx512bf16"});
  if (features.lookup("amx-tile") && requestAMX())
    found |= CPUFeatureAMXTile | bit(CPUFeatureAMXBF16, {"amx-bf16"}) | bit(CPUFeatureAMXInt8, {"amx-int8"});
  return found;
}

static std::optional<TargetInfo> getHost() {
  llvm::Triple::ArchType architecture = llvm::Triple(llvm::sys::getProcessTriple()).getArch();
  uint64_t features = getHostFeatures();
  for (llvm::StringRef name : llvm::reverse(TargetInfo::levels()))
    if (TargetInfo level = *TargetInfo::get(name);
        llvm::Triple(level.triple).getArch() == architecture && (level.cpuFeatures & ~features) == 0)
      return level;
  return std::nullopt;
}

std::optional<TargetInfo> TargetInfo::get(llvm::StringRef name) {
  if (name == "host")
    return getHost();
  if (name == "x86-64-v3")
    return makeAVX2();
  if (name == "x86-64-v4")
    return makeAVX512();
  if (name == "znver4")
    return makeZen4();
  if (name == "sapphirerapids")
    return makeSapphireRapids();
  if (name == "aarch64")
    return makeAArch64();
  return getGPU(name);
}

llvm::ArrayRef<llvm::StringLiteral> TargetInfo::levels() {
  static constexpr llvm::StringLiteral names[] = {"x86-64-v3", "x86-64-v4", "znver4", "sapphirerapids", "aarch64"};
  return names;
}

llvm::ArrayRef<llvm::StringLiteral> TargetInfo::gpus() {
  static constexpr llvm::StringLiteral names[] = {"cuda-sm_80", "cuda-sm_89", "cuda-sm_90"};
  return names;
}

std::optional<TargetInfo> TargetInfo::withPrecision(llvm::StringRef name) const {
  if (!llvm::is_contained(precisions(), name) || ((name == "fp16" || name == "tf32") && !isGPU()))
    return std::nullopt;
  TargetInfo info = *this;
  bool isBF16 = name == "bf16" || (name == "auto" && (gainsByBF16() || hasAMX || isGPU()));
  info.precision = name == "fp16"   ? Precision::FP16
                   : name == "tf32" ? Precision::TF32
                   : isBF16         ? Precision::BF16
                                    : Precision::FP32;
  return info;
}

llvm::ArrayRef<llvm::StringLiteral> TargetInfo::precisions() {
  static constexpr llvm::StringLiteral names[] = {"fp32", "tf32", "bf16", "fp16", "auto"};
  return names;
}
