#ifndef VITC_RECOGNITION_PASSES_TD
#define VITC_RECOGNITION_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif
