//===- Products of quantised tensors, accumulated in i32 ------------------===//

#include "Contraction.h"
#include "Quantization.h"
#include "Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// A scale or zero point that is one number, one for each position of dimension `dim` of `rank`, or broadcasts.
static Tensor align(Node &node, Value value, int64_t dim, int64_t rank) {
  Tensor x = node.get(value);
  if (x.getRank() != 1)
    return x;
  if (isExtent(x.extents[0], 1))
    return node.dropDims(x, {0});
  return node.addDims(x, llvm::to_vector(llvm::seq<int64_t>(1, rank - dim)));
}

/// x − zero in i32.
static FailureOr<Tensor> subtract(Node &node, Value value, Value zeroPoint, int64_t dim) {
  Tensor x = node.get(value);
  SmallVector<Tensor> operands{x};
  if (zeroPoint)
    operands.push_back(align(node, zeroPoint, dim, x.getRank()));
  if (!TensorBuilder::broadcasts(operands, x.extents))
    return node.refuse("the extents of its zero points cannot be shown to broadcast");
  ScalarType type = ScalarType::of(value.getType()), i32{node.builder.getI32Type(), false};
  return node.map(operands, x.extents, i32.type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value wide = castScalar(b, loc, args[0], type, i32);
    return args.size() == 1 ? wide
                            : arith::SubIOp::create(b, loc, wide, castScalar(b, loc, args[1], type, i32)).getResult();
  });
}

