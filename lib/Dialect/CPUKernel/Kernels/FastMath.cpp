#include "vitc/Dialect/CPUKernel/Kernels/FastMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <array>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace vitc::vcpu;

/// 1.5 · 2^23: adding it to |x| < 2^22 rounds x to an integer, which then stands in the low bits of the sum.
static constexpr double roundingShift = 12582912.0;
static constexpr int32_t roundingShiftBits = 0x4B400000;

/// ln 2 in two parts, of which the first has few enough bits that its product with an exponent is exact.
static constexpr double ln2High = 0.693359375, ln2Low = -2.12194440e-4;

Type FastMath::integerType() {
  Type integer = builder.getI32Type();
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(integer)) : integer;
}

static Value splatConstant(OpBuilder &builder, Location loc, Type type, TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, cast<Attribute>(scalar)));
  return arith::ConstantOp::create(builder, loc, scalar);
}

Value FastMath::constant(double value) { return splatConstant(builder, loc, type, builder.getF32FloatAttr(value)); }
Value FastMath::integer(int32_t value) {
  return splatConstant(builder, loc, integerType(), builder.getI32IntegerAttr(value));
}
Value FastMath::add(Value lhs, Value rhs) { return arith::AddFOp::create(builder, loc, lhs, rhs); }
Value FastMath::sub(Value lhs, Value rhs) { return arith::SubFOp::create(builder, loc, lhs, rhs); }
Value FastMath::mul(Value lhs, Value rhs) { return arith::MulFOp::create(builder, loc, lhs, rhs); }
Value FastMath::div(Value lhs, Value rhs) { return arith::DivFOp::create(builder, loc, lhs, rhs); }
Value FastMath::fma(Value a, Value b, Value c) { return math::FmaOp::create(builder, loc, a, b, c); }
Value FastMath::both(Value lhs, Value rhs) { return arith::AndIOp::create(builder, loc, lhs, rhs); }
Value FastMath::select(Value condition, Value then, Value otherwise) {
  return arith::SelectOp::create(builder, loc, condition, then, otherwise);
}
Value FastMath::equals(Value lhs, Value rhs) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, lhs, rhs);
}
Value FastMath::differs(Value lhs, Value rhs) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, lhs, rhs);
}

// An ordered comparison with the bound on the left and chosen where it holds is MAXPS or MINPS as it is.
Value FastMath::atLeast(double bound, Value x) {
  Value limit = constant(bound);
  Value greater = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, limit, x);
  return arith::SelectOp::create(builder, loc, greater, limit, x);
}

Value FastMath::atMost(double bound, Value x) {
  Value limit = constant(bound);
  Value less = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, limit, x);
  return arith::SelectOp::create(builder, loc, less, limit, x);
}

Value FastMath::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, constant(coefficient));
  return sum;
}

FastMath::Reduced FastMath::reduceByLn2(Value x) {
  Value shifted = fma(x, constant(M_LOG2E), constant(roundingShift));
  Value exponent = sub(shifted, constant(roundingShift));
  Value rest = fma(exponent, constant(-ln2High), x);
  return {shifted, fma(exponent, constant(-ln2Low), rest)};
}

Value FastMath::expOfRest(Value rest, ArrayRef<double> coefficients) {
  SmallVector<double> all{1.0, 1.0};
  llvm::append_range(all, coefficients);
  return polynomial(rest, all);
}

Value FastMath::powerOfTwo(Value exponent) {
  Value biased = arith::AddIOp::create(builder, loc, exponent, integer(127));
  Value bits = arith::ShLIOp::create(builder, loc, biased, integer(23));
  return arith::BitcastOp::create(builder, loc, type, bits);
}

/// Minimax fits of (e^f − 1 − f) / f² over |f| ≤ ln 2 / 2, in the relative error of e^f: 3.1e-9 and 1.05e-7.
static constexpr double expPrecise[] = {4.999999343e-01, 1.666652040e-01, 4.166839081e-02, 8.368745226e-03,
                                        1.381453897e-03};
static constexpr double expShort[] = {4.999923029e-01, 1.666711538e-01, 4.189033324e-02, 8.312502390e-03};

Value FastMath::exp(Value x) {
  // Past these bounds the result is 0 or infinity; within them the exponent is in [−150, 128].
  Reduced reduced = reduceByLn2(atMost(89.0, atLeast(-104.0, x)));
  Value bits = arith::BitcastOp::create(builder, loc, integerType(), reduced.shifted);
  Value exponent = arith::SubIOp::create(builder, loc, bits, integer(roundingShiftBits));
  // In two factors, so that each is a normal number where the result is subnormal or infinite.
  Value half = arith::ShRSIOp::create(builder, loc, exponent, integer(1));
  Value otherHalf = arith::SubIOp::create(builder, loc, exponent, half);
  Value scaled = mul(expOfRest(reduced.rest, expPrecise), powerOfTwo(half));
  return mul(scaled, powerOfTwo(otherHalf));
}

