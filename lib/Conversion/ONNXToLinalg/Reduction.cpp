//===- Reductions and softmax ---------------------------------------------===//

#include "Reduction.h"
#include "Scalars.h"

#include "Formula.h"
#include <limits>

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

Tensor vitc::onnx::reduceSum(TensorBuilder &b, const Tensor &x, ArrayRef<int64_t> dims) {
  TypedAttr zero = getScalarAttr(0, x.getElementType());
  return b.reduce(x, dims, zero, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return isa<FloatType>(args[0].getType()) ? arith::AddFOp::create(b, loc, args[0], args[1]).getResult()
                                             : arith::AddIOp::create(b, loc, args[0], args[1]).getResult();
  });
}

Tensor vitc::onnx::reduceMax(TensorBuilder &b, const Tensor &x, ArrayRef<int64_t> dims, bool isUnsigned) {
  TypedAttr lowest = getLowestAttr(x.getElementType(), isUnsigned);
  return b.reduce(x, dims, lowest, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isa<FloatType>(args[0].getType()))
      return arith::MaximumFOp::create(b, loc, args[0], args[1]);
    return isUnsigned ? arith::MaxUIOp::create(b, loc, args[0], args[1]).getResult()
                      : arith::MaxSIOp::create(b, loc, args[0], args[1]).getResult();
  });
}

Tensor vitc::onnx::raise(TensorBuilder &b, const Tensor &x, double power) {
  return mapFloat(b, x, [&](Formula f, Value value) -> Value {
    return math::PowFOp::create(f.b, f.loc, value, f.constant(power));
  });
}

Tensor vitc::onnx::raiseMagnitudes(TensorBuilder &b, const Tensor &x, int64_t p) {
  if (p == 2)
    return b.elementwise(ElementwiseKind::square, {x});
  Tensor magnitude = b.elementwise(ElementwiseKind::abs, {x});
  return p == 1 ? magnitude : raise(b, magnitude, static_cast<double>(p));
}

Tensor vitc::onnx::takeRoot(TensorBuilder &b, const Tensor &x, int64_t p) {
  if (p == 1)
    return x;
  return p == 2 ? b.elementwise(ElementwiseKind::sqrt, {x}) : raise(b, x, 1 / static_cast<double>(p));
}

static Tensor reduceMin(TensorBuilder &b, const Tensor &x, ArrayRef<int64_t> dims, bool isUnsigned) {
  TypedAttr highest = getHighestAttr(x.getElementType(), isUnsigned);
  return b.reduce(x, dims, highest, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (isa<FloatType>(args[0].getType()))
      return arith::MinimumFOp::create(b, loc, args[0], args[1]);
    return isUnsigned ? arith::MinUIOp::create(b, loc, args[0], args[1]).getResult()
                      : arith::MinSIOp::create(b, loc, args[0], args[1]).getResult();
  });
}

static Tensor reduceProduct(TensorBuilder &b, const Tensor &x, ArrayRef<int64_t> dims) {
  TypedAttr one = getScalarAttr(1, x.getElementType());
  return b.reduce(x, dims, one, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return isa<FloatType>(args[0].getType()) ? arith::MulFOp::create(b, loc, args[0], args[1]).getResult()
                                             : arith::MulIOp::create(b, loc, args[0], args[1]).getResult();
  });
}

/// Divides by a number that is known at run time only.
static Tensor divideBy(TensorBuilder &b, const Tensor &x, AffineExpr count) {
  Value n = b.indexValue(count);
  return b.map({x}, x.extents, x.getElementType(), [&](OpBuilder &builder, Location loc, ValueRange args) -> Value {
    Type type = x.getElementType();
    Value integer = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), n);
    if (isa<FloatType>(type))
      return arith::DivFOp::create(builder, loc, args[0], arith::SIToFPOp::create(builder, loc, type, integer));
    Value divisor = type.isInteger(64) ? integer : arith::TruncIOp::create(builder, loc, type, integer).getResult();
    return divideIntegers(builder, loc, args[0], divisor, /*isUnsigned=*/false);
  });
}

Tensor vitc::onnx::reduceMean(TensorBuilder &b, const Tensor &x, ArrayRef<int64_t> dims) {
  Tensor sum = reduceSum(b, x, dims);
  SmallVector<AffineExpr> reduced = llvm::map_to_vector(dims, [&](int64_t dim) { return x.extents[dim]; });
  AffineExpr count = getProduct(reduced, b.getContext());
  auto size = dyn_cast<AffineConstantExpr>(count);
  if (!size)
    return divideBy(b, sum, count);
  if (!isa<FloatType>(x.getElementType()))
    return b.elementwise(ElementwiseKind::div, {sum, b.scalar(size.getValue(), x.getElementType())}, sum.extents);
  return b.elementwise(ElementwiseKind::mul, {sum, b.scalar(1.0 / size.getValue(), x.getElementType())}, sum.extents);
}

