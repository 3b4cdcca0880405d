#ifndef VITC_TEST_SIMULATOR_MEMORY_H
#define VITC_TEST_SIMULATOR_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace vitc::ptxsim {

/// Global memory of one simulated device. Addresses are simulated ones, never host pointers, and every allocation
/// lies alone: an access that leaves its allocation finds nothing.
class Memory {
public:
  /// The address (a multiple of 256) of `bytes` new bytes. They are poisoned: a kernel that reads one before it is
  /// written has a fault. Zero bytes are given an address that holds nothing.
  std::uint64_t allocate(std::size_t bytes);

  /// Ends the allocation that begins at `address`; false where none does.
  bool free(std::uint64_t address);

  /// The host's view of `bytes` bytes at `address`, or null where no single allocation holds the range. Who writes
  /// through it calls `markWritten`.
  std::byte *translate(std::uint64_t address, std::size_t bytes);
  const std::byte *translate(std::uint64_t address, std::size_t bytes) const;

  /// Removes the poison of bytes that one allocation holds.
  void markWritten(std::uint64_t address, std::size_t bytes);

  /// Whether all bytes of the range lie in one allocation and are written.
  bool isWritten(std::uint64_t address, std::size_t bytes) const;

  /// Ensures that `image` was once copied to the fixed `address`: how a module's variables come into memory.
  void place(std::uint64_t address, std::span<const std::byte> image);

  /// Where an allocation begins and how many bytes it has.
  struct Range {
    std::uint64_t address;
    std::size_t bytes;
  };
  /// The allocation with the largest start that does not exceed `address`, for messages.
  std::optional<Range> allocationBefore(std::uint64_t address) const;

private:
  struct Allocation {
    std::vector<std::byte> data;
    std::vector<std::uint8_t> written; // one a byte
  };
  struct Place {
    const Allocation *allocation;
    std::size_t offset;
  };
  std::optional<Place> find(std::uint64_t address, std::size_t bytes) const;

  std::map<std::uint64_t, Allocation> allocations;
  std::uint64_t next = 0x10'0000'0000;
};

} // namespace vitc::ptxsim

#endif
