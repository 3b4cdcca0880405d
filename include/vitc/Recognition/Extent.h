#ifndef VITC_RECOGNITION_EXTENT_H
#define VITC_RECOGNITION_EXTENT_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace vitc {

/// The number of elements along a dimension: a constant times a product of symbols. A symbol is a dimension of a tensor
/// that nothing expresses in terms of others, or an index value. Division is exact or refused.
class Extent {
public:
  struct Symbol {
    mlir::Value value;
    int64_t dim; ///< of `value`; `kIndex` where the index `value` is the symbol itself
    static constexpr int64_t kIndex = -1;
    bool operator==(const Symbol &other) const { return value == other.value && dim == other.dim; }
  };

  /*implicit*/ Extent(int64_t factor = 1) : factor(factor) {}
  static Extent symbol(mlir::Value value, int64_t dim);

  bool isOne() const { return factor == 1 && symbols.empty(); }
  /// The value where no symbol is involved.
  std::optional<int64_t> constant() const;
  Extent operator*(const Extent &other) const;
  /// This over `other`, where that is a product of what is left; nullopt where it does not divide.
  std::optional<Extent> dividedBy(const Extent &other) const;
  bool operator==(const Extent &other) const { return factor == other.factor && symbols == other.symbols; }

  /// The extent as an attribute or as index arithmetic at the builder's place, which the symbols must dominate.
  mlir::OpFoldResult materialize(mlir::OpBuilder &builder, mlir::Location loc) const;

private:
  int64_t factor;
  llvm::SmallVector<Symbol, 2> symbols; ///< in an order that does not depend on how the product was made
};

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const Extent &extent);

/// Dimension `dim` of `tensor`, followed through reshapes, destinations and shape arithmetic to where it is first
/// known.
Extent extentOf(mlir::Value tensor, int64_t dim);

/// The extent that an index attribute or value stands for.
Extent extentOf(mlir::OpFoldResult index);

} // namespace vitc

#endif // VITC_RECOGNITION_EXTENT_H
