#include "vitc/Recognition/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "gtest/gtest.h"
#include <limits>

using namespace mlir;
using namespace vitc;

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();

/// Constants of single precision: kept in the context, and in a resource outside of it.
class ConstantsTest : public ::testing::TestWithParam<bool> {
protected:
  ConstantsTest() : module(ModuleOp::create(UnknownLoc::get(&context))), builder(module->getBodyRegion()) {
    context.loadDialect<arith::ArithDialect>();
  }

  Value make(ArrayRef<int64_t> shape, ArrayRef<float> values) {
    auto type = RankedTensorType::get(shape, builder.getF32Type());
    TypedAttr elements = DenseElementsAttr::get(type, values);
    if (GetParam())
      elements = cast<TypedAttr>(Attribute(
          DenseF32ResourceElementsAttr::get(type, "weights", HeapAsmResourceBlob::allocateAndCopyInferAlign(values))));
    return arith::ConstantOp::create(builder, builder.getUnknownLoc(), elements);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder;
};

TEST_P(ConstantsTest, RepeatsAlong) {
  Value tokens = make({2, 1, 3}, {1, 2, 3, 1, 2, 3});
  EXPECT_TRUE(repeatsAlong(tokens, 0));
  EXPECT_TRUE(repeatsAlong(tokens, 1)); // of extent 1
  EXPECT_FALSE(repeatsAlong(tokens, 2));
  EXPECT_FALSE(repeatsAlong(make({2, 1, 3}, {1, 2, 3, 1, 2, 4}), 0));
  EXPECT_FALSE(repeatsAlong(make({3, 2}, {1, 2, 1, 2, 0, 2}), 0)); // the last one differs
}

TEST_P(ConstantsTest, RepeatsAlongAnInnerDimension) {
  Value rows = make({2, 3, 2}, {1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
  EXPECT_FALSE(repeatsAlong(rows, 0));
  EXPECT_TRUE(repeatsAlong(rows, 1));
  EXPECT_FALSE(repeatsAlong(rows, 2));
  EXPECT_FALSE(repeatsAlong(make({2, 3, 2}, {1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 4, 4}), 1));
}

TEST_P(ConstantsTest, LargestMagnitude) {
  EXPECT_EQ(largestMagnitude(make({2, 2}, {0, -3, 2, 1})), 3);
  EXPECT_EQ(largestMagnitude(make({2, 2}, {0, 0, 0, 0})), 0);
  EXPECT_EQ(largestMagnitude(make({2, 2}, {0, 0, 0, -kInfinity})), std::nullopt);
  EXPECT_EQ(largestMagnitude(make({2, 2}, {0, kNaN, 0, 0})), std::nullopt);
  EXPECT_EQ(largestMagnitude(make({2}, {-kInfinity, -kInfinity})), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Storage, ConstantsTest, ::testing::Bool());
} // namespace
