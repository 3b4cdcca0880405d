#include "OptionChecks.h"
#include "Tuner.h"

#include "vitc/Dialect/GPUKernel/Kernels/GemmTuning.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <chrono>

using namespace vitc;
using namespace vitc::driver;
using llvm::StringRef;

std::string vitc::driver::whyUnfit(const Tuning &tuning, llvm::ArrayRef<TargetInfo> targets) {
  llvm::SetVector<StringRef> levels;
  for (const auto &[key, schedule] : tuning.schedules) {
    StringRef level = StringRef(key).split(' ').first;
    levels.insert(level);
    if (!level.starts_with("cuda-"))
      continue; // what a CPU's cost model does not know it does without
    if (std::string reason = vgpu::whyUnusable(key, schedule); !reason.empty())
      return "the schedule of '" + key + "': " + reason;
  }
  bool fits = levels.empty() || targets.empty() ||
              llvm::any_of(targets, [&](const auto &target) { return levels.contains(target.level); });
  if (fits)
    return "";
  auto wanted = llvm::map_range(targets, [](const TargetInfo &target) { return target.level; });
  return "it has schedules for " + llvm::join(levels, ", ") + ", expected some for " + llvm::join(wanted, ", ");
}

llvm::Expected<TuningReport> vitc::driver::tuneTargets(llvm::ArrayRef<mlir::ModuleOp> modules,
                                                       llvm::ArrayRef<TargetInfo> targets, double seconds,
                                                       Tuning &tuning) {
  auto start = std::chrono::steady_clock::now();
  auto left = [&] { return seconds - std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  const TargetInfo *host = findRunnable(targets);
  if (!host && llvm::none_of(targets, [](const TargetInfo &target) { return target.isGPU(); }))
    return llvm::createStringError("it measures on this machine, whose CPU has no level that is compiled for");
  TuningReport report;
  for (mlir::ModuleOp module : modules) {
    if (host)
      report += tune(module, *host, left(), tuning);
    for (const TargetInfo &target : targets) {
      if (!target.isGPU())
        continue;
      llvm::Expected<TuningReport> tuned = tuneGPU(module, target, left(), tuning);
      if (!tuned)
        return tuned.takeError();
      report += *tuned;
    }
  }
  return report;
}
