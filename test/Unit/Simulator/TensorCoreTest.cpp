#include "TensorCore.h"

#include "Fault.h"
#include "Layout.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

using namespace vitc::ptxsim;

namespace {

/// The bits of a small integer.
std::uint32_t encode(int value, MatrixElement element) {
  std::uint32_t bits = std::bit_cast<std::uint32_t>(float(value));
  if (element == MatrixElement::tf32)
    return bits;
  if (element == MatrixElement::bf16)
    return bits >> 16;
  return value == 0 ? 0 : (bits >> 16 & 0x8000) | (((bits & 0x7fffffff) - (112u << 23)) >> 13);
}

struct Integers {
  unsigned rows, columns;
  std::vector<int> values;

  Integers(unsigned rows, unsigned columns, unsigned seed) : rows(rows), columns(columns) {
    std::mt19937 random(seed);
    for (unsigned i = 0; i < rows * columns; ++i)
      values.push_back(int(random() % 9) - 4);
  }
  int at(unsigned row, unsigned column) const { return values[row * columns + column]; }
};

/// The offset of a lane's element in a matrix as the layouts of threads and of their values add up.
std::uint64_t fragment(const std::vector<Mode> &threads, const std::vector<Mode> &values, unsigned lane,
                       unsigned index) {
  return offsetIn(threads, lane) + offsetIn(values, index);
}

void store(std::vector<std::byte> &shared, const MatrixDescriptor &descriptor, const Integers &matrix,
           MatrixElement element, Major major) {
  for (unsigned row = 0; row < matrix.rows; ++row)
    for (unsigned k = 0; k < matrix.columns; ++k) {
      std::uint32_t bits = encode(matrix.at(row, k), element);
      std::memcpy(&shared[descriptor.address(row, k, bytesOf(element), major)], &bits, bytesOf(element));
    }
}

/// Registers of `warps` warps that hold a matrix of 16 rows each.
std::vector<std::uint32_t> registersOfA(const MatrixProduct &product, const Integers &a) {
  unsigned pack = 4 / bytesOf(product.element);
  std::vector<std::uint32_t> registers(product.warps() * product.registersA() * 32);
  for (unsigned warp = 0; warp < product.warps(); ++warp)
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < product.registersA() * pack; ++i) {
        MatrixPlace place = placeOfA(product, lane, i);
        std::uint32_t bits = encode(a.at(warp * 16 + place.row, place.column), product.element);
        registers[(warp * product.registersA() + i / pack) * 32 + lane] |= bits << (i % pack * 16);
      }
  return registers;
}

float valueOfD(const MatrixProduct &product, const std::vector<std::uint32_t> &d, unsigned row, unsigned column) {
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < product.n / 2; ++i)
      if (placeOfD(lane, i) == MatrixPlace{row % 16, column})
        return std::bit_cast<float>(d[(row / 16 * product.registersD() + i) * 32 + lane]);
  return NAN;
}

int dot(const Integers &a, const Integers &b, unsigned row, unsigned column) {
  int sum = 0;
  for (unsigned k = 0; k < a.columns; ++k)
    sum += a.at(row, k) * b.at(column, k);
  return sum;
}

constexpr MatrixElement allElements[] = {MatrixElement::f16, MatrixElement::bf16, MatrixElement::tf32};

} // namespace

TEST(TensorCoreTest, FragmentsAreThoseOfWgmma) {
  MatrixProduct half{64, 256, 16, MatrixElement::bf16}, single{64, 256, 8, MatrixElement::tf32};
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < 128; ++i) {
      std::uint64_t at = fragment({{4, 128}, {8, 1}}, {{2, 64}, {2, 8}, {32, 512}}, lane, i);
      EXPECT_EQ(placeOfD(lane, i), (MatrixPlace{unsigned(at % 64), unsigned(at / 64)}));
    }
    for (unsigned i = 0; i < 8; ++i) {
      std::uint64_t at = fragment({{4, 128}, {8, 1}}, {{2, 64}, {2, 8}, {2, 512}}, lane, i);
      EXPECT_EQ(placeOfA(half, lane, i), (MatrixPlace{unsigned(at % 64), unsigned(at / 64)}));
    }
    for (unsigned i = 0; i < 4; ++i) {
      std::uint64_t at = fragment({{4, 64}, {8, 1}}, {{2, 8}, {2, 256}}, lane, i);
      EXPECT_EQ(placeOfA(single, lane, i), (MatrixPlace{unsigned(at % 64), unsigned(at / 64)}));
    }
  }
}

