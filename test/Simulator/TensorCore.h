#ifndef VITC_TEST_SIMULATOR_TENSORCORE_H
#define VITC_TEST_SIMULATOR_TENSORCORE_H

#include "Swizzle.h"

#include <cstdint>
#include <span>
#include <variant>

namespace vitc::ptxsim {

/// What the elements of A and B are. Of tf32 the hardware reads 19 bits and ignores the others.
enum class MatrixElement : std::uint8_t { f16, bf16, tf32 };
enum class Accumulator : std::uint8_t { f32, f16 };

/// Bytes of an element as operands hold it.
constexpr unsigned bytesOf(MatrixElement element) { return element == MatrixElement::tf32 ? 4 : 2; }

/// A row and a column of a matrix.
struct MatrixPlace {
  unsigned row, column;
  bool operator==(const MatrixPlace &) const = default;
};

/// D = A B + D of wgmma.mma_async (m = 64, four warps) or mma.sync (m = 16, one warp).
struct MatrixProduct {
  unsigned m, n, k;
  MatrixElement element;
  Accumulator accumulator = Accumulator::f32;
  bool negateA = false, negateB = false;      ///< wgmma only
  Major majorA = Major::k, majorB = Major::k; ///< wgmma only, of operands in shared memory

  unsigned warps() const { return m / 16; }
  /// 32-bit registers of a lane for A, for B (mma.sync) and for C or D.
  unsigned registersA() const { return 16 * k * bytesOf(element) / 128; }
  unsigned registersB() const { return n * k * bytesOf(element) / 128; }
  unsigned registersD() const { return 16 * n * (accumulator == Accumulator::f32 ? 4 : 2) / 128; }

  /// Raises "unsupported" where no instruction has this shape.
  void checkWgmma() const;
  void checkMma() const;
};

/// Which element of the warp's 16 rows a lane holds in element `index` of its registers: `index` counts 32-bit or
/// 16-bit elements, the low half of a register first (PTX ISA, figures of the fragments).
MatrixPlace placeOfA(const MatrixProduct &product, unsigned lane, unsigned index); ///< row, k
MatrixPlace placeOfB(const MatrixProduct &product, unsigned lane, unsigned index); ///< k, column
MatrixPlace placeOfD(unsigned lane, unsigned index);

/// A of a wgmma: in shared memory, or registers as [warp][register][lane].
using OperandA = std::variant<MatrixDescriptor, std::span<const std::uint32_t>>;

/// wgmma.mma_async of a warpgroup. `d` are the registers of D as [warp][register][lane], read where `accumulate`
/// (scale-d) and always written. Sums are float32, in the order of k; what is rounded to f16 is rounded once.
void warpgroupProduct(const MatrixProduct &product, const OperandA &a, const MatrixDescriptor &b,
                      const SharedView &shared, bool accumulate, std::span<std::uint32_t> d);

/// The shared bytes that the instruction reads.
std::vector<SharedRange> sharedReads(const MatrixProduct &product, const OperandA &a, const MatrixDescriptor &b);

/// mma.sync of a warp: registers as [register][lane]; `c` and `d` may be the same.
void warpProduct(const MatrixProduct &product, std::span<const std::uint32_t> a, std::span<const std::uint32_t> b,
                 std::span<const std::uint32_t> c, std::span<std::uint32_t> d);

} // namespace vitc::ptxsim

#endif
