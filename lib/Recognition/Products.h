#ifndef VITC_RECOGNITION_PRODUCTS_H
#define VITC_RECOGNITION_PRODUCTS_H

#include "vitc/Recognition/AxisMap.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

namespace vitc {

/// One side of a product: which of its elements meet in an element of the result.
struct Factor {
  mlir::Value value;
  AxisMap rows;  ///< one axis a dimension of the result; free along those that only the other side has
  Axis features; ///< what is summed over
};

/// Σ over one dimension of the products of two tensors.
struct Product {
  Factor left, right;
};

/// A contraction over one dimension; nullopt of anything else.
std::optional<Product> matchContraction(mlir::Operation *op);

/// The product of a map's positions with a matrix that a 1 × 1 convolution without groups is, its bias left out.
std::optional<Product> matchPointwiseProduct(mlir::Operation *op);

/// Whether a convolution computes every position from that position alone, perhaps in groups of channels.
bool isPointwise(vit::ConvOp op);

/// The input x of the linear layer y = x W + b whose result a map describes: the map's axes over x, the last one
/// replaced by all features of x. nullopt where no linear layer made each row from one row of x. The last axis of the
/// map counts through features, the others through rows; the layer is a contraction with a constant, then perhaps a sum
/// with one, or a 1 × 1 convolution, perhaps in groups.
std::optional<AxisMap> matchLayerInput(const AxisMap &map);

} // namespace vitc

#endif // VITC_RECOGNITION_PRODUCTS_H
