#ifndef VITC_RECOGNITION_ALGEBRA_H
#define VITC_RECOGNITION_ALGEBRA_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <map>

namespace vitc {

/// The one floating-point value of a constant tensor whose elements are all equal, through reshapes, broadcasts and
/// fills.
std::optional<double> matchSplat(mlir::Value value);

/// Whether no argument of the enclosing function reaches `value`, except through its shape. False, too, where it is
/// computed from so many values that it was not looked at all of them.
bool isInputIndependent(mlir::Value value);

/// The same, but for what comes through an op that is a `gate`; false where more than `mostValues` reach it.
bool isReachedOnlyThrough(mlir::Value value, llvm::function_ref<bool(mlir::Operation *)> gate,
                          size_t mostValues = std::numeric_limits<size_t>::max());

/// Whether two constants of a formula are the same up to the rounding of single precision and of spelled-out decimals
/// (0.7071 for 1/√2).
bool isClose(double value, double expected);

/// The kind of elementwise op that does to floating-point tensors what `op` does to scalars.
std::optional<mlir::linalg::ElementwiseKind> kindOfScalarOp(mlir::Operation *op);

/// An elementwise op by what it computes, be it a `linalg.elementwise` or a generic with a body of one op. Every result
/// element depends on one element of each operand.
struct Elementwise {
  mutable mlir::linalg::LinalgOp op; ///< a handle, whose queries are not const
  mlir::linalg::ElementwiseKind kind;
  llvm::SmallVector<mlir::OpOperand *, 2> operands; ///< as in the formula
  mlir::Value operand(unsigned i) const { return operands[i]->get(); }
};
std::optional<Elementwise> matchElementwise(mlir::Operation *op);
std::optional<Elementwise> matchElementwise(mlir::Value value);

/// The operand whose index map is the identity and the other, constant one; nullopt where there is no such pair.
struct OperandAndConstant {
  mlir::OpOperand *operand;
  mlir::OpOperand *constant;
};
std::optional<OperandAndConstant> matchOperandAndConstant(const Elementwise &op);

/// A product or a quotient of a value and one constant.
struct Scaled {
  mlir::OpOperand *operand;
  double factor;
};
std::optional<Scaled> matchScaled(mlir::linalg::LinalgOp op);

/// Whether the op copies its only input through an index map that permutes or broadcasts.
bool isCopy(mlir::linalg::LinalgOp op);

/// Whether the op, which may be null, is a product of two tensors summed over indices, starting from zero.
bool isContraction(mlir::Operation *op);

/// A sum of products c · x^i · t^j, as a map from (i, j) to c: what an activation function is, in any spelling, once
/// its argument x and its transcendental part t are known.
using Polynomial = std::map<std::pair<int, int>, double>;

/// `value` as a polynomial in x and t by elementwise sums, products, quotients by constants and small powers;
/// `reciprocal`, if not null, is the value whose 1 / (1 + reciprocal) is t. nullopt where it is none. Adds the ops on
/// the way to `interior`.
class PolynomialMatcher {
public:
  PolynomialMatcher(mlir::Value x, mlir::Value t, mlir::Value logistic = nullptr) : x(x), t(t), logistic(logistic) {}
  std::optional<Polynomial> match(mlir::Value value, unsigned depth = 0);
  llvm::SmallPtrSet<mlir::Operation *, 8> interior; ///< the ops that were read as part of a polynomial

private:
  std::optional<Polynomial> matchOp(const Elementwise &op, unsigned depth);
  std::optional<Polynomial> matchQuotient(mlir::Value numerator, mlir::Value denominator, unsigned depth);

  mlir::Value x, t, logistic;
};

/// Whether the two have the same terms with close coefficients.
bool isClose(const Polynomial &value, const Polynomial &expected);

/// Whether every reader of the ops in `interior`, other than `root`, is one of them or a dimension query.
bool isPrivate(const llvm::SmallPtrSetImpl<mlir::Operation *> &interior, mlir::Operation *root);

/// The sum over one dimension of a value, with a neutral start; or the maximum.
struct Reduction {
  mutable mlir::linalg::LinalgOp op;
  mlir::Value input;
  int64_t dim;
  enum Kind { Sum, Max } kind;
};
std::optional<Reduction> matchReduction(mlir::Value value);

} // namespace vitc

#endif // VITC_RECOGNITION_ALGEBRA_H
