// Functions of f64 as arithmetic, for models that compute in it: correct to a few units of the last place, not fast.

#include "vitc/Transforms/MathFunctions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using arith::CmpFPredicate;

/// ln 2 in two parts, of which the first has 32 bits: its product with an exponent is exact.
static constexpr double ln2High = 0x1.62e42fee00000p-1, ln2Low = 0x1.a39ef35793c76p-33;
static constexpr int64_t exponentBias = 1023, fractionBits = 52;

namespace {
/// Emits arithmetic on scalars or vectors of f64, and of i64 beside them.
class DoubleMath {
public:
  DoubleMath(OpBuilder &b, Location loc, Type type) : b(b), loc(loc), type(type) {}

  Value exp(Value x) {
    // Past these bounds the result is 0 or infinity.
    x = choose(CmpFPredicate::OLT, x, number(-746), number(-746), x);
    x = choose(CmpFPredicate::OGT, x, number(710), number(710), x);
    Value exponent = math::RoundEvenOp::create(b, loc, mul(x, number(M_LOG2E)));
    Value rest = fma(exponent, number(-ln2Low), fma(exponent, number(-ln2High), x));
    // |rest| ≤ ln 2 / 2: the series' next term is below 5e-18.
    Value sum = number(1.0 / 6227020800);
    for (double factorial : {479001600., 39916800., 3628800., 362880., 40320., 5040., 720., 120., 24., 6., 2., 1., 1.})
      sum = fma(sum, rest, number(1 / factorial));
    Value whole =
        arith::FPToSIOp::create(b, loc, like(b.getI64Type()), choose(CmpFPredicate::UNO, x, x, number(0), exponent));
    // In two factors, so that each is a normal number where the result is subnormal or infinite.
    Value half = arith::ShRSIOp::create(b, loc, whole, integer(1));
    Value otherHalf = arith::SubIOp::create(b, loc, whole, half);
    return mul(mul(sum, powerOfTwo(half)), powerOfTwo(otherHalf));
  }

  Value log(Value x) {
    double least = std::numeric_limits<double>::min(), infinity = std::numeric_limits<double>::infinity();
    Value isSmall = compare(CmpFPredicate::OLT, x, number(least));
    Value normal = select(isSmall, mul(x, number(0x1p54)), x);
    // x = 2^exponent · fraction, with a fraction in [√½, √2): what lies above the bits of √½ counts up the exponent.
    Value bits = arith::BitcastOp::create(b, loc, like(b.getI64Type()), normal);
    constexpr int64_t halfRoot = 0x3fe6a09e667f3bcd;
    Value above = arith::SubIOp::create(b, loc, bits, integer(halfRoot));
    Value whole = arith::ShRSIOp::create(b, loc, above, integer(fractionBits));
    Value rest = arith::SubIOp::create(b, loc, bits, arith::ShLIOp::create(b, loc, whole, integer(fractionBits)));
    Value fraction = arith::BitcastOp::create(b, loc, type, rest);
    Value exponent = arith::SIToFPOp::create(b, loc, type, whole);
    exponent = add(exponent, select(isSmall, number(-54), number(0)));
    Value result = fma(exponent, number(ln2High), add(logOfFraction(fraction), mul(exponent, number(ln2Low))));
    // What is no positive number: NaN stays, and infinity.
    result = choose(CmpFPredicate::OEQ, x, number(infinity), x, result);
    result = choose(CmpFPredicate::OEQ, x, number(0), number(-infinity), result);
    result = choose(CmpFPredicate::OLT, x, number(0), number(std::numeric_limits<double>::quiet_NaN()), result);
    return choose(CmpFPredicate::UNO, x, x, x, result);
  }

private:
  /// 2 · artanh(s), s = (f − 1) / (f + 1), |s| ≤ 0.172: the series' next term is below 2e-19 · s.
  Value logOfFraction(Value fraction) {
    Value s = arith::DivFOp::create(b, loc, add(fraction, number(-1)), add(fraction, number(1)));
    Value square = mul(s, s), sum = number(1.0 / 23);
    for (int odd = 21; odd >= 3; odd -= 2)
      sum = fma(sum, square, number(1.0 / odd));
    Value twice = add(s, s);
    return fma(mul(twice, square), sum, twice);
  }

  /// For exponents of normal numbers.
  Value powerOfTwo(Value exponent) {
    Value biased = arith::AddIOp::create(b, loc, exponent, integer(exponentBias));
    return arith::BitcastOp::create(b, loc, type, arith::ShLIOp::create(b, loc, biased, integer(fractionBits)));
  }

  Type like(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Value splat(TypedAttr scalar) {
    if (auto vector = dyn_cast<VectorType>(like(scalar.getType())))
      return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, cast<Attribute>(scalar)));
    return arith::ConstantOp::create(b, loc, scalar);
  }
  Value number(double value) { return splat(b.getF64FloatAttr(value)); }
  Value integer(int64_t value) { return splat(b.getI64IntegerAttr(value)); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value compare(CmpFPredicate predicate, Value x, Value y) { return arith::CmpFOp::create(b, loc, predicate, x, y); }
  Value select(Value condition, Value yes, Value no) { return arith::SelectOp::create(b, loc, condition, yes, no); }
  Value choose(CmpFPredicate predicate, Value x, Value y, Value yes, Value no) {
    return select(compare(predicate, x, y), yes, no);
  }

  OpBuilder &b;
  Location loc;
  Type type;
};

template <typename OpTy, Value (DoubleMath::*expand)(Value)>
struct ExpandDouble final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (isa<TensorType>(type) || !getElementTypeOrSelf(type).isF64())
      return rewriter.notifyMatchFailure(op, "not a scalar or a vector of f64");
    DoubleMath math(rewriter, op.getLoc(), type);
    rewriter.replaceOp(op, (math.*expand)(op.getOperand()));
    return success();
  }
};
} // namespace

bool vitc::isFunctionOfDoubles(Operation *op) { return isNativeFunction(op) || isa<math::ExpOp, math::LogOp>(op); }

void vitc::populateExpandDoublesPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandDouble<math::ExpOp, &DoubleMath::exp>, ExpandDouble<math::LogOp, &DoubleMath::log>>(
      patterns.getContext());
}
