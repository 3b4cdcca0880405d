#ifndef VITC_DRIVER_TUNER_H
#define VITC_DRIVER_TUNER_H

#include "vitc/Support/Tuning.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// What `tune` did.
struct TuningReport {
  unsigned kernels = 0; ///< that the module has: products with constant weights and 3 × 3 convolutions, each shape once
  unsigned measured = 0;             ///< of them, now
  unsigned faster = 0;               ///< of those, with another schedule than the cost model's
  std::vector<std::string> failures; ///< sentences about kernels that could not be measured

  TuningReport &operator+=(const TuningReport &other) {
    kernels += other.kernels;
    measured += other.measured;
    faster += other.faster;
    llvm::append_range(failures, other.failures);
    return *this;
  }
};

/// Why a tuning file cannot be used for the targets (none: for any): none of its schedules is for one of them, or one
/// for a GPU is of no kernel. Empty where it can.
std::string whyUnfit(const Tuning &tuning, llvm::ArrayRef<TargetInfo> targets);

/// Measures the kernels of modules for the targets: of CPUs for the best that this machine is, of GPUs for all.
llvm::Expected<TuningReport> tuneTargets(llvm::ArrayRef<mlir::ModuleOp> modules, llvm::ArrayRef<TargetInfo> targets,
                                         double seconds, Tuning &tuning);

/// Measures schedules of the kernels of a module of the stage `fused`, on one thread of this machine, and adds the
/// fastest to `tuning`. Kernels that it has are left alone; those with most products come first; after `seconds` no
/// other begins.
TuningReport tune(mlir::ModuleOp module, const TargetInfo &target, double seconds, Tuning &tuning);

/// The same of the products of a module for a GPU, which are measured on the first GPU of this machine: all tiles and
/// splits that there are kernels for, one after another. An open number of rows counts as vgpu::openRows. Fails where
/// the first cannot be measured: there is no such GPU.
llvm::Expected<TuningReport> tuneGPU(mlir::ModuleOp module, const TargetInfo &target, double seconds, Tuning &tuning);

} // namespace vitc::driver

#endif // VITC_DRIVER_TUNER_H
