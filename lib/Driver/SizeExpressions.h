#ifndef VITC_DRIVER_SIZEEXPRESSIONS_H
#define VITC_DRIVER_SIZEEXPRESSIONS_H

#include "vitc/Target/Program.h"

#include "mlir/IR/AffineExpr.h"

namespace vitc::driver {

/// Whether a library's table can hold an expression of symbols: all divisions in it are by positive constants.
bool isRepresentable(mlir::AffineExpr expr);

/// The least polynomial this code can find that is nowhere below `expr`, an expression of non-negative symbols that is
/// not negative: floor divisions become divisions, whose coefficients are rounded up.
mlir::FailureOr<target::Polynomial> boundFromAbove(mlir::AffineExpr expr);

/// Writes affine expressions of a function's symbols as polynomials. Divisions become symbols of their own, equal ones
/// the same, behind those of `symbols`; a remainder x mod d is x − d · ⌊x / d⌋.
class SizeExpressions {
public:
  explicit SizeExpressions(std::vector<target::Symbol> &symbols) : symbols(symbols) {}

  /// Fails where the expression is not representable or the table of symbols is full.
  mlir::FailureOr<target::Polynomial> write(mlir::AffineExpr expr);

  /// A polynomial that is nowhere below `expr`, and does not shrink when a symbol grows: `expr` itself where that has
  /// no negative terms and there is room for its symbols, else its `boundFromAbove`.
  mlir::FailureOr<target::Polynomial> writeBound(mlir::AffineExpr expr);

  /// `expr`, or where that takes symbols that are not there yet its `boundFromAbove`, or 0: for what only informs.
  target::Polynomial writeEstimate(mlir::AffineExpr expr);

private:
  mlir::FailureOr<target::Polynomial> divide(const target::Polynomial &dividend, int64_t divisor);
  bool grows(const target::Polynomial &polynomial) const;

  std::vector<target::Symbol> &symbols;
};

} // namespace vitc::driver

#endif // VITC_DRIVER_SIZEEXPRESSIONS_H
