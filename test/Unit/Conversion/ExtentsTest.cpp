#include "Extents.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
class ReshapePlanTest : public ::testing::Test {
protected:
  AffineExpr n() { return getAffineSymbolExpr(0, &context); }
  AffineExpr m() { return getAffineSymbolExpr(1, &context); }
  AffineExpr c(int64_t value) { return getAffineConstantExpr(value, &context); }

  /// The groups as "collapse -> expand", a group as the digits of its dimensions.
  std::string plan(ExtentsRef from, ExtentsRef to) {
    ReshapePlan plan = planReshape(from, to, &context);
    std::string text;
    llvm::raw_string_ostream stream(text);
    auto print = [&](ArrayRef<ReassociationIndices> groups) {
      llvm::interleave(
          groups, stream,
          [&](ReassociationIndicesRef group) {
            for (int64_t dim : group)
              stream << dim;
          },
          " ");
    };
    print(plan.collapse);
    stream << " -> ";
    print(plan.expand);
    return text;
  }

  MLIRContext context;
};
} // namespace

TEST_F(ReshapePlanTest, GroupsAreTheFinest) {
  EXPECT_EQ(plan({c(2), c(197), c(1152)}, {c(2), c(197), c(3), c(6), c(64)}), "0 1 2 -> 0 1 234");
  EXPECT_EQ(plan({c(2), c(3), c(4), c(5)}, {c(6), c(20)}), "01 23 -> 0 1");
  EXPECT_EQ(plan({c(4), c(6), c(5)}, {c(8), c(3), c(5)}), "01 2 -> 01 2");
}

TEST_F(ReshapePlanTest, SymbolsAreFactors) {
  EXPECT_EQ(plan({n(), c(6), c(64)}, {n() * 6, c(64)}), "01 2 -> 0 1");
  EXPECT_EQ(plan({n() * 6, c(64)}, {n(), c(6), c(64)}), "0 1 -> 01 2");
  EXPECT_EQ(plan({c(1), n(), m()}, {c(1), m() * n()}), "0 12 -> 0 1");
  EXPECT_EQ(plan({n(), c(4), m()}, {n(), m(), c(4)}), "0 12 -> 0 12");
}

TEST_F(ReshapePlanTest, UnitsJoinAGroup) {
  EXPECT_EQ(plan({c(6), c(1), c(5)}, {c(6), c(5)}), "0 12 -> 0 1");
  EXPECT_EQ(plan({c(6), c(5)}, {c(1), c(6), c(5), c(1)}), "0 1 -> 01 23");
  EXPECT_EQ(plan({c(6), c(1)}, {c(6)}), "01 -> 0");
}

TEST_F(ReshapePlanTest, ScalarsHaveNoGroups) {
  EXPECT_EQ(plan({}, {c(1), c(1)}), " -> ");
  EXPECT_EQ(plan({c(1)}, {}), " -> ");
  EXPECT_EQ(plan({}, {}), " -> ");
}

TEST_F(ReshapePlanTest, ProductsDoNotDependOnOrder) {
  EXPECT_EQ(getProduct({n(), c(4), m()}, &context), getProduct({m(), n(), c(2), c(2)}, &context));
}