/// Reduces the axes of an ONNX reduction by `reduce`.
template <typename OpTy>
static FailureOr<Tensor> convertReduction(OpTy op, Node &node,
                                          function_ref<Tensor(const Tensor &, ArrayRef<int64_t>)> reduce) {
  Tensor x = node.get(op.getData());
  SmallVector<int64_t> axes;
  if (op.getAxes()) {
    auto values = getIntegers(op.getAxes());
    if (!values)
      return node.refuse("its axes are not constant");
    axes = normalizeAxes(*values, x.getRank());
  }
  if (axes.empty() && !op.getNoopWithEmptyAxes())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  Tensor result = reduce(x, axes);
  return op.getKeepdims() ? node.addDims(result, axes) : result;
}

static FailureOr<Tensor> convertReduceSum(ReduceSumOp op, Node &node) {
  return convertReduction(
      op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) { return axes.empty() ? x : reduceSum(node, x, axes); });
}

static FailureOr<Tensor> convertReduceMean(ReduceMeanOp op, Node &node) {
  return convertReduction(
      op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) { return axes.empty() ? x : reduceMean(node, x, axes); });
}

static FailureOr<Tensor> convertReduceMax(ReduceMaxOp op, Node &node) {
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return axes.empty() ? x : reduceMax(node, x, axes, isUnsigned(op.getData()));
  });
}

static FailureOr<Tensor> convertReduceMin(ReduceMinOp op, Node &node) {
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return axes.empty() ? x : reduceMin(node, x, axes, isUnsigned(op.getData()));
  });
}

static FailureOr<Tensor> convertReduceProd(ReduceProdOp op, Node &node) {
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return axes.empty() ? x : reduceProduct(node, x, axes);
  });
}

/// Σ x²
static Tensor sumSquares(Node &node, const Tensor &x, ArrayRef<int64_t> axes) {
  Tensor square = node.elementwise(ElementwiseKind::mul, {x, x});
  return axes.empty() ? square : reduceSum(node, square, axes);
}

static FailureOr<Tensor> convertReduceSumSquare(ReduceSumSquareOp op, Node &node) {
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) { return sumSquares(node, x, axes); });
}

/// Σ |x|
static Tensor sumMagnitudes(Node &node, const Tensor &x, ArrayRef<int64_t> axes, bool noNegatives) {
  Tensor magnitude = x;
  if (isa<FloatType>(x.getElementType()))
    magnitude = node.elementwise(ElementwiseKind::abs, {x});
  else if (!noNegatives)
    magnitude = node.map({x}, x.extents, x.getElementType(), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
      return math::AbsIOp::create(b, loc, args[0]);
    });
  return axes.empty() ? magnitude : reduceSum(node, magnitude, axes);
}

static FailureOr<Tensor> convertReduceL1(ReduceL1Op op, Node &node) {
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return sumMagnitudes(node, x, axes, isUnsigned(op.getData()));
  });
}

/// Roots and logarithms of integers are computed in floats, and truncated.
static Tensor castInteger(Node &node, const Tensor &x, Type type, bool noNegatives) {
  if (x.getElementType() == type)
    return x;
  return node.map({x}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (!isa<FloatType>(type))
      return noNegatives ? arith::FPToUIOp::create(b, loc, type, args[0]).getResult()
                         : arith::FPToSIOp::create(b, loc, type, args[0]).getResult();
    return noNegatives ? arith::UIToFPOp::create(b, loc, type, args[0]).getResult()
                       : arith::SIToFPOp::create(b, loc, type, args[0]).getResult();
  });
}

/// A reduction by a function of floats; integers are reduced as `wide`.
template <typename OpTy>
static FailureOr<Tensor> convertFloatReduction(OpTy op, Node &node, FloatType wide,
                                               function_ref<Tensor(const Tensor &, ArrayRef<int64_t>)> reduce) {
  bool noNegatives = isUnsigned(op.getData());
  return convertReduction(op, node, [&](const Tensor &x, ArrayRef<int64_t> axes) {
    Type type = x.getElementType();
    Tensor floats = castInteger(node, x, isa<FloatType>(type) ? type : Type(wide), noNegatives);
    return castInteger(node, reduce(floats, axes), type, noNegatives);
  });
}

static FailureOr<Tensor> convertReduceL2(ReduceL2Op op, Node &node) {
  return convertFloatReduction(op, node, node.builder.getF64Type(), [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return node.elementwise(ElementwiseKind::sqrt, {sumSquares(node, x, axes)});
  });
}

