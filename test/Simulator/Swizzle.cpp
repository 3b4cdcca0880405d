#include "Swizzle.h"

#include "Fault.h"

#include <algorithm>
#include <string>

using namespace vitc::ptxsim;

std::uint64_t vitc::ptxsim::swizzled(std::uint64_t address, Swizzle swizzle) {
  std::uint64_t line = address >> 7, chunks = spanOf(swizzle) / 16;
  return address ^ ((line % chunks) << 4);
}

const std::byte *SharedView::at(std::uint64_t address, std::size_t count) const {
  std::uint64_t offset = address - base;
  if (address < base || offset > bytes.size() || count > bytes.size() - offset)
    raise("out-of-bounds", "a matrix operand reaches the shared address " + std::to_string(address) +
                               ", but the block has " + std::to_string(bytes.size()) + " bytes from " +
                               std::to_string(base));
  return bytes.data() + offset;
}

MatrixDescriptor MatrixDescriptor::decode(std::uint64_t bits) {
  auto field = [bits](unsigned first, unsigned count) { return std::uint32_t(bits >> first & ((1ull << count) - 1)); };
  constexpr std::uint64_t known = 0x3fffull | 0x3fffull << 16 | 0x3fffull << 32 | 7ull << 49 | 3ull << 62;
  if (bits & ~known)
    raise("descriptor", "the matrix descriptor " + std::to_string(bits) + " has bits set that must be zero");
  if (field(49, 3))
    raise("unsupported", "the matrix descriptor has the base offset " + std::to_string(field(49, 3)) +
                             ": the simulator expects patterns that begin at multiples of their size");
  constexpr Swizzle modes[] = {Swizzle::none, Swizzle::bytes128, Swizzle::bytes64, Swizzle::bytes32};
  return {field(0, 14) << 4, field(16, 14) << 4, field(32, 14) << 4, modes[field(62, 2)]};
}

void MatrixDescriptor::check(const OperandExtent &extent) const {
  unsigned span = spanOf(swizzle), inRow = start % span;
  if (extent.major == Major::mn && extent.elementBytes != 2)
    raise("descriptor", "an operand of " + std::to_string(extent.elementBytes) +
                            "-byte elements is transposed, which only 2-byte elements can be");
  if (swizzle == Swizzle::none)
    return;
  if (start % (8 * span) != inRow)
    raise("misaligned", "a matrix with the " + std::to_string(span) + "-byte swizzle begins at the shared address " +
                            std::to_string(start) + ", which is not in the first row of a pattern of " +
                            std::to_string(8 * span) + " bytes");
  unsigned length = (extent.major == Major::k ? extent.depth : extent.rows) * extent.elementBytes;
  if (inRow + std::min(length, span) > span)
    raise("descriptor", "a matrix with the " + std::to_string(span) + "-byte swizzle begins " + std::to_string(inRow) +
                            " bytes into a row and reads " + std::to_string(length) + " bytes beyond its end");
}

std::uint64_t MatrixDescriptor::address(unsigned row, unsigned k, unsigned elementBytes, Major major) const {
  unsigned group = 16 / elementBytes, span = spanOf(swizzle);
  bool plain = swizzle == Swizzle::none;
  // Core matrices are 8 chunks of 16 bytes: `chunk` counts along the major axis, `line` along the other.
  unsigned along = major == Major::k ? k : row, line = major == Major::k ? row : k, chunk = along / group;
  std::uint64_t offset = along % group * elementBytes + std::uint64_t(line % 8) * span;
  if (plain)
    offset += major == Major::k ? std::uint64_t(line / 8) * stride + std::uint64_t(chunk) * leading
                                : std::uint64_t(line / 8) * leading + std::uint64_t(chunk) * stride;
  else
    offset +=
        std::uint64_t(line / 8) * stride + chunk % (span / 16) * 16 + std::uint64_t(chunk / (span / 16)) * leading;
  return swizzled(start + offset, swizzle);
}

std::vector<SharedRange> MatrixDescriptor::ranges(const OperandExtent &extent) const {
  unsigned group = 16 / extent.elementBytes;
  unsigned rowStep = extent.major == Major::k ? 1 : group, depthStep = extent.major == Major::k ? group : 1;
  std::vector<std::uint64_t> chunks;
  for (unsigned row = 0; row < extent.rows; row += rowStep)
    for (unsigned k = 0; k < extent.depth; k += depthStep)
      chunks.push_back(address(row, k, extent.elementBytes, extent.major));
  std::sort(chunks.begin(), chunks.end());
  std::vector<SharedRange> merged;
  for (std::uint64_t chunk : chunks) {
    if (merged.empty() || chunk > merged.back().address + merged.back().bytes)
      merged.push_back({chunk, 16});
    else
      merged.back().bytes = chunk + 16 - merged.back().address;
  }
  return merged;
}