Value FastMath::expNonPositive(Value x) {
  // The exponent is in [−126, 0] (e^-87.33 ≥ 2^-126); lower arguments give 0.
  constexpr double lowest = -87.33;
  Reduced reduced = reduceByLn2(atLeast(lowest, x));
  // The low bits of the shifted sum, moved to the exponent's place: the rest of it falls out on the left.
  Value bits = arith::BitcastOp::create(builder, loc, integerType(), reduced.shifted);
  Value moved = arith::ShLIOp::create(builder, loc, bits, integer(23));
  Value one = integer(127 << 23);
  Value power = arith::BitcastOp::create(builder, loc, type, arith::AddIOp::create(builder, loc, moved, one));
  Value result = mul(expOfRest(reduced.rest, expShort), power);
  Value underflows = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, x, constant(lowest));
  return arith::SelectOp::create(builder, loc, underflows, constant(0.0), result);
}

/// P(s) with erf(x / √2) / 2 ≈ x · P(2 x² / a² − 1) for |x| ≤ a = 5.2, fitted to the least |x| times that
/// error: 1.4e-7.
static constexpr double geluBound = 5.2;
static constexpr double geluCoefficients[] = {1.359499813e-01, -6.774361820e-02, 5.002561512e-02, -3.993198587e-02,
                                              3.197391613e-02, -2.469884071e-02, 1.803877406e-02, -1.261965626e-02,
                                              8.365093474e-03, -4.542321295e-03, 2.005182717e-03, -1.468765587e-03,
                                              1.188684850e-03, -3.882380259e-04};

Value FastMath::geluErf(Value x) {
  auto vector = dyn_cast<VectorType>(type);
  bool fitsTable = permutes && vector && vector.getShape() == ArrayRef<int64_t>{16};
  return fitsTable ? geluErfByTable(x) : geluErfByPolynomial(x);
}

Value FastMath::geluErfByPolynomial(Value x) {
  // Past the bound P stays what it is at the bound, P · x grows past one half, and the clamp makes Φ exactly 0 or 1.
  Value square = atMost(geluBound * geluBound, mul(x, x));
  Value s = fma(square, constant(2 / (geluBound * geluBound)), constant(-1.0));
  Value phi = fma(polynomial(s, geluCoefficients), x, constant(0.5));
  return mul(atMost(1.0, atLeast(0.0, phi)), x);
}

namespace {
/// erf(t / √2) / 2 for t ≥ 0 in polynomials of t − i · width around t = i · width; the last is the constant one half.
/// The error is below 1.4e-7.
struct HalfErfTable {
  static constexpr int64_t intervals = 16, degree = 4;
  static constexpr double width = 5.3 / (intervals - 1.5);
  /// Of each power, the lowest first, the coefficients in all intervals.
  std::array<std::array<float, intervals>, degree + 1> coefficients;

  HalfErfTable() {
    for (int64_t i = 0; i < intervals - 1; ++i)
      interpolate(i);
    for (int64_t power = 0; power <= degree; ++power)
      coefficients[power][intervals - 1] = power ? 0.0f : 0.5f;
  }

private:
  /// Newton's form through the Chebyshev nodes, which is near the best fit, multiplied out.
  void interpolate(int64_t interval) {
    std::array<double, degree + 1> nodes, differences, polynomial = {};
    for (int64_t n = 0; n <= degree; ++n) {
      nodes[n] = width / 2 * std::cos((n + 0.5) * M_PI / (degree + 1));
      differences[n] = std::erf((interval * width + nodes[n]) * M_SQRT1_2) / 2;
    }
    for (int64_t order = 1; order <= degree; ++order)
      for (int64_t n = degree; n >= order; --n)
        differences[n] = (differences[n] - differences[n - 1]) / (nodes[n] - nodes[n - order]);
    for (int64_t n = degree; n >= 0; --n) {
      for (int64_t power = degree; power > 0; --power)
        polynomial[power] = polynomial[power - 1] - nodes[n] * polynomial[power];
      polynomial[0] = differences[n] - nodes[n] * polynomial[0];
    }
    for (int64_t power = 0; power <= degree; ++power)
      coefficients[power][interval] = static_cast<float>(polynomial[power]);
  }
};
} // namespace

Value FastMath::lookUp(ArrayRef<float> table, Value index) {
  Value entries = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(cast<VectorType>(type), table));
  return LLVM::CallIntrinsicOp::create(builder, loc, type, builder.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
                                       ValueRange{entries, index})
      .getResult(0);
}

Value FastMath::geluErfByTable(Value x) {
  static const HalfErfTable table;
  Value magnitude = math::AbsFOp::create(builder, loc, x);
  Value t = atMost((table.intervals - 1) * table.width, magnitude);
  Value shifted = fma(t, constant(1 / table.width), constant(roundingShift));
  Value index = arith::BitcastOp::create(builder, loc, integerType(), shifted); // its low four bits count
  Value rest = fma(sub(shifted, constant(roundingShift)), constant(-table.width), t);
  Value halfErf = lookUp(table.coefficients.back(), index);
  for (const auto &coefficients : llvm::reverse(ArrayRef(table.coefficients).drop_back()))
    halfErf = fma(halfErf, rest, lookUp(coefficients, index));
  // The odd function by the magnitude alone: past the table's end the sum is exactly x or 0, and a NaN at −∞.
  return fma(magnitude, halfErf, mul(x, constant(0.5)));
}

