#ifndef VITC_RECOGNITION_NAMEDSHAPE_H
#define VITC_RECOGNITION_NAMEDSHAPE_H

#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {

/// The extents of a tensor over the named dimensions of its function's arguments. Fails where one does not follow from
/// these, and gives its dimension to `unknown`.
mlir::FailureOr<vit::DimsAttr> nameExtents(mlir::Value tensor, int64_t &unknown);

} // namespace vitc

#endif // VITC_RECOGNITION_NAMEDSHAPE_H
