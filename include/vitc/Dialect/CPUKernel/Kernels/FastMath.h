#ifndef VITC_DIALECT_CPUKERNEL_KERNELS_FASTMATH_H
#define VITC_DIALECT_CPUKERNEL_KERNELS_FASTMATH_H

#include "mlir/IR/Builders.h"

namespace vitc::vcpu {

/// Emits transcendental functions as arithmetic on f32 scalars or vectors, with no calls. All take FMA as one rounding
/// and round-to-nearest; a NaN stays a NaN. Errors were measured over dense samples of the whole range, against
/// float64.
class FastMath {
public:
  using Value = mlir::Value;

  /// `type` is f32 or a vector of f32; `permutes` says that one instruction looks 16 of them up in 16 (AVX-512).
  FastMath(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, bool permutes = false)
      : builder(builder), loc(loc), type(type), permutes(permutes) {}

  /// Relative error below 1.2e-7, subnormal results within half a unit of the last place; 0 and infinity past them.
  Value exp(Value x);
  /// For x ≤ 0: relative error below 2e-7, 0 where the result would be subnormal. Softmax needs no more.
  Value expNonPositive(Value x);
  /// x / 2 · (1 + erf(x / √2)): absolute error below 8e-7 for |x| < 8; exactly x or 0 · x for |x| > 5.3.
  Value geluErf(Value x);
  /// x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))): relative to |x|, error below 4e-7.
  Value geluTanh(Value x);
  /// x / (1 + e^(−beta · x)): relative error below 4e-7.
  Value silu(Value x, double beta);
  /// x · min(max(x + 3, 0), 6) / 6.
  Value hardSwish(Value x);
  /// x^y, as C's pow for negative x, zeros and infinities; relative error below 2e-5, a subnormal x is the least
  /// normal.
  Value pow(Value x, Value y);
  /// Absolute error below 1e-7 for |x| < 1e9; relative error below 2e-7 for small x. Computed in f64 up to the quarter
  /// turn.
  Value sin(Value x);
  Value cos(Value x);

private:
  /// x = exponent · ln 2 + rest, with |rest| ≤ ln 2 / 2; `shifted` holds the exponent in its low bits.
  struct Reduced {
    Value shifted, rest;
  };
  Reduced reduceByLn2(Value x);
  /// x = turns · π/2 + rest, with |rest| ≤ π/4; turns is a whole f64.
  struct Angle {
    Value turns, rest;
  };
  Angle reduceByHalfPi(Value x);
  /// The sine of an angle with `extraTurns` quarter turns more.
  Value sineOfTurns(const Angle &angle, double extraTurns);
  Value geluErfByPolynomial(Value x);
  Value geluErfByTable(Value x);
  /// Lane by lane, table[index mod 16].
  Value lookUp(llvm::ArrayRef<float> table, Value index);
  /// 2^exponent as a float, for exponents of normal numbers.
  Value powerOfTwo(Value exponent);
  /// e^rest = 1 + rest + rest² · polynomial(rest).
  Value expOfRest(Value rest, llvm::ArrayRef<double> coefficients);
  /// Horner's rule, the coefficient of the lowest power first.
  Value polynomial(Value x, llvm::ArrayRef<double> coefficients);

  Value constant(double value);
  Value integer(int32_t value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value div(Value lhs, Value rhs);
  Value fma(Value a, Value b, Value c);
  Value select(Value condition, Value then, Value otherwise);
  Value equals(Value lhs, Value rhs);
  Value differs(Value lhs, Value rhs);
  Value both(Value lhs, Value rhs);
  /// The greater or smaller of a bound and x, or x where that is a NaN.
  Value atLeast(double bound, Value x);
  Value atMost(double bound, Value x);
  mlir::Type integerType();

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type;
  bool permutes;
};

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_KERNELS_FASTMATH_H
