#ifndef VITC_DRIVER_TUNER_H
#define VITC_DRIVER_TUNER_H

#include "vitc/Support/Tuning.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// What `tune` did.
struct TuningReport {
  unsigned kernels = 0; ///< that the module has: products with constant weights and 3 × 3 convolutions, each shape once
  unsigned measured = 0; ///< of them, now
  unsigned faster = 0;   ///< of those, with another schedule than the cost model's
};

/// Measures schedules of the kernels of a module of the stage `fused`, on one thread of this machine, and adds the
/// fastest to `tuning`. Kernels that it has are left alone; those with most products come first; after `seconds` no
/// other begins.
TuningReport tune(mlir::ModuleOp module, const TargetInfo &target, double seconds, Tuning &tuning);

/// Gives a module the schedules, for convert-vit-to-cpu.
void setTuning(mlir::ModuleOp module, const Tuning &tuning);

} // namespace vitc::driver

#endif // VITC_DRIVER_TUNER_H
