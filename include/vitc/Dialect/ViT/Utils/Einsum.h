#ifndef VITC_DIALECT_VIT_UTILS_EINSUM_H
#define VITC_DIALECT_VIT_UTILS_EINSUM_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"

namespace vitc::vit {

/// Builds structured ops on tensors whose dimensions have names, as in an einsum: in "*hmn" each letter is a dimension,
/// and "*" stands for `batchRank` of them.
class Einsum {
public:
  using Value = mlir::Value;

  Einsum(mlir::OpBuilder &builder, mlir::Location loc, int64_t batchRank)
      : builder(builder), loc(loc), batchRank(batchRank) {}

  /// Σ lhs · rhs over the letters that `outDims` lacks; each of those is a dimension of both.
  Value contract(llvm::StringRef lhsDims, Value lhs, llvm::StringRef rhsDims, Value rhs, llvm::StringRef outDims);

  /// lhs ∘ rhs, repeated along the dimensions that only lhs has.
  Value elementwise(mlir::linalg::ElementwiseKind kind, llvm::StringRef lhsDims, Value lhs, llvm::StringRef rhsDims,
                    Value rhs);

  /// value · factor; the value itself where the factor is 1.
  Value scale(Value value, const llvm::APFloat &factor);

  /// scores + Σ addends, each of which broadcasts from the right.
  Value add(Value scores, mlir::ValueRange addends);

  /// Softmax over the last dimension.
  Value softmax(Value scores);

private:
  Value emptyLike(Value value);
  Value elementwise(mlir::linalg::ElementwiseKind kind, Value lhs, Value rhs, llvm::ArrayRef<mlir::AffineMap> maps);
  /// Where each dimension of `dims` stands among the dimensions of `letters`.
  llvm::SmallVector<int64_t> positionsOf(llvm::StringRef letters, llvm::StringRef dims) const;
  mlir::AffineMap mapOf(llvm::StringRef letters, llvm::StringRef dims) const;

  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t batchRank;
};

} // namespace vitc::vit

#endif // VITC_DIALECT_VIT_UTILS_EINSUM_H
