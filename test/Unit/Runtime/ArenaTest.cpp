extern "C" {
#include "Arena.h"
#include "Cores.h"
#include "Polynomial.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unistd.h>

namespace {

int64_t place(std::vector<vitc_range> &ranges) {
  std::vector<int32_t> order(ranges.size());
  int64_t total = -1;
  EXPECT_TRUE(vitc_place(ranges.data(), int32_t(ranges.size()), order.data(), &total));
  return total;
}

TEST(ArenaTest, BuffersThatNeverLiveTogetherShare) {
  std::vector<vitc_range> ranges = {{1000, 0, 1, 0}, {1000, 2, 3, 0}, {1000, 4, 5, 0}};
  EXPECT_EQ(place(ranges), 1024);
  for (const vitc_range &range : ranges)
    EXPECT_EQ(range.offset, 0);
}

TEST(ArenaTest, BothEndsOfALiveRangeAreIncluded) {
  std::vector<vitc_range> ranges = {{64, 0, 1, 0}, {64, 1, 2, 0}};
  EXPECT_EQ(place(ranges), 128);
}

TEST(ArenaTest, SmallBuffersFillGaps) {
  // The two large ones leave [64, 128) free while the third lives.
  std::vector<vitc_range> ranges = {{128, 0, 4, 0}, {64, 0, 1, 0}, {64, 1, 2, 0}, {64, 2, 3, 0}};
  EXPECT_EQ(place(ranges), 256);
}

TEST(ArenaTest, LargeBuffersStandApartWithinAPage) {
  std::vector<vitc_range> ranges = {{8192, 0, 1, 0}, {8192, 0, 1, 0}, {8192, 0, 1, 0}};
  int64_t total = place(ranges);
  EXPECT_LE(total, 3 * 8192 + 4096);
  EXPECT_NE(ranges[0].offset % 4096, ranges[1].offset % 4096);
  EXPECT_NE(ranges[0].offset % 4096, ranges[2].offset % 4096);
  EXPECT_NE(ranges[1].offset % 4096, ranges[2].offset % 4096);
}

TEST(ArenaTest, RandomBuffersNeverOverlapWhileAlive) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<vitc_range> ranges(1 + random() % 60);
    for (vitc_range &range : ranges) {
      int32_t first = int32_t(random() % 30);
      range = {int64_t(random() % 20000), first, first + int32_t(random() % 6), -1};
    }
    int64_t total = place(ranges), sum = 0;
    for (size_t i = 0; i < ranges.size(); ++i) {
      const vitc_range &a = ranges[i];
      sum += a.bytes + 4096;
      EXPECT_EQ(a.offset % 64, 0);
      EXPECT_GE(a.offset, 0);
      EXPECT_LE(a.offset + a.bytes, total);
      for (size_t j = 0; j < i; ++j) {
        const vitc_range &b = ranges[j];
        bool together = a.first <= b.last && b.first <= a.last;
        EXPECT_TRUE(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
      }
    }
    EXPECT_LE(total, sum);
  }
}

TEST(ArenaTest, RefusesSizesBeyond64Bits) {
  std::vector<vitc_range> ranges = {{INT64_MAX / 2, 0, 0, 0}, {INT64_MAX / 2 + 1, 0, 0, 0}};
  std::vector<int32_t> order(2);
  int64_t total;
  EXPECT_FALSE(vitc_place(ranges.data(), 2, order.data(), &total));
  ranges = {{INT64_MAX, 0, 0, 0}};
  EXPECT_FALSE(vitc_place(ranges.data(), 1, order.data(), &total));
  ranges = {{-1, 0, 0, 0}};
  EXPECT_FALSE(vitc_place(ranges.data(), 1, order.data(), &total));
}

TEST(PolynomialTest, SumsProductsOfPowers) {
  const vitc_term terms[] = {{3, {2, 1}}, {-5, {0, 1}}, {7, {}}};
  const vitc_polynomial polynomial = {terms, 3};
  const int64_t symbols[VITC_MAX_SYMBOLS] = {4, 10};
  int64_t value = 0;
  ASSERT_TRUE(vitc_evaluate(&polynomial, symbols, &value));
  EXPECT_EQ(value, 3 * 16 * 10 - 50 + 7);
  const vitc_polynomial nothing = {nullptr, 0};
  ASSERT_TRUE(vitc_evaluate(&nothing, symbols, &value));
  EXPECT_EQ(value, 0);
}

TEST(PolynomialTest, RefusesOverflow) {
  const vitc_term square[] = {{1, {2}}}, negative[] = {{-1, {1}}}, twice[] = {{1, {1}}, {1, {1}}};
  const int64_t large[VITC_MAX_SYMBOLS] = {int64_t(1) << 62}, one[VITC_MAX_SYMBOLS] = {1};
  const vitc_polynomial squared = {square, 1}, minus = {negative, 1}, sum = {twice, 2};
  int64_t value;
  EXPECT_FALSE(vitc_evaluate(&squared, large, &value));
  EXPECT_FALSE(vitc_evaluate(&sum, large, &value));
  ASSERT_TRUE(vitc_evaluate(&minus, one, &value));
  EXPECT_EQ(value, -1);
  EXPECT_TRUE(vitc_evaluate(&squared, one, &value));
}

TEST(PolynomialTest, TensorBytes) {
  const vitc_term terms[] = {{5, {1}}};
  const vitc_polynomial shape[] = {{terms, 1}, {terms, 1}};
  const vitc_tensor_spec matrix = {"m", kDLFloat, 16, 0, 2, shape}, scalar = {"s", kDLFloat, 64, 0, 0, nullptr};
  const int64_t two[VITC_MAX_SYMBOLS] = {2}, large[VITC_MAX_SYMBOLS] = {int64_t(1) << 32};
  int64_t bytes;
  ASSERT_TRUE(vitc_tensor_bytes(&matrix, two, &bytes));
  EXPECT_EQ(bytes, 200);
  ASSERT_TRUE(vitc_tensor_bytes(&scalar, two, &bytes));
  EXPECT_EQ(bytes, 8);
  EXPECT_FALSE(vitc_tensor_bytes(&matrix, large, &bytes));
  const vitc_term negative[] = {{-1, {1}}};
  const vitc_polynomial minus[] = {{negative, 1}, {negative, 1}};
  const vitc_tensor_spec none = {"n", kDLFloat, 16, 0, 2, minus};
  EXPECT_FALSE(vitc_tensor_bytes(&none, two, &bytes));
}

TEST(CoresTest, CountsTheFirstAllowedHardwareThreadOfACore) {
  vitc_cpus allowed = {};
  allowed.bits[0] = 0b1110;                              // 1, 2, 3
  allowed.bits[1] = uint64_t(1) << 1;                    // 65
  EXPECT_TRUE(vitc_first_sibling("0,64", 64, &allowed)); // 0 is not allowed
  EXPECT_TRUE(vitc_first_sibling("1,65", 1, &allowed));
  EXPECT_FALSE(vitc_first_sibling("1,65", 65, &allowed));
  EXPECT_TRUE(vitc_first_sibling("2-3", 2, &allowed));
  EXPECT_FALSE(vitc_first_sibling("2-3\n", 3, &allowed));
  EXPECT_FALSE(vitc_first_sibling("0-1,64-65\n", 65, &allowed));
  EXPECT_TRUE(vitc_first_sibling("", 3, &allowed)); // the system does not say
  EXPECT_TRUE(vitc_first_sibling("3", 3, &allowed));
  EXPECT_TRUE(vitc_first_sibling("99999999999999999999-7", 3, &allowed));
}

TEST(CoresTest, AtLeastOneAndNoMoreThanCpus) {
  EXPECT_GE(vitc_allowed_cores(), 1);
  EXPECT_LE(vitc_allowed_cores(), vitc_allowed_cpus());
  EXPECT_LE(vitc_allowed_cpus(), int32_t(sysconf(_SC_NPROCESSORS_CONF)));
}

} // namespace
