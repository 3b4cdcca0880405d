#ifndef VITC_CONVERSION_ONNXTOLINALG_REDUCTION_H
#define VITC_CONVERSION_ONNXTOLINALG_REDUCTION_H

#include "Node.h"

namespace vitc::onnx {

/// Reductions over `dims`, which the result lacks.
Tensor reduceSum(TensorBuilder &b, const Tensor &x, llvm::ArrayRef<int64_t> dims);
Tensor reduceMax(TensorBuilder &b, const Tensor &x, llvm::ArrayRef<int64_t> dims, bool isUnsigned);
/// x to a power.
Tensor raise(TensorBuilder &b, const Tensor &x, double power);
/// |x|^p
Tensor raiseMagnitudes(TensorBuilder &b, const Tensor &x, int64_t p);
/// x^(1/p) of what is not negative.
Tensor takeRoot(TensorBuilder &b, const Tensor &x, int64_t p);
/// A sum, then a product with 1/n where n is static.
Tensor reduceMean(TensorBuilder &b, const Tensor &x, llvm::ArrayRef<int64_t> dims);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_REDUCTION_H
