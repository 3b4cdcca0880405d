#ifndef VITC_TEST_SIMULATOR_MATRIX_H
#define VITC_TEST_SIMULATOR_MATRIX_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vitc::ptxsim {

/// A row of an 8x8 matrix of 16-bit elements, as it lies in shared memory (16 bytes, aligned).
using MatrixRow = std::array<std::byte, 16>;

/// The lane whose address operand says where a row of a matrix of ldmatrix or stmatrix lies.
constexpr unsigned addressLane(unsigned matrix, unsigned row) { return matrix * 8 + row; }

/// ldmatrix .x1, .x2 or .x4 (.m8n8, .b16): `rows` has the rows of all matrices in the order of `addressLane`,
/// `registers` one register a matrix as [matrix][lane]. A lane receives two neighbours of a row or, transposed, of a
/// column.
void loadMatrices(std::span<const MatrixRow> rows, bool transposed, std::span<std::uint32_t> registers);

/// stmatrix: the way back.
void storeMatrices(std::span<const std::uint32_t> registers, bool transposed, std::span<MatrixRow> rows);

} // namespace vitc::ptxsim

#endif
