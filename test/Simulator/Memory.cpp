#include "Memory.h"

#include <algorithm>
#include <utility>

using namespace vitc::ptxsim;

namespace {
/// Bytes between allocations, so that an overrun of up to a row of a matrix finds no neighbour.
constexpr std::uint64_t guard = 1 << 16;
constexpr std::uint64_t granule = 256; // what cuMemAlloc aligns to
} // namespace

std::uint64_t Memory::allocate(std::size_t bytes) {
  std::uint64_t address = next;
  next += (bytes + granule - 1) / granule * granule + guard;
  allocations[address] = {std::vector<std::byte>(bytes, std::byte{0xA5}), std::vector<std::uint8_t>(bytes, 0)};
  return address;
}

bool Memory::free(std::uint64_t address) { return allocations.erase(address) != 0; }

std::optional<Memory::Place> Memory::find(std::uint64_t address, std::size_t bytes) const {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin())
    return std::nullopt;
  const auto &[base, allocation] = *std::prev(after);
  std::uint64_t offset = address - base;
  if (offset > allocation.data.size() || bytes > allocation.data.size() - offset)
    return std::nullopt;
  return Place{&allocation, std::size_t(offset)};
}

const std::byte *Memory::translate(std::uint64_t address, std::size_t bytes) const {
  std::optional<Place> place = find(address, bytes);
  return place ? place->allocation->data.data() + place->offset : nullptr;
}

std::byte *Memory::translate(std::uint64_t address, std::size_t bytes) {
  return const_cast<std::byte *>(std::as_const(*this).translate(address, bytes));
}

void Memory::markWritten(std::uint64_t address, std::size_t bytes) {
  if (std::optional<Place> place = find(address, bytes))
    std::fill_n(const_cast<std::uint8_t *>(place->allocation->written.data()) + place->offset, bytes, std::uint8_t(1));
}

bool Memory::isWritten(std::uint64_t address, std::size_t bytes) const {
  std::optional<Place> place = find(address, bytes);
  if (!place)
    return false;
  const std::uint8_t *first = place->allocation->written.data() + place->offset;
  return std::all_of(first, first + bytes, [](std::uint8_t flag) { return flag != 0; });
}

void Memory::place(std::uint64_t address, std::span<const std::byte> image) {
  if (allocations.contains(address))
    return;
  allocations[address] = {std::vector<std::byte>(image.begin(), image.end()),
                          std::vector<std::uint8_t>(image.size(), 1)};
}

std::optional<Memory::Range> Memory::allocationBefore(std::uint64_t address) const {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin())
    return std::nullopt;
  const auto &[base, allocation] = *std::prev(after);
  return Range{base, allocation.data.size()};
}
