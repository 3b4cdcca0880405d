// Bounds of random sizes, planned for the largest dimensions as the runtime does: a run never needs more.

#include "Driver/SizeExpressions.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

constexpr unsigned dimensions = 3;
using Point = std::array<int64_t, dimensions>;

class SizeExpressionsTest : public testing::TestWithParam<unsigned> {
protected:
  SizeExpressionsTest() : random(GetParam()) {
    for (size_t point = 0; point < 24; ++point)
      points.push_back({draw(1, point % 2 ? 9 : 700), draw(1, 30), draw(1, 300)});
    points.push_back({1, 1, 1});
    for (unsigned i = 0; i < dimensions; ++i)
      known.push_back(getAffineSymbolExpr(i, &context));
  }

  int64_t draw(int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(random); }

  int64_t evaluate(AffineExpr expr, const Point &point) {
    SmallVector<AffineExpr> numbers;
    for (int64_t value : point)
      numbers.push_back(getAffineConstantExpr(value, &context));
    return cast<AffineConstantExpr>(expr.replaceSymbols(numbers)).getValue();
  }

  /// Whether it is a size at all points.
  bool isSize(AffineExpr expr) {
    return llvm::all_of(points, [&](const Point &point) {
      int64_t value = evaluate(expr, point);
      return value >= 0 && value < int64_t(1) << 40;
    });
  }

  AffineExpr make() {
    AffineExpr a = known[draw(0, known.size() - 1)], b = known[draw(0, known.size() - 1)];
    int64_t number = draw(1, 40);
    switch (draw(0, 7)) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a * number;
    case 4:
      return a.floorDiv(number);
    case 5:
      return a.ceilDiv(number);
    case 6:
      return a % number;
    default:
      return a + draw(-20, 20);
    }
  }

  void grow() {
    for (int tries = 0; tries < 300 && known.size() < 50; ++tries)
      if (AffineExpr made = make(); isSize(made))
        known.push_back(made);
  }

  static std::vector<target::Symbol> getDimensions() {
    std::vector<target::Symbol> symbols(dimensions);
    for (auto [index, symbol] : llvm::enumerate(symbols))
      symbol.name = std::string(1, static_cast<char>('a' + index));
    return symbols;
  }

  /// As vitc_bound of the runtime: what is taken away is left out.
  static int64_t bound(const target::Polynomial &polynomial, ArrayRef<int64_t> maxima) {
    target::Polynomial kept;
    for (const target::Term &term : polynomial.getTerms())
      if (term.coefficient > 0 || llvm::all_of(term.power, [](uint8_t power) { return power == 0; }))
        kept = kept + target::Polynomial(term);
    return std::max<int64_t>(kept.evaluate(maxima), 0);
  }

  /// The maxima of a function's symbols, from those of its dimensions.
  static SmallVector<int64_t> getMaxima(const Point &most, ArrayRef<target::Symbol> symbols) {
    SmallVector<int64_t> maxima(most.begin(), most.end());
    for (const target::Symbol &symbol : symbols.drop_front(dimensions)) {
      int64_t value = bound(symbol.value, maxima);
      maxima.push_back(value / symbol.divisor);
    }
    return maxima;
  }

  std::mt19937 random;
  MLIRContext context;
  std::vector<Point> points;
  std::vector<AffineExpr> known;
};

} // namespace

TEST_P(SizeExpressionsTest, WhatIsWrittenIsExact) {
  grow();
  std::vector<target::Symbol> symbols = getDimensions();
  SizeExpressions sizes(symbols);
  for (AffineExpr expr : known) {
    FailureOr<target::Polynomial> written = sizes.write(expr);
    if (failed(written)) // the table is full
      continue;
    for (const Point &point : points) {
      SmallVector<int64_t> values(point.begin(), point.end());
      for (const target::Symbol &symbol : ArrayRef(symbols).drop_front(dimensions)) {
        int64_t value = symbol.value.evaluate(values);
        values.push_back(value / symbol.divisor - (value % symbol.divisor < 0));
      }
      ASSERT_EQ(written->evaluate(values), evaluate(expr, point));
    }
  }
}

TEST_P(SizeExpressionsTest, MemoryPlannedForTheMostHoldsLess) {
  grow();
  Point most = {700, 30, 300};
  std::vector<target::Symbol> symbols = getDimensions();
  SizeExpressions sizes(symbols);
  for (AffineExpr expr : known) {
    FailureOr<target::Polynomial> written = sizes.writeBound(expr);
    ASSERT_TRUE(succeeded(written));
    int64_t planned = bound(*written, getMaxima(most, symbols));
    for (const Point &point : points) {
      std::string text;
      llvm::raw_string_ostream(text) << expr;
      ASSERT_GE(planned, evaluate(expr, point)) << text;
      ASSERT_GE(bound(*written, getMaxima(point, symbols)), evaluate(expr, point)) << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SizeExpressionsTest, testing::Range(0U, 20U));
