//===- Activations of older networks and functions of angles --------------===//

#include "Formula.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace vitc::onnx;

static FailureOr<Tensor> convertCelu(CeluOp op, Node &node) {
  double alpha = op.getAlpha().convertToDouble();
  return mapFloat(node, op.getX(), [&](Formula f, Value x) {
    return f.whereNegative(x, f.mul(f.expm1(f.div(x, f.constant(alpha))), f.constant(alpha)));
  });
}

static FailureOr<Tensor> convertSelu(SeluOp op, Node &node) {
  double alpha = op.getAlpha().convertToDouble(), gamma = op.getGamma().convertToDouble();
  return mapFloat(node, op.getX(), [&](Formula f, Value x) {
    return f.mul(f.whereNegative(x, f.mul(f.expm1(x), f.constant(alpha))), f.constant(gamma));
  });
}

static FailureOr<Tensor> convertSoftsign(SoftsignOp op, Node &node) {
  return mapFloat(node, op.getInput(), [](Formula f, Value x) { return f.div(x, f.add(f.abs(x), f.constant(1))); });
}

static FailureOr<Tensor> convertThresholdedRelu(ThresholdedReluOp op, Node &node) {
  double alpha = op.getAlpha().convertToDouble();
  return mapFloat(node, op.getX(),
                  [&](Formula f, Value x) { return f.select(f.isLess(f.constant(alpha), x), x, f.constant(0)); });
}

static Value toFloat(Formula f, Value x, bool noNegatives) {
  if (isa<FloatType>(x.getType()))
    return x;
  return noNegatives ? arith::UIToFPOp::create(f.b, f.loc, f.type, x).getResult()
                     : arith::SIToFPOp::create(f.b, f.loc, f.type, x).getResult();
}

static Value toType(Formula f, Value x, Type type) {
  if (isa<FloatType>(type))
    return x;
  Value wide = arith::FPToSIOp::create(f.b, f.loc, f.b.getI64Type(), x);
  return type.isInteger(64) ? wide : arith::TruncIOp::create(f.b, f.loc, type, wide).getResult();
}

/// Integers are shrunk as f64, which is exact up to 2^53.
static FailureOr<Tensor> convertShrink(ShrinkOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Type type = x.getElementType();
  auto wide = isa<FloatType>(type) ? cast<FloatType>(type) : node.builder.getF64Type();
  double bias = op.getBias().convertToDouble(), lambd = op.getLambd().convertToDouble();
  return node.map({x}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) {
    Formula f{b, loc, wide};
    Value value = toFloat(f, args[0], isUnsigned(op.getInput()));
    Value above = f.select(f.isLess(f.constant(lambd), value), f.sub(value, f.constant(bias)), f.constant(0));
    Value below = f.add(value, f.constant(bias));
    return toType(f, f.select(f.isLess(value, f.constant(-lambd)), below, above), type);
  });
}

static FailureOr<Tensor> convertPRelu(PReluOp op, Node &node) {
  SmallVector<Tensor> operands = node.get(op->getOperands());
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return node.refuse("the extents of its slope cannot be shown to broadcast");
  if (isUnsigned(op.getX()))
    return operands[0];
  Type type = node.getResultElementType();
  return node.map(operands, extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (auto floats = dyn_cast<FloatType>(type)) {
      Formula f{b, loc, floats};
      return f.whereNegative(args[0], f.mul(args[0], args[1]));
    }
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, args[0], zero);
    return arith::SelectOp::create(b, loc, isNegative, arith::MulIOp::create(b, loc, args[0], args[1]), args[0]);
  });
}

static FailureOr<Tensor> convertIsInf(IsInfOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto type = cast<FloatType>(x.getElementType());
  return node.map({x}, x.extents, node.builder.getI1Type(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Formula f{b, loc, type};
    Value result = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
    double infinity = std::numeric_limits<double>::infinity();
    auto detect = [&](bool isWanted, double value) {
      if (!isWanted)
        return;
      Value isEqual = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[0], f.constant(value));
      result = arith::OrIOp::create(b, loc, result, isEqual);
    };
    detect(op.getDetectPositive(), infinity);
    detect(op.getDetectNegative(), -infinity);
    return result;
  });
}

//===----------------------------------------------------------------------===//
// Functions of angles
//===----------------------------------------------------------------------===//

/// A formula over the elements of the operand.
template <typename OpTy, Value (*formula)(Formula, Value)>
static FailureOr<Tensor> convertFormula(OpTy op, Node &node) {
  return mapFloat(node, op.getInput(), [](Formula f, Value x) { return formula(f, x); });
}