static FailureOr<Tensor> convertReduceLogSum(ReduceLogSumOp op, Node &node) {
  return convertFloatReduction(op, node, node.builder.getF32Type(), [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return node.elementwise(ElementwiseKind::log, {axes.empty() ? x : reduceSum(node, x, axes)});
  });
}

/// m + ln Σ exp(x − m) with m the maximum, or 0 where that is infinite (as it is of nothing) or NaN.
static Tensor reduceLogSumExp(Node &node, const Tensor &x, ArrayRef<int64_t> axes) {
  Tensor max = mapFloat(node, reduceMax(node, x, axes, /*isUnsigned=*/false), [](Formula f, Value m) {
    return f.select(f.isLess(f.abs(m), f.constant(std::numeric_limits<double>::infinity())), m, f.constant(0));
  });
  Tensor shifted = node.elementwise(ElementwiseKind::sub, {x, node.addDims(max, axes)}, x.extents);
  Tensor sum = reduceSum(node, node.elementwise(ElementwiseKind::exp, {shifted}), axes);
  return node.elementwise(ElementwiseKind::add, {node.elementwise(ElementwiseKind::log, {sum}), max});
}

static FailureOr<Tensor> convertReduceLogSumExp(ReduceLogSumExpOp op, Node &node) {
  return convertFloatReduction(op, node, node.builder.getF32Type(), [&](const Tensor &x, ArrayRef<int64_t> axes) {
    return axes.empty() ? x : reduceLogSumExp(node, x, axes);
  });
}

template <typename OpTy, bool isMax>
static FailureOr<Tensor> convertGlobalPool(OpTy op, Node &node) {
  Tensor x = node.get(op.getX());
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(2, x.getRank()));
  Tensor result = isMax ? reduceMax(node, x, spatial, /*isUnsigned=*/false) : reduceMean(node, x, spatial);
  return node.addDims(result, spatial);
}

static FailureOr<Tensor> convertGlobalLpPool(GlobalLpPoolOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(2, x.getRank()));
  auto p = static_cast<int64_t>(op.getP());
  Tensor sum = reduceSum(node, raiseMagnitudes(node, x, p), spatial);
  return node.addDims(takeRoot(node, sum, p), spatial);
}

/// x / ‖x‖, 0 where the norm is.
static FailureOr<Tensor> convertLpNormalization(LpNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  auto p = static_cast<int64_t>(op.getP());
  Tensor norm = takeRoot(node, reduceSum(node, raiseMagnitudes(node, x, p), {axis}), p);
  auto type = cast<FloatType>(x.getElementType());
  return node.map({x, node.addDims(norm, {axis})}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) {
    Formula f{b, loc, type};
    Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[1], f.constant(0));
    return f.select(isZero, f.constant(0), f.div(args[0], args[1]));
  });
}

static FailureOr<Tensor> convertSoftmax(SoftmaxOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  Value init = node.empty(x.extents, x.getElementType());
  auto softmax = linalg::SoftmaxOp::create(node.builder, node.loc, TypeRange(init.getType()), x.value, init, axis);
  return Tensor{softmax.getResult()[0], x.extents};
}

/// x − max − ln Σ exp(x − max)
static FailureOr<Tensor> convertLogSoftmax(LogSoftmaxOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  Tensor max = node.addDims(reduceMax(node, x, {axis}, /*isUnsigned=*/false), {axis});
  Tensor shifted = node.elementwise(ElementwiseKind::sub, {x, max});
  Tensor sum = reduceSum(node, node.elementwise(ElementwiseKind::exp, {shifted}), {axis});
  Tensor logSum = node.addDims(node.elementwise(ElementwiseKind::log, {sum}), {axis});
  return node.elementwise(ElementwiseKind::sub, {shifted, logSum});
}

void vitc::onnx::populateReductionPatterns(NodePatterns &patterns) {
  patterns.add(convertGlobalPool<GlobalAveragePoolOp, /*isMax=*/false>);
  patterns.add(convertGlobalPool<GlobalMaxPoolOp, /*isMax=*/true>);
  patterns.add(convertGlobalLpPool);
  patterns.add(convertLogSoftmax);
  patterns.add(convertLpNormalization);
  patterns.add(convertReduceL1);
  patterns.add(convertReduceL2);
  patterns.add(convertReduceLogSum);
  patterns.add(convertReduceLogSumExp);
  patterns.add(convertReduceMax);
  patterns.add(convertReduceMean);
  patterns.add(convertReduceMin);
  patterns.add(convertReduceProd);
  patterns.add(convertReduceSum);
  patterns.add(convertReduceSumSquare);
  patterns.add(convertSoftmax);
}
