#include "Driver/SizeExpressions.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

class BoundTest : public testing::Test {
protected:
  AffineExpr symbol(unsigned index) { return getAffineSymbolExpr(index, &context); }

  int64_t bound(AffineExpr expr, ArrayRef<int64_t> symbols) {
    FailureOr<target::Polynomial> polynomial = boundFromAbove(expr);
    return succeeded(polynomial) ? polynomial->evaluate(symbols) : -1;
  }

  MLIRContext context;
};

} // namespace

TEST_F(BoundTest, PolynomialsAreExact) {
  AffineExpr expr = symbol(0) * symbol(0) * 3 + symbol(1) * 5 + 7;
  for (int64_t a : {1, 2, 17})
    for (int64_t b : {1, 9})
      EXPECT_EQ(bound(expr, {a, b}), 3 * a * a + 5 * b + 7);
}

TEST_F(BoundTest, DivisionsAreNeverBelow) {
  AffineExpr panels = symbol(0).ceilDiv(32) * 32 * 64;
  AffineExpr floors = symbol(0).floorDiv(14) * 56;
  AffineExpr mixed = (symbol(0) % 13) * 8 + symbol(0);
  for (int64_t n = 1; n < 300; ++n) {
    EXPECT_GE(bound(panels, {n}), (n + 31) / 32 * 32 * 64) << n;
    EXPECT_GE(bound(floors, {n}), n / 14 * 56) << n;
    EXPECT_GE(bound(mixed, {n}), n % 13 * 8 + n) << n;
  }
  // The bound of padded panels is off by less than one panel.
  EXPECT_LE(bound(panels, {257}), (257 + 31) * 64);
}

TEST_F(BoundTest, WhatIsNoPolynomialIsRefused) {
  EXPECT_TRUE(failed(boundFromAbove(symbol(0).floorDiv(symbol(1)))));
  EXPECT_TRUE(failed(boundFromAbove(symbol(target::maxSymbols))));
  EXPECT_TRUE(failed(boundFromAbove(getAffineDimExpr(0, &context))));
}

TEST_F(BoundTest, WhatIsTakenAwayIsBoundedFromBelow) {
  AffineExpr rounded = symbol(0) - symbol(0) % 4;
  AffineExpr padded = symbol(0) * 7 - (symbol(0) * 6).floorDiv(7) * 7; // 7 · ⌈n / 7⌉, as shape arithmetic has it
  for (int64_t n = 1; n < 100; ++n) {
    EXPECT_GE(bound(rounded, {n}), n - n % 4);
    EXPECT_GE(bound(padded, {n}), (n + 6) / 7 * 7);
    EXPECT_LE(bound(padded, {n}), n + 7);
  }
}

namespace {

/// Values of all symbols where those of the inputs are given.
std::vector<int64_t> evaluate(ArrayRef<target::Symbol> symbols, std::vector<int64_t> values) {
  for (const target::Symbol &symbol : symbols.drop_front(values.size())) {
    values.resize(target::maxSymbols);
    int64_t value = symbol.value.evaluate(values);
    values[&symbol - symbols.data()] = value / symbol.divisor - (value % symbol.divisor < 0);
  }
  values.resize(target::maxSymbols);
  return values;
}

class SizeExpressionsTest : public BoundTest {
protected:
  std::vector<target::Symbol> symbols = {{"h", 0, 2}, {"w", 0, 3}};
  SizeExpressions sizes{symbols};
};

} // namespace

TEST_F(SizeExpressionsTest, DivisionsAreSymbols) {
  AffineExpr h = symbol(0), w = symbol(1);
  AffineExpr expr = h.floorDiv(14) * w.ceilDiv(14) + (h + w) % 3 * 5 - (h - 3).floorDiv(2);
  FailureOr<target::Polynomial> written = sizes.write(expr);
  ASSERT_TRUE(succeeded(written));
  EXPECT_EQ(symbols.size(), 2u + 4u);
  EXPECT_EQ(symbols[2].name, "(h//14)");
  EXPECT_EQ(symbols[3].name, "((w+13)//14)");
  for (int64_t a : {1, 2, 13, 14, 100})
    for (int64_t b : {1, 14, 15, 225})
      EXPECT_EQ(written->evaluate(evaluate(symbols, {a, b})),
                (a / 14) * ((b + 13) / 14) + (a + b) % 3 * 5 - ((a - 3) / 2 - ((a - 3) % 2 < 0)));
}

TEST_F(SizeExpressionsTest, EqualDivisionsAreOneSymbol) {
  ASSERT_TRUE(succeeded(sizes.write(symbol(0).floorDiv(14) * symbol(0).floorDiv(14) + symbol(0).floorDiv(14))));
  ASSERT_TRUE(succeeded(sizes.write((symbol(0).floorDiv(14) + 1).floorDiv(2))));
  ASSERT_TRUE(succeeded(sizes.write((symbol(0).floorDiv(14) + 1).floorDiv(2) + symbol(0) % 14)));
  EXPECT_EQ(symbols.size(), 4u);
  EXPECT_EQ(symbols[3].name, "(((h//14)+1)//2)");
}

TEST_F(SizeExpressionsTest, WhatATableCannotHoldIsRefused) {
  for (AffineExpr expr : {symbol(0).floorDiv(symbol(1)), symbol(0).floorDiv(-2), symbol(0) % symbol(1)}) {
    EXPECT_FALSE(isRepresentable(expr));
    EXPECT_TRUE(failed(sizes.write(expr)));
  }
  EXPECT_TRUE(isRepresentable((symbol(0) % 3).ceilDiv(2)));
  for (int64_t divisor = 2; divisor < 2 + int64_t(target::maxSymbols) - 2; ++divisor)
    EXPECT_TRUE(succeeded(sizes.write(symbol(0).floorDiv(divisor))));
  EXPECT_TRUE(failed(sizes.write(symbol(0).floorDiv(1000))));
}

TEST_F(SizeExpressionsTest, BoundsThatGrowAreExact) {
  AffineExpr tokens = symbol(0).floorDiv(14) * symbol(1).floorDiv(14) + 1;
  FailureOr<target::Polynomial> exact = sizes.writeBound(tokens * tokens * 4);
  ASSERT_TRUE(succeeded(exact));
  EXPECT_EQ(exact->evaluate(evaluate(symbols, {448, 336})), 4 * 769 * 769);
  // A size that may shrink gets a bound without symbols of its own.
  size_t before = symbols.size();
  ASSERT_TRUE(succeeded(sizes.writeBound(symbol(0) - symbol(0).floorDiv(3))));
  EXPECT_EQ(symbols.size(), before);
}
