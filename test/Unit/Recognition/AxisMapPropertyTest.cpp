// Random chains of views: what a map says of every element, and what is rebuilt from it, is what the chain computes.
#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"
#include <numeric>
#include <random>

using namespace mlir;
using namespace vitc;

namespace {

using Shape = SmallVector<int64_t>;

/// For each element of a value, in row-major order, which element of the chain's argument it is.
using Elements = std::vector<int64_t>;

int64_t count(ArrayRef<int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

/// Calls `visit` with every index of a shape, in row-major order.
void forEachIndex(ArrayRef<int64_t> shape, function_ref<void(ArrayRef<int64_t>)> visit) {
  Shape index(shape.size(), 0);
  for (int64_t i = 0, e = count(shape); i < e; ++i) {
    visit(index);
    for (size_t dim = shape.size(); dim-- > 0 && ++index[dim] == shape[dim];)
      index[dim] = 0;
  }
}

int64_t linear(ArrayRef<int64_t> shape, ArrayRef<int64_t> index) {
  int64_t at = 0;
  for (auto [extent, i] : llvm::zip_equal(shape, index))
    at = at * extent + i;
  return at;
}

Shape shapeOf(Value value) { return Shape(cast<RankedTensorType>(value.getType()).getShape()); }

/// The elements of a value of the chain, by the meaning of each op.
Elements evaluate(Value value, Value argument) {
  Shape shape = shapeOf(value);
  Elements result;
  if (value == argument) {
    result.resize(count(shape));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  Operation *op = value.getDefiningOp();
  Value operand = op->getOperand(0);
  if (isa<tensor::ConcatOp>(op)) // a roll of what the two slices are cut from
    operand = operand.getDefiningOp()->getOperand(0);
  Elements source = evaluate(operand, argument);
  Shape from = shapeOf(operand);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return source;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    Shape at(from.size(), 0);
    if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
      for (auto [dim, source] : llvm::enumerate(transpose.getPermutation()))
        at[source] = index[dim];
    } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
      at.assign(index.begin(), index.end());
      int64_t dim = concat.getDim(), tail = shapeOf(op->getOperand(0))[dim];
      at[dim] = (index[dim] + shape[dim] - tail) % shape[dim];
    } else {
      auto slice = cast<tensor::ExtractSliceOp>(op);
      llvm::SmallBitVector dropped = slice.getDroppedDims();
      size_t next = 0;
      for (size_t dim = 0; dim < from.size(); ++dim)
        at[dim] =
            slice.getStaticOffsets()[dim] + (dropped.test(dim) ? 0 : index[next++] * slice.getStaticStrides()[dim]);
    }
    result.push_back(source[linear(from, at)]);
  });
  return result;
}

/// The elements that a map describes, given those of its source.
Elements describe(const AxisMap &map, ArrayRef<int64_t> shape, const Elements &source) {
  Shape from = shapeOf(map.source);
  Elements result;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    Shape at(map.offsets.begin(), map.offsets.end());
    for (auto [i, axis] : llvm::zip_equal(index, map.axes)) {
      int64_t rest = i;
      for (const Digit &digit : llvm::reverse(axis)) {
        at[digit.dim] += rest % *digit.extent.constant() * *digit.stride.constant();
        rest /= *digit.extent.constant();
      }
    }
    for (auto [i, roll, extent] : llvm::zip_equal(at, map.rolls, from))
      i = (i + roll) % extent;
    result.push_back(source[linear(from, at)]);
  });
  return result;
}

