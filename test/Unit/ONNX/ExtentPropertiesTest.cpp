// What holds of all extents, tried on random ones: their arithmetic is that of integers, and what is proven is true.

#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace vitc::onnx;

namespace {

/// An extent, and what it is worth at each of the points tried.
struct Valued {
  Extent extent;
  std::vector<int64_t> values;
};

class ExtentProperties : public testing::TestWithParam<unsigned> {
protected:
  static constexpr size_t points = 24;

  ExtentProperties() : random(GetParam()) {
    context.loadDialect<vitc::vit::ViTDialect>();
    for (llvm::StringRef name : {"a", "b", "count(c)"}) {
      names.push_back(StringAttr::get(&context, name));
      bool isComputed = name.starts_with(Extent::computedPrefix);
      Valued symbol{Extent::symbol(names.back()), {}};
      for (size_t point = 0; point < points; ++point)
        symbol.values.push_back(point == 0 ? !isComputed : draw(isComputed ? 0 : 1, point % 3 ? 9 : 5000));
      known.push_back(symbol);
    }
  }

  int64_t draw(int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(random); }
  const Valued &pick() { return known[draw(0, known.size() - 1)]; }

  template <typename Function>
  static std::vector<int64_t> zip(const Valued &a, const Valued &b, Function compute) {
    std::vector<int64_t> values;
    for (size_t point = 0; point < points; ++point)
      values.push_back(compute(a.values[point], b.values[point]));
    return values;
  }
  static Valued constant(int64_t value) { return {value, std::vector<int64_t>(points, value)}; }
  static int64_t floorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

  std::optional<Valued> make() {
    const Valued a = pick(), b = draw(0, 1) ? pick() : constant(draw(-7, 14));
    std::optional<Extent> result;
    switch (draw(0, 5)) {
    case 0:
      return Valued{a.extent + b.extent, zip(a, b, std::plus<int64_t>())};
    case 1:
      return Valued{a.extent - b.extent, zip(a, b, std::minus<int64_t>())};
    case 2:
      return Valued{a.extent * b.extent, zip(a, b, std::multiplies<int64_t>())};
    case 3:
      if ((result = a.extent.floorDiv(b.extent)))
        return Valued{*result, zip(a, b, floorDiv)};
      return std::nullopt;
    case 4:
      if ((result = a.extent.mod(b.extent)))
        return Valued{*result, zip(a, b, [](int64_t x, int64_t y) { return x - y * floorDiv(x, y); })};
      return std::nullopt;
    default:
      if ((result = a.extent.divideExactly(b.extent)) && !llvm::is_contained(b.values, 0))
        return Valued{*result, zip(a, b, floorDiv)};
      return std::nullopt;
    }
  }

  /// Some extents of values that stay far from overflowing.
  void grow() {
    for (int tries = 0; tries < 200 && known.size() < 24; ++tries) {
      std::optional<Valued> made = make();
      bool isModest =
          made && llvm::all_of(made->values, [](int64_t value) { return std::abs(value) < int64_t(1) << 40; });
      if (isModest && !made->extent.isTooLarge())
        known.push_back(*made);
    }
  }

  int64_t evaluate(const Extent &extent, size_t point) {
    SmallVector<AffineExpr> numbers;
    for (size_t symbol = 0; symbol < names.size(); ++symbol)
      numbers.push_back(getAffineConstantExpr(known[symbol].values[point], &context));
    AffineExpr value = extent.toAffine(names, &context).replaceSymbols(numbers);
    return cast<AffineConstantExpr>(value).getValue();
  }

  MLIRContext context;
  std::mt19937 random;
  std::vector<Valued> known;
  SmallVector<StringAttr> names;
};

TEST_P(ExtentProperties, ArithmeticIsThatOfIntegers) {
  grow();
  for (const Valued &x : known)
    for (size_t point = 0; point < points; ++point)
      ASSERT_EQ(evaluate(x.extent, point), x.values[point]) << x.extent.str();
}

TEST_P(ExtentProperties, ExpressionsMeanTheSameExtents) {
  grow();
  SmallVector<Attribute> symbols(names.begin(), names.end());
  for (const Valued &x : known) {
    std::optional<Extent> read = Extent::fromAffine(x.extent.toAffine(names, &context), symbols);
    ASSERT_TRUE(read) << x.extent.str();
    EXPECT_EQ(*read, x.extent) << x.extent.str();
  }
}

TEST_P(ExtentProperties, BoundsAreNowhereAboveValues) {
  grow();
  for (const Valued &x : known)
    if (std::optional<int64_t> bound = x.extent.lowerBound())
      EXPECT_LE(*bound, *llvm::min_element(x.values)) << x.extent.str();
}

TEST_P(ExtentProperties, WhatIsProvenIsTrue) {
  grow();
  for (const Valued &x : known)
    for (const Valued &y : known) {
      bool isEqual = x.extent == y.extent, isAtLeast = x.extent.isProvablyAtLeast(y.extent),
           isDifferent = x.extent.isProvablyDifferentFrom(y.extent);
      for (auto [a, b] : llvm::zip_equal(x.values, y.values))
        ASSERT_TRUE((!isEqual || a == b) && (!isAtLeast || a >= b) && (!isDifferent || a != b))
            << x.extent.str() << " is " << a << ", " << y.extent.str() << " is " << b;
    }
}

TEST_P(ExtentProperties, ProductsArePositiveWhereFactorsAre) {
  grow();
  for (const Valued &x : known)
    for (size_t point = 0; point < points; ++point) {
      bool arePositive =
          llvm::all_of(x.extent.getFactors(), [&](const Extent &factor) { return evaluate(factor, point) >= 1; });
      if (arePositive)
        ASSERT_GE(x.values[point], 1) << x.extent.str();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExtentProperties, testing::Range(0U, 10U));

} // namespace
