#include "Matrix.h"

#include <cstring>

using namespace vitc::ptxsim;

namespace {

struct Element {
  unsigned row, column;
};

/// Which element the half `half` of a lane's register holds.
Element elementOf(unsigned lane, unsigned half, bool transposed) {
  Element element{lane / 4, lane % 4 * 2 + half};
  return transposed ? Element{element.column, element.row} : element;
}

} // namespace

void vitc::ptxsim::loadMatrices(std::span<const MatrixRow> rows, bool transposed, std::span<std::uint32_t> registers) {
  for (std::size_t i = 0; i < registers.size(); ++i) {
    std::uint16_t halves[2];
    for (unsigned half = 0; half < 2; ++half) {
      Element element = elementOf(i % 32, half, transposed);
      std::memcpy(&halves[half], &rows[i / 32 * 8 + element.row][element.column * 2], 2);
    }
    registers[i] = halves[0] | std::uint32_t(halves[1]) << 16;
  }
}

void vitc::ptxsim::storeMatrices(std::span<const std::uint32_t> registers, bool transposed, std::span<MatrixRow> rows) {
  for (std::size_t i = 0; i < registers.size(); ++i)
    for (unsigned half = 0; half < 2; ++half) {
      Element element = elementOf(i % 32, half, transposed);
      std::uint16_t value = std::uint16_t(registers[i] >> (16 * half));
      std::memcpy(&rows[i / 32 * 8 + element.row][element.column * 2], &value, 2);
    }
}
