#include "Matrix.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

using namespace vitc::ptxsim;

namespace {

/// Element (row, column) of matrix m is 64 m + 8 row + column.
std::vector<MatrixRow> numberedRows(unsigned matrices) {
  std::vector<MatrixRow> rows(8 * matrices);
  for (unsigned i = 0; i < rows.size(); ++i)
    for (unsigned column = 0; column < 8; ++column) {
      std::uint16_t value = std::uint16_t(8 * i + column);
      std::memcpy(&rows[i][2 * column], &value, 2);
    }
  return rows;
}

std::uint16_t halfOf(const std::vector<std::uint32_t> &registers, unsigned matrix, unsigned lane, unsigned half) {
  return std::uint16_t(registers[matrix * 32 + lane] >> (16 * half));
}

} // namespace

TEST(MatrixTest, EachLaneHoldsTwoNeighboursOfARow) {
  for (unsigned matrices : {1u, 2u, 4u}) {
    std::vector<std::uint32_t> registers(32 * matrices);
    loadMatrices(numberedRows(matrices), false, registers);
    for (unsigned value = 0; value < 64 * matrices; ++value) {
      unsigned row = value / 8 % 8, column = value % 8;
      EXPECT_EQ(halfOf(registers, value / 64, 4 * row + column / 2, column % 2), value);
    }
  }
}

TEST(MatrixTest, TransposedLanesHoldTwoNeighboursOfAColumn) {
  std::vector<std::uint32_t> registers(32 * 4);
  loadMatrices(numberedRows(4), true, registers);
  for (unsigned value = 0; value < 256; ++value) {
    unsigned row = value / 8 % 8, column = value % 8;
    EXPECT_EQ(halfOf(registers, value / 64, 4 * column + row / 2, row % 2), value);
  }
}

TEST(MatrixTest, StoringIsTheWayBack) {
  for (bool transposed : {false, true}) {
    std::vector<MatrixRow> rows = numberedRows(4), back(32);
    std::vector<std::uint32_t> registers(32 * 4);
    loadMatrices(rows, transposed, registers);
    storeMatrices(registers, transposed, back);
    EXPECT_EQ(back, rows);
  }
}

TEST(MatrixTest, LanesGiveTheAddressesOfRowsInOrder) {
  EXPECT_EQ(addressLane(0, 0), 0u);
  EXPECT_EQ(addressLane(1, 0), 8u);
  EXPECT_EQ(addressLane(3, 7), 31u);
}
