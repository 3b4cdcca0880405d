#ifndef VITC_CONVERSION_ONNXTOLINALG_CONTRACTION_H
#define VITC_CONVERSION_ONNXTOLINALG_CONTRACTION_H

#include "Node.h"

namespace vitc::onnx {

/// A tensor, and whether it is a constant of the model, which goes second in a product.
struct Factor {
  Tensor tensor;
  bool isConstant = false;
};

/// The product of numpy.matmul.
mlir::FailureOr<Tensor> multiplyMatrices(Node &node, const Factor &a, const Factor &b);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_CONTRACTION_H
