#ifndef VITC_CONVERSION_VITTOCPU_WINOGRADFILTER_H
#define VITC_CONVERSION_VITTOCPU_WINOGRADFILTER_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"

namespace vitc {

/// The filter (F, C, 3, 3) of a convolution as `vcpu.winograd_conv` with this tile reads it, (n², ⌈F / nr⌉, C, nr): G g
/// Gᵀ, computed in double precision, padded with zeros. Null where the filter is not a constant. Runs on the context's
/// threads.
mlir::DenseResourceElementsAttr transformFilter(mlir::Value filter, int64_t tile, int64_t nr);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_WINOGRADFILTER_H
