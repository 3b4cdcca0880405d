#ifndef VITC_DIALECT_VIT_UTILS_TUNINGATTRIBUTE_H
#define VITC_DIALECT_VIT_UTILS_TUNINGATTRIBUTE_H

#include "vitc/Support/Tuning.h"

#include "mlir/IR/Operation.h"

#include <memory>

namespace vitc::vit {

/// An attribute of modules: the schedules of a tuning file, numbers by name by kernel.
inline constexpr llvm::StringLiteral kTuningAttr = "vit.tuning";

/// Gives a module the schedules, for the passes that choose kernels.
void setTuning(mlir::Operation *module, const Tuning &tuning);

/// The schedules that a module carries, or null.
std::shared_ptr<const Tuning> readTuning(mlir::Operation *module);

} // namespace vitc::vit

#endif // VITC_DIALECT_VIT_UTILS_TUNINGATTRIBUTE_H
