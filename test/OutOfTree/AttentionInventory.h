#ifndef ATTENTIONINVENTORY_H
#define ATTENTIONINVENTORY_H

#include "mlir/Pass/Pass.h"
#include <memory>

/// `attention-inventory`: a remark for each attention of a function, with its size and cost, and for each softmax that
/// is no part of one, with the reason.
std::unique_ptr<mlir::Pass> createAttentionInventoryPass();

#endif // ATTENTIONINVENTORY_H