/// Makes random views of a value.
class Chain {
public:
  Chain(MLIRContext &context, unsigned seed) : builder(&context), loc(builder.getUnknownLoc()), random(seed) {
    module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
    static const Shape shapes[] = {{2, 6, 12}, {1, 5, 12}, {6, 8}, {4, 1, 9}, {48}};
    auto type = RankedTensorType::get(shapes[pick(5)], builder.getF32Type());
    function = func::FuncOp::create(builder, loc, "f", builder.getFunctionType({type}, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
    value = argument = function.getArgument(0);
  }

  void grow() {
    switch (pick(5)) {
    case 0:
      return expand();
    case 1:
      return collapse();
    case 2:
      return transpose();
    case 3:
      return slice();
    default:
      return pick(3) == 0 ? roll() : transpose();
    }
  }

  OpBuilder builder;
  Location loc;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  Value value, argument;

private:
  int64_t pick(int64_t n) { return std::uniform_int_distribution<int64_t>(0, n - 1)(random); }
  Shape shape() { return shapeOf(value); }

  void expand() {
    if (shape().size() > 5 || shape().empty())
      return;
    size_t dim = pick(shape().size());
    SmallVector<ReassociationIndices> groups;
    Shape to;
    for (auto [at, extent] : llvm::enumerate(shape())) {
      groups.push_back({static_cast<int64_t>(to.size())});
      if (at != dim) {
        to.push_back(extent);
        continue;
      }
      int64_t factor = 1 + pick(extent);
      while (extent % factor != 0)
        factor = 1 + pick(extent);
      groups.back().push_back(to.size() + 1);
      to.append({factor, extent / factor});
    }
    value = tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(to, builder.getF32Type()), value, groups);
  }

  void collapse() {
    if (shape().size() < 2)
      return;
    size_t first = pick(shape().size() - 1);
    SmallVector<ReassociationIndices> groups;
    for (size_t dim = 0; dim < shape().size(); ++dim)
      if (dim == first + 1)
        groups.back().push_back(dim);
      else
        groups.push_back({static_cast<int64_t>(dim)});
    value = tensor::CollapseShapeOp::create(builder, loc, value, groups);
  }

  void transpose() {
    Shape permutation(shape().size()), to;
    std::iota(permutation.begin(), permutation.end(), 0);
    std::shuffle(permutation.begin(), permutation.end(), random);
    for (int64_t dim : permutation)
      to.push_back(shape()[dim]);
    Value init = tensor::EmptyOp::create(builder, loc, to, builder.getF32Type());
    value = linalg::TransposeOp::create(builder, loc, value, init, permutation)->getResult(0);
  }

  Value sliced(size_t dim, int64_t offset, int64_t size, int64_t stride, bool drop) {
    SmallVector<OpFoldResult> offsets(shape().size(), builder.getIndexAttr(0)), sizes,
        strides(shape().size(), builder.getIndexAttr(1));
    for (int64_t extent : shape())
      sizes.push_back(builder.getIndexAttr(extent));
    offsets[dim] = builder.getIndexAttr(offset);
    sizes[dim] = builder.getIndexAttr(size);
    strides[dim] = builder.getIndexAttr(stride);
    Shape to = shape();
    to[dim] = size;
    if (drop)
      to.erase(to.begin() + dim);
    return tensor::ExtractSliceOp::create(builder, loc, RankedTensorType::get(to, builder.getF32Type()), value, offsets,
                                          sizes, strides);
  }

  void slice() {
    if (shape().empty())
      return;
    size_t dim = pick(shape().size());
    int64_t extent = shape()[dim], size = 1 + pick(extent);
    int64_t stride = pick(4) == 0 ? 2 : 1;
    if ((size - 1) * stride >= extent)
      stride = 1;
    value =
        sliced(dim, pick(extent - (size - 1) * stride), size, stride, size == 1 && shape().size() > 1 && pick(2) == 0);
  }

  void roll() {
    size_t dim = pick(shape().size());
    int64_t extent = shape()[dim];
    if (extent < 2)
      return;
    int64_t by = 1 + pick(extent - 1);
    Value tail = sliced(dim, by, extent - by, 1, false), head = sliced(dim, 0, by, 1, false);
    value = tensor::ConcatOp::create(builder, loc, RankedTensorType::get(shape(), builder.getF32Type()), dim,
                                     ValueRange{tail, head});
  }

  std::mt19937 random;
};

TEST(AxisMapProperty, MapsAndRebuiltValuesAreWhatTheChainComputes) {
  MLIRContext context;
  context.loadDialect<affine::AffineDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, tensor::TensorDialect>();
  int opaque = 0, rebuilt = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    Chain chain(context, seed);
    for (int step = 0; step < 7; ++step)
      chain.grow();
    Value value = chain.value;
    Elements expected = evaluate(value, chain.argument);
    AxisMap rolled = trace(value, {.rolls = true});
    ASSERT_EQ(describe(rolled, shapeOf(value), evaluate(rolled.source, chain.argument)), expected) << "seed " << seed;

    AxisMap map = trace(value);
    ASSERT_EQ(describe(map, shapeOf(value), evaluate(map.source, chain.argument)), expected) << "seed " << seed;
    opaque += map.source != chain.argument;
    FailureOr<Value> again = materialize(chain.builder, chain.loc, map);
    if (failed(again))
      continue;
    ++rebuilt;
    ASSERT_EQ(again->getType(), value.getType()) << "seed " << seed;
    ASSERT_EQ(evaluate(*again, chain.argument), expected) << "seed " << seed;
    ASSERT_TRUE(succeeded(materializationCost(map)));
  }
  // Both outcomes are common among random chains, or the test would say little.
  EXPECT_GT(opaque, 25);
  EXPECT_GT(rebuilt, 250);
}

} // namespace
