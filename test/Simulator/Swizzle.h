#ifndef VITC_TEST_SIMULATOR_SWIZZLE_H
#define VITC_TEST_SIMULATOR_SWIZZLE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vitc::ptxsim {

/// How 16-byte chunks of shared memory are permuted within rows of so many bytes, numbered as CUtensorMapSwizzle.
enum class Swizzle : std::uint8_t { none, bytes32, bytes64, bytes128 };

/// Bytes of a row within which chunks change places: 16 (nothing moves), 32, 64 or 128.
constexpr unsigned spanOf(Swizzle swizzle) { return 16u << unsigned(swizzle); }

/// Where the byte lies that an unswizzled layout has at the shared address `address`: the chunk number within the span
/// is combined (exclusive or) with as many bits of the number of the 128-byte line.
std::uint64_t swizzled(std::uint64_t address, Swizzle swizzle);

/// Along which axis of a matrix operand neighbours lie in memory: K, or M of A and N of B.
enum class Major : std::uint8_t { k, mn };

/// Bytes of shared memory.
struct SharedRange {
  std::uint64_t address;
  std::size_t bytes;
  bool operator==(const SharedRange &) const = default;
};

/// The bytes of a block's shared memory as an instruction sees them.
struct SharedView {
  std::uint64_t base; ///< the shared address of the first byte
  std::span<const std::byte> bytes;

  /// Raises "out-of-bounds" where the view does not hold the range.
  const std::byte *at(std::uint64_t address, std::size_t count) const;
};

/// What a wgmma operand in shared memory is: `rows` of M or N, by `depth` of K.
struct OperandExtent {
  unsigned rows, depth, elementBytes;
  Major major = Major::k;
};

/// A shared-memory matrix descriptor (PTX ISA, "Asynchronous Warpgroup Level Matrix Shared Memory Layout", matrix
/// descriptor format). All offsets are bytes.
struct MatrixDescriptor {
  std::uint32_t start = 0;   ///< of the matrix: the low 18 bits of a shared address
  std::uint32_t leading = 0; ///< leading dimension byte offset; K-major layouts use it without a swizzle only
  std::uint32_t stride = 0;  ///< stride dimension byte offset
  Swizzle swizzle = Swizzle::none;

  /// Raises "unsupported" for a base offset and "descriptor" where reserved bits are set.
  static MatrixDescriptor decode(std::uint64_t bits);

  /// Raises a fault unless the operand's layout is one that the hardware knows: "misaligned" where the swizzle's
  /// pattern (8 rows of its span) does not begin at a multiple of its size, "descriptor" where the operand leaves its
  /// row of the pattern or has an element that cannot lie this way.
  void check(const OperandExtent &extent) const;

  /// The shared address of element (row, k). Elements of an aligned group of 16 bytes along the major axis are
  /// neighbours.
  std::uint64_t address(unsigned row, unsigned k, unsigned elementBytes, Major major) const;

  /// The bytes that an operand occupies, sorted and merged.
  std::vector<SharedRange> ranges(const OperandExtent &extent) const;
};

} // namespace vitc::ptxsim

#endif