/// saturate(round(x · (a · b / y)) + zero), scales and zero point aligned with x.
static FailureOr<Tensor> requantize(Node &node, const Tensor &x, ArrayRef<Tensor> scales, const Tensor &zeroPoint,
                                    ScalarType to) {
  SmallVector<Tensor> operands{x, scales[0], scales[1], scales[2], zeroPoint};
  if (!TensorBuilder::broadcasts(operands, x.extents))
    return node.refuse("the extents of its scales cannot be shown to broadcast");
  ScalarType i32{node.builder.getI32Type(), false}, f32{node.builder.getF32Type(), false};
  return node.map(operands, x.extents, to.type, [&](OpBuilder &b, Location loc, ValueRange args) {
    Value factor = arith::DivFOp::create(b, loc, arith::MulFOp::create(b, loc, args[1], args[2]), args[3]);
    Value scaled = arith::MulFOp::create(b, loc, castScalar(b, loc, args[0], i32, f32), factor);
    Value one = arith::ConstantOp::create(b, loc, getScalarAttr(1, f32.type));
    return quantizeScalar(b, loc, scaled, one, castScalar(b, loc, args[4], to, f32), to);
  });
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// (a − a_zero_point) · (b − b_zero_point)
template <typename OpTy>
static FailureOr<Tensor> multiply(OpTy op, Node &node) {
  int64_t rankA = node.get(op.getA()).getRank(), rankB = node.get(op.getB()).getRank();
  FailureOr<Tensor> a = subtract(node, op.getA(), op.getAZeroPoint(), std::max<int64_t>(rankA - 2, 0));
  FailureOr<Tensor> b = subtract(node, op.getB(), op.getBZeroPoint(), rankB - 1);
  if (failed(a) || failed(b))
    return failure();
  return multiplyMatrices(node, {*a, isConstant(op.getA())}, {*b, isConstant(op.getB())});
}

static FailureOr<Tensor> convertMatMulInteger(MatMulIntegerOp op, Node &node) { return multiply(op, node); }

static FailureOr<Tensor> convertQLinearMatMul(QLinearMatMulOp op, Node &node) {
  FailureOr<Tensor> product = multiply(op, node);
  if (failed(product))
    return failure();
  int64_t rank = product->getRank(), row = std::max<int64_t>(rank - 2, 0), column = rank - 1;
  SmallVector<Tensor> scales{align(node, op.getAScale(), row, rank), align(node, op.getBScale(), column, rank),
                             align(node, op.getYScale(), row, rank)};
  return requantize(node, *product, scales, align(node, op.getYZeroPoint(), row, rank),
                    ScalarType::of(op.getY().getType()));
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Splits dimension `dim` into groups; where there is one, it is a dimension too.
static Tensor splitGroups(Node &node, const Tensor &x, int64_t dim, int64_t groups) {
  Extents extents = x.extents;
  extents[dim] = node.symbols.simplify(extents[dim].floorDiv(groups));
  extents.insert(extents.begin() + dim, node.extent(groups));
  return node.reshape(x, extents);
}

/// Σ x · w over the windows; x is (N, groups, C, space..), w (groups, F, C, kernel..), the result (N, groups, F, to..).
static Tensor slide(Node &node, const Tensor &x, const Tensor &w, const SlidingWindow &window, ExtentsRef to) {
  int64_t space = window.getRank(), loops = 4 + 2 * space;
  auto loop = [&](int64_t i) { return node.builder.getAffineDimExpr(i); };
  // Loops: n, g, f, positions.., c, kernel..
  SmallVector<AffineExpr> mapX{loop(0), loop(1), loop(3 + space)}, mapW{loop(1), loop(2), loop(3 + space)},
      mapY{loop(0), loop(1), loop(2)};
  Extents extents{x.extents[0], x.extents[1], w.extents[1]};
  for (int64_t i = 0; i < space; ++i) {
    AffineExpr position = loop(3 + i), offset = loop(4 + space + i);
    mapX.push_back(position * window.strides[i] + offset * window.dilations[i]);
    mapW.push_back(offset);
    mapY.push_back(position);
    extents.push_back(to[i]);
  }
  auto getMap = [&](ArrayRef<AffineExpr> results) { return AffineMap::get(loops, 0, results, node.getContext()); };
  SmallVector<AffineMap> maps{getMap(mapX), getMap(mapW), getMap(mapY)};
  SmallVector<utils::IteratorType> iterators(3 + space, utils::IteratorType::parallel);
  iterators.resize(loops, utils::IteratorType::reduction);
  Tensor zero = node.fill(extents, getScalarAttr(0, node.builder.getI32Type()));
  auto op = linalg::GenericOp::create(node.builder, node.loc, zero.value.getType(), ValueRange{x.value, w.value},
                                      zero.value, maps, iterators, [](OpBuilder &b, Location loc, ValueRange args) {
                                        Value product = arith::MulIOp::create(b, loc, args[0], args[1]);
                                        linalg::YieldOp::create(
                                            b, loc, arith::AddIOp::create(b, loc, args[2], product).getResult());
                                      });
  return {op.getResult(0), extents};
}

/// The convolution of x − x_zero_point with w − w_zero_point in i32.
template <typename OpTy>
static FailureOr<Tensor> convolve(OpTy op, Node &node) {
  FailureOr<Tensor> x = subtract(node, op.getX(), op.getXZeroPoint(), 1);
  FailureOr<Tensor> w = subtract(node, op.getW(), op.getWZeroPoint(), 0);
  if (failed(x) || failed(w))
    return failure();
  auto kernel = llvm::map_to_vector(ExtentsRef(w->extents).drop_front(2), getStaticExtent);
  if (llvm::is_contained(kernel, ShapedType::kDynamic))
    return node.refuse("the extents of its kernel are not static");
  Extents result = node.getResultExtents();
  ExtentsRef to = ExtentsRef(result).drop_front(2);
  FailureOr<SlidingWindow> window = getWindow(op, node, kernel, ExtentsRef(x->extents).drop_front(2), to);
  if (failed(window))
    return failure();
  SmallVector<int64_t> low{0, 0}, high{0, 0};
  llvm::append_range(low, window->low);
  llvm::append_range(high, window->high);
  Tensor padded = node.pad(*x, low, high, getScalarAttr(0, x->getElementType()));
  auto groups = static_cast<int64_t>(op.getGroup());
  Tensor y = slide(node, splitGroups(node, padded, 1, groups), splitGroups(node, *w, 0, groups), *window, to);
  return node.reshape(y, result);
}

static FailureOr<Tensor> convertConvInteger(ConvIntegerOp op, Node &node) { return convolve(op, node); }

static FailureOr<Tensor> convertQLinearConv(QLinearConvOp op, Node &node) {
  FailureOr<Tensor> sum = convolve(op, node);
  if (failed(sum))
    return failure();
  int64_t rank = sum->getRank();
  if (op.getB())
    *sum = node.elementwise(ElementwiseKind::add, {*sum, align(node, op.getB(), 1, rank)}, sum->extents);
  SmallVector<Tensor> scales{align(node, op.getXScale(), 1, rank), align(node, op.getWScale(), 1, rank),
                             align(node, op.getYScale(), 1, rank)};
  return requantize(node, *sum, scales, align(node, op.getYZeroPoint(), 1, rank), ScalarType::of(op.getY().getType()));
}

void vitc::onnx::populateQuantizedProductPatterns(NodePatterns &patterns) {
  patterns.add(convertConvInteger);
  patterns.add(convertMatMulInteger);
  patterns.add(convertQLinearConv);
  patterns.add(convertQLinearMatMul);
}
