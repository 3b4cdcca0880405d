#ifndef VITC_TRANSFORMS_PASSES_H
#define VITC_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Transforms/Passes.h.inc"
} // namespace vitc

#endif // VITC_TRANSFORMS_PASSES_H
