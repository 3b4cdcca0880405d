// Elements of elementwise shape arithmetic, symbolic or constant.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include <cmath>

using namespace mlir;
using namespace vitc::onnx;

using Binary = llvm::function_ref<Element(const Element &, const Element &)>;

static RankedTensorType resultType(Operation *op) { return cast<RankedTensorType>(op->getResult(0).getType()); }

static bool isFloat(Operation *op) { return isa<FloatType>(getElementTypeOrSelf(op->getOperand(0))); }

/// Each element stored as the result's element type.
static LogicalResult evaluateUnary(Operation *op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results,
                                   llvm::function_ref<Element(const Element &)> compute) {
  const SmallTensor *operand = env.contents(op->getOperand(0));
  if (!operand)
    return failure();
  RankedTensorType type = resultType(op);
  std::vector<Element> elements;
  for (const Element &element : operand->getElements())
    elements.push_back(compute(element).castTo(type.getElementType()));
  results.emplace_back(type, std::move(elements));
  return success();
}

static LogicalResult evaluateNumber(Operation *op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results,
                                    llvm::function_ref<double(double)> compute) {
  return evaluateUnary(op, env, results, [&](const Element &x) {
    std::optional<double> number = x.asNumber();
    return number ? Element(compute(*number)) : Element();
  });
}

/// The operands broadcast and combined from the left.
static LogicalResult evaluateBroadcast(Operation *op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results,
                                       Binary compute) {
  RankedTensorType type = resultType(op);
  std::optional<SmallTensor> result;
  for (Value value : op->getOperands()) {
    const SmallTensor *contents = env.contents(value);
    if (!contents)
      return failure();
    SmallTensor operand = contents->broadcast(type.getShape());
    if (!result) {
      result = std::move(operand);
      continue;
    }
    std::vector<Element> elements;
    for (auto [a, b] : llvm::zip_equal(result->getElements(), operand.getElements()))
      elements.push_back(compute(a, b).castTo(type.getElementType()));
    result = SmallTensor(type, std::move(elements));
  }
  results.push_back(std::move(*result));
  return success();
}

/// Numbers as floats where both are constant floats, else as extents.
static Element combine(bool asFloats, const Element &a, const Element &b,
                       llvm::function_ref<double(double, double)> ofNumbers,
                       llvm::function_ref<std::optional<Extent>(const Extent &, const Extent &)> ofExtents) {
  std::optional<double> x = a.asNumber(), y = b.asNumber();
  if (asFloats && x && y)
    return ofNumbers(*x, *y);
  std::optional<Extent> m = a.asExtent(), n = b.asExtent();
  std::optional<Extent> result = m && n ? ofExtents(*m, *n) : std::nullopt;
  return result ? Element(*result) : Element();
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

LogicalResult IdentityOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [](const Element &x) { return x; });
}
LogicalResult CastOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  if (getTo().getIntOrFloatBitWidth() <= 8 && !getTo().isInteger(8) && !getTo().isInteger(1))
    return failure(); // no shape is computed with these
  return evaluateUnary(*this, env, results, [](const Element &x) { return x; });
}
LogicalResult NegOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [&](const Element &x) {
    return combine(
        isFloat(*this), Element(int64_t(0)), x, [](double, double b) { return -b; },
        [](const Extent &a, const Extent &b) { return a - b; });
  });
}
LogicalResult NotOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateNumber(*this, env, results, [](double x) { return x == 0; });
}
LogicalResult AbsOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [&](const Element &x) {
    return combine(
        isFloat(*this), Element(int64_t(0)), x, [](double, double b) { return std::abs(b); },
        [](const Extent &a, const Extent &b) -> std::optional<Extent> {
          if (b.isProvablyAtLeast(a))
            return b;
          return a.isProvablyAtLeast(b) ? std::optional<Extent>(a - b) : std::nullopt;
        });
  });
}

