#ifndef VITC_CONVERSION_ONNXTOLINALG_CONVOLUTION_H
#define VITC_CONVERSION_ONNXTOLINALG_CONVOLUTION_H

#include "Window.h"

namespace vitc::onnx {

/// A convolution of `x` (batch, C, spatial..) by `w` (F, C / groups, kernel..), or, transposed, (C, F / groups,
/// kernel..).
struct Convolution {
  Tensor x, w;
  mlir::Value bias; // (F), or null
  SlidingWindow window;
  int64_t groups;
  bool transposed;
};

/// A convolution in any number of dimensions as one linalg.generic; the result has the spatial extents `to`.
mlir::FailureOr<Tensor> buildLoops(Node &node, Convolution conv, mlir::AffineExpr filters, ExtentsRef to);

/// The convolution that a transposed one is: with the kernel backwards, over the input with `strides` − 1 zeros between
/// its elements.
mlir::FailureOr<Convolution> straighten(Node &node, const Convolution &conv);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_CONVOLUTION_H
