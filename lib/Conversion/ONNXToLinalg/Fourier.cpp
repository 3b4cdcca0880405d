//===- DFT: a product with a matrix of roots of unity ---------------------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// One transform: from `terms` numbers of `partsIn` parts to `results` numbers of `partsOut`.
struct Transform {
  AffineExpr length, terms, results;
  int64_t partsIn, partsOut;
  /// The sign of the angle is positive, and results are divided by `length`.
  bool inverse;
  /// The terms are the first half of a spectrum whose other half follows from it.
  bool fromHalf;
};
} // namespace

/// The extent that is provably the lesser one; null where symbols leave it open.
static AffineExpr getLesser(const Node &node, AffineExpr a, AffineExpr b) {
  if (node.symbols.simplify(a) == node.symbols.simplify(b))
    return a;
  int64_t first = getStaticExtent(a), second = getStaticExtent(b);
  if (ShapedType::isDynamic(first) || ShapedType::isDynamic(second))
    return {};
  return first < second ? a : b;
}

/// How much part `in` of term n adds to part `out` of result k: a part of the root of unity exp(±2πi · n · k / N).
static Value computeRoot(OpBuilder &b, Location loc, const Transform &transform, Value length, ValueRange position) {
  Value n = position[0], in = position[1], k = position[2], out = position[3];
  Type f32 = b.getF32Type(), f64 = b.getF64Type(), i64 = b.getI64Type();
  auto number = [&](double value) -> Value { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value)); };
  auto toNumber = [&](Value index) -> Value {
    return arith::SIToFPOp::create(b, loc, f64, arith::IndexCastOp::create(b, loc, i64, index));
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value x, Value y) -> Value {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  };
  auto same = [&](Value x, Value y) { return compare(arith::CmpIPredicate::eq, x, y); };
  auto add = [&](Value x, Value y) -> Value { return arith::AddIOp::create(b, loc, x, y); };
  // x or its complement to N, whichever is less, and whether that is the complement.
  auto fold = [&](Value x) -> std::pair<Value, Value> {
    Value rest = arith::SubIOp::create(b, loc, length, x), isPast = compare(arith::CmpIPredicate::ugt, x, rest);
    return {arith::SelectOp::create(b, loc, isPast, rest, x), isPast};
  };
  // Angles are reduced as integers to the first quarter turn, where sin(π/2 · m / N) is a sine for even m, and a cosine
  // for N − m: so 0 and ±1 are exact.
  Value turns = arith::RemUIOp::create(b, loc, arith::MulIOp::create(b, loc, n, k), length);
  auto [half, inLowerHalf] = fold(turns);
  auto [quarter, inLeftHalf] = fold(add(half, half));
  Value forSine = add(quarter, quarter), forCosine = arith::SubIOp::create(b, loc, length, forSine);
  Value isCosine = same(in, out), zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value steps = toNumber(arith::SelectOp::create(b, loc, isCosine, forCosine, forSine)), count = toNumber(length);
  Value angle = arith::MulFOp::create(b, loc, arith::DivFOp::create(b, loc, steps, count), number(M_PI_2));
  Value magnitude = math::SinOp::create(b, loc, arith::TruncFOp::create(b, loc, f32, angle));
  Value isTurned = compare(transform.inverse ? arith::CmpIPredicate::ne : arith::CmpIPredicate::eq, in, zero);
  Value sineIsNegative = arith::XOrIOp::create(b, loc, inLowerHalf, isTurned);
  Value isNegative = arith::SelectOp::create(b, loc, isCosine, inLeftHalf, sineIsNegative);
  Value root = arith::SelectOp::create(b, loc, isNegative, arith::NegFOp::create(b, loc, magnitude), magnitude);
  if (!transform.inverse)
    return root;
  Value factor = arith::DivFOp::create(b, loc, number(1), count);
  if (transform.fromHalf) { // the first term, and the middle one of an even number, stand for themselves alone
    Value isSingle = arith::OrIOp::create(b, loc, same(n, zero), same(add(n, n), length));
    Value twice = arith::MulFOp::create(b, loc, factor, number(2));
    factor = arith::SelectOp::create(b, loc, isSingle, factor, twice);
  }
  return arith::MulFOp::create(b, loc, root, arith::TruncFOp::create(b, loc, f32, factor));
}

/// (terms, partsIn, results, partsOut); where all extents are known it is folded to a constant.
static Tensor buildRoots(Node &node, const Transform &transform) {
  Extents extents{transform.terms, node.extent(transform.partsIn), transform.results, node.extent(transform.partsOut)};
  Value length = node.indexValue(transform.length);
  return node.map({}, extents, node.builder.getF32Type(), [&](OpBuilder &b, Location loc, ValueRange) {
    SmallVector<Value> position;
    for (int64_t dim = 0; dim < 4; ++dim)
      position.push_back(linalg::IndexOp::create(b, loc, dim));
    return computeRoot(b, loc, transform, length, position);
  });
}

/// The matrix of a transform has at most this many elements.
static constexpr int64_t mostRoots = int64_t(1) << 26;

static FailureOr<Tensor> convertDFT(DFTOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  if (!x.getElementType().isF32())
    return node.refuse("its numbers are of 64 bits");
  int64_t rank = x.getRank(), axis = rank - 2;
  if (op.getAxis())
    axis = normalizeAxis(static_cast<int64_t>(*getScalar(op.getAxis())), rank);
  Extents y = node.getResultExtents();
  bool toHalf = op.getOnesided() && !op.getInverse(), fromHalf = op.getOnesided() && op.getInverse();
  AffineExpr length = !toHalf ? y[axis] : x.extents[axis];
  if (toHalf && op.getDftLength())
    length = node.extent(static_cast<int64_t>(*getScalar(op.getDftLength())));
  AffineExpr needed = fromHalf && op.getDftLength() ? length.floorDiv(2) + 1 : fromHalf ? x.extents[axis] : length;
  AffineExpr terms = getLesser(node, x.extents[axis], needed);
  if (!terms)
    return node.refuse("the extent of its axis and dft_length cannot be compared");
  Transform transform{length,          terms,   y[axis], getStaticExtent(x.extents.back()), getStaticExtent(y.back()),
                      op.getInverse(), fromHalf};
  int64_t rows = getStaticExtent(terms), columns = getStaticExtent(y[axis]);
  if (!ShapedType::isDynamic(rows) && !ShapedType::isDynamic(columns) &&
      columns > mostRoots / 4 / std::max<int64_t>(rows, 1))
    return node.refuse("it is of more than 2^12 numbers, and vitc has no fast transform");
  // Loops: those of y, then n and the parts of x.
  SmallVector<AffineExpr> loops;
  for (int64_t i = 0; i < rank + 2; ++i)
    loops.push_back(node.builder.getAffineDimExpr(i));
  SmallVector<AffineExpr> read(ArrayRef(loops).take_front(rank));
  read[axis] = loops[rank];
  read[rank - 1] = loops[rank + 1];
  SmallVector<AffineExpr> roots{loops[rank], loops[rank + 1], loops[axis], loops[rank - 1]};
  auto getMap = [&](ArrayRef<AffineExpr> results) { return AffineMap::get(rank + 2, 0, results, node.getContext()); };
  return node.contract(node.sliceDim(x, axis, node.extent(0), terms), getMap(read), buildRoots(node, transform),
                       getMap(roots), getMap(ArrayRef(loops).take_front(rank)), y);
}

void vitc::onnx::populateFourierPatterns(NodePatterns &patterns) { patterns.add(convertDFT); }
