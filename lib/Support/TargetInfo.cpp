#include "vitc/Support/TargetInfo.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace vitc;

static TargetInfo makeAVX2() {
  TargetInfo info;
  info.level = "x86-64-v3";
  info.llvmCpu = "x86-64-v3";
  return info;
}

static TargetInfo makeAVX512() {
  TargetInfo info;
  info.level = "x86-64-v4";
  info.llvmCpu = "x86-64-v4";
  info.vectorBytes = 64;
  info.vectorRegisters = 32;
  return info;
}

std::optional<TargetInfo> TargetInfo::get(llvm::StringRef name) {
  if (name == "host") {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    auto has = [&](llvm::StringRef feature) { return features.lookup(feature); };
    bool v4 = has("avx512f") && has("avx512dq") && has("avx512cd") && has("avx512bw") && has("avx512vl");
    return v4 ? makeAVX512() : makeAVX2();
  }
  if (name == "x86-64-v3")
    return makeAVX2();
  if (name == "x86-64-v4")
    return makeAVX512();
  return std::nullopt;
}
