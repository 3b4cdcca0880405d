//===- Floats of eight bits and less --------------------------------------===//

#include "SmallFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace vitc::onnx;
using arith::CmpIPredicate;

namespace {
/// How a format lays out its bits: a sign, exponent and fraction, and which of their values are no finite numbers.
struct Layout {
  int32_t width, fraction, bias;
  int32_t largest;                 ///< finite number, without its sign
  std::optional<int32_t> infinity; ///< without its sign
  std::optional<int32_t> nan;      ///< without its sign; in formats without −0, with it
  bool hasNegativeZero;

  int32_t getSignBit() const { return 1 << (width - 1); }
};

/// Writes arithmetic on i32 and f32.
struct Bits {
  OpBuilder &b;
  Location loc;

  Value integer(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value)); }
  Value number(double value) { return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value)); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value bitOr(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value mask(Value x, int64_t bits) { return arith::AndIOp::create(b, loc, x, integer(bits)); }
  Value left(Value x, int64_t by) { return arith::ShLIOp::create(b, loc, x, integer(by)); }
  Value right(Value x, int64_t by) { return arith::ShRUIOp::create(b, loc, x, integer(by)); }
  Value mul(Value x, double y) { return arith::MulFOp::create(b, loc, x, number(y)); }
  Value less(Value x, int64_t y) { return arith::CmpIOp::create(b, loc, CmpIPredicate::ult, x, integer(y)); }
  Value greater(Value x, int64_t y) { return arith::CmpIOp::create(b, loc, CmpIPredicate::ugt, x, integer(y)); }
  Value equal(Value x, int64_t y) { return arith::CmpIOp::create(b, loc, CmpIPredicate::eq, x, integer(y)); }
  Value select(Value condition, Value yes, Value no) { return arith::SelectOp::create(b, loc, condition, yes, no); }
  Value toFloat(Value x) { return arith::BitcastOp::create(b, loc, b.getF32Type(), x); }
  Value toInteger(Value x) { return arith::BitcastOp::create(b, loc, b.getI32Type(), x); }
};
} // namespace

static constexpr int32_t singleInfinity = 0x7f800000, singleBias = 127, singleFraction = 23;

static Layout getLayout(FloatType format) {
  if (isa<Float8E4M3FNType>(format))
    return {8, 3, 7, 0x7e, std::nullopt, 0x7f, true};
  if (isa<Float8E4M3FNUZType>(format))
    return {8, 3, 8, 0x7f, std::nullopt, 0x80, false};
  if (isa<Float8E5M2Type>(format))
    return {8, 2, 15, 0x7b, 0x7c, 0x7e, true};
  if (isa<Float8E5M2FNUZType>(format))
    return {8, 2, 16, 0x7f, std::nullopt, 0x80, false};
  assert(isa<Float4E2M1FNType>(format) && "expected a float of eight bits or less");
  return {4, 1, 1, 0x7, std::nullopt, std::nullopt, true};
}

//===----------------------------------------------------------------------===//
// Powers of two: code c is 2^(c − 127), and the last code NaN
//===----------------------------------------------------------------------===//

static constexpr int32_t largestPower = 0xfe, powerNaN = 0xff;
/// The bits of 2^-127 in f32, where it is subnormal.
static constexpr int32_t leastPowerBits = 1 << (singleFraction - 1);

static Value decodePower(Bits bits, Value code) {
  Value number = bits.left(code, singleFraction);
  number = bits.select(bits.equal(code, 0), bits.integer(leastPowerBits), number);
  return bits.toFloat(bits.select(bits.equal(code, powerNaN), bits.integer(singleInfinity | leastPowerBits), number));
}

/// The code of |x|, whose bits are `magnitude`; halfway between two powers it is the greater one.
static Value encodePower(Bits bits, Value magnitude, Rounding rounding) {
  using Direction = Rounding::Direction;
  int32_t unit = 1 << singleFraction;
  int32_t addend = rounding.direction == Direction::Up     ? unit - 1
                   : rounding.direction == Direction::Down ? 0
                                                           : unit / 2;
  Value code = bits.right(bits.add(magnitude, bits.integer(addend)), singleFraction);
  // Between the two least powers, of which the first is subnormal, bits count by another unit.
  int32_t last = rounding.direction == Direction::Up     ? leastPowerBits
                 : rounding.direction == Direction::Down ? unit - 1
                                                         : leastPowerBits + leastPowerBits / 2 - 1;
  Value least = bits.select(bits.greater(magnitude, last), bits.integer(1), bits.integer(0));
  code = bits.select(bits.less(magnitude, unit), least, code);
  code = bits.select(bits.greater(code, largestPower), bits.integer(rounding.saturate ? largestPower : powerNaN), code);
  if (!rounding.saturate)
    code = bits.select(bits.less(magnitude, leastPowerBits), bits.integer(powerNaN), code);
  return bits.select(bits.greater(magnitude, singleInfinity), bits.integer(powerNaN), code);
}

