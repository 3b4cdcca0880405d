#ifndef VITC_CONVERSION_ONNXTOLINALG_WINDOW_H
#define VITC_CONVERSION_ONNXTOLINALG_WINDOW_H

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace vitc::onnx {

/// A window that slides over the spatial dimensions: one value a dimension in every list.
struct SlidingWindow {
  llvm::SmallVector<int64_t> kernel, strides, dilations, low, high;

  int64_t getRank() const { return kernel.size(); }
  /// Input elements from the first to the last that the window reads.
  int64_t getReach(int64_t dim) const { return (kernel[dim] - 1) * dilations[dim] + 1; }
  /// The padding as before.., after..
  llvm::SmallVector<int64_t> getPads() const;
  /// Puts a dimension of extent 1 before the others.
  void addUnitDim();
};

/// Computes the new sums (or extrema) from an element of a window and the sums so far.
using WindowBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::Value,
                                                                     mlir::ValueRange)>;

/// Reduces what a window reads of a padded tensor in the dimensions from `firstDim` on, from the values in `starts`.
/// The loops are those of the result, then those of the window, in that order.
llvm::SmallVector<Tensor> reduceWindows(TensorBuilder &b, const Tensor &padded, const SlidingWindow &window,
                                        int64_t firstDim, llvm::ArrayRef<Tensor> starts, WindowBody body);
/// The sums of windows of floats.
Tensor sumWindows(TensorBuilder &b, const Tensor &padded, const SlidingWindow &window, int64_t firstDim,
                  ExtentsRef extents);

/// `values`, or `count` times `value` where they are empty.
inline llvm::SmallVector<int64_t> getOrDefault(llvm::ArrayRef<int64_t> values, int64_t count, int64_t value) {
  return values.empty() ? llvm::SmallVector<int64_t>(count, value) : llvm::SmallVector<int64_t>(values);
}

/// The part of `total` that pads before the first element: the smaller half, or the greater one.
inline int64_t getLowPadding(int64_t total, bool greaterHalf) { return greaterHalf ? total - total / 2 : total / 2; }

/// The window of a convolution or pooling from spatial extents `from` to `to`, with `auto_pad` resolved.
template <typename OpTy>
mlir::FailureOr<SlidingWindow> getWindow(OpTy op, Node &node, llvm::ArrayRef<int64_t> kernel, ExtentsRef from,
                                         ExtentsRef to) {
  auto rank = static_cast<int64_t>(kernel.size());
  SlidingWindow window{llvm::SmallVector<int64_t>(kernel),
                       getOrDefault(op.getStrides(), rank, 1),
                       getOrDefault(op.getDilations(), rank, 1),
                       {},
                       {}};
  llvm::StringRef mode = op.getAutoPad();
  if (!mode.starts_with("SAME")) {
    auto pads = getOrDefault(mode == "VALID" ? llvm::ArrayRef<int64_t>() : op.getPads(), 2 * rank, 0);
    window.low.assign(pads.begin(), pads.begin() + rank);
    window.high.assign(pads.begin() + rank, pads.end());
    return window;
  }
  for (int64_t dim = 0; dim < rank; ++dim) {
    mlir::AffineExpr needed =
        node.symbols.simplify((to[dim] - 1) * window.strides[dim] + window.getReach(dim) - from[dim]);
    if (!llvm::isa<mlir::AffineConstantExpr>(needed))
      return node.refuse("auto_pad of a symbolic extent with a stride is not supported");
    int64_t total = std::max<int64_t>(getStaticExtent(needed), 0);
    window.low.push_back(getLowPadding(total, mode == "SAME_LOWER"));
    window.high.push_back(total - window.low.back());
  }
  return window;
}

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_WINDOW_H