Value FastMath::geluTanh(Value x) {
  // (1 + tanh u) / 2 = 1 / (1 + e^(−2u))
  double scale = -2 * std::sqrt(2 / M_PI);
  Value inner = fma(mul(x, x), constant(scale * 0.044715), constant(scale));
  return div(x, add(exp(mul(inner, x)), constant(1.0)));
}

Value FastMath::silu(Value x, double beta) { return div(x, add(exp(mul(x, constant(-beta))), constant(1.0))); }

Value FastMath::hardSwish(Value x) {
  return mul(x, mul(atMost(6, atLeast(0, add(x, constant(3)))), constant(1.0 / 6)));
}

Value FastMath::pow(Value x, Value y) {
  auto floor = [&](Value value) -> Value { return math::FloorOp::create(builder, loc, value); };
  Value zero = constant(0.0), one = constant(1.0);
  Value magnitude = math::AbsFOp::create(builder, loc, x);
  // 1 to an infinite power is 0 · ∞ in the exponent.
  Value power = select(equals(magnitude, one), one, exp(mul(y, math::LogOp::create(builder, loc, magnitude))));

  Value half = mul(y, constant(0.5));
  Value isWhole = equals(floor(y), y);
  Value isOdd = both(isWhole, differs(floor(half), half));
  Value result = select(isOdd, math::CopySignOp::create(builder, loc, power, x), power);

  Value isNegative = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, x, zero);
  Value isFinite = differs(magnitude, constant(std::numeric_limits<double>::infinity()));
  Value isUndefined = both(both(isNegative, isFinite), differs(floor(y), y));
  result = select(isUndefined, constant(std::numeric_limits<double>::quiet_NaN()), result);
  return select(equals(y, zero), one, result);
}

/// π/2 in two parts, exact to 2^-106.
static constexpr double halfPiHigh = M_PI_2, halfPiLow = 6.123233995736766e-17;
/// Minimax fits over |r| ≤ π/4 of (sin r − r) / r³ and (cos r − 1 + r² / 2) / r⁴ in r². Source: Cephes, sinf and cosf.
static constexpr double sineCoefficients[] = {-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4};
static constexpr double cosineCoefficients[] = {4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5};

FastMath::Angle FastMath::reduceByHalfPi(Value x) {
  Type wideElement = builder.getF64Type();
  auto vector = dyn_cast<VectorType>(type);
  Type wide = vector ? Type(vector.clone(wideElement)) : wideElement;
  FastMath precise(builder, loc, wide);
  auto wideConstant = [&](double value) { return splatConstant(builder, loc, wide, builder.getF64FloatAttr(value)); };
  Value extended = arith::ExtFOp::create(builder, loc, wide, x);
  Value turns = math::RoundEvenOp::create(builder, loc, precise.mul(extended, wideConstant(M_2_PI)));
  Value rest = precise.fma(turns, wideConstant(-halfPiHigh), extended);
  rest = precise.fma(turns, wideConstant(-halfPiLow), rest);
  // Past 10^12 turns little is left of the angle; the result stays in [−1, 1], and that of infinity is NaN.
  rest = arith::MinimumFOp::create(builder, loc, rest, wideConstant(M_PI_4));
  rest = arith::MaximumFOp::create(builder, loc, rest, wideConstant(-M_PI_4));
  return {turns, arith::TruncFOp::create(builder, loc, type, rest)};
}

Value FastMath::sineOfTurns(const Angle &angle, double extraTurns) {
  Type wide = angle.turns.getType();
  FastMath precise(builder, loc, wide);
  auto wideConstant = [&](double value) { return splatConstant(builder, loc, wide, builder.getF64FloatAttr(value)); };
  auto isOdd = [&](Value whole) -> Value {
    Value half = precise.mul(whole, wideConstant(0.5));
    return precise.differs(math::FloorOp::create(builder, loc, half), half);
  };
  Value turns = precise.add(angle.turns, wideConstant(extraTurns));
  Value halfTurns = math::FloorOp::create(builder, loc, precise.mul(turns, wideConstant(0.5)));
  Value square = mul(angle.rest, angle.rest);
  Value sine = fma(mul(square, angle.rest), polynomial(square, sineCoefficients), angle.rest);
  Value cosine =
      fma(mul(square, square), polynomial(square, cosineCoefficients), fma(square, constant(-0.5), constant(1.0)));
  Value magnitude = select(isOdd(turns), cosine, sine);
  return select(isOdd(halfTurns), arith::NegFOp::create(builder, loc, magnitude), magnitude);
}

Value FastMath::sin(Value x) { return sineOfTurns(reduceByHalfPi(x), 0); }
Value FastMath::cos(Value x) { return sineOfTurns(reduceByHalfPi(x), 1); }