//===----------------------------------------------------------------------===//
// Formats with a sign and a fraction
//===----------------------------------------------------------------------===//

Value vitc::onnx::decodeSmallFloat(OpBuilder &b, Location loc, Value byte, FloatType format) {
  if (isa<Float8E8M0FNUType>(format))
    return decodePower({b, loc}, arith::ExtUIOp::create(b, loc, b.getI32Type(), byte));
  Layout layout = getLayout(format);
  Bits bits{b, loc};
  Value code = bits.mask(arith::ExtUIOp::create(b, loc, b.getI32Type(), byte), 2 * layout.getSignBit() - 1);
  Value magnitude = bits.mask(code, layout.getSignBit() - 1);
  int32_t shift = singleFraction - layout.fraction;
  Value normal = bits.add(bits.left(magnitude, shift), bits.integer((singleBias - layout.bias) << singleFraction));
  Value fraction = arith::UIToFPOp::create(b, loc, b.getF32Type(), magnitude);
  Value subnormal = bits.toInteger(bits.mul(fraction, std::ldexp(1.0, 1 - layout.bias - layout.fraction)));
  Value number = bits.select(bits.less(magnitude, 1 << layout.fraction), subnormal, normal);
  if (layout.infinity)
    number = bits.select(bits.equal(magnitude, *layout.infinity), bits.integer(singleInfinity), number);
  if (layout.nan) {
    Value isNaN = layout.infinity ? bits.greater(magnitude, *layout.infinity)
                                  : bits.equal(layout.hasNegativeZero ? magnitude : code, *layout.nan);
    number = bits.select(isNaN, bits.integer(singleInfinity | 1 << (singleFraction - 1)), number);
  }
  Value sign = bits.left(bits.right(code, layout.width - 1), 31);
  return bits.toFloat(bits.bitOr(number, sign));
}

/// The code of |x|, whose bits are `magnitude`, where it is a finite number and not too large for the format.
static Value roundMagnitude(Bits bits, Value magnitude, const Layout &layout) {
  int32_t shift = singleFraction - layout.fraction;
  Value odd = bits.mask(bits.right(magnitude, shift), 1);
  Value rounded = bits.add(bits.add(magnitude, odd), bits.integer((1 << (shift - 1)) - 1));
  Value normal = bits.add(bits.right(rounded, shift), bits.integer(-((singleBias - layout.bias) << layout.fraction)));
  // Below the least normal number, codes count its fractions.
  Value fractions = bits.mul(bits.toFloat(magnitude), std::ldexp(1.0, layout.bias - 1 + layout.fraction));
  Value whole = math::RoundEvenOp::create(bits.b, bits.loc, fractions);
  Value subnormal = arith::FPToUIOp::create(bits.b, bits.loc, bits.b.getI32Type(), whole);
  return bits.select(bits.less(magnitude, (singleBias + 1 - layout.bias) << singleFraction), subnormal, normal);
}

Value vitc::onnx::encodeSmallFloat(OpBuilder &b, Location loc, Value x, FloatType format, Rounding rounding) {
  Bits bits{b, loc};
  Value single = bits.toInteger(x), magnitude = bits.mask(single, 0x7fffffff);
  if (isa<Float8E8M0FNUType>(format))
    return arith::TruncIOp::create(b, loc, b.getI8Type(), encodePower(bits, magnitude, rounding));
  Layout layout = getLayout(format);
  Value code = roundMagnitude(bits, magnitude, layout);
  Value isLarge = bits.greater(code, layout.largest);
  Value isNaN = bits.greater(magnitude, singleInfinity);
  int32_t tooLarge = rounding.saturate || !layout.nan ? layout.largest : layout.infinity.value_or(*layout.nan);
  code = bits.select(isLarge, bits.integer(tooLarge), code);
  code = bits.select(isNaN, bits.integer(layout.nan.value_or(0)), code);
  Value sign = bits.left(bits.right(single, 31), layout.width - 1);
  if (!layout.nan)
    sign = bits.select(isNaN, bits.integer(layout.getSignBit()), sign);
  Value isSigned = bits.bitOr(code, sign);
  Value result = layout.hasNegativeZero ? isSigned : bits.select(bits.equal(code, 0), code, isSigned);
  return arith::TruncIOp::create(b, loc, b.getI8Type(), result);
}