/// Whole numbers stay as they are, symbolic ones too.
static Element roundWith(const Element &x, double (*compute)(double)) {
  if (std::optional<double> number = x.asNumber())
    return compute(*number);
  return x;
}
LogicalResult CeilOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [](const Element &x) { return roundWith(x, std::ceil); });
}
LogicalResult FloorOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [](const Element &x) { return roundWith(x, std::floor); });
}
LogicalResult RoundOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateUnary(*this, env, results, [](const Element &x) { return roundWith(x, std::nearbyint); });
}
LogicalResult ReciprocalOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateNumber(*this, env, results, [](double x) { return 1 / x; });
}
LogicalResult SqrtOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateNumber(*this, env, results, [](double x) { return std::sqrt(x); });
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

LogicalResult AddOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    return combine(isFloat(*this), a, b, std::plus<double>(), std::plus<Extent>());
  });
}
LogicalResult SubOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    return combine(isFloat(*this), a, b, std::minus<double>(), std::minus<Extent>());
  });
}
LogicalResult MulOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    return combine(isFloat(*this), a, b, std::multiplies<double>(), std::multiplies<Extent>());
  });
}

/// Integers truncate to zero: a floor where nothing is negative.
static std::optional<Extent> divideIntegers(const Extent &a, const Extent &b) {
  if (b == Extent(0))
    return std::nullopt;
  if (a.isConstant() && b.isConstant())
    return b == Extent(-1) ? Extent(0) - a : Extent(*a.asConstant() / *b.asConstant());
  return a.isProvablyAtLeast(0) ? a.floorDiv(b) : a.divideExactly(b);
}

LogicalResult DivOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    if (isFloat(*this))
      return combine(true, a, b, std::divides<double>(),
                     [](const Extent &m, const Extent &n) { return m.divideExactly(n); });
    return combine(false, a, b, std::divides<double>(), divideIntegers);
  });
}

/// With the sign of the divisor: a − b · ⌊a / b⌋.
static std::optional<Extent> floorMod(const Extent &a, const Extent &b) {
  if (!a.isConstant() || !b.isConstant())
    return a.mod(b);
  int64_t divisor = *b.asConstant();
  if (divisor == 0 || divisor == -1)
    return divisor == 0 ? std::nullopt : std::optional<Extent>(0);
  int64_t rest = *a.asConstant() % divisor;
  return Extent(rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest);
}

LogicalResult ModOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    if (getFmod())
      return combine(
          true, a, b, [](double x, double y) { return std::fmod(x, y); },
          [](const Extent &, const Extent &) { return std::nullopt; });
    return combine(false, a, b, std::plus<double>(), floorMod);
  });
}

/// Integers to small powers are products; all else are floats.
LogicalResult PowOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [&](const Element &a, const Element &b) {
    std::optional<Extent> base = a.asExtent();
    std::optional<int64_t> exponent = b.asInteger();
    if (!isFloat(*this) && base && exponent && *exponent >= 0 && *exponent < 64) {
      Extent power = 1;
      for (int64_t i = 0; i < *exponent; ++i)
        power = power * *base;
      return Element(power);
    }
    return combine(
        true, a, b, [](double x, double y) { return std::pow(x, y); },
        [](const Extent &, const Extent &) { return std::nullopt; });
  });
}

//===----------------------------------------------------------------------===//
// Comparisons and logic
//===----------------------------------------------------------------------===//

/// Decided by numbers, or by what holds for all values of the symbols.
static Element compare(const Element &a, const Element &b, llvm::function_ref<bool(double, double)> ofNumbers,
                       llvm::function_ref<std::optional<bool>(const Extent &, const Extent &)> ofExtents) {
  std::optional<Extent> m = a.asExtent(), n = b.asExtent();
  if (m && n) {
    std::optional<bool> decided = ofExtents(*m, *n);
    return decided ? Element(int64_t(*decided)) : Element();
  }
  std::optional<double> x = a.asNumber(), y = b.asNumber();
  return x && y ? Element(int64_t(ofNumbers(*x, *y))) : Element();
}

