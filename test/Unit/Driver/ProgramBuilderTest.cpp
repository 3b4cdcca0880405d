#include "Driver/ProgramBuilder.h"

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
  EXPECT_TRUE(failed(boundFromAbove(symbol(0) - symbol(0) % 4)));
  EXPECT_TRUE(failed(boundFromAbove(symbol(target::maxSymbols))));
  EXPECT_TRUE(failed(boundFromAbove(getAffineDimExpr(0, &context))));
}