TEST(TensorCoreTest, FragmentsAreThoseOfMma) {
  struct Case {
    MatrixProduct product;
    std::vector<Mode> threadsA, valuesA, threadsB, valuesB; // A as row + 16 k, B as column + 8 k
  };
  const Case cases[] = {
      {{16, 8, 16, MatrixElement::f16},
       {{4, 32}, {8, 1}},
       {{2, 16}, {2, 8}, {2, 128}},
       {{4, 16}, {8, 1}},
       {{2, 8}, {2, 64}}},
      {{16, 8, 8, MatrixElement::bf16}, {{4, 32}, {8, 1}}, {{2, 16}, {2, 8}}, {{4, 16}, {8, 1}}, {{2, 8}}},
      {{16, 8, 8, MatrixElement::tf32}, {{4, 16}, {8, 1}}, {{2, 8}, {2, 64}}, {{4, 8}, {8, 1}}, {{2, 32}}},
      {{16, 8, 4, MatrixElement::tf32}, {{4, 16}, {8, 1}}, {{2, 8}}, {{4, 8}, {8, 1}}, {{1, 0}}},
  };
  for (const Case &test : cases) {
    unsigned pack = 4 / bytesOf(test.product.element);
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned i = 0; i < test.product.registersA() * pack; ++i) {
        std::uint64_t at = fragment(test.threadsA, test.valuesA, lane, i);
        EXPECT_EQ(placeOfA(test.product, lane, i), (MatrixPlace{unsigned(at % 16), unsigned(at / 16)}));
      }
      for (unsigned i = 0; i < test.product.registersB() * pack; ++i) {
        std::uint64_t at = fragment(test.threadsB, test.valuesB, lane, i);
        EXPECT_EQ(placeOfB(test.product, lane, i), (MatrixPlace{unsigned(at / 8), unsigned(at % 8)}));
      }
    }
  }
}

TEST(TensorCoreTest, RegistersAreCountedAsPtxSays) {
  MatrixProduct wide{64, 256, 16, MatrixElement::f16}, narrow{64, 8, 16, MatrixElement::f16, Accumulator::f16};
  EXPECT_EQ(wide.registersA(), 4u);
  EXPECT_EQ(wide.registersD(), 128u);
  EXPECT_EQ(narrow.registersD(), 2u);
  MatrixProduct small{16, 8, 16, MatrixElement::f16};
  EXPECT_EQ(small.registersA(), 4u);
  EXPECT_EQ(small.registersB(), 2u);
  EXPECT_EQ(small.registersD(), 4u);
}

TEST(TensorCoreTest, WgmmaMultipliesInAllLayouts) {
  for (MatrixElement element : allElements)
    for (Swizzle swizzle : {Swizzle::none, Swizzle::bytes32, Swizzle::bytes64, Swizzle::bytes128})
      for (Major major : {Major::k, Major::mn}) {
        unsigned depth = 32 / bytesOf(element), n = 96;
        if (major == Major::mn && depth == 8)
          continue;
        MatrixProduct product{64, n, depth, element};
        product.majorA = product.majorB = major;
        Integers a(64, depth, 1), b(n, depth, 2);
        std::vector<std::byte> shared(1 << 19);
        MatrixDescriptor left{0, 0x8000, 0x800, swizzle}, right{0x40000, 0x8000, 0x800, swizzle};
        store(shared, left, a, element, major);
        store(shared, right, b, element, major);
        std::vector<std::uint32_t> d(4 * 32 * product.registersD(), 0x7fc00000);
        warpgroupProduct(product, left, right, {0, shared}, false, d);
        for (unsigned row = 0; row < 64; row += 3)
          for (unsigned column = 0; column < n; ++column)
            ASSERT_EQ(valueOfD(product, d, row, column), float(dot(a, b, row, column))) << row << " " << column;
      }
}

