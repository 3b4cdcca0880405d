#include "SizeExpressions.h"

#include "mlir/IR/AffineExprVisitor.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

namespace {

/// A polynomial with rational coefficients, for sizes such as ⌈N / 32⌉ · 32.
class RationalPolynomial {
public:
  using Powers = std::array<uint8_t, target::maxSymbols>;

  static RationalPolynomial constant(double value) { return RationalPolynomial({{Powers{}, value}}); }
  static RationalPolynomial symbol(unsigned index) {
    Powers powers{};
    powers[index] = 1;
    return RationalPolynomial({{powers, 1.0}});
  }

  RationalPolynomial operator+(const RationalPolynomial &other) const {
    RationalPolynomial sum = *this;
    for (auto &[powers, coefficient] : other.terms)
      sum.terms[powers] += coefficient;
    return sum;
  }
  RationalPolynomial operator*(const RationalPolynomial &other) const {
    RationalPolynomial product;
    for (auto &[leftPowers, left] : terms)
      for (auto &[rightPowers, right] : other.terms) {
        Powers powers = leftPowers;
        for (size_t i = 0; i < powers.size(); ++i)
          powers[i] += rightPowers[i];
        product.terms[powers] += left * right;
      }
    return product;
  }
  RationalPolynomial operator*(double factor) const { return *this * constant(factor); }

  /// Coefficients rounded up: a bound from above, since symbols are not negative.
  target::Polynomial roundUp() const {
    target::Polynomial rounded;
    for (auto &[powers, coefficient] : terms) {
      target::Polynomial term(static_cast<int64_t>(std::ceil(coefficient - 1e-9)));
      for (size_t i = 0; i < powers.size(); ++i)
        for (uint8_t power = 0; power < powers[i]; ++power)
          term = term * target::Polynomial::symbol(i);
      rounded = rounded + term;
    }
    return rounded;
  }

  RationalPolynomial() = default;

private:
  explicit RationalPolynomial(std::map<Powers, double> terms) : terms(std::move(terms)) {}

  std::map<Powers, double> terms;
};

/// What a size is at least and at most; the same where `isExact`.
struct Bounds {
  RationalPolynomial lower, upper;
  bool isExact = true;

  static Bounds exactly(const RationalPolynomial &value) { return {value, value, true}; }

  Bounds operator+(const Bounds &other) const {
    return {lower + other.lower, upper + other.upper, isExact && other.isExact};
  }
  Bounds scaledBy(double factor) const {
    return factor < 0 ? Bounds{upper * factor, lower * factor, isExact}
                      : Bounds{lower * factor, upper * factor, isExact};
  }
};

} // namespace

static FailureOr<Bounds> getBounds(AffineExpr expr);

/// Of a product of sizes that are not negative, or of one and a constant.
static Bounds multiply(const AffineBinaryOpExpr &product, const Bounds &lhs, const Bounds &rhs) {
  if (auto factor = dyn_cast<AffineConstantExpr>(product.getRHS()))
    return lhs.scaledBy(factor.getValue());
  if (auto factor = dyn_cast<AffineConstantExpr>(product.getLHS()))
    return rhs.scaledBy(factor.getValue());
  if (lhs.isExact && rhs.isExact)
    return Bounds::exactly(lhs.upper * rhs.upper);
  return {RationalPolynomial(), lhs.upper * rhs.upper, false};
}

static FailureOr<Bounds> divide(AffineExprKind kind, const Bounds &dividend, AffineExpr by) {
  auto constant = dyn_cast<AffineConstantExpr>(by);
  if (!constant || constant.getValue() < 1)
    return failure();
  double divisor = constant.getValue();
  Bounds slack{RationalPolynomial::constant(-(divisor - 1)), {}, false};
  if (kind == AffineExprKind::CeilDiv)
    slack = {{}, RationalPolynomial::constant(divisor - 1), false};
  if (kind == AffineExprKind::Mod)
    return Bounds{{}, RationalPolynomial::constant(divisor - 1), false};
  return (dividend + slack).scaledBy(1 / divisor);
}

static FailureOr<Bounds> getBounds(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Bounds::exactly(RationalPolynomial::constant(constant.getValue()));
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    if (symbol.getPosition() >= target::maxSymbols)
      return failure();
    return Bounds::exactly(RationalPolynomial::symbol(symbol.getPosition()));
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  FailureOr<Bounds> lhs = getBounds(binary.getLHS()), rhs = getBounds(binary.getRHS());
  if (failed(lhs) || failed(rhs))
    return failure();
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return *lhs + *rhs;
  case AffineExprKind::Mul:
    return multiply(binary, *lhs, *rhs);
  default:
    return divide(expr.getKind(), *lhs, binary.getRHS());
  }
}