template <typename MathOp>
static Value apply(Formula f, Value x) {
  return MathOp::create(f.b, f.loc, x);
}

static Value tangent(Formula f, Value x) { return f.div(apply<math::SinOp>(f, x), apply<math::CosOp>(f, x)); }

/// (e^x ± e^−x) / 2, with e^x as a square, which overflows no earlier than the result.
static Value combineExponentials(Formula f, Value x, bool subtracts) {
  Value root = f.exp(f.mul(x, f.constant(0.5)));
  Value rising = f.mul(f.mul(root, f.constant(0.5)), root);
  Value falling = f.div(f.div(f.constant(0.5), root), root);
  return subtracts ? f.sub(rising, falling) : f.add(rising, falling);
}

static Value hyperbolicCosine(Formula f, Value x) { return combineExponentials(f, f.abs(x), /*subtracts=*/false); }

/// Near 0 the series, whose first omitted term is x^11 / 11!.
static Value hyperbolicSine(Formula f, Value x) {
  Value square = f.mul(x, x), sum = f.constant(1.0 / 362880);
  for (double coefficient : {1.0 / 5040, 1.0 / 120, 1.0 / 6, 1.0})
    sum = f.add(f.mul(sum, square), f.constant(coefficient));
  Value large = f.withSignOf(combineExponentials(f, f.abs(x), /*subtracts=*/true), x);
  return f.select(f.isLess(f.abs(x), f.constant(1)), f.mul(x, sum), large);
}

/// `small`, or ln(2 x) where x² would overflow or swamp what is added to it.
static Value logarithmic(Formula f, Value x, Value small) {
  return f.select(f.isLess(f.constant(1e9), x), f.add(f.log(x), f.constant(M_LN2)), small);
}

/// ln(x + √(x² + 1)) = ln(1 + x + x² / (1 + √(x² + 1))) for x ≥ 0
static Value inverseHyperbolicSine(Formula f, Value x) {
  Value magnitude = f.abs(x), square = f.mul(x, x);
  Value rest = f.div(square, f.add(f.sqrt(f.add(square, f.constant(1))), f.constant(1)));
  return f.withSignOf(logarithmic(f, magnitude, f.log1p(f.add(magnitude, rest))), x);
}

/// ln(x + √(x² − 1)) = ln(1 + t + √(t (t + 2))) with t = x − 1
static Value inverseHyperbolicCosine(Formula f, Value x) {
  Value t = f.sub(x, f.constant(1));
  Value root = f.sqrt(f.mul(t, f.add(t, f.constant(2))));
  return logarithmic(f, x, f.log1p(f.add(t, root)));
}

/// ln((1 + x) / (1 − x)) / 2 = ln(1 + 2 x / (1 − x)) / 2 for x ≥ 0
static Value inverseHyperbolicTangent(Formula f, Value x) {
  Value magnitude = f.abs(x);
  Value ratio = f.div(f.mul(magnitude, f.constant(2)), f.sub(f.constant(1), magnitude));
  return f.withSignOf(f.mul(f.log1p(ratio), f.constant(0.5)), x);
}

void vitc::onnx::populateActivationPatterns(NodePatterns &patterns) {
  patterns.add(convertCelu);
  patterns.add(convertIsInf);
  patterns.add(convertPRelu);
  patterns.add(convertSelu);
  patterns.add(convertShrink);
  patterns.add(convertSoftsign);
  patterns.add(convertThresholdedRelu);
  patterns.add(convertFormula<AcosOp, apply<math::AcosOp>>);
  patterns.add(convertFormula<AcoshOp, inverseHyperbolicCosine>);
  patterns.add(convertFormula<AsinOp, apply<math::AsinOp>>);
  patterns.add(convertFormula<AsinhOp, inverseHyperbolicSine>);
  patterns.add(convertFormula<AtanOp, apply<math::AtanOp>>);
  patterns.add(convertFormula<AtanhOp, inverseHyperbolicTangent>);
  patterns.add(convertFormula<CosOp, apply<math::CosOp>>);
  patterns.add(convertFormula<CoshOp, hyperbolicCosine>);
  patterns.add(convertFormula<SinOp, apply<math::SinOp>>);
  patterns.add(convertFormula<SinhOp, hyperbolicSine>);
  patterns.add(convertFormula<TanOp, tangent>);
}