TEST(TensorCoreTest, WgmmaReadsAFromRegistersAccumulatesAndNegates) {
  for (MatrixElement element : allElements) {
    unsigned depth = 32 / bytesOf(element);
    MatrixProduct product{64, 8, depth, element};
    Integers a(64, depth, 3), b(8, depth, 4);
    std::vector<std::byte> shared(4096);
    MatrixDescriptor right{1024, 16, 256, Swizzle::bytes32};
    store(shared, right, b, element, Major::k);
    std::vector<std::uint32_t> registers = registersOfA(product, a),
                               d(4 * 32 * 4, std::bit_cast<std::uint32_t>(100.0f));
    warpgroupProduct(product, std::span<const std::uint32_t>(registers), right, {0, shared}, true, d);
    product.negateB = true;
    warpgroupProduct(product, std::span<const std::uint32_t>(registers), right, {0, shared}, true, d);
    warpgroupProduct(product, std::span<const std::uint32_t>(registers), right, {0, shared}, true, d);
    product.negateA = true;
    warpgroupProduct(product, std::span<const std::uint32_t>(registers), right, {0, shared}, true, d);
    product.negateB = false;
    warpgroupProduct(product, std::span<const std::uint32_t>(registers), right, {0, shared}, true, d);
    for (unsigned row = 0; row < 64; ++row)
      for (unsigned column = 0; column < 8; ++column)
        ASSERT_EQ(valueOfD(product, d, row, column), float(100 - dot(a, b, row, column)));
  }
}

TEST(TensorCoreTest, MmaMultipliesItsFragments) {
  for (MatrixElement element : allElements)
    for (unsigned bytes : {16u, 32u}) {
      MatrixProduct product{16, 8, bytes / bytesOf(element), element};
      Integers a(16, product.k, 5), b(8, product.k, 6);
      std::vector<std::uint32_t> left = registersOfA(product, a), right(product.registersB() * 32),
                                 c(4 * 32, std::bit_cast<std::uint32_t>(-7.0f)), d(4 * 32);
      unsigned pack = 4 / bytesOf(element);
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < product.registersB() * pack; ++i) {
          MatrixPlace place = placeOfB(product, lane, i);
          right[i / pack * 32 + lane] |= encode(b.at(place.column, place.row), element) << (i % pack * 16);
        }
      warpProduct(product, left, right, c, d);
      for (unsigned row = 0; row < 16; ++row)
        for (unsigned column = 0; column < 8; ++column)
          ASSERT_EQ(valueOfD(product, d, row, column), float(dot(a, b, row, column) - 7));
    }
}

namespace {

/// 1 x + y in half precision: element (0, 0) of mma.sync with f16 sums, where only A(0, 0) and B(0, 0) are not zero.
std::uint16_t halfSum(std::uint16_t x, std::uint16_t y) {
  MatrixProduct product{16, 8, 8, MatrixElement::f16, Accumulator::f16};
  std::vector<std::uint32_t> a(2 * 32), b(32), c(2 * 32), d(2 * 32);
  a[0] = 0x3c00;
  b[0] = x;
  c[0] = y;
  warpProduct(product, a, b, c, d);
  return std::uint16_t(d[0]);
}

} // namespace

TEST(TensorCoreTest, HalvesKeepTheirValues) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    bool isNaN = (bits & 0x7fff) > 0x7c00, isNegativeZero = bits == 0x8000;
    ASSERT_EQ(halfSum(std::uint16_t(bits), 0), isNaN ? 0x7fff : isNegativeZero ? 0 : bits);
    ASSERT_EQ(halfSum(0, std::uint16_t(bits)), isNaN ? 0x7fff : isNegativeZero ? 0 : bits);
  }
}

TEST(TensorCoreTest, HalfSumsAreRoundedToNearestEven) {
  EXPECT_EQ(halfSum(0x6800, 0x3c00), 0x6800); // 2048 + 1: a tie
  EXPECT_EQ(halfSum(0x6801, 0x3c00), 0x6802); // 2050 + 1: a tie
  EXPECT_EQ(halfSum(0x6800, 0x3c01), 0x6801); // 2048 + 1.001
  EXPECT_EQ(halfSum(0x7bff, 0x4b80), 0x7bff); // 65504 + 15
  EXPECT_EQ(halfSum(0x7bff, 0x4c00), 0x7c00); // 65504 + 16: infinity
  EXPECT_EQ(halfSum(0x7bff, 0x7bff), 0x7c00);
  EXPECT_EQ(halfSum(0xfbff, 0xfbff), 0xfc00);
  EXPECT_EQ(halfSum(0x0001, 0x0001), 0x0002);
  EXPECT_EQ(halfSum(0x03ff, 0x0001), 0x0400); // the smallest normal number
  EXPECT_EQ(halfSum(0xbc00, 0x3c00), 0x0000);
}