FailureOr<target::Polynomial> vitc::driver::boundFromAbove(AffineExpr expr) {
  FailureOr<Bounds> bounds = getBounds(expr);
  if (failed(bounds))
    return failure();
  return bounds->upper.roundUp();
}

//===----------------------------------------------------------------------===//
// Symbols for divisions
//===----------------------------------------------------------------------===//

bool vitc::driver::isRepresentable(AffineExpr expr) {
  auto isBad = [](AffineExpr part) {
    AffineExprKind kind = part.getKind();
    if (kind != AffineExprKind::Mod && kind != AffineExprKind::FloorDiv && kind != AffineExprKind::CeilDiv)
      return false;
    auto divisor = dyn_cast<AffineConstantExpr>(cast<AffineBinaryOpExpr>(part).getRHS());
    return !divisor || divisor.getValue() < 1;
  };
  return !expr.walk([&](AffineExpr part) { return isBad(part) ? WalkResult::interrupt() : WalkResult::advance(); })
              .wasInterrupted();
}

/// `(height//14)`, `((height+13)//14)`
static std::string nameQuotient(const target::Polynomial &dividend, int64_t divisor, ArrayRef<target::Symbol> symbols) {
  auto names = llvm::map_to_vector(symbols, [](const target::Symbol &symbol) { return StringRef(symbol.name); });
  std::string text = dividend.print(names);
  bool isName = llvm::is_contained(names, text);
  return "(" + (isName ? text : "(" + text + ")") + "//" + std::to_string(divisor) + ")";
}

FailureOr<target::Polynomial> SizeExpressions::divide(const target::Polynomial &dividend, int64_t divisor) {
  if (dividend.isConstant()) {
    int64_t value = dividend.evaluate({});
    return target::Polynomial(value / divisor - (value % divisor < 0));
  }
  for (auto [index, symbol] : llvm::enumerate(symbols))
    if (symbol.kind == target::SymbolKind::Quotient && symbol.divisor == divisor && symbol.value == dividend)
      return target::Polynomial::symbol(index);
  if (symbols.size() == target::maxSymbols)
    return failure();
  target::Symbol quotient;
  quotient.name = nameQuotient(dividend, divisor, symbols);
  quotient.kind = target::SymbolKind::Quotient;
  quotient.value = dividend;
  quotient.divisor = divisor;
  symbols.push_back(std::move(quotient));
  return target::Polynomial::symbol(symbols.size() - 1);
}

FailureOr<target::Polynomial> SizeExpressions::write(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return target::Polynomial(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    if (symbol.getPosition() >= symbols.size())
      return failure();
    return target::Polynomial::symbol(symbol.getPosition());
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  FailureOr<target::Polynomial> lhs = write(binary.getLHS()), rhs = write(binary.getRHS());
  if (failed(lhs) || failed(rhs))
    return failure();
  if (expr.getKind() == AffineExprKind::Add)
    return *lhs + *rhs;
  if (expr.getKind() == AffineExprKind::Mul)
    return *lhs * *rhs;
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!divisor || divisor.getValue() < 1)
    return failure();
  int64_t by = divisor.getValue();
  bool roundsUp = expr.getKind() == AffineExprKind::CeilDiv;
  FailureOr<target::Polynomial> quotient = divide(roundsUp ? *lhs + target::Polynomial(by - 1) : *lhs, by);
  if (failed(quotient) || expr.getKind() != AffineExprKind::Mod)
    return quotient;
  return *lhs + *quotient * target::Polynomial(-by);
}

bool SizeExpressions::grows(const target::Polynomial &polynomial) const {
  return llvm::all_of(polynomial.getTerms(), [&](const target::Term &term) {
    bool isConstant = llvm::all_of(term.power, [](uint8_t power) { return power == 0; });
    return term.coefficient >= 0 || isConstant;
  });
}

FailureOr<target::Polynomial> SizeExpressions::writeBound(AffineExpr expr) {
  size_t before = symbols.size();
  FailureOr<target::Polynomial> exact = write(expr);
  if (succeeded(exact) && grows(*exact) &&
      llvm::all_of(ArrayRef(symbols).drop_front(before),
                   [&](const target::Symbol &symbol) { return grows(symbol.value); }))
    return exact;
  symbols.resize(before);
  return boundFromAbove(expr);
}

target::Polynomial SizeExpressions::writeEstimate(AffineExpr expr) {
  size_t before = symbols.size();
  FailureOr<target::Polynomial> exact = write(expr);
  if (succeeded(exact) && symbols.size() == before)
    return *exact;
  symbols.resize(before);
  return boundFromAbove(expr).value_or(target::Polynomial());
}
