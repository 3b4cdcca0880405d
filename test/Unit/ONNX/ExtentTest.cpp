#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {

struct ExtentTest : testing::Test {
  ExtentTest() { context.loadDialect<vitc::vit::ViTDialect>(); }
  Extent named(llvm::StringRef name) { return Extent::symbol(StringAttr::get(&context, name)); }

  MLIRContext context;
  Extent b = named("batch"), h = named("height"), w = named("width");
};

TEST_F(ExtentTest, EqualPolynomialsCompareEqual) {
  EXPECT_EQ((b + 1) * (b - 1) + 1, b * b);
  EXPECT_EQ(h * w * b * 6, b * 2 * w * 3 * h);
  EXPECT_EQ(b - b, Extent(0));
  EXPECT_NE(b * h, b * w);
  EXPECT_NE(b, Extent(1));
}

TEST_F(ExtentTest, DividesExactly) {
  EXPECT_EQ((b * 257 * 6 * 64).divideExactly(Extent(257 * 384)), b);
  EXPECT_EQ((b * (h * w + 1) * 384).divideExactly(b * 384), h * w + 1);
  EXPECT_EQ((b * (h * w + 1) * 384).divideExactly(h * w + 1), b * 384);
  EXPECT_EQ((b * 197).divideExactly(Extent(14)), std::nullopt);
  EXPECT_EQ(b.divideExactly(h), std::nullopt);
  EXPECT_EQ(b.divideExactly(Extent(0)), std::nullopt);
}

TEST_F(ExtentTest, FloorsWhatDoesNotDivide) {
  // A convolution of stride 14 with a kernel of 14: ⌊(h − 14) / 14⌋ + 1 = ⌊h / 14⌋.
  EXPECT_EQ(*(h - 14).floorDiv(14) + 1, *h.floorDiv(14));
  EXPECT_EQ(*(h * 2 + 3).floorDiv(2), h + 1);
  EXPECT_EQ(*(h * 4 + 3).floorDiv(8), *h.floorDiv(2));
  EXPECT_EQ(*Extent(-7).floorDiv(2), Extent(-4));
  EXPECT_EQ(*h.floorDiv(h), Extent(1));
  EXPECT_NE(*h.floorDiv(14), *w.floorDiv(14));
  EXPECT_EQ(h.floorDiv(Extent(0)), std::nullopt);
  EXPECT_EQ(h.floorDiv(b - 1), std::nullopt) << "the divisor may be zero";
}

TEST_F(ExtentTest, RemaindersOfMultiplesVanish) {
  EXPECT_EQ(*(h * 7).mod(7), Extent(0));
  EXPECT_EQ(*(h * 7 + 3).mod(7), Extent(3));
  EXPECT_EQ(*h.mod(7) + *h.floorDiv(7) * 7, h);
}

TEST_F(ExtentTest, BoundsHoldForAllPositiveSymbols) {
  EXPECT_EQ((b * 197 + 1).lowerBound(), 198);
  EXPECT_EQ((b - h).lowerBound(), std::nullopt);
  EXPECT_EQ(h.floorDiv(14)->lowerBound(), 0);
  // ⌊h / 2⌋ <= h, (⌊(h + 6) / 7⌋ · 7) >= h; ⌊h / 14⌋ · 14 is less than h by at most 13.
  EXPECT_EQ((h - *h.floorDiv(2)).lowerBound(), 1);
  EXPECT_EQ((*(h + 6).floorDiv(7) * 7 - h).lowerBound(), 0);
  EXPECT_EQ((*h.floorDiv(14) * 14 - h).lowerBound(), -13);
  EXPECT_EQ((h - *(h + 14).floorDiv(14) * 14).lowerBound(), -14);
  EXPECT_FALSE((h - *h.floorDiv(14) * 15).lowerBound());
  EXPECT_TRUE(b.isProvablyDifferentFrom(Extent(-1)));
  EXPECT_FALSE(b.isProvablyDifferentFrom(Extent(1)));
  EXPECT_TRUE(Extent(std::numeric_limits<int64_t>::max()).isProvablyAtLeast(Extent(-1)));
}

TEST_F(ExtentTest, TypesAreEqualWhereExtentsAre) {
  Type f32 = Float32Type::get(&context);
  SymbolicShape shape = {b, *h.floorDiv(14) * *w.floorDiv(14) + 1, 384};
  RankedTensorType type = getTensorType(shape, f32);
  EXPECT_EQ(type.getShape(), ArrayRef<int64_t>({ShapedType::kDynamic, ShapedType::kDynamic, 384}));
  FailureOr<SymbolicShape> read = getExtents(type);
  ASSERT_TRUE(succeeded(read));
  EXPECT_EQ(*read, shape);
  EXPECT_EQ(getTensorType(*read, f32), type);
  EXPECT_EQ(getTensorType({b, Extent(1) + *w.floorDiv(14) * *h.floorDiv(14), 384}, f32), type);
  EXPECT_FALSE(getTensorType({2, 3}, f32).getEncoding());
}

TEST_F(ExtentTest, DynamicWithoutNameIsUnknown) {
  Type f32 = Float32Type::get(&context);
  EXPECT_TRUE(failed(getExtents(RankedTensorType::get({ShapedType::kDynamic}, f32))));
  EXPECT_TRUE(failed(getExtents(UnrankedTensorType::get(f32))));
}

TEST_F(ExtentTest, WhatIsTooLargeEqualsNothing) {
  Extent large = b + h;
  for (int i = 0; i < 12; ++i)
    large = large * large;
  EXPECT_TRUE(large.isTooLarge());
  EXPECT_FALSE(large == large);
  EXPECT_FALSE(large.asConstant());
  EXPECT_FALSE(large.isConstant());
  EXPECT_FALSE(large.isProvablyAtLeast(large));
  EXPECT_FALSE(large.isProvablyDifferentFrom(0));
  EXPECT_FALSE(large.divideExactly(large));
  EXPECT_TRUE((large * 0).isTooLarge());
  EXPECT_TRUE((b - large).isTooLarge());
  EXPECT_TRUE(large.floorDiv(2)->isTooLarge());
  Extent nested = b;
  for (int i = 0; i < 400 && !nested.isTooLarge(); ++i)
    nested = *(nested + h).floorDiv(2 + i);
  EXPECT_TRUE(nested.isTooLarge());
}

TEST_F(ExtentTest, PrintsForDiagnostics) {
  EXPECT_EQ((b * 197 + 1).str(), "197 * batch + 1");
  EXPECT_EQ((b - h * 2 - 3).str(), "batch - 2 * height - 3");
  EXPECT_EQ((Extent(7) - b).str(), "-batch + 7");
  EXPECT_EQ((h - *h.floorDiv(7) * 7).str(), "height - 7 * (height//7)");
  EXPECT_EQ(str({b, 197, 384}), "(batch, 197, 384)");
}

} // namespace
