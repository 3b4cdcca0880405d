#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;

namespace {

/// Parses the body of a function and traces what it returns.
class AxisMapTest : public ::testing::Test {
protected:
  AxisMapTest() {
    context.loadDialect<affine::AffineDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                        math::MathDialect, tensor::TensorDialect>();
  }

  Value parse(const std::string &signature, const std::string &body) {
    std::string text = "func.func @f(" + signature + " {\n%c0 = arith.constant 0 : index\n" + body + "}";
    module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      return nullptr;
    function = *module->getOps<func::FuncOp>().begin();
    return function.getBody().front().getTerminator()->getOperand(0);
  }

  static std::string show(const AxisMap &map) {
    std::string text;
    llvm::raw_string_ostream(text) << map;
    return text;
  }

  /// Rebuilds the returned value from its map; the types must agree and the rebuilt value has the same map.
  void expectRebuilds(Value value) {
    AxisMap map = trace(value, {.scales = false});
    OpBuilder builder(function.getBody().front().getTerminator());
    FailureOr<Value> rebuilt = materialize(builder, value.getLoc(), map);
    ASSERT_TRUE(succeeded(rebuilt));
    EXPECT_EQ(rebuilt->getType(), value.getType());
    ASSERT_TRUE(succeeded(verify(*module)));
    AxisMap again = trace(*rebuilt);
    EXPECT_EQ(again.source, map.source);
    EXPECT_EQ(again.axes, map.axes);
    EXPECT_EQ(again.offsets, map.offsets);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

std::string packedQuery(const std::string &batch, const std::string &bound) {
  return "%e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [" + bound + ", 197, 3, 6, 64] : tensor<" +
         batch + "x197x1152xf32> into tensor<" + batch +
         "x197x3x6x64xf32>\n"
         "%i = tensor.empty(" +
         (batch == "?" ? "%b" : "") + ") : tensor<3x" + batch +
         "x6x197x64xf32>\n"
         "%t = linalg.transpose ins(%e : tensor<" +
         batch + "x197x3x6x64xf32>) outs(%i : tensor<3x" + batch +
         "x6x197x64xf32>) permutation = [2, 0, 3, 1, 4]\n"
         "%s = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, " +
         bound + ", 6, 197, 64] [1, 1, 1, 1, 1] : tensor<3x" + batch + "x6x197x64xf32> to tensor<" + batch +
         "x6x197x64xf32>\n";
}

TEST_F(AxisMapTest, PackedKeyAtBatchOne) {
  Value key = parse("%x: tensor<1x197x1152xf32>) -> tensor<1x6x197x64xf32>",
                    packedQuery("1", "1") + "return %s : tensor<1x6x197x64xf32>\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(show(trace(key)), "[1, 6@2/64, 197@1, 64@2] offsets [0, 0, 384]");
  expectRebuilds(key);
}

TEST_F(AxisMapTest, PackedKeyAtBatchTwo) {
  Value key = parse("%x: tensor<2x197x1152xf32>) -> tensor<2x6x197x64xf32>",
                    packedQuery("2", "2") + "return %s : tensor<2x6x197x64xf32>\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(show(trace(key)), "[2@0, 6@2/64, 197@1, 64@2] offsets [0, 0, 384]");
  expectRebuilds(key);
}

TEST_F(AxisMapTest, PackedKeyAtSymbolicBatch) {
  Value key = parse("%x: tensor<?x197x1152xf32>) -> tensor<?x6x197x64xf32>",
                    "%b = tensor.dim %x, %c0 : tensor<?x197x1152xf32>\n" + packedQuery("?", "%b") +
                        "return %s : tensor<?x6x197x64xf32>\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(show(trace(key)), "[?@0, 6@2/64, 197@1, 64@2] offsets [0, 0, 384]");
  expectRebuilds(key);
}

/// (B, h, N, d) -> (B·h, N, d) -> transposed -> (B, h, d, N), B from another chain of shape arithmetic.
TEST_F(AxisMapTest, MergedHeadsAtSymbolicBatch) {
  Value transposed = parse("%x: tensor<?x6x197x64xf32>) -> tensor<?x6x64x197xf32>", R"(
    %b = tensor.dim %x, %c0 : tensor<?x6x197x64xf32>
    %c = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<?x6x197x64xf32> into tensor<?x197x64xf32>
    %n = affine.apply affine_map<()[s0] -> (s0 * 6)>()[%b]
    %i = tensor.empty(%n) : tensor<?x64x197xf32>
    %t = linalg.transpose ins(%c : tensor<?x197x64xf32>) outs(%i : tensor<?x64x197xf32>) permutation = [0, 2, 1]
    %q = affine.apply affine_map<()[s0] -> (s0 floordiv 6)>()[%n]
    %e = tensor.expand_shape %t [[0, 1], [2], [3]] output_shape [%q, 6, 64, 197] : tensor<?x64x197xf32> into tensor<?x6x64x197xf32>
    return %e : tensor<?x6x64x197xf32>
  )");
  ASSERT_TRUE(transposed);
  EXPECT_EQ(show(trace(transposed)), "[?@0, 6@1, 64@3, 197@2]");
  expectRebuilds(transposed);
}

TEST_F(AxisMapTest, ScrambleIsOpaque) {
  Value scrambled = parse("%x: tensor<197x384xf32>) -> tensor<6x197x64xf32>", R"(
    %c = tensor.collapse_shape %x [[0, 1]] : tensor<197x384xf32> into tensor<75648xf32>
    %e = tensor.expand_shape %c [[0, 1, 2]] output_shape [6, 197, 64] : tensor<75648xf32> into tensor<6x197x64xf32>
    return %e : tensor<6x197x64xf32>
  )");
  ASSERT_TRUE(scrambled);
  AxisMap map = trace(scrambled);
  EXPECT_EQ(map.source, scrambled);
  EXPECT_TRUE(map.isIdentity());
  EXPECT_EQ(map.opaque, "a reshape cuts a dimension of extents 197x384 into 6x197x64");
}

/// The tokens of different images mix; only the order of digits shows it.
TEST_F(AxisMapTest, ScrambleOfSymbolicBatchIsOpaque) {
  Value scrambled = parse("%x: tensor<?x197x384xf32>) -> tensor<?x6x197x64xf32>", R"(
    %b = tensor.dim %x, %c0 : tensor<?x197x384xf32>
    %c = tensor.collapse_shape %x [[0, 1, 2]] : tensor<?x197x384xf32> into tensor<?xf32>
    %e = tensor.expand_shape %c [[0, 1, 2, 3]] output_shape [%b, 6, 197, 64] : tensor<?xf32> into tensor<?x6x197x64xf32>
    return %e : tensor<?x6x197x64xf32>
  )");
  ASSERT_TRUE(scrambled);
  EXPECT_EQ(trace(scrambled).source, scrambled);
}

/// The view of an (h, N) dimension as (N, h) divides by digits of other extents: 4 into 6.
TEST_F(AxisMapTest, UnevenSplitIsOpaque) {
  Value value = parse("%x: tensor<6x4xf32>) -> tensor<4x6xf32>", R"(
    %c = tensor.collapse_shape %x [[0, 1]] : tensor<6x4xf32> into tensor<24xf32>
    %e = tensor.expand_shape %c [[0, 1]] output_shape [4, 6] : tensor<24xf32> into tensor<4x6xf32>
    return %e : tensor<4x6xf32>
  )");
  ASSERT_TRUE(value);
  EXPECT_EQ(trace(value).source, value);
}

TEST_F(AxisMapTest, Windows) {
  Value windows = parse("%x: tensor<2x56x56x96xf32>) -> tensor<128x49x96xf32>", R"(
    %e = tensor.expand_shape %x [[0], [1, 2], [3, 4], [5]] output_shape [2, 8, 7, 8, 7, 96] : tensor<2x56x56x96xf32> into tensor<2x8x7x8x7x96xf32>
    %i = tensor.empty() : tensor<2x8x8x7x7x96xf32>
    %t = linalg.transpose ins(%e : tensor<2x8x7x8x7x96xf32>) outs(%i : tensor<2x8x8x7x7x96xf32>) permutation = [0, 1, 3, 2, 4, 5]
    %c = tensor.collapse_shape %t [[0, 1, 2], [3, 4], [5]] : tensor<2x8x8x7x7x96xf32> into tensor<128x49x96xf32>
    return %c : tensor<128x49x96xf32>
  )");
  ASSERT_TRUE(windows);
  EXPECT_EQ(show(trace(windows)), "[2@0·8@1/7·8@2/7, 7@1·7@2, 96@3]");
  expectRebuilds(windows);
}

TEST_F(AxisMapTest, RollIsLookedThroughOnRequest) {
  Value rolled = parse("%x: tensor<1x56x96xf32>) -> tensor<1x56x96xf32>", R"(
    %a = tensor.extract_slice %x[0, 3, 0] [1, 53, 96] [1, 1, 1] : tensor<1x56x96xf32> to tensor<1x53x96xf32>
    %b = tensor.extract_slice %x[0, 0, 0] [1, 3, 96] [1, 1, 1] : tensor<1x56x96xf32> to tensor<1x3x96xf32>
    %c = tensor.concat dim(1) %a, %b : (tensor<1x53x96xf32>, tensor<1x3x96xf32>) -> tensor<1x56x96xf32>
    return %c : tensor<1x56x96xf32>
  )");
  ASSERT_TRUE(rolled);
  EXPECT_EQ(show(trace(rolled, {.rolls = true})), "[1, 56@1, 96@2] rolls [0, 3, 0]");
  EXPECT_EQ(trace(rolled).source, rolled);
}

TEST_F(AxisMapTest, ConcatThatIsNoRoll) {
  Value value = parse("%x: tensor<56x96xf32>) -> tensor<56x96xf32>", R"(
    %a = tensor.extract_slice %x[4, 0] [52, 96] [1, 1] : tensor<56x96xf32> to tensor<52x96xf32>
    %b = tensor.extract_slice %x[1, 0] [4, 96] [1, 1] : tensor<56x96xf32> to tensor<4x96xf32>
    %c = tensor.concat dim(0) %a, %b : (tensor<52x96xf32>, tensor<4x96xf32>) -> tensor<56x96xf32>
    return %c : tensor<56x96xf32>
  )");
  ASSERT_TRUE(value);
  EXPECT_EQ(trace(value, {.rolls = true}).source, value);
}

TEST_F(AxisMapTest, ScalesAreOneFactor) {
  Value value = parse("%x: tensor<4x8xf32>) -> tensor<8x4xf32>", R"(
    %c = arith.constant dense<8.0> : tensor<f32>
    %h = arith.constant dense<0.5> : tensor<f32>
    %i = tensor.empty() : tensor<4x8xf32>
    %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>, affine_map<(d0, d1) -> (d0, d1)>] ins(%x, %c : tensor<4x8xf32>, tensor<f32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
    %j = tensor.empty() : tensor<8x4xf32>
    %t = linalg.transpose ins(%d : tensor<4x8xf32>) outs(%j : tensor<8x4xf32>) permutation = [1, 0]
    %m = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[affine_map<(d0, d1) -> ()>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>] ins(%h, %t : tensor<f32>, tensor<8x4xf32>) outs(%j : tensor<8x4xf32>) -> tensor<8x4xf32>
    return %m : tensor<8x4xf32>
  )");
  ASSERT_TRUE(value);
  AxisMap map = trace(value);
  EXPECT_EQ(show(map), "[8@1, 4@0] scale 0.0625");
  EXPECT_EQ(map.path.size(), 3u);
  EXPECT_EQ(trace(value, {.scales = false}).source, value);
}

TEST_F(AxisMapTest, BroadcastDigitsAreFree) {
  Value value = parse("%x: tensor<384xf32>) -> tensor<2x1x384xf32>", R"(
    %e = tensor.expand_shape %x [[0, 1]] output_shape [1, 384] : tensor<384xf32> into tensor<1x384xf32>
    %i = tensor.empty() : tensor<2x1x384xf32>
    %b = linalg.broadcast ins(%e : tensor<1x384xf32>) outs(%i : tensor<2x1x384xf32>) dimensions = [0]
    return %b : tensor<2x1x384xf32>
  )");
  ASSERT_TRUE(value);
  AxisMap map = trace(value);
  EXPECT_EQ(show(map), "[2@free, 1, 384@0]");
  EXPECT_FALSE(isMaterializable(map));
}

TEST_F(AxisMapTest, SliceWithinAMixedDimension) {
  // Rows 2 and 3 of 4 whole groups; then half a group, which cuts a digit.
  Value whole = parse("%x: tensor<4x8x2xf32>) -> tensor<16x2xf32>", R"(
    %t = tensor.empty() : tensor<8x4x2xf32>
    %p = linalg.transpose ins(%x : tensor<4x8x2xf32>) outs(%t : tensor<8x4x2xf32>) permutation = [1, 0, 2]
    %c = tensor.collapse_shape %p [[0, 1], [2]] : tensor<8x4x2xf32> into tensor<32x2xf32>
    %s = tensor.extract_slice %c[8, 0] [16, 2] [1, 1] : tensor<32x2xf32> to tensor<16x2xf32>
    return %s : tensor<16x2xf32>
  )");
  ASSERT_TRUE(whole);
  EXPECT_EQ(show(trace(whole)), "[4@1·4@0, 2@2] offsets [0, 2, 0]");
  expectRebuilds(whole);

  Value half = parse("%x: tensor<4x8x2xf32>) -> tensor<6x2xf32>", R"(
    %t = tensor.empty() : tensor<8x4x2xf32>
    %p = linalg.transpose ins(%x : tensor<4x8x2xf32>) outs(%t : tensor<8x4x2xf32>) permutation = [1, 0, 2]
    %c = tensor.collapse_shape %p [[0, 1], [2]] : tensor<8x4x2xf32> into tensor<32x2xf32>
    %s = tensor.extract_slice %c[8, 0] [6, 2] [1, 1] : tensor<32x2xf32> to tensor<6x2xf32>
    return %s : tensor<6x2xf32>
  )");
  ASSERT_TRUE(half);
  EXPECT_EQ(trace(half).source, half);
}

TEST_F(AxisMapTest, DimensionsOfOneElement) {
  Value value = parse("%x: tensor<f32>) -> tensor<1x1xf32>", R"(
    %e = tensor.expand_shape %x [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
    return %e : tensor<1x1xf32>
  )");
  ASSERT_TRUE(value);
  AxisMap map = trace(value);
  EXPECT_EQ(map.source, function.getArgument(0));
  ASSERT_EQ(map.axes.size(), 2u);
  EXPECT_TRUE(map.axes[0].empty() && map.axes[1].empty());
}

TEST_F(AxisMapTest, SymbolsAreEqualThroughShapeArithmetic) {
  Value value = parse("%x: tensor<?x4xf32>) -> tensor<?x4xf32>", R"(
    %i = tensor.empty(%c0) : tensor<?x4xf32>
    return %x : tensor<?x4xf32>
  )");
  ASSERT_TRUE(value);
  Extent rows = extentOf(value, 0);
  EXPECT_EQ((rows * 6).dividedBy(rows), std::optional<Extent>(6));
  EXPECT_EQ((rows * 6).dividedBy(Extent(4)), std::nullopt);
  EXPECT_EQ(Extent(6).dividedBy(rows), std::nullopt);
  EXPECT_EQ(extentOf(function.getBody().front().getOperations().front().getNextNode()->getResult(0), 0), Extent(0));
}

} // namespace
