#ifndef VITC_CONVERSION_VITTOGPU_GEMMPRODUCT_H
#define VITC_CONVERSION_VITTOGPU_GEMMPRODUCT_H

#include "../ViTToLinalg/Epilogue.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// A product of rows with weights as a kernel computes it: residual + table + scale · activation(A · Wᵀ + bias), and
/// what is left to do with each element.
class GemmProduct {
public:
  /// The product for a target with `epilogue`, of `rows` (dynamic: an open number) with weights
  /// (n, k); rows may be `windows`. `rank` is that of the result, whose dimension `channel` runs along n; `period` its
  /// rows that a table spans, or 0.
  GemmProduct(const KernelTarget &target, const EpilogueParts &epilogue, int64_t rank, int64_t channel, int64_t rows,
              int64_t n, int64_t k, int64_t period, const vgpu::GemmWindows &windows = {});

  /// activation(gate) · up of the two halves of a product, whose columns come in turns of eight, gates first.
  GemmProduct(const KernelTarget &target, const EpilogueParts &epilogue, int64_t rows, int64_t n, int64_t k,
              llvm::StringRef activation);

  /// Why no kernel computes it; empty if one does.
  std::string whyUnsupported() const { return vgpu::whyUnsupported(config); }

  /// The epilogue's parts as its operands, (rows, n) and so on; null where there are none. The caller views them as
  /// rows.
  mlir::Value residual, table, scale;
  void setBias(mlir::Value bias) { epilogue.bias = bias; }
  /// Whether the kernel's epilogue is all of it. If not, the kernel adds the bias alone.
  bool isWhole() const { return whole; }

  /// A (rows, k) and W (n, k) as the target multiplies them; the result is f32.
  mlir::Value create(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value w) const;
  /// The same of windows of images (B, H, W, C), with filters (n, taps, C): (B, height, width, n). The residual is as
  /// that.
  mlir::Value createOfWindows(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value image,
                              mlir::Value filters) const;
  /// Clocks that it is expected to take, with those in which loops gather the windows that are its rows.
  double estimate(bool gathers) const;

private:
  void configure(const KernelTarget &target, int64_t rows, int64_t n, int64_t k);
  bool readEpilogue(int64_t rank, int64_t channel);
  mlir::Value findExtra(mlir::Value scalar, mlir::AffineMap &map) const;
  bool takeTerm(mlir::Value rest, mlir::Value term, int64_t rank, int64_t channel, mlir::Value &value);
  bool takeScale(mlir::Value rest, mlir::Value factor, int64_t rank, int64_t channel, mlir::Value &value);

  EpilogueParts epilogue;
  int64_t period;
  llvm::StringRef activation = "none", last = "none";
  bool whole = true;
  vgpu::GemmConfig config;
  vgpu::GemmConfig expected; ///< with the schedule of the least estimate, whatever was measured
  vgpu::Multiprocessors gpu;
  int64_t rows = 0; ///< that the schedule is chosen for
};

/// The kernel's name of an activation; empty for what no kernel has.
llvm::StringRef nameActivation(mlir::Operation *function);

/// The number of rows of what is viewed as such.
int64_t countRows(mlir::ShapedType type);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_GEMMPRODUCT_H
