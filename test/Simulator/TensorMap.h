#ifndef VITC_TEST_SIMULATOR_TENSORMAP_H
#define VITC_TEST_SIMULATOR_TENSORMAP_H

#include "Memory.h"
#include "Swizzle.h"

#include <string>
#include <variant>

namespace vitc::ptxsim {

/// The arguments of cuTensorMapEncodeTiled, enumerations as the driver numbers them, innermost axis first.
struct TensorMapArguments {
  int type; ///< CUtensorMapDataType
  unsigned rank;
  std::uint64_t address;
  std::span<const std::uint64_t> extents; ///< elements, `rank`
  std::span<const std::uint64_t> strides; ///< bytes, `rank` - 1: of axis 1 and on
  std::span<const std::uint32_t> box;     ///< elements, `rank`
  std::span<const std::uint32_t> elementStrides;
  int interleave = 0, swizzle = 0, l2Promotion = 0, fill = 0;
};

/// What the simulator writes into the 128 opaque bytes of a CUtensorMap.
struct TensorMap {
  static constexpr std::uint64_t signature = 0x70616D726F736E74; // "tnsormap"

  std::uint64_t magic = signature;
  std::uint64_t address;
  std::uint64_t extents[5];
  std::uint64_t strides[4];
  std::uint16_t box[5];
  std::uint8_t elementStrides[5];
  std::uint8_t type, rank;
  Swizzle swizzle;
  bool fillNaN;
  std::uint8_t reserved[21];

  /// A map, or one sentence that says which requirement of the driver API's documentation is not met.
  static std::variant<TensorMap, std::string> encode(const TensorMapArguments &arguments);
  /// The map in 128 bytes; raises "tensor-map" where `encode` did not make them.
  static TensorMap decode(std::span<const std::byte> bytes);

  unsigned elementBytes() const;
  /// Elements that a copy moves along an axis: the box over the element stride, rounded up.
  unsigned boxExtent(unsigned axis) const;
  /// The bytes of the box in shared memory, which an mbarrier counts whether or not they lie in the tensor.
  std::size_t boxBytes() const;
};
static_assert(sizeof(TensorMap) == 128);

/// Neighbouring bytes of a box that lie in the tensor.
struct BoxPiece {
  std::size_t offset;    ///< from the box's shared address, swizzled
  std::uint64_t address; ///< global
  std::size_t bytes;
};

/// The parts of the box at `coordinates` (elements, may be negative) that lie in the tensor, where the box begins at
/// the shared address `shared`. Raises "tensor-map" where the instruction's rank is another, "misaligned" where the
/// shared address is no multiple of 128.
std::vector<BoxPiece> piecesOfBox(const TensorMap &map, std::span<const std::int32_t> coordinates,
                                  std::uint64_t shared);

/// A box as it is to lie in shared memory, and which of its bytes are known: those of global memory that was written
/// and those out of bounds, which are filled.
struct Box {
  std::vector<std::byte> bytes;
  std::vector<bool> initialised;
};

/// What cp.async.bulk.tensor brings to the shared address. Raises "out-of-bounds" where the tensor leaves its
/// allocation.
Box loadBox(const TensorMap &map, std::span<const std::int32_t> coordinates, std::uint64_t shared,
            const Memory &memory);

/// cp.async.bulk.tensor from shared to global memory: `box` are the box's bytes at the shared address `shared`, of
/// which those in the tensor are written.
void storeBox(const TensorMap &map, std::span<const std::int32_t> coordinates, std::uint64_t shared,
              std::span<const std::byte> box, Memory &memory);

} // namespace vitc::ptxsim

#endif
