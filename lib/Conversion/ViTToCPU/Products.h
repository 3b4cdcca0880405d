#ifndef VITC_CONVERSION_VITTOCPU_PRODUCTS_H
#define VITC_CONVERSION_VITTOCPU_PRODUCTS_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/Builders.h"

namespace vitc {

/// How the right side of a product lies in memory; see `vcpu.pack`.
struct PanelFormat {
  mlir::Type element;
  int64_t interleave = 1; ///< rows of K that are one of a panel; 2 where products are of bf16
  bool tiles = false;     ///< whether AMX multiplies them

  bool isOfPairs() const { return interleave == 2; }

  /// What the precision asks for: pairs of bf16 where the target multiplies them, otherwise bf16 where `operand` is a
  /// constant (what would be rounded at run time gains nothing), f32 where it is not.
  static PanelFormat choose(const TargetInfo &target, mlir::Value operand);
  /// The same for a matrix product of `depth` products a sum, which AMX may compute.
  static PanelFormat chooseForGemm(const TargetInfo &target, mlir::Value operand, int64_t depth);
};

/// The sizes of the right side of products: (batch.., K, N).
struct PanelSizes {
  llvm::SmallVector<mlir::OpFoldResult> batch;
  mlir::OpFoldResult depth, columns;
};

/// vcpu.pack of an f32 tensor, which `permutation` reads as (batch.., K.., N), into panels of the target's width.
mlir::Value packPanels(mlir::OpBuilder &builder, mlir::Location loc, const TargetInfo &target, mlir::Value operand,
                       const PanelSizes &sizes, llvm::ArrayRef<int64_t> permutation, PanelFormat format);

/// The operands of a matrix product.
struct GemmOperands {
  mlir::Value rows, panels; ///< A, and B as `packPanels` gives it
  llvm::SmallVector<mlir::Value> extras;
  llvm::SmallVector<mlir::AffineMap> maps;
  mlir::Value output;
  /// Rows of A that are of one image for sure, or 0: a faster algorithm may mix them.
  int64_t group = 0;
};

/// A matrix product, and its epilogue, which is empty.
struct Gemm {
  mlir::Value result;
  mlir::Region &epilogue;
};

/// vcpu.gemm or vcpu.strassen_gemm with the target's schedule.
Gemm createGemm(mlir::OpBuilder &builder, mlir::Location loc, const TargetInfo &target, const GemmOperands &operands,
                PanelFormat format);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_PRODUCTS_H
