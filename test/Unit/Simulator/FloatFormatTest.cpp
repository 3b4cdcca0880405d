#include "FloatFormat.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace vitc::ptxsim;

namespace {

TEST(FloatFormatTest, EveryHalfIsDecodedAndEncoded) {
  for (Type type : {Type::f16, Type::bf16})
    for (std::uint64_t bits = 0; bits < 65536; ++bits) {
      double value = decodeFloat(bits, type);
      if (std::isnan(value))
        EXPECT_EQ(encodeFloat(value, type, Rounding::nearest), 0x7FFFu);
      else
        for (Rounding rounding : {Rounding::nearest, Rounding::zero, Rounding::up, Rounding::down})
          ASSERT_EQ(encodeFloat(value, type, rounding), bits);
    }
}

TEST(FloatFormatTest, RoundsToANeighbourAsTheModeSays) {
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    // Between two neighbours, at a distance that a double holds exactly.
    std::uint64_t below = random() % 0x7BFF;
    double low = decodeFloat(below, Type::f16), high = decodeFloat(below + 1, Type::f16);
    unsigned eighth = 1 + random() % 7;
    double value = low + (high - low) * eighth / 8;
    EXPECT_EQ(encodeFloat(value, Type::f16, Rounding::zero), below);
    EXPECT_EQ(encodeFloat(value, Type::f16, Rounding::down), below);
    EXPECT_EQ(encodeFloat(value, Type::f16, Rounding::up), below + 1);
    EXPECT_EQ(encodeFloat(-value, Type::f16, Rounding::down), 0x8000 | (below + 1));
    EXPECT_EQ(encodeFloat(-value, Type::f16, Rounding::up), 0x8000 | below);
    std::uint64_t nearest = below + (eighth > 4 || (eighth == 4 && below % 2));
    EXPECT_EQ(encodeFloat(value, Type::f16, Rounding::nearest), nearest) << value;
    EXPECT_EQ(encodeFloat(value, Type::f16, Rounding::nearestAway), below + (eighth >= 4)) << value;
  }
}

TEST(FloatFormatTest, OverflowAndTf32) {
  EXPECT_EQ(encodeFloat(65519.99, Type::f16, Rounding::nearest), 0x7BFFu);
  EXPECT_EQ(encodeFloat(65520, Type::f16, Rounding::nearest), 0x7C00u);
  EXPECT_EQ(encodeFloat(1e300, Type::f16, Rounding::nearest), 0x7C00u);
  EXPECT_EQ(encodeFloat(1e300, Type::bf16, Rounding::zero), 0x7F7Fu);
  EXPECT_EQ(encodeFloat(-1e300, Type::bf16, Rounding::up), 0xFF7Fu);
  EXPECT_EQ(encodeFloat(-1e300, Type::bf16, Rounding::down), 0xFF80u);
  EXPECT_EQ(encodeFloat(1 + 0x1p-11, Type::tf32, Rounding::nearest), 0x3F800000u);
  EXPECT_EQ(encodeFloat(1 + 0x1p-11, Type::tf32, Rounding::nearestAway), 0x3F802000u);
  EXPECT_EQ(encodeFloat(0x1p-149, Type::f32, Rounding::up), 1u);
  EXPECT_EQ(encodeFloat(0x1p-150, Type::f32, Rounding::up), 1u);
}

} // namespace
