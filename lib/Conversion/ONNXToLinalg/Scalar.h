#ifndef VITC_CONVERSION_ONNXTOLINALG_SCALAR_H
#define VITC_CONVERSION_ONNXTOLINALG_SCALAR_H

#include "mlir/IR/Builders.h"
#include <algorithm>
#include <cmath>

namespace vitc::onnx {

/// A floating-point number of the program that is being built, so that formulas read as formulas: what is computed with
/// it goes where its builder stands. A formula written as a template also takes doubles, whose functions have the same
/// names below; it is then computed by the compiler.
class Scalar {
public:
  Scalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value) : builder(&builder), loc(loc), value(value) {}

  /// A constant of the same type.
  Scalar constant(double number) const;
  /// An index that is not negative as a number.
  static Scalar fromIndex(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value index, mlir::Type type);
  /// An element of any numeric type as a number of type `type`.
  static Scalar fromElement(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value element, mlir::Type type,
                            bool isUnsigned);
  /// The whole part as an index from 0 to `last`, which numbers beyond become; 0 for NaN.
  mlir::Value toIndex(mlir::Value last) const;
  /// The number rounded to a float of type `type`, or truncated to an integer within its range.
  mlir::Value toElement(mlir::Type type, bool isUnsigned) const;

  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Value value;
};

/// The floating-point type that interpolation of elements of `type` computes in: it holds every integer of 32 bits.
mlir::Type getComputeType(mlir::Type type);

Scalar operator+(const Scalar &a, const Scalar &b);
Scalar operator-(const Scalar &a, const Scalar &b);
Scalar operator*(const Scalar &a, const Scalar &b);
Scalar operator/(const Scalar &a, const Scalar &b);
inline Scalar operator+(const Scalar &a, double b) { return a + a.constant(b); }
inline Scalar operator-(const Scalar &a, double b) { return a - a.constant(b); }
inline Scalar operator*(const Scalar &a, double b) { return a * a.constant(b); }
inline Scalar operator/(const Scalar &a, double b) { return a / a.constant(b); }
inline Scalar operator+(double a, const Scalar &b) { return b.constant(a) + b; }
inline Scalar operator-(double a, const Scalar &b) { return b.constant(a) - b; }
inline Scalar operator*(double a, const Scalar &b) { return b.constant(a) * b; }
inline Scalar operator/(double a, const Scalar &b) { return b.constant(a) / b; }

Scalar getFloor(const Scalar &x);
Scalar getCeil(const Scalar &x);
Scalar getMagnitude(const Scalar &x);
/// The nearest integer, of two the even one.
Scalar roundToEven(const Scalar &x);
/// The lesser and the greater of two numbers; b where a is NaN.
Scalar getLesser(const Scalar &a, const Scalar &b);
Scalar getGreater(const Scalar &a, const Scalar &b);
inline Scalar getLesser(const Scalar &a, double b) { return getLesser(a, a.constant(b)); }
inline Scalar getGreater(const Scalar &a, double b) { return getGreater(a, a.constant(b)); }
/// a < b and a ≤ b, as i1; false for NaN.
mlir::Value isLess(const Scalar &a, const Scalar &b);
mlir::Value isAtMost(const Scalar &a, const Scalar &b);
inline mlir::Value isLess(const Scalar &a, double b) { return isLess(a, a.constant(b)); }
inline mlir::Value isAtMost(const Scalar &a, double b) { return isAtMost(a, a.constant(b)); }
Scalar choose(mlir::Value condition, const Scalar &then, const Scalar &otherwise);
inline Scalar choose(mlir::Value condition, double then, const Scalar &otherwise) {
  return choose(condition, otherwise.constant(then), otherwise);
}

inline double getFloor(double x) { return std::floor(x); }
inline double getCeil(double x) { return std::ceil(x); }
inline double getMagnitude(double x) { return std::abs(x); }
inline double getLesser(double a, double b) { return std::min(a, b); }
inline double getGreater(double a, double b) { return std::max(a, b); }
inline bool isLess(double a, double b) { return a < b; }
inline bool isAtMost(double a, double b) { return a <= b; }
inline double choose(bool condition, double then, double otherwise) { return condition ? then : otherwise; }

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_SCALAR_H
