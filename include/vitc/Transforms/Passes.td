#ifndef VITC_TRANSFORMS_PASSES_TD
#define VITC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif
