//===- Elementwise ops of several operands, comparisons, casts ------------===//

#include "Node.h"
#include "Scalars.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
enum class Order { less, lessOrEqual, equal };
} // namespace

static LogicalResult refuseExtents(Node &node) {
  return node.refuse("the extents of its operands cannot be shown to broadcast");
}

/// Two operands, broadcast; with `commutes`, a constant goes second.
static FailureOr<Tensor> combine(Node &node, ElementwiseKind kind, Value a, Value b, bool commutes) {
  if (commutes && isConstant(a) && !isConstant(b))
    std::swap(a, b);
  SmallVector<Tensor> operands = node.get(ValueRange{a, b});
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  return node.elementwise(kind, operands, extents);
}

static FailureOr<Tensor> convertAdd(AddOp op, Node &node) {
  return combine(node, ElementwiseKind::add, op.getA(), op.getB(), /*commutes=*/true);
}

static FailureOr<Tensor> convertSub(SubOp op, Node &node) {
  return combine(node, ElementwiseKind::sub, op.getA(), op.getB(), /*commutes=*/false);
}

static FailureOr<Tensor> convertMul(MulOp op, Node &node) {
  return combine(node, ElementwiseKind::mul, op.getA(), op.getB(), /*commutes=*/true);
}

static FailureOr<Tensor> convertDiv(DivOp op, Node &node) {
  if (isa<FloatType>(node.getResultElementType()))
    return combine(node, ElementwiseKind::div, op.getA(), op.getB(), /*commutes=*/false);
  return node.mapOperands(op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) {
    return divideIntegers(b, loc, args[0], args[1], isUnsigned(op.getA()));
  });
}

/// An extremum of several operands, constants last.
static FailureOr<Tensor> convertExtremum(Node &node, ValueRange inputs, ElementwiseKind kind) {
  auto values = llvm::filter_to_vector(inputs, [](Value value) { return !isConstant(value); });
  llvm::append_range(values, llvm::make_filter_range(inputs, isConstant));
  SmallVector<Tensor> operands = node.get(values);
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  Tensor result = operands.front();
  if (operands.size() == 1)
    return result;
  for (const Tensor &operand : llvm::drop_begin(operands))
    result = node.elementwise(kind, {result, operand}, extents);
  return result;
}

static FailureOr<Tensor> convertMax(MaxOp op, Node &node) {
  bool noNegatives = isUnsigned(op.getInputs().front());
  return convertExtremum(node, op.getInputs(),
                         noNegatives ? ElementwiseKind::max_unsigned : ElementwiseKind::max_signed);
}

static FailureOr<Tensor> convertMin(MinOp op, Node &node) {
  bool noNegatives = isUnsigned(op.getInputs().front());
  return convertExtremum(node, op.getInputs(),
                         noNegatives ? ElementwiseKind::min_unsigned : ElementwiseKind::min_signed);
}

static FailureOr<Tensor> convertClip(ClipOp op, Node &node) {
  SmallVector<Value> values{op.getInput()};
  for (Value bound : {op.getMin(), op.getMax()})
    if (bound)
      values.push_back(bound);
  if (values.size() == 1)
    return node.get(op.getInput());
  bool isFloat = isa<FloatType>(node.getResultElementType()), noNegatives = isUnsigned(op.getInput());
  return node.mapOperands(values, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value x = args.front();
    if (op.getMin())
      x = isFloat       ? arith::MaximumFOp::create(b, loc, x, args[1]).getResult()
          : noNegatives ? arith::MaxUIOp::create(b, loc, x, args[1]).getResult()
                        : arith::MaxSIOp::create(b, loc, x, args[1]).getResult();
    if (op.getMax())
      x = isFloat       ? arith::MinimumFOp::create(b, loc, x, args.back()).getResult()
          : noNegatives ? arith::MinUIOp::create(b, loc, x, args.back()).getResult()
                        : arith::MinSIOp::create(b, loc, x, args.back()).getResult();
    return x;
  });
}

static FailureOr<Tensor> convertMod(ModOp op, Node &node) {
  return node.mapOperands(op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) {
    return moduloScalar(b, loc, args[0], args[1], isUnsigned(op.getA()), op.getFmod());
  });
}

/// x to a constant power by multiplications and roots; nothing where the power is not among those.
static std::optional<Tensor> expandPower(Node &node, const Tensor &x, double power) {
  if (power == 1)
    return x;
  if (!isa<FloatType>(x.getElementType()))
    return power == 2 ? std::optional(node.elementwise(ElementwiseKind::mul, {x, x})) : std::nullopt;
  if (power == 2)
    return node.elementwise(ElementwiseKind::square, {x});
  if (power == 3)
    return node.elementwise(ElementwiseKind::mul, {node.elementwise(ElementwiseKind::square, {x}), x});
  if (power == 4)
    return node.elementwise(ElementwiseKind::square, {node.elementwise(ElementwiseKind::square, {x})});
  if (power == 0.5)
    return node.elementwise(ElementwiseKind::sqrt, {x});
  if (power == -1)
    return node.elementwise(ElementwiseKind::reciprocal, {x});
  return std::nullopt;
}

/// The power in the type of the base.
static FailureOr<Tensor> convertPow(PowOp op, Node &node) {
  Tensor x = node.get(op.getX()), y = node.get(op.getY());
  std::optional<double> power = getScalar(op.getY());
  if (power && x.extents == node.getResultExtents())
    if (std::optional<Tensor> result = expandPower(node, x, *power))
      return *result;
  Type type = x.getElementType();
  if (isa<FloatType>(type) && y.getElementType() == type)
    return combine(node, ElementwiseKind::powf, op.getX(), op.getY(), /*commutes=*/false);
  ScalarType xType = ScalarType::of(op.getX().getType()), yType = ScalarType::of(op.getY().getType());
  return node.mapOperands(op->getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) {
    return powScalar(b, loc, args[0], xType, args[1], yType);
  });
}

/// Compares elements by `order`; NaN compares false.
static FailureOr<Tensor> compare(Node &node, Value x, Value y, Order order) {
  bool noNegatives = isUnsigned(x);
  return node.mapOperands({x, y}, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isa<FloatType>(args[0].getType())) {
      auto predicate = order == Order::equal  ? arith::CmpFPredicate::OEQ
                       : order == Order::less ? arith::CmpFPredicate::OLT
                                              : arith::CmpFPredicate::OLE;
      return arith::CmpFOp::create(b, loc, predicate, args[0], args[1]);
    }
    auto less = noNegatives ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
    auto lessOrEqual = noNegatives ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle;
    auto predicate = order == Order::equal ? arith::CmpIPredicate::eq : order == Order::less ? less : lessOrEqual;
    return arith::CmpIOp::create(b, loc, predicate, args[0], args[1]);
  });
}

static FailureOr<Tensor> convertEqual(EqualOp op, Node &node) {
  return compare(node, op.getA(), op.getB(), Order::equal);
}
static FailureOr<Tensor> convertLess(LessOp op, Node &node) { return compare(node, op.getA(), op.getB(), Order::less); }
static FailureOr<Tensor> convertLessOrEqual(LessOrEqualOp op, Node &node) {
  return compare(node, op.getA(), op.getB(), Order::lessOrEqual);
}
static FailureOr<Tensor> convertGreater(GreaterOp op, Node &node) {
  return compare(node, op.getB(), op.getA(), Order::less);
}
static FailureOr<Tensor> convertGreaterOrEqual(GreaterOrEqualOp op, Node &node) {
  return compare(node, op.getB(), op.getA(), Order::lessOrEqual);
}

template <typename OpTy, typename ScalarOp>
static FailureOr<Tensor> convertLogical(OpTy op, Node &node) {
  return node.mapOperands(op->getOperands(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return ScalarOp::create(b, loc, args[0], args[1]);
  });
}

static FailureOr<Tensor> convertWhere(WhereOp op, Node &node) {
  SmallVector<Tensor> operands = node.get(op->getOperands());
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts(operands, extents))
    return refuseExtents(node);
  return node.elementwise(ElementwiseKind::select, operands, extents);
}

static Rounding getRounding(CastOp op) {
  using Direction = Rounding::Direction;
  return {op.getSaturate(), op.getRoundMode() == "up"     ? Direction::Up
                            : op.getRoundMode() == "down" ? Direction::Down
                                                          : Direction::Nearest};
}

static FailureOr<Tensor> convertCast(CastOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  ScalarType from = ScalarType::of(op.getInput().getType()), to = ScalarType::of(op.getType());
  if (to.type == from.type && to.small == from.small)
    return x;
  return node.map({x}, x.extents, to.type, [&](OpBuilder &b, Location loc, ValueRange args) {
    return castScalar(b, loc, args[0], from, to, getRounding(op));
  });
}

void vitc::onnx::populateArithmeticPatterns(NodePatterns &patterns) {
  patterns.add(convertAdd);
  patterns.add(convertCast);
  patterns.add(convertClip);
  patterns.add(convertDiv);
  patterns.add(convertEqual);
  patterns.add(convertGreater);
  patterns.add(convertGreaterOrEqual);
  patterns.add(convertLess);
  patterns.add(convertLessOrEqual);
  patterns.add(convertLogical<AndOp, arith::AndIOp>);
  patterns.add(convertLogical<OrOp, arith::OrIOp>);
  patterns.add(convertLogical<XorOp, arith::XOrIOp>);
  patterns.add(convertMax);
  patterns.add(convertMin);
  patterns.add(convertMod);
  patterns.add(convertMul);
  patterns.add(convertPow);
  patterns.add(convertSub);
  patterns.add(convertWhere);
}
