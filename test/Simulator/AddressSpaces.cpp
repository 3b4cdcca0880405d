#include "AddressSpaces.h"

#include <cstring>

using namespace vitc::ptxsim;

Place vitc::ptxsim::resolve(const Step &step, Space space, std::uint64_t address, unsigned lane) {
  constexpr std::pair<std::uint64_t, Space> windows[] = {
      {sharedWindow, Space::shared}, {localWindow, Space::local}, {paramWindow, Space::param}};
  if (space == Space::generic) {
    space = Space::global;
    for (auto [window, inside] : windows)
      if (address - window < windowBytes) {
        space = inside;
        address -= window;
      }
  }
  if (space != Space::shared)
    return {space, address, &step.block};
  // mapa puts one more than the rank above the address; a plain address is the block's own.
  std::uint64_t rank = address >> clusterRankShift;
  Block *block = &step.block;
  if (rank) {
    if (rank > step.block.cluster.blocks.size())
      step.fail("out-of-bounds", "the shared address " + std::to_string(address) + " is of no block of the cluster",
                int(lane));
    block = step.block.cluster.blocks[rank - 1].get();
  }
  return {space, address & ((1ull << clusterRankShift) - 1), block};
}

Place vitc::ptxsim::sharedPlace(const Step &step, unsigned source, unsigned lane) {
  std::uint64_t address = step.need(source, "an address").lane[lane] + std::uint64_t(step.in.immediate);
  Place place = resolve(step, step.in.space, address, lane);
  if (place.space != Space::shared)
    step.fail("out-of-bounds", "the address is expected in shared memory and is not there", int(lane));
  return place;
}

void vitc::ptxsim::checkAligned(const Step &step, std::uint64_t address, std::size_t align, unsigned lane) {
  if (address % align)
    step.fail("misaligned", "the address " + std::to_string(address) + " is no multiple of " + std::to_string(align),
              int(lane));
}

std::byte *vitc::ptxsim::globalBytes(const Step &step, std::uint64_t address, std::size_t bytes, unsigned lane) {
  if (std::byte *found = step.machine.memory.translate(address, bytes))
    return found;
  std::string nearest = "no allocation lies below it";
  if (auto range = step.machine.memory.allocationBefore(address))
    nearest = "the allocation below it has " + std::to_string(range->bytes) + " bytes and begins " +
              std::to_string(address - range->address) + " bytes before";
  step.fail("out-of-bounds",
            std::to_string(bytes) + " bytes at the global address " + std::to_string(address) +
                " lie in no allocation: " + nearest,
            int(lane));
}

namespace {

/// Bytes of the lane's local memory, which begins at `localBase`.
std::size_t localOffset(const Step &step, std::uint64_t address, std::size_t bytes, unsigned lane) {
  std::size_t size = step.machine.kernel.localBytes, offset = std::size_t(address - localBase);
  if (address < localBase || offset > size || bytes > size - offset)
    step.fail("out-of-bounds",
              std::to_string(bytes) + " bytes at the local address " + std::to_string(address) +
                  " leave the thread's " + std::to_string(size) + " bytes from " + std::to_string(localBase),
              int(lane));
  return lane * size + offset;
}

} // namespace

bool vitc::ptxsim::loadBytes(Step &step, const Place &place, unsigned lane, std::span<std::byte> to) {
  switch (place.space) {
  case Space::shared:
    return placed(step, lane, [&] { return place.block->shared.read(step.warp.accessor(), place.address, to); });
  case Space::local: {
    std::size_t offset = localOffset(step, place.address, to.size(), lane);
    std::memcpy(to.data(), step.warp.local.data() + offset, to.size());
    bool written = true;
    for (std::size_t i = 0; i < to.size(); ++i)
      written &= step.warp.localWritten[offset + i];
    return written;
  }
  case Space::param: {
    std::size_t size = step.machine.kernel.info.parameterBytes(), offset = std::size_t(place.address - parameterBase);
    if (place.address < parameterBase || offset > size || to.size() > size - offset)
      step.fail("out-of-bounds", "a parameter is read beyond the kernel's " + std::to_string(size) + " bytes",
                int(lane));
    std::memcpy(to.data(), static_cast<const std::byte *>(step.machine.launch.parameters) + offset, to.size());
    return true;
  }
  default:
    std::memcpy(to.data(), globalBytes(step, place.address, to.size(), lane), to.size());
    return step.machine.memory.isWritten(place.address, to.size());
  }
}

void vitc::ptxsim::storeBytes(Step &step, const Place &place, unsigned lane, std::span<const std::byte> from) {
  switch (place.space) {
  case Space::shared:
    placed(step, lane, [&] { place.block->shared.write(step.warp.accessor(), place.address, from); });
    return;
  case Space::local: {
    std::size_t offset = localOffset(step, place.address, from.size(), lane);
    std::memcpy(step.warp.local.data() + offset, from.data(), from.size());
    for (std::size_t i = 0; i < from.size(); ++i)
      step.warp.localWritten[offset + i] = true;
    return;
  }
  case Space::param:
    step.fail("out-of-bounds", "a parameter is written", int(lane));
  default:
    std::memcpy(globalBytes(step, place.address, from.size(), lane), from.data(), from.size());
    step.machine.memory.markWritten(place.address, from.size());
  }
}

void vitc::ptxsim::beginSynchronising(Step &step) { step.warp.clock.join(step.cluster().atomics); }

void vitc::ptxsim::endSynchronising(Step &step) {
  step.cluster().atomics.join(step.warp.clock);
  step.warp.release();
}
