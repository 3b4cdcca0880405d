#include "vitc/Support/TargetInfo.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

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

static std::optional<TargetInfo> getHost() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](llvm::ArrayRef<llvm::StringRef> names) {
    return llvm::all_of(names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  if (!has({"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"}))
    return std::nullopt;
  return has({"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"}) ? makeAVX512() : makeAVX2();
}

std::optional<TargetInfo> TargetInfo::get(llvm::StringRef name) {
  if (name == "host")
    return getHost();
  if (name == "x86-64-v3")
    return makeAVX2();
  if (name == "x86-64-v4")
    return makeAVX512();
  return std::nullopt;
}

llvm::ArrayRef<llvm::StringLiteral> TargetInfo::levels() {
  static constexpr llvm::StringLiteral names[] = {"x86-64-v3", "x86-64-v4"};
  return names;
}
