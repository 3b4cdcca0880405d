#include "SharedMemory.h"

#include "Fault.h"
#include "Program.h"

#include <cstring>

using namespace vitc::ptxsim;

SharedMemory::SharedMemory(std::size_t bytes, AgentIndex firstBarrierAgent)
    : data(bytes, std::byte{0xA5}), shadows(bytes), firstBarrierAgent(firstBarrierAgent) {}

void SharedMemory::fail(const char *kind, std::size_t offset, const std::string &what) const {
  raise(kind,
        "shared byte " + std::to_string(sharedBase + offset) + " (offset " + std::to_string(offset) + ") " + what);
}

std::size_t SharedMemory::offsetOf(std::uint64_t address, std::size_t count) const {
  std::size_t offset = std::size_t(address - sharedBase);
  if (address < sharedBase || offset > data.size() || count > data.size() - offset)
    raise("out-of-bounds", std::to_string(count) + " bytes at the shared address " + std::to_string(address) +
                               " leave the block's " + std::to_string(data.size()) + " bytes from " +
                               std::to_string(sharedBase));
  return offset;
}

std::span<std::byte> SharedMemory::bytes(std::uint64_t address, std::size_t count) {
  return {data.data() + offsetOf(address, count), count};
}

void SharedMemory::checkRead(const Accessor &by, std::size_t i) const {
  const Shadow &byte = shadows[i];
  if (byte.isBarrier)
    fail("barrier", i, "belongs to an mbarrier and is read as data");
  if (byte.asyncWrite)
    fail("read-before-wait", i, "is read while an asynchronous copy to it is in flight");
  if (by.clock.seen[byte.writer] < byte.written && byte.writer != by.agent)
    fail(byte.writer >= firstBarrierAgent ? "read-before-wait" : "race", i,
         byte.writer >= firstBarrierAgent
             ? "was written by a copy on whose mbarrier the reader did not wait"
             : "is read with no barrier after warp " + std::to_string(byte.writer) + " wrote it");
}

void SharedMemory::checkWrite(const Accessor &by, std::size_t i) const {
  const Shadow &byte = shadows[i];
  if (byte.isBarrier)
    fail("barrier", i, "belongs to an mbarrier and is overwritten");
  if (byte.asyncWrite)
    fail("overwrite-in-flight", i, "is written while an asynchronous copy to it is in flight");
  if (byte.asyncReads)
    fail("overwrite-in-flight", i, "is written while an asynchronous operation that reads it is in flight");
  if (by.clock.seen[byte.writer] < byte.written && byte.writer != by.agent)
    fail("race", i, "is written again with no barrier after its last write");
  if (by.clock.seen[byte.reader] < byte.read && byte.reader != by.agent)
    fail("race", i,
         "is overwritten with no barrier after " +
             (byte.reader < firstBarrierAgent ? "warp " + std::to_string(byte.reader) : "a matrix product") +
             " read it");
}

bool SharedMemory::read(const Accessor &by, std::uint64_t address, std::span<std::byte> to) {
  std::size_t first = offsetOf(address, to.size());
  bool initialised = true;
  for (std::size_t i = first; i < first + to.size(); ++i) {
    checkRead(by, i);
    shadows[i].reader = by.agent;
    shadows[i].read = by.clock.seen[by.agent];
    initialised &= shadows[i].initialised;
  }
  std::memcpy(to.data(), data.data() + first, to.size());
  return initialised;
}

void SharedMemory::write(const Accessor &by, std::uint64_t address, std::span<const std::byte> from) {
  std::size_t first = offsetOf(address, from.size());
  for (std::size_t i = first; i < first + from.size(); ++i) {
    checkWrite(by, i);
    shadows[i].writer = by.agent;
    shadows[i].written = by.clock.seen[by.agent];
    shadows[i].initialised = true;
  }
  std::memcpy(data.data() + first, from.data(), from.size());
}

void SharedMemory::poison(std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i)
    shadows[i].initialised = false;
}

void SharedMemory::checkAsyncRead(const Accessor &by, std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i) {
    const Shadow &byte = shadows[i];
    if (i > first && byte.isWrittenLike(shadows[i - 1]))
      continue; // what holds for its neighbour holds for it
    checkRead(by, i);
    if (!byte.initialised)
      fail("uninitialised", i, "is read by an asynchronous operation and was never written");
    if (byte.writer < firstBarrierAgent && by.clock.visible[byte.writer] < byte.written)
      fail("missing-fence", i,
           "was written by warp " + std::to_string(byte.writer) +
               " and is read by the asynchronous proxy with no fence.proxy.async between");
  }
}

void SharedMemory::beginAsyncRead(std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i)
    ++shadows[i].asyncReads;
}

void SharedMemory::endAsyncRead(AgentIndex reader, std::uint32_t time, std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i) {
    --shadows[i].asyncReads;
    shadows[i].reader = reader;
    shadows[i].read = time;
  }
}

void SharedMemory::beginAsyncWrite(const Accessor &by, std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i) {
    checkWrite(by, i);
    shadows[i].asyncWrite = true;
  }
}

void SharedMemory::endAsyncWrite(AgentIndex writer, std::uint32_t time, std::uint64_t address, std::size_t count) {
  std::size_t first = offsetOf(address, count);
  for (std::size_t i = first; i < first + count; ++i) {
    Shadow &byte = shadows[i];
    byte.asyncWrite = false;
    byte.initialised = true;
    byte.writer = writer;
    byte.written = time;
  }
}

TransactionBarrier &SharedMemory::makeBarrier(const Accessor &by, std::uint64_t address, std::uint32_t expected) {
  std::size_t first = offsetOf(address, 8);
  if (allBarriers.contains(address))
    fail("barrier", first, "holds an mbarrier that is initialised again with no mbarrier.inval");
  for (std::size_t i = first; i < first + 8; ++i) {
    checkWrite(by, i);
    shadows[i].isBarrier = true;
  }
  TransactionBarrier &made = allBarriers[address];
  made.expected = expected;
  made.pending = expected;
  made.agent = AgentIndex(firstBarrierAgent + (allBarriers.size() - 1) % barrierAgents);
  made.maker = by.agent;
  made.made = by.clock.seen[by.agent];
  return made;
}

void SharedMemory::removeBarrier(std::uint64_t address) {
  std::size_t first = offsetOf(address, 8);
  if (!allBarriers.erase(address))
    fail("barrier", first, "holds no mbarrier to invalidate");
  for (std::size_t i = first; i < first + 8; ++i)
    shadows[i].isBarrier = shadows[i].initialised = false;
}

TransactionBarrier &SharedMemory::barrier(const Accessor &by, std::uint64_t address) {
  std::size_t offset = offsetOf(address, 8);
  auto found = allBarriers.find(address);
  if (found == allBarriers.end())
    fail("barrier", offset, "holds no initialised mbarrier");
  TransactionBarrier &barrier = found->second;
  if (barrier.maker != by.agent && by.clock.seen[barrier.maker] < barrier.made)
    fail("race", offset, "holds an mbarrier that is used with no barrier after its initialisation");
  return barrier;
}
