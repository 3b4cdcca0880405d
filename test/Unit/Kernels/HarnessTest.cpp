#include "KernelHarness.h"

#include <gtest/gtest.h>

using namespace vitc::test;

namespace {

/// Stores one element at `index` of an array of n.
std::unique_ptr<CompiledKernels> storeAt(const std::string &index) {
  return CompiledKernels::compile("func.func @main(%x: memref<?xf32>) {\n  %c0 = arith.constant 0 : index\n"
                                  "  %one = arith.constant 1.0 : f32\n  %n = memref.dim %x, %c0 : memref<?xf32>\n"
                                  "  %minus = arith.constant -1 : index\n  %last = arith.addi %n, %minus : index\n"
                                  "  memref.store %one, %x[" +
                                      index + "] : memref<?xf32>\n  return\n}\n",
                                  runnableLevels().front().name);
}

TEST(HarnessDeathTest, StoresBeyondABufferAreCaught) {
  Array x({5});
  auto after = storeAt("%n"), before = storeAt("%minus"), within = storeAt("%last");
  ASSERT_TRUE(after && before && within);
  EXPECT_DEATH(after->run({&x}), "");
  EXPECT_DEATH(before->run({&x}), "");
  within->run({&x});
  EXPECT_EQ(x.data, (std::vector<float>{0, 0, 0, 0, 1}));
}

} // namespace
