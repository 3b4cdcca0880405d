#ifndef VITC_TEST_SIMULATOR_SHAREDMEMORY_H
#define VITC_TEST_SIMULATOR_SHAREDMEMORY_H

#include "Clock.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace vitc::ptxsim {

/// The agent that accesses shared memory, with what it knows of the others.
struct Accessor {
  AgentIndex agent;
  const Clock &clock;
};

/// An mbarrier object (PTX ISA 8.x, "mbarrier").
struct TransactionBarrier {
  std::uint32_t expected = 0;
  std::int64_t pending = 0, bytes = 0; ///< arrivals and transaction bytes that the current phase still waits for
  std::uint64_t phase = 0;             ///< completed phases
  AgentIndex agent = 0;                ///< in whose name copies that complete here write
  AgentIndex maker = 0;                ///< who initialised it, and when
  std::uint32_t made = 0;
  bool isFenced = false;     ///< whether the asynchronous proxy sees that it is initialised
  Clock arriving, completed; ///< what the arrivals of this phase, and of the completed ones, had seen
};

/// The shared memory of one block, with what is known of each byte.
///
/// Addresses are those of the kernel: they begin at `sharedBase`. Every access raises a fault where the bytes are out
/// of bounds, not synchronised, or in use by an asynchronous copy or matrix product.
class SharedMemory {
public:
  SharedMemory(std::size_t bytes, AgentIndex firstBarrierAgent);

  /// Whether all bytes were written.
  bool read(const Accessor &, std::uint64_t address, std::span<std::byte> to);
  void write(const Accessor &, std::uint64_t address, std::span<const std::byte> from);
  /// Makes bytes uninitialised again: what a poisoned value leaves behind.
  void poison(std::uint64_t address, std::size_t bytes);

  /// Checks that the asynchronous proxy may read bytes now, in the name of the accessor.
  void checkAsyncRead(const Accessor &, std::uint64_t address, std::size_t bytes);
  /// An asynchronous read begins or ends: until it ends no one may write the bytes. It ends as if `reader` had read
  /// them at `time`.
  void beginAsyncRead(std::uint64_t address, std::size_t bytes);
  void endAsyncRead(AgentIndex reader, std::uint32_t time, std::uint64_t address, std::size_t bytes);

  /// An asynchronous write begins: until it ends no one may touch the bytes.
  void beginAsyncWrite(const Accessor &, std::uint64_t address, std::size_t bytes);
  /// It ends: the bytes are as if `writer` had written them at `time`.
  void endAsyncWrite(AgentIndex writer, std::uint32_t time, std::uint64_t address, std::size_t bytes);

  /// The host's view, bounds checked.
  std::span<std::byte> bytes(std::uint64_t address, std::size_t count);
  std::size_t size() const { return data.size(); }

  TransactionBarrier &makeBarrier(const Accessor &, std::uint64_t address, std::uint32_t expected);
  void removeBarrier(std::uint64_t address);
  /// The barrier at an address, which the accessor must know to be initialised.
  TransactionBarrier &barrier(const Accessor &, std::uint64_t address);
  std::map<std::uint64_t, TransactionBarrier> &barriers() { return allBarriers; }

private:
  struct Shadow {
    std::uint32_t written = 0, read = 0; ///< when, by the agent's own clock
    AgentIndex writer = 0, reader = 0;
    bool initialised = false, asyncWrite = false, isBarrier = false;
    std::uint16_t asyncReads = 0;

    bool isWrittenLike(const Shadow &other) const {
      return written == other.written && writer == other.writer && initialised == other.initialised &&
             asyncWrite == other.asyncWrite && isBarrier == other.isBarrier;
    }
  };

  std::size_t offsetOf(std::uint64_t address, std::size_t count) const;
  void checkRead(const Accessor &, std::size_t offset) const;
  void checkWrite(const Accessor &, std::size_t offset) const;
  [[noreturn]] void fail(const char *kind, std::size_t offset, const std::string &what) const;

  std::vector<std::byte> data;
  std::vector<Shadow> shadows;
  std::map<std::uint64_t, TransactionBarrier> allBarriers;
  AgentIndex firstBarrierAgent;
};

} // namespace vitc::ptxsim

#endif
