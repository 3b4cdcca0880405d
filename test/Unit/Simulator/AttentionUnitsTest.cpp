#include "Matrix.h"
#include "TensorCore.h"
#include "TensorMap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

using namespace vitc::ptxsim;

// The units chained as an attention kernel chains them: tensor copies with a swizzle, S = Q K^T with both operands in
// shared memory, O = S V with S in registers and V transposed by its descriptor, stmatrix, a clipped tensor store.
namespace {

constexpr unsigned tokens = 50, width = 64, rows = 64; // rows of a tile; those of 50 and on are out of bounds
constexpr std::uint64_t tileBytes = rows * width * 2;

std::uint16_t bfloat(int value) { return std::uint16_t(std::bit_cast<std::uint32_t>(float(value)) >> 16); }

/// 0, 1 or 2: small enough for exact sums.
int element(unsigned which, unsigned row, unsigned column) {
  unsigned mixed = (row * 31 + column * 17 + which * 7) % 11;
  return mixed < 3 ? int(mixed) : 0;
}

/// A matrix of `tokens` rows in global memory.
TensorMap makeMatrix(Memory &memory, int which) {
  std::uint64_t address = memory.allocate(tokens * width * 2);
  for (unsigned i = 0; which >= 0 && i < tokens * width; ++i) {
    std::uint16_t value = bfloat(element(unsigned(which), i / width, i % width));
    std::memcpy(memory.translate(address + 2 * i, 2), &value, 2);
    memory.markWritten(address + 2 * i, 2);
  }
  const std::uint64_t extents[] = {width, tokens}, strides[] = {width * 2};
  const std::uint32_t box[] = {width, rows}, steps[] = {1, 1};
  constexpr int bfloat16 = 9, swizzle128 = 3;
  return std::get<TensorMap>(
      TensorMap::encode({bfloat16, 2, address, extents, strides, box, steps, 0, swizzle128, 0, 0}));
}

/// What the generators add to a start address over 16: 128-byte swizzle, 1024 bytes between groups of eight rows.
MatrixDescriptor describe(std::uint64_t address) {
  return MatrixDescriptor::decode(1ull << 62 | 64ull << 32 | 1ull << 16 | address >> 4);
}

/// D as bfloat16 pairs [warp][register][lane]: registers 4 j to 4 j + 3 are A of the keys 16 j and on.
std::vector<std::uint32_t> packed(const std::vector<std::uint32_t> &d, unsigned registers) {
  std::vector<std::uint32_t> halves;
  for (std::size_t i = 0; i < d.size() / 32; i += 2)
    for (unsigned lane = 0; lane < 32; ++lane)
      halves.push_back(d[i * 32 + lane] >> 16 | (d[(i + 1) * 32 + lane] & 0xffff0000));
  EXPECT_EQ(halves.size(), 4u * registers / 2 * 32);
  return halves;
}

/// stmatrix .x4 of each warp's 16 rows, 16 columns at a time, to a swizzled tile.
void storeTile(const std::vector<std::uint32_t> &halves, std::uint64_t address, std::vector<std::byte> &shared) {
  for (unsigned warp = 0; warp < 4; ++warp)
    for (unsigned group = 0; group < width / 16; ++group) {
      std::vector<MatrixRow> matrices(32);
      storeMatrices(std::span(halves).subspan((warp * width / 4 + group * 4) * 32, 4 * 32), false, matrices);
      for (unsigned lane = 0; lane < 32; ++lane) {
        unsigned row = warp * 16 + lane % 16, chunk = (group * 2 + lane / 16) ^ (row & 7);
        std::copy(matrices[lane].begin(), matrices[lane].end(), shared.begin() + address + row * 128 + chunk * 16);
      }
    }
}

} // namespace

TEST(AttentionUnitsTest, CopiesProductsAndFragmentsFitTogether) {
  Memory memory;
  std::vector<std::byte> shared(3 * tileBytes);
  const std::int32_t origin[] = {0, 0};
  for (int which = 0; which < 3; ++which) { // Q, K, V
    Box box = loadBox(makeMatrix(memory, which), origin, which * tileBytes, memory);
    std::copy(box.bytes.begin(), box.bytes.end(), shared.begin() + which * tileBytes);
  }
  SharedView view{0, shared};

  MatrixProduct product{64, rows, 16, MatrixElement::bf16};
  std::vector<std::uint32_t> scores(4 * product.registersD() * 32), sums(scores.size());
  for (unsigned step = 0; step < width / 16; ++step)
    warpgroupProduct(product, describe(32 * step), describe(tileBytes + 32 * step), view, step != 0, scores);
  std::vector<std::uint32_t> left = packed(scores, product.registersD());

  product.majorB = Major::mn;
  for (unsigned step = 0; step < rows / 16; ++step) {
    std::vector<std::uint32_t> a;
    for (unsigned warp = 0; warp < 4; ++warp)
      for (unsigned i = 0; i < 4 * 32; ++i)
        a.push_back(left[(warp * product.registersD() / 2 + step * 4) * 32 + i]);
    warpgroupProduct(product, std::span<const std::uint32_t>(a), describe(2 * tileBytes + 2048 * step), view, step != 0,
                     sums);
  }
  storeTile(packed(sums, product.registersD()), 0, shared);
  TensorMap output = makeMatrix(memory, -1);
  storeBox(output, origin, 0, std::span(shared).first(tileBytes), memory);

  for (unsigned row = 0; row < tokens; ++row)
    for (unsigned column = 0; column < width; ++column) {
      int expected = 0;
      for (unsigned key = 0; key < tokens; ++key) {
        int score = 0;
        for (unsigned i = 0; i < width; ++i)
          score += element(0, row, i) * element(1, key, i);
        ASSERT_LE(score, 256); // bfloat16 holds it
        expected += score * element(2, key, column);
      }
      std::uint16_t got;
      std::memcpy(&got, memory.translate(output.address + (row * width + column) * 2, 2), 2);
      ASSERT_EQ(got, bfloat(expected)) << row << " " << column;
    }
  EXPECT_TRUE(memory.isWritten(output.address, tokens * width * 2));
}