static std::optional<bool> isAtLeast(const Extent &a, const Extent &b) {
  if (a.isProvablyAtLeast(b))
    return true;
  return b.isProvablyDifferentFrom(a) && b.isProvablyAtLeast(a) ? std::optional<bool>(false) : std::nullopt;
}

static std::optional<bool> isEqual(const Extent &a, const Extent &b) {
  if (a == b)
    return true;
  return a.isProvablyDifferentFrom(b) ? std::optional<bool>(false) : std::nullopt;
}

static Element greaterOrEqual(const Element &a, const Element &b) {
  return compare(a, b, std::greater_equal<double>(), isAtLeast);
}

static Element greater(const Element &a, const Element &b) {
  return compare(a, b, std::greater<double>(), [](const Extent &m, const Extent &n) -> std::optional<bool> {
    std::optional<bool> isAtMost = isAtLeast(n, m);
    return isAtMost ? std::optional<bool>(!*isAtMost) : std::nullopt;
  });
}

LogicalResult EqualOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [](const Element &a, const Element &b) {
    return compare(a, b, std::equal_to<double>(), isEqual);
  });
}
LogicalResult GreaterOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, greater);
}
LogicalResult GreaterOrEqualOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, greaterOrEqual);
}
LogicalResult LessOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [](const Element &a, const Element &b) { return greater(b, a); });
}
LogicalResult LessOrEqualOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results,
                           [](const Element &a, const Element &b) { return greaterOrEqual(b, a); });
}

/// A bool that decides alone, or both.
static LogicalResult evaluateLogic(Operation *op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results,
                                   std::optional<bool> decisive, llvm::function_ref<bool(bool, bool)> compute) {
  return evaluateBroadcast(op, env, results, [&](const Element &a, const Element &b) {
    std::optional<int64_t> x = a.asInteger(), y = b.asInteger();
    if (decisive && ((x && bool(*x) == *decisive) || (y && bool(*y) == *decisive)))
      return Element(int64_t(*decisive));
    return x && y ? Element(int64_t(compute(*x, *y))) : Element();
  });
}
LogicalResult AndOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateLogic(*this, env, results, false, std::logical_and<bool>());
}
LogicalResult OrOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateLogic(*this, env, results, true, std::logical_or<bool>());
}
LogicalResult XorOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateLogic(*this, env, results, std::nullopt, std::not_equal_to<bool>());
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// `a` where `condition` holds, `b` where it does not; what they have in common where that is open.
static Element choose(const Element &condition, const Element &a, const Element &b) {
  if (std::optional<int64_t> known = condition.asInteger())
    return *known ? a : b;
  return a == b ? a : Element();
}

/// The lesser of two integers that cannot be compared.
Element vitc::onnx::boundMinimum(const Element &a, const Element &b) {
  std::optional<int64_t> x = a.getUpperBound(), y = b.getUpperBound();
  if (!x && !y)
    return {};
  return Element::atMost(x && y ? std::min(*x, *y) : x.value_or(y.value_or(0)));
}

LogicalResult MaxOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results,
                           [](const Element &a, const Element &b) { return choose(greaterOrEqual(a, b), a, b); });
}
LogicalResult MinOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateBroadcast(*this, env, results, [](const Element &a, const Element &b) {
    Element least = choose(greaterOrEqual(b, a), a, b);
    return least.isUnknown() ? boundMinimum(a, b) : least;
  });
}

LogicalResult WhereOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *condition = env.contents(getCondition()), *x = env.contents(getX()), *y = env.contents(getY());
  if (!condition || !x || !y)
    return failure();
  RankedTensorType type = resultType(*this);
  SmallTensor conditions = condition->broadcast(type.getShape()), xs = x->broadcast(type.getShape()),
              ys = y->broadcast(type.getShape());
  std::vector<Element> elements;
  for (auto [c, a, b] : llvm::zip_equal(conditions.getElements(), xs.getElements(), ys.getElements()))
    elements.push_back(choose(c, a, b));
  results.emplace_back(type, std::move(elements));
  return success();
}
