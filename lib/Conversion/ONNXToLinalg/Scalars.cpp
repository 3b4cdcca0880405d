//===- Arithmetic on one element ------------------------------------------===//

#include "Scalars.h"

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::onnx;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

ScalarType ScalarType::of(Type type) {
  Type element = getElementTypeOrSelf(type), converted = convertElementType(element);
  bool isSmall = element.getIntOrFloatBitWidth() < converted.getIntOrFloatBitWidth() ||
                 converted.isInteger() != element.isInteger();
  return {converted, element.isUnsignedInteger() || element.isInteger(1), isSmall ? element : Type()};
}

static Value constant(OpBuilder &b, Location loc, TypedAttr value) { return arith::ConstantOp::create(b, loc, value); }

static Value constant(OpBuilder &b, Location loc, double value, Type type) {
  return constant(b, loc, getScalarAttr(value, type));
}

static Value select(OpBuilder &b, Location loc, Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, loc, condition, yes, no);
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static Value resizeFloat(OpBuilder &b, Location loc, Value x, FloatType to) {
  unsigned from = x.getType().getIntOrFloatBitWidth();
  if (x.getType() == to)
    return x;
  if (from < to.getWidth())
    return arith::ExtFOp::create(b, loc, to, x);
  return arith::TruncFOp::create(b, loc, to, x);
}

static Value toFloat(OpBuilder &b, Location loc, Value x, bool fromUnsigned, FloatType to) {
  if (x.getType() == to)
    return x;
  // Conversions from and to fewer bits than 32 are to and from 32 bits.
  auto from = dyn_cast<FloatType>(x.getType());
  FloatType step = to.getWidth() < 32 || (from && from.getWidth() < 32) ? FloatType(b.getF32Type()) : to;
  if (from)
    x = resizeFloat(b, loc, x, step);
  else
    x = fromUnsigned ? arith::UIToFPOp::create(b, loc, step, x).getResult()
                     : arith::SIToFPOp::create(b, loc, step, x).getResult();
  return resizeFloat(b, loc, x, to);
}

/// What lies outside the type's range is replaced, since its conversion is undefined.
static Value floatToInteger(OpBuilder &b, Location loc, Value x, Type to, bool toUnsigned) {
  unsigned width = to.getIntOrFloatBitWidth();
  Value zero = constant(b, loc, 0, to);
  Value low = constant(b, loc, toUnsigned ? 0 : -std::ldexp(1.0, width - 1), x.getType());
  Value high = constant(b, loc, std::ldexp(1.0, toUnsigned ? width : width - 1), x.getType());
  Value result = toUnsigned ? arith::FPToUIOp::create(b, loc, to, x).getResult()
                            : arith::FPToSIOp::create(b, loc, to, x).getResult();
  Value isLow = arith::CmpFOp::create(b, loc, CmpFPredicate::OLT, x, low);
  Value isHigh = arith::CmpFOp::create(b, loc, CmpFPredicate::OGE, x, high);
  Value isNaN = arith::CmpFOp::create(b, loc, CmpFPredicate::UNO, x, x);
  result = select(b, loc, isLow, constant(b, loc, getLowestAttr(to, toUnsigned)), result);
  result = select(b, loc, isHigh, constant(b, loc, getHighestAttr(to, toUnsigned)), result);
  return select(b, loc, isNaN, zero, result);
}

static Value toBool(OpBuilder &b, Location loc, Value x) {
  Value zero = constant(b, loc, 0, x.getType());
  if (isa<FloatType>(x.getType()))
    return arith::CmpFOp::create(b, loc, CmpFPredicate::UNE, x, zero);
  return arith::CmpIOp::create(b, loc, CmpIPredicate::ne, x, zero);
}

/// To bytes that stand for numbers of a smaller type. Of an integer the low bits are taken, whatever it came from.
static Value toSmall(OpBuilder &b, Location loc, Value x, ScalarType from, ScalarType to, Rounding rounding) {
  if (auto format = dyn_cast<FloatType>(to.small))
    return encodeSmallFloat(b, loc, castScalar(b, loc, x, from, {b.getF32Type(), false}), format, rounding);
  if (isa<FloatType>(from.type)) {
    ScalarType wide{b.getI32Type(), false};
    x = castScalar(b, loc, x, from, wide);
    from = wide;
  }
  ScalarType narrow{IntegerType::get(b.getContext(), to.small.getIntOrFloatBitWidth()), to.isUnsigned};
  return castScalar(b, loc, castScalar(b, loc, x, from, narrow), narrow, {to.type, to.isUnsigned});
}

