#ifndef VITC_DIALECT_ONNX_IR_EXTENT_H
#define VITC_DIALECT_ONNX_IR_EXTENT_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <vector>

namespace vitc::onnx {

/// The extent of a dimension, or an integer computed from extents: a polynomial with integer coefficients over named
/// symbols and over floor divisions that are not exact. The form is normal: equal polynomials compare equal, whatever
/// sums and products built them. A symbol stands for a positive integer; one that a run computes may be zero.
///
/// Arithmetic wraps at 64 bits, as ONNX's does. What takes more to write down than any model needs is too large: it
/// equals nothing, not even itself, and all that is computed from it is too large.
class Extent {
public:
  /// A product of factors: symbols (StringAttr), or floor divisions (a `#vit.dims` of one expression), in order.
  struct Term {
    llvm::SmallVector<mlir::Attribute, 2> factors;
    int64_t coefficient;
    bool operator==(const Term &other) const = default;
  };

  Extent(int64_t constant = 0) : constant(constant) {}
  static Extent symbol(mlir::StringAttr name);
  /// How the names of symbols begin that a run computes (see ComputedExtent.h).
  static constexpr llvm::StringLiteral computedPrefix = "count(";
  /// The extent that an expression over symbols means; `symbols` holds their names. None for what is no extent: a
  /// division by what may not be positive.
  static std::optional<Extent> fromAffine(mlir::AffineExpr expr, llvm::ArrayRef<mlir::Attribute> symbols);
  /// The expression over `symbols`, which hold at least those of `collectSymbols`.
  mlir::AffineExpr toAffine(llvm::ArrayRef<mlir::StringAttr> symbols, mlir::MLIRContext *context) const;
  void collectSymbols(llvm::SmallVectorImpl<mlir::StringAttr> &symbols) const;

  std::optional<int64_t> asConstant() const;
  bool isConstant() const { return terms.empty() && !tooLarge; }
  bool isTooLarge() const { return tooLarge; }

  bool operator==(const Extent &other) const {
    return !tooLarge && !other.tooLarge && constant == other.constant && terms == other.terms;
  }
  Extent operator+(const Extent &other) const;
  Extent operator-(const Extent &other) const;
  Extent operator*(const Extent &other) const;

  /// The quotient where `divisor` divides this polynomial without a remainder.
  std::optional<Extent> divideExactly(const Extent &divisor) const;
  /// ⌊this / divisor⌋, exact where possible; none where the divisor may not be positive.
  std::optional<Extent> floorDiv(const Extent &divisor) const;
  /// this − divisor · ⌊this / divisor⌋.
  std::optional<Extent> mod(const Extent &divisor) const;

  /// A bound that holds for all values of the symbols; none where no bound is evident.
  std::optional<int64_t> lowerBound() const;
  bool isProvablyAtLeast(const Extent &other) const;
  bool isProvablyDifferentFrom(const Extent &other) const;
  /// Extents that are all positive only where this is: the factors of a product, else the extent itself.
  std::vector<Extent> getFactors() const;
  /// Whether a library can compute it when it checks a run: from the inputs' extents, dividing by constants alone.
  bool isKnownBeforeRun() const;

  /// `197 * batch + (height//14)`, for diagnostics.
  std::string str() const;

private:
  static Extent makeTooLarge();
  /// Whether all numbers in it are far from overflowing.
  bool isModest() const;
  /// A lower bound, from what a floor division in it is at least and at most.
  std::optional<int64_t> lowerBoundWithoutDivision() const;
  void add(Term term);
  /// This, or an extent that is too large where it takes more than `kMostParts` terms, factors and operations.
  Extent ifSmall() &&;

  static constexpr size_t kMostParts = 256;

  int64_t constant;
  bool tooLarge = false;
  /// Non-constant terms, highest degree first, then by name; none has coefficient zero.
  llvm::SmallVector<Term, 0> terms;
};

/// A tensor has no more dimensions than this; ONNX sets no bound.
constexpr size_t mostDimensions = 32;

using SymbolicShape = llvm::SmallVector<Extent, 4>;

/// The extents of a tensor: from its shape, and from its `#vit.dims` encoding where a dimension is dynamic. Fails where
/// the tensor is unranked or a dynamic dimension has no name.
mlir::FailureOr<SymbolicShape> getExtents(mlir::Type type);

/// The tensor type of these extents; dynamic ones go into its encoding, over the symbols in use, sorted by name.
/// Types are equal exactly where extents and element types are.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<Extent> extents, mlir::Type elementType);

/// These extents as `#vit.dims`, over the symbols in use, sorted by name.
mlir::Attribute getDimsAttr(llvm::ArrayRef<Extent> extents, mlir::MLIRContext *context);

Extent product(llvm::ArrayRef<Extent> extents);

/// `(batch, 197, 384)`, for diagnostics.
std::string str(llvm::ArrayRef<Extent> extents);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_EXTENT_H
