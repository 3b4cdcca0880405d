#include "TensorMap.h"

#include "Fault.h"

#include <algorithm>
#include <cstring>
#include <optional>

using namespace vitc::ptxsim;

namespace {

/// What the driver counts as CUtensorMapDataType: bytes, and whether it is a floating-point type.
struct ElementType {
  unsigned bytes;
  bool isFloat;
};
constexpr ElementType elementTypes[] = {{1, false}, {2, false}, {4, false}, {4, false}, {8, false},
                                        {8, false}, {2, true},  {4, true},  {8, true},  {2, true},
                                        {4, true},  {4, true},  {4, true}};
enum TypeNumber { float16 = 6, float32, float64, bfloat16, float32Ftz, tfloat32, tfloat32Ftz };
enum InterleaveNumber { interleaveNone, interleave16, interleave32 };

using Refusal = std::optional<std::string>;

std::string expected(const std::string &what, const std::string &rule, std::uint64_t got) {
  return what + " must be " + rule + ", got " + std::to_string(got);
}

std::string axis(const char *name, unsigned i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

Refusal checkEnumerations(const TensorMapArguments &in) {
  if (in.type < 0 || in.type >= int(std::size(elementTypes)))
    return "tensorDataType " + std::to_string(in.type) + " is none that the simulator knows (0 to 12)";
  if (in.rank < 1 || in.rank > 5)
    return expected("tensorRank", "1 to 5", in.rank);
  if (in.interleave < interleaveNone || in.interleave > interleave32)
    return "interleave " + std::to_string(in.interleave) + " is no CUtensorMapInterleave (0 to 2)";
  if (in.swizzle < 0 || in.swizzle > 3)
    return "swizzle " + std::to_string(in.swizzle) + " is none that sm_90 has (0 to 3)";
  if (in.l2Promotion < 0 || in.l2Promotion > 3)
    return "l2Promotion " + std::to_string(in.l2Promotion) + " is no CUtensorMapL2promotion (0 to 3)";
  if (in.fill < 0 || in.fill > 1)
    return "oobFill " + std::to_string(in.fill) + " is no CUtensorMapFloatOOBfill (0 or 1)";
  if (in.fill && !elementTypes[in.type].isFloat)
    return "oobFill asks for NaN, but tensorDataType " + std::to_string(in.type) + " is no floating-point type";
  if (in.interleave != interleaveNone && in.rank < 3)
    return expected("tensorRank", "at least 3 where the layout is interleaved", in.rank);
  if (in.interleave == interleave32 && in.swizzle != int(Swizzle::bytes32))
    return expected("swizzle", "CU_TENSOR_MAP_SWIZZLE_32B where interleave is 32B", in.swizzle);
  return std::nullopt;
}

Refusal checkTensor(const TensorMapArguments &in) {
  std::uint64_t alignment = in.interleave == interleave32 ? 32 : 16;
  std::string multiple = "a multiple of " + std::to_string(alignment);
  if (in.address % alignment)
    return expected("globalAddress", multiple, in.address);
  for (unsigned i = 0; i < in.rank; ++i)
    if (in.extents[i] < 1 || in.extents[i] > 1ull << 32)
      return expected(axis("globalDim", i), "1 to 2^32", in.extents[i]);
  for (unsigned i = 0; i + 1 < in.rank; ++i)
    if (in.strides[i] % alignment || in.strides[i] >= 1ull << 40)
      return expected(axis("globalStrides", i), multiple + " and less than 2^40", in.strides[i]);
  return std::nullopt;
}

Refusal checkBox(const TensorMapArguments &in) {
  for (unsigned i = 0; i < in.rank; ++i)
    if (in.box[i] < 1 || in.box[i] > 256)
      return expected(axis("boxDim", i), "1 to 256", in.box[i]);
  for (unsigned i = in.interleave == interleaveNone ? 1 : 0; i < in.rank; ++i)
    if (in.elementStrides[i] < 1 || in.elementStrides[i] > 8)
      return expected(axis("elementStrides", i), "1 to 8", in.elementStrides[i]);
  if (in.interleave != interleaveNone)
    return std::nullopt;
  unsigned inner = in.box[0] * elementTypes[in.type].bytes, span = spanOf(Swizzle(in.swizzle));
  if (inner % 16)
    return expected("boxDim[0] in bytes", "a multiple of 16", inner);
  if (in.swizzle && inner > span)
    return expected("boxDim[0] in bytes", "at most the " + std::to_string(span) + " bytes of the swizzle", inner);
  return std::nullopt;
}

/// Where a row of the box begins, axis by axis.
class RowIterator {
public:
  explicit RowIterator(const TensorMap &map) : map(map) {}

  /// To the next row; false after the last one.
  bool advance() {
    for (unsigned i = 1; i < map.rank; ++i) {
      if (++index[i] < map.boxExtent(i))
        return true;
      index[i] = 0;
    }
    return false;
  }

  /// The global address of coordinate 0 of the row, or nothing where the row is out of bounds.
  std::optional<std::uint64_t> address(std::span<const std::int32_t> coordinates) const {
    std::uint64_t result = map.address;
    for (unsigned i = 1; i < map.rank; ++i) {
      std::int64_t at = std::int64_t(coordinates[i]) + std::int64_t(index[i]) * map.elementStrides[i];
      if (std::uint64_t(at) >= map.extents[i]) // negative ones are the largest
        return std::nullopt;
      result += std::uint64_t(at) * map.strides[i - 1];
    }
    return result;
  }

private:
  const TensorMap &map;
  std::uint32_t index[5] = {};
};

/// The not-a-number that fills what is out of bounds, of the element's type.
std::uint64_t notANumber(std::uint8_t type) {
  switch (type) {
  case float16:
  case bfloat16:
    return 0x7fff;
  case float64:
    return 0x7fffffffffffffff;
  default:
    return 0x7fffffff;
  }
}

void checkInstruction(const TensorMap &map, std::span<const std::int32_t> coordinates, std::uint64_t shared) {
  if (coordinates.size() != map.rank)
    raise("tensor-map", "the instruction has " + std::to_string(coordinates.size()) +
                            " coordinates, but the tensor map has rank " + std::to_string(map.rank));
  if (shared % 128)
    raise("misaligned", "a box of a tensor map lies at the shared address " + std::to_string(shared) +
                            ", which is no multiple of 128");
  if (map.type >= float32Ftz)
    raise("unsupported", "a tensor map has the data type " + std::to_string(map.type) +
                             ", whose conversion while copying is not documented");
  unsigned inner = map.box[0] * map.elementBytes();
  if (map.swizzle != Swizzle::none && inner != spanOf(map.swizzle))
    raise("unsupported", "a box has rows of " + std::to_string(inner) + " bytes and a swizzle of " +
                             std::to_string(spanOf(map.swizzle)) + " bytes: the simulator expects them to be equal");
}

[[noreturn]] void failBounds(const TensorMap &map, const BoxPiece &piece, const Memory &memory) {
  std::optional<Memory::Range> near = memory.allocationBefore(piece.address);
  raise("out-of-bounds", "the tensor map at " + std::to_string(map.address) + " reaches " +
                             std::to_string(piece.bytes) + " bytes at the global address " +
                             std::to_string(piece.address) +
                             (near ? ", but the allocation at " + std::to_string(near->address) + " has " +
                                         std::to_string(near->bytes) + " bytes"
                                   : ", before all allocations"));
}

} // namespace

std::variant<TensorMap, std::string> TensorMap::encode(const TensorMapArguments &in) {
  for (auto check : {checkEnumerations, checkTensor, checkBox})
    if (Refusal refusal = check(in))
      return *refusal;
  if (in.interleave != interleaveNone)
    return "interleave " + std::to_string(in.interleave) + " is one that the simulator cannot copy";
  TensorMap map{};
  map.magic = signature;
  map.address = in.address;
  map.type = std::uint8_t(in.type);
  map.rank = std::uint8_t(in.rank);
  map.swizzle = Swizzle(in.swizzle);
  map.fillNaN = in.fill != 0;
  for (unsigned i = 0; i < in.rank; ++i) {
    map.extents[i] = in.extents[i];
    map.box[i] = std::uint16_t(in.box[i]);
    map.elementStrides[i] = i ? std::uint8_t(in.elementStrides[i]) : 1; // that of axis 0 is ignored
    if (i + 1 < in.rank)
      map.strides[i] = in.strides[i];
  }
  return map;
}

TensorMap TensorMap::decode(std::span<const std::byte> bytes) {
  TensorMap map{};
  if (bytes.size() >= sizeof(map))
    std::memcpy(&map, bytes.data(), sizeof(map));
  if (bytes.size() < sizeof(map) || map.magic != signature)
    raise("tensor-map", "the operand of a tensor copy does not point to a tensor map that cuTensorMapEncodeTiled made");
  return map;
}

unsigned TensorMap::elementBytes() const { return elementTypes[type].bytes; }

unsigned TensorMap::boxExtent(unsigned axis) const {
  return (box[axis] + elementStrides[axis] - 1) / elementStrides[axis];
}

std::size_t TensorMap::boxBytes() const {
  std::size_t bytes = elementBytes();
  for (unsigned i = 0; i < rank; ++i)
    bytes *= boxExtent(i);
  return bytes;
}

std::vector<BoxPiece> vitc::ptxsim::piecesOfBox(const TensorMap &map, std::span<const std::int32_t> coordinates,
                                                std::uint64_t shared) {
  checkInstruction(map, coordinates, shared);
  std::int64_t element = map.elementBytes(), first = coordinates[0];
  std::int64_t begin = std::max<std::int64_t>(first, 0);
  std::int64_t end = std::min<std::int64_t>(first + map.box[0], std::int64_t(map.extents[0]));
  std::vector<BoxPiece> pieces;
  if (begin >= end)
    return pieces;
  std::size_t pitch = map.box[0] * element, lead = std::size_t((begin - first) * element);
  std::size_t length = std::size_t((end - begin) * element), offset = 0;
  RowIterator row(map);
  do {
    if (std::optional<std::uint64_t> address = row.address(coordinates)) {
      std::uint64_t from = *address + std::uint64_t(begin * element);
      // Swizzles move chunks of 16 bytes; without one, a row stays whole.
      for (std::size_t done = 0; done < length;) {
        std::size_t at = offset + lead + done;
        std::size_t step = map.swizzle == Swizzle::none ? length : std::min(length - done, 16 - at % 16);
        pieces.push_back({std::size_t(swizzled(shared + at, map.swizzle) - shared), from + done, step});
        done += step;
      }
    }
    offset += pitch;
  } while (row.advance());
  return pieces;
}

Box vitc::ptxsim::loadBox(const TensorMap &map, std::span<const std::int32_t> coordinates, std::uint64_t shared,
                          const Memory &memory) {
  Box box{std::vector<std::byte>(map.boxBytes()), std::vector<bool>(map.boxBytes(), true)};
  std::uint64_t fill = map.fillNaN ? notANumber(map.type) : 0;
  for (std::size_t i = 0; i < box.bytes.size(); i += map.elementBytes())
    std::memcpy(&box.bytes[i], &fill, map.elementBytes());
  for (const BoxPiece &piece : piecesOfBox(map, coordinates, shared)) {
    const std::byte *from = memory.translate(piece.address, piece.bytes);
    if (!from)
      failBounds(map, piece, memory);
    std::copy_n(from, piece.bytes, box.bytes.begin() + std::ptrdiff_t(piece.offset));
    if (memory.isWritten(piece.address, piece.bytes))
      continue;
    for (std::size_t i = 0; i < piece.bytes; ++i)
      box.initialised[piece.offset + i] = memory.isWritten(piece.address + i, 1);
  }
  return box;
}

void vitc::ptxsim::storeBox(const TensorMap &map, std::span<const std::int32_t> coordinates, std::uint64_t shared,
                            std::span<const std::byte> box, Memory &memory) {
  if (box.size() != map.boxBytes())
    raise("tensor-map", "a box has " + std::to_string(map.boxBytes()) + " bytes, got " + std::to_string(box.size()));
  for (const BoxPiece &piece : piecesOfBox(map, coordinates, shared)) {
    std::byte *to = memory.translate(piece.address, piece.bytes);
    if (!to)
      failBounds(map, piece, memory);
    std::copy_n(box.begin() + std::ptrdiff_t(piece.offset), piece.bytes, to);
    memory.markWritten(piece.address, piece.bytes);
  }
}