Value vitc::onnx::castScalar(OpBuilder &b, Location loc, Value x, ScalarType from, ScalarType to, Rounding rounding) {
  if (from.type == to.type && from.small == to.small)
    return x;
  if (auto format = dyn_cast_or_null<FloatType>(from.small)) {
    x = decodeSmallFloat(b, loc, x, format);
    from = {b.getF32Type(), false};
  } else if (from.small) { // what the other bits of the byte are is left open
    from = {IntegerType::get(b.getContext(), from.small.getIntOrFloatBitWidth()), from.isUnsigned};
    x = arith::TruncIOp::create(b, loc, from.type, x);
  }
  if (to.small)
    return toSmall(b, loc, x, from, to, rounding);
  if (from.type == to.type)
    return x;
  if (auto type = dyn_cast<FloatType>(to.type))
    return toFloat(b, loc, x, from.isUnsigned, type);
  if (auto type = dyn_cast<FloatType>(from.type); type && type.getWidth() < 32)
    x = resizeFloat(b, loc, x, b.getF32Type());
  if (to.type.isInteger(1))
    return toBool(b, loc, x);
  if (isa<FloatType>(from.type))
    return floatToInteger(b, loc, x, to.type, to.isUnsigned);
  if (from.type.getIntOrFloatBitWidth() > to.type.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, to.type, x);
  return from.isUnsigned ? arith::ExtUIOp::create(b, loc, to.type, x).getResult()
                         : arith::ExtSIOp::create(b, loc, to.type, x).getResult();
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

static Value isZero(OpBuilder &b, Location loc, Value x) {
  return arith::CmpIOp::create(b, loc, CmpIPredicate::eq, x, constant(b, loc, 0, x.getType()));
}

/// The divisor, or 1 where a division by it would stop the program: by 0, and of the least integer by −1, which has the
/// same result as by 1 once it wraps.
static Value makeSafe(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  Value isUnsafe = isZero(b, loc, y);
  if (!isUnsigned) {
    Value least = constant(b, loc, getLowestAttr(x.getType(), /*isUnsigned=*/false));
    Value isLeast = arith::CmpIOp::create(b, loc, CmpIPredicate::eq, x, least);
    Value isMinusOne = arith::CmpIOp::create(b, loc, CmpIPredicate::eq, y, constant(b, loc, -1, y.getType()));
    isUnsafe = arith::OrIOp::create(b, loc, isUnsafe, arith::AndIOp::create(b, loc, isLeast, isMinusOne));
  }
  return select(b, loc, isUnsafe, constant(b, loc, 1, y.getType()), y);
}

Value vitc::onnx::divideIntegers(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  Value divisor = makeSafe(b, loc, x, y, isUnsigned);
  Value quotient = isUnsigned ? arith::DivUIOp::create(b, loc, x, divisor).getResult()
                              : arith::DivSIOp::create(b, loc, x, divisor).getResult();
  return select(b, loc, isZero(b, loc, y), constant(b, loc, 0, x.getType()), quotient);
}

/// A remainder that takes the sign of the divisor, from one with the sign of the dividend.
static Value takeSignOfDivisor(OpBuilder &b, Location loc, Value remainder, Value divisor) {
  Value zero = constant(b, loc, 0, remainder.getType());
  if (isa<FloatType>(remainder.getType())) {
    auto isNegative = [&](Value x) -> Value { return arith::CmpFOp::create(b, loc, CmpFPredicate::OLT, x, zero); };
    Value isNonzero = arith::CmpFOp::create(b, loc, CmpFPredicate::ONE, remainder, zero);
    Value differ = arith::XOrIOp::create(b, loc, isNegative(remainder), isNegative(divisor));
    Value moved = arith::AddFOp::create(b, loc, remainder, divisor);
    return select(b, loc, arith::AndIOp::create(b, loc, isNonzero, differ), moved, remainder);
  }
  Value isNonzero = arith::CmpIOp::create(b, loc, CmpIPredicate::ne, remainder, zero);
  Value signs = arith::XOrIOp::create(b, loc, remainder, divisor);
  Value differ = arith::CmpIOp::create(b, loc, CmpIPredicate::slt, signs, zero);
  Value moved = arith::AddIOp::create(b, loc, remainder, divisor);
  return select(b, loc, arith::AndIOp::create(b, loc, isNonzero, differ), moved, remainder);
}

Value vitc::onnx::moduloScalar(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned, bool fmod) {
  if (isa<FloatType>(x.getType())) {
    Value remainder = arith::RemFOp::create(b, loc, x, y);
    return fmod ? remainder : takeSignOfDivisor(b, loc, remainder, y);
  }
  Value divisor = makeSafe(b, loc, x, y, isUnsigned);
  Value remainder = isUnsigned ? arith::RemUIOp::create(b, loc, x, divisor).getResult()
                               : arith::RemSIOp::create(b, loc, x, divisor).getResult();
  if (!isUnsigned && !fmod)
    remainder = takeSignOfDivisor(b, loc, remainder, divisor);
  return select(b, loc, isZero(b, loc, y), constant(b, loc, 0, x.getType()), remainder);
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

/// x to a power that is not negative, by squaring: an exponent's bit is worth a square.
static Value powerBySquaring(OpBuilder &b, Location loc, Value x, Value exponent) {
  Value power = constant(b, loc, 1, x.getType()), square = x;
  for (unsigned bit = 0, width = exponent.getType().getIntOrFloatBitWidth(); bit < width; ++bit) {
    Value mask = constant(b, loc, IntegerAttr::get(exponent.getType(), APInt::getOneBitSet(width, bit)));
    Value isSet = toBool(b, loc, arith::AndIOp::create(b, loc, exponent, mask));
    power = select(b, loc, isSet, arith::MulIOp::create(b, loc, power, square), power);
    if (bit + 1 < width)
      square = arith::MulIOp::create(b, loc, square, square);
  }
  return power;
}

/// x to a negative power, truncated: 0 but for 1 and −1.
static Value negativePower(OpBuilder &b, Location loc, ScalarType type, Value x, Value exponent) {
  Value zero = constant(b, loc, 0, type.type), one = constant(b, loc, 1, type.type);
  auto is = [&](Value value, Value wanted) -> Value {
    return arith::CmpIOp::create(b, loc, CmpIPredicate::eq, value, wanted);
  };
  Value result = select(b, loc, is(x, one), one, zero);
  if (type.isUnsigned)
    return result;
  Value minusOne = constant(b, loc, -1, type.type);
  Value lowest = arith::AndIOp::create(b, loc, exponent, constant(b, loc, 1, exponent.getType()));
  return select(b, loc, is(x, minusOne), select(b, loc, toBool(b, loc, lowest), minusOne, one), result);
}

static Value integerPower(OpBuilder &b, Location loc, Value x, ScalarType type, Value exponent, bool exponentUnsigned) {
  Value power = powerBySquaring(b, loc, x, exponent);
  if (exponentUnsigned)
    return power;
  Value zero = constant(b, loc, 0, exponent.getType());
  Value isNegative = arith::CmpIOp::create(b, loc, CmpIPredicate::slt, exponent, zero);
  return select(b, loc, isNegative, negativePower(b, loc, type, x, exponent), power);
}

/// An integer to a power that may be fractional: where it is not, by multiplications; else a power of floats, to the
/// nearest integer if it is within the error of its computation of one.
static Value fractionalPower(OpBuilder &b, Location loc, Value x, ScalarType type, Value y) {
  Type f32 = b.getF32Type();
  ScalarType wide{f32, false}, integer{b.getI64Type(), false};
  y = castScalar(b, loc, y, {y.getType(), false}, wide);
  Value whole = castScalar(b, loc, y, wide, integer);
  Value isWhole = arith::CmpFOp::create(b, loc, CmpFPredicate::OEQ, castScalar(b, loc, whole, integer, wide), y);
  Value power = math::PowFOp::create(b, loc, castScalar(b, loc, x, type, wide), y);
  Value nearest = math::RoundEvenOp::create(b, loc, power);
  Value error = math::AbsFOp::create(b, loc, arith::SubFOp::create(b, loc, power, nearest));
  Value allowed = arith::MulFOp::create(b, loc, math::AbsFOp::create(b, loc, nearest), constant(b, loc, 0x1p-20, f32));
  Value isNear = arith::CmpFOp::create(b, loc, CmpFPredicate::OLE, error, allowed);
  Value truncated = castScalar(b, loc, select(b, loc, isNear, nearest, power), wide, type);
  return select(b, loc, isWhole, integerPower(b, loc, x, type, whole, /*exponentUnsigned=*/false), truncated);
}

Value vitc::onnx::powScalar(OpBuilder &b, Location loc, Value x, ScalarType xType, Value y, ScalarType yType) {
  if (isa<FloatType>(xType.type))
    return math::PowFOp::create(b, loc, x, castScalar(b, loc, y, yType, xType));
  if (isa<FloatType>(yType.type))
    return fractionalPower(b, loc, x, xType, y);
  return integerPower(b, loc, x, xType, y, yType.isUnsigned);
}