TEST(TensorCoreTest, SubnormalHalvesAreRoundedToNearestEven) {
  MatrixProduct product{16, 8, 8, MatrixElement::f16, Accumulator::f16};
  auto multiply = [&](std::uint16_t x, std::uint16_t y) {
    std::vector<std::uint32_t> a(2 * 32), b(32), c(2 * 32), d(2 * 32);
    a[0] = x;
    b[0] = y;
    warpProduct(product, a, b, c, d);
    return d[0] & 0xffff;
  };
  EXPECT_EQ(multiply(0x0001, 0x3800), 0x0000u); // half of the smallest number: a tie to zero
  EXPECT_EQ(multiply(0x0003, 0x3800), 0x0002u); // 1.5 of it: a tie to 2
  EXPECT_EQ(multiply(0x0001, 0x3801), 0x0001u);
  EXPECT_EQ(multiply(0x8003, 0x3800), 0x8002u);
  EXPECT_EQ(multiply(0x07ff, 0x3800), 0x0400u); // rounded up to the smallest normal number
}

TEST(TensorCoreTest, LowBitsOfTf32AreIgnored) {
  MatrixProduct product{16, 8, 4, MatrixElement::tf32};
  std::vector<std::uint32_t> a(2 * 32), b(32), c(4 * 32), d(4 * 32);
  a[0] = 0x3f800000 | 0x3fff; // 1 + 2^-10 and thirteen more bits
  b[0] = 0x40001fff;          // 2 and thirteen more bits
  warpProduct(product, a, b, c, d);
  EXPECT_EQ(std::bit_cast<float>(d[0]), 2 + 0x1p-9f);
}

TEST(TensorCoreTest, ShapesThatNoInstructionHasAreFaults) {
  auto kind = [](const MatrixProduct &product, void (MatrixProduct::*check)() const) {
    try {
      (product.*check)();
    } catch (const FaultException &caught) {
      return caught.fault.kind;
    }
    return std::string();
  };
  EXPECT_EQ(kind({64, 200, 16, MatrixElement::bf16}, &MatrixProduct::checkWgmma), "");
  EXPECT_EQ(kind({64, 200, 8, MatrixElement::bf16}, &MatrixProduct::checkWgmma), "unsupported");
  EXPECT_EQ(kind({64, 264, 16, MatrixElement::bf16}, &MatrixProduct::checkWgmma), "unsupported");
  EXPECT_EQ(kind({64, 12, 16, MatrixElement::f16}, &MatrixProduct::checkWgmma), "unsupported");
  EXPECT_EQ(kind({64, 8, 16, MatrixElement::bf16, Accumulator::f16}, &MatrixProduct::checkWgmma), "unsupported");
  EXPECT_EQ(kind({16, 8, 4, MatrixElement::tf32}, &MatrixProduct::checkMma), "");
  EXPECT_EQ(kind({16, 8, 4, MatrixElement::f16}, &MatrixProduct::checkMma), "unsupported");
}

TEST(TensorCoreTest, OperandsBeyondSharedMemoryAreFaults) {
  MatrixProduct product{64, 8, 16, MatrixElement::f16};
  std::vector<std::byte> shared(2048);
  std::vector<std::uint32_t> d(4 * 32 * 4);
  MatrixDescriptor inside{1024, 128, 256, Swizzle::none}, outside{0, 128, 1024, Swizzle::none};
  try {
    warpgroupProduct(product, outside, inside, {0, shared}, false, d);
    FAIL() << "the operand leaves shared memory";
  } catch (const FaultException &caught) {
    EXPECT_EQ(caught.fault.kind, "out-of-bounds");
  }
}

TEST(TensorCoreTest, ReadsAreThoseOfBothOperands) {
  MatrixProduct product{64, 8, 16, MatrixElement::f16};
  MatrixDescriptor a{0, 128, 256, Swizzle::none}, b{4096, 128, 256, Swizzle::none};
  EXPECT_EQ(sharedReads(product, a, b), (std::vector<SharedRange>{{4096, 256}, {0, 2048}}));
  std::vector<std::uint32_t> registers(4 * 4 * 32);
  EXPECT_EQ(sharedReads(product, std::span<const std::uint32_t>(registers), b),
            (std::vector<SharedRange>{{4096, 256}}));
}
