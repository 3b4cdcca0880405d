//===- Elementwise activations and unary functions ------------------------===//
//
// What has a kind of linalg.elementwise becomes one; Gelu and Swish are ops of the vit dialect; the rest is a
// linalg.generic whose body says the formula.
//
//===----------------------------------------------------------------------===//

#include "Formula.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

template <typename OpTy, ElementwiseKind kind>
static FailureOr<Tensor> convertToKind(OpTy op, Node &node) {
  return node.elementwise(kind, {node.get(op->getOperand(0))});
}

static FailureOr<Tensor> convertAbs(AbsOp op, Node &node) {
  Tensor x = node.get(op.getX());
  if (isa<FloatType>(x.getElementType()))
    return node.elementwise(ElementwiseKind::abs, {x});
  if (isUnsigned(op.getX()))
    return x;
  return node.map({x}, x.extents, x.getElementType(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return math::AbsIOp::create(b, loc, args[0]);
  });
}

static FailureOr<Tensor> convertNeg(NegOp op, Node &node) {
  Tensor x = node.get(op.getX());
  if (isa<FloatType>(x.getElementType()))
    return node.elementwise(ElementwiseKind::negf, {x});
  return node.map({x}, x.extents, x.getElementType(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, x.getElementType()));
    return arith::SubIOp::create(b, loc, zero, args[0]);
  });
}

static FailureOr<Tensor> convertRelu(ReluOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return node.elementwise(ElementwiseKind::max_signed, {x, node.scalar(0, x.getElementType())}, x.extents);
}

static FailureOr<Tensor> convertNot(NotOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return node.map({x}, x.extents, x.getElementType(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return arith::XOrIOp::create(b, loc, args[0], arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
  });
}

static FailureOr<Tensor> convertIsNaN(IsNaNOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return node.map({x}, x.extents, node.builder.getI1Type(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, args[0], args[0]);
  });
}

/// −1, 0 or 1; NaN stays NaN.
static FailureOr<Tensor> convertSign(SignOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Type type = x.getElementType();
  bool noNegatives = isUnsigned(op.getInput());
  return node.map({x}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    Value one = arith::ConstantOp::create(b, loc, getScalarAttr(1, type));
    if (isa<FloatType>(type)) {
      Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UEQ, args[0], zero);
      return arith::SelectOp::create(b, loc, isZero, args[0], math::CopySignOp::create(b, loc, one, args[0]));
    }
    if (noNegatives)
      return arith::MinUIOp::create(b, loc, args[0], one);
    Value minusOne = arith::ConstantOp::create(b, loc, getScalarAttr(-1, type));
    return arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, args[0], one), minusOne);
  });
}

static FailureOr<Tensor> convertRound(RoundOp op, Node &node) {
  return mapFloat(node, op.getX(),
                  [](Formula f, Value x) -> Value { return math::RoundEvenOp::create(f.b, f.loc, x); });
}

static FailureOr<Tensor> convertElu(EluOp op, Node &node) {
  return mapFloat(node, op.getX(), [&](Formula f, Value x) {
    Value negative = f.mul(f.sub(f.exp(x), f.constant(1)), f.constant(op.getAlpha().convertToFloat()));
    return f.whereNegative(x, negative);
  });
}

static FailureOr<Tensor> convertLeakyRelu(LeakyReluOp op, Node &node) {
  return mapFloat(node, op.getX(), [&](Formula f, Value x) {
    return f.whereNegative(x, f.mul(x, f.constant(op.getAlpha().convertToFloat())));
  });
}

/// max(0, min(1, alpha · x + beta)), an op a step: activations are recognised by their steps.
static FailureOr<Tensor> convertHardSigmoid(HardSigmoidOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto constant = [&](double value) { return node.scalar(value, x.getElementType()); };
  auto step = [&](ElementwiseKind kind, const Tensor &lhs, double rhs) {
    return node.elementwise(kind, {lhs, constant(rhs)}, x.extents);
  };
  Tensor line = step(ElementwiseKind::mul, x, op.getAlpha().convertToDouble());
  line = step(ElementwiseKind::add, line, op.getBeta().convertToDouble());
  return step(ElementwiseKind::max_signed, step(ElementwiseKind::min_signed, line, 1), 0);
}

static FailureOr<Tensor> convertHardSwish(HardSwishOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return Tensor{vitc::vit::HardSwishOp::create(node.builder, node.loc, x.value), x.extents};
}

static FailureOr<Tensor> convertMish(MishOp op, Node &node) {
  return mapFloat(node, op.getX(),
                  [](Formula f, Value x) { return f.mul(x, math::TanhOp::create(f.b, f.loc, f.softplus(x))); });
}

/// 1 / (1 + exp(−x)), an op a step: activations are recognised by their steps.
static FailureOr<Tensor> convertSigmoid(SigmoidOp op, Node &node) {
  Tensor x = node.get(op.getX());
  Tensor power = node.elementwise(ElementwiseKind::exp, {node.elementwise(ElementwiseKind::negf, {x})});
  Tensor sum = node.elementwise(ElementwiseKind::add, {power, node.scalar(1, x.getElementType())}, x.extents);
  return node.elementwise(ElementwiseKind::reciprocal, {sum});
}

static FailureOr<Tensor> convertSoftplus(SoftplusOp op, Node &node) {
  return mapFloat(node, op.getX(), [](Formula f, Value x) { return f.softplus(x); });
}

static FailureOr<Tensor> convertGelu(GeluOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto approximate =
      op.getApproximate() == "tanh" ? vitc::vit::GeluApproximate::tanh : vitc::vit::GeluApproximate::none;
  return Tensor{vitc::vit::GeluOp::create(node.builder, node.loc, x.value, approximate), x.extents};
}

static FailureOr<Tensor> convertSwish(SwishOp op, Node &node) {
  Tensor x = node.get(op.getX());
  return Tensor{vitc::vit::SiluOp::create(node.builder, node.loc, x.value, op.getAlpha()), x.extents};
}

static FailureOr<Tensor> convertIdentity(IdentityOp op, Node &node) { return node.get(op.getInput()); }

void vitc::onnx::populateElementwisePatterns(NodePatterns &patterns) {
  patterns.add(convertToKind<CeilOp, ElementwiseKind::ceil>);
  patterns.add(convertToKind<ErfOp, ElementwiseKind::erf>);
  patterns.add(convertToKind<ExpOp, ElementwiseKind::exp>);
  patterns.add(convertToKind<FloorOp, ElementwiseKind::floor>);
  patterns.add(convertToKind<LogOp, ElementwiseKind::log>);
  patterns.add(convertToKind<ReciprocalOp, ElementwiseKind::reciprocal>);
  patterns.add(convertToKind<SqrtOp, ElementwiseKind::sqrt>);
  patterns.add(convertToKind<TanhOp, ElementwiseKind::tanh>);
  patterns.add(convertAbs);
  patterns.add(convertElu);
  patterns.add(convertGelu);
  patterns.add(convertHardSigmoid);
  patterns.add(convertHardSwish);
  patterns.add(convertIdentity);
  patterns.add(convertLeakyRelu);
  patterns.add(convertMish);
  patterns.add(convertNeg);
  patterns.add(convertNot);
  patterns.add(convertIsNaN);
  patterns.add(convertRelu);
  patterns.add(convertRound);
  patterns.add(convertSigmoid);
  patterns.add(convertSign);
  patterns.add(convertSoftplus);
  patterns.add(convertSwish);
}
