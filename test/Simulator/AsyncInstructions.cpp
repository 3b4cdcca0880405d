#include "AddressSpaces.h"
#include "Decoder.h"
#include "TensorMap.h"

#include <cstring>
#include <utility>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Data Movement and Conversion Instructions: Asynchronous copy". Copies arrive as late as they may.
namespace {

using u64 = std::uint64_t;

/// Forms of cp.async.bulk.
enum : std::uint8_t { isTensor = 1, isStore = 2, isMulticast = 4 };

/// The address in sources i (base) and i + 1 (offset).
u64 addressAt(const Step &step, unsigned i, unsigned lane) {
  return step.need(i, "an address").lane[lane] + step.source(i + 1).lane[lane];
}

Place sharedAt(const Step &step, unsigned i, unsigned lane, std::size_t align) {
  u64 address = addressAt(step, i, lane);
  // cvta.to.shared was not needed where a generic address is given.
  bool isGeneric = address - sharedWindow < windowBytes;
  Place place = resolve(step, isGeneric ? Space::generic : Space::shared, address, lane);
  checkAligned(step, place.address, align, lane);
  return place;
}

/// What a bulk copy moves: a box of a tensor or a range of bytes.
struct Source {
  TensorMap map{};
  std::vector<std::int32_t> coordinates;
  u64 address = 0; ///< of a range
  std::size_t bytes = 0;
};

/// The tensor in sources i (map), i + 2 and on (coordinates).
Source tensorAt(Step &step, unsigned i, unsigned lane) {
  u64 address = addressAt(step, i, lane);
  checkAligned(step, address, 64, lane);
  std::array<std::byte, sizeof(TensorMap)> raw;
  if (!loadBytes(step, resolve(step, Space::generic, address, lane), lane, raw))
    step.fail("uninitialised", "the tensor map was never written", int(lane));
  Source made;
  made.map = TensorMap::decode(raw);
  for (unsigned axis = 0; axis < step.in.elements; ++axis)
    made.coordinates.push_back(std::int32_t(step.need(i + 2 + axis, "a coordinate").lane[lane]));
  made.bytes = made.map.boxBytes();
  return made;
}

Source rangeAt(Step &step, unsigned address, unsigned size, unsigned lane) {
  Source made;
  made.address = addressAt(step, address, lane);
  made.bytes = step.need(size, "a number of bytes").lane[lane];
  checkAligned(step, made.address, 16, lane);
  checkAligned(step, made.bytes, 16, lane);
  globalBytes(step, made.address, made.bytes, lane);
  return made;
}

/// Bytes and which of them are known.
Box fetch(const Source &source, u64 shared, const Memory &memory) {
  if (!source.coordinates.empty())
    return loadBox(source.map, source.coordinates, shared, memory);
  const std::byte *from = memory.translate(source.address, source.bytes);
  if (!from)
    raise("out-of-bounds", "the memory that a bulk copy reads was freed");
  Box box{{from, from + source.bytes}, {}};
  for (std::size_t i = 0; i < source.bytes; ++i)
    box.initialised.push_back(memory.isWritten(source.address + i, 1));
  return box;
}

/// Brings a box into the shared memory of a block and completes its bytes on the mbarrier.
void deliver(Step &step, Block &block, const Source &source, u64 shared, u64 barrierAddress) {
  Box box = fetch(source, shared, step.machine.memory);
  std::memcpy(block.shared.bytes(shared, box.bytes.size()).data(), box.bytes.data(), box.bytes.size());
  auto found = block.shared.barriers().find(barrierAddress);
  if (found == block.shared.barriers().end())
    step.fail("barrier", "the mbarrier was invalidated before the copy completed");
  TransactionBarrier &barrier = found->second;
  std::uint32_t time = ++block.cluster.deliveries;
  block.shared.endAsyncWrite(barrier.agent, time, shared, box.bytes.size());
  for (std::size_t i = 0; i < box.initialised.size(); ++i)
    if (!box.initialised[i])
      block.shared.poison(shared + i, 1);
  Clock reached(block.cluster.agents);
  reached.seen[barrier.agent] = reached.visible[barrier.agent] = time;
  barrier.arriving.join(reached);
  barrier.bytes -= std::int64_t(box.bytes.size());
  checkPhase(block.cluster, barrier);
}

void issueLoad(Step &step, Block &block, const Source &source, u64 shared, u64 barrierAddress, unsigned lane) {
  TransactionBarrier &barrier = block.shared.barrier(step.warp.accessor(), barrierAddress);
  if (!barrier.isFenced)
    step.fail("missing-fence",
              "the mbarrier is used by the asynchronous proxy with no fence.mbarrier_init after its initialisation",
              int(lane));
  if (!source.coordinates.empty())
    piecesOfBox(source.map, source.coordinates, shared); // checks the rank and the alignment now
  block.shared.beginAsyncWrite(step.warp.accessor(), shared, source.bytes);
  step.cluster().transfers.push_back({[step, &block, source, shared, barrierAddress, lane]() mutable {
    placed(step, lane, [&] { deliver(step, block, source, shared, barrierAddress); });
  }});
}

/// Sources: shared address, tensor or global address and size, mbarrier, ranks of a multicast.
Outcome executeBulkLoad(Step &step) {
  const Instruction &in = step.in;
  bool tensor = in.variant & isTensor;
  unsigned after = tensor ? 4u + in.elements : 5u;
  forLanes(step.mask, [&](unsigned lane) {
    placed(step, lane, [&] {
      Place to = sharedAt(step, 0, lane, tensor ? 128 : 16), barrier = sharedAt(step, after, lane, 8);
      Source source = tensor ? tensorAt(step, 2, lane) : rangeAt(step, 2, 4, lane);
      if (!(in.variant & isMulticast))
        return issueLoad(step, *to.block, source, to.address, barrier.address, lane);
      u64 ranks = step.need(after + 2, "the ranks of a multicast").lane[lane];
      for (auto &block : step.cluster().blocks)
        if (ranks >> block->rank & 1)
          issueLoad(step, *block, source, to.address, barrier.address, lane);
    });
  });
  return Outcome::next;
}

void issueStore(Step &step, const Source &source, const Place &from, unsigned lane) {
  SharedMemory &shared = from.block->shared;
  if (source.coordinates.empty())
    shared.checkAsyncRead(step.warp.accessor(), from.address, source.bytes);
  else // what lies beyond the tensor is not read
    for (const BoxPiece &piece : piecesOfBox(source.map, source.coordinates, from.address))
      shared.checkAsyncRead(step.warp.accessor(), from.address + piece.offset, piece.bytes);
  shared.beginAsyncRead(from.address, source.bytes);
  auto snapshot = std::make_shared<std::vector<std::byte>>();
  GroupCopy copy{lane, step.warp.bulkGroups.committed[lane], false, {}, {}};
  copy.readSource = [step, &shared, from, bytes = source.bytes, snapshot] {
    auto view = shared.bytes(from.address, bytes);
    snapshot->assign(view.begin(), view.end());
    shared.endAsyncRead(step.warp.agent, step.warp.clock.seen[step.warp.agent], from.address, bytes);
  };
  copy.finish = [step, source, from, snapshot, lane] {
    placed(step, lane, [&] {
      Memory &memory = step.machine.memory;
      if (!source.coordinates.empty())
        return storeBox(source.map, source.coordinates, from.address, *snapshot, memory);
      std::memcpy(globalBytes(step, source.address, source.bytes, lane), snapshot->data(), source.bytes);
      memory.markWritten(source.address, source.bytes);
    });
  };
  step.warp.bulkGroups.copies.push_back(std::move(copy));
}

/// Sources: tensor, or global address; shared address; size of a range.
Outcome executeBulkStore(Step &step) {
  bool tensor = step.in.variant & isTensor;
  forLanes(step.mask, [&](unsigned lane) {
    placed(step, lane, [&] {
      unsigned shared = tensor ? 2u + step.in.elements : 2u;
      Place from = sharedAt(step, shared, lane, tensor ? 128 : 16);
      issueStore(step, tensor ? tensorAt(step, 0, lane) : rangeAt(step, 0, 4, lane), from, lane);
    });
  });
  return Outcome::next;
}

void readOnce(GroupCopy &copy) {
  if (!std::exchange(copy.isRead, true) && copy.readSource)
    copy.readSource();
}

/// Finishes the copies of a lane that belong to all but the last `left` groups; or, with `onlyRead`, reads their
/// sources.
void complete(CopyGroups &groups, unsigned lane, u64 left, bool onlyRead) {
  auto isDue = [&](const GroupCopy &copy) { return copy.lane == lane && copy.group + left < groups.committed[lane]; };
  for (GroupCopy &copy : groups.copies)
    if (isDue(copy)) {
      readOnce(copy);
      if (!onlyRead)
        copy.finish();
    }
  if (!onlyRead)
    std::erase_if(groups.copies, isDue);
}

/// cp.async.commit_group and wait_group, of bulk copies and of others.
enum : std::uint8_t { ofBulk = 1, onlyRead = 2, waitsForAll = 4 };

CopyGroups &groupsOf(Step &step) { return step.in.variant & ofBulk ? step.warp.bulkGroups : step.warp.copyGroups; }

Outcome executeCommit(Step &step) {
  forLanes(step.mask, [&](unsigned lane) { ++groupsOf(step).committed[lane]; });
  return Outcome::next;
}

Outcome executeWaitGroup(Step &step) {
  CopyGroups &groups = groupsOf(step);
  forLanes(step.mask, [&](unsigned lane) {
    if (step.in.variant & waitsForAll)
      ++groups.committed[lane];
    complete(groups, lane, u64(step.in.immediate), step.in.variant & onlyRead);
  });
  return Outcome::next;
}

/// cp.async: sources are the shared and the global address, the size and, where given, how much of it is read.
Outcome executeCopy(Step &step) {
  forLanes(step.mask, [&](unsigned lane) {
    std::size_t size = std::size_t(step.in.immediate), given = size;
    if (step.in.sources > 4)
      given = std::min<std::size_t>(size, step.need(4, "a number of bytes").lane[lane]);
    Place to = sharedAt(step, 0, lane, size);
    u64 from = addressAt(step, 2, lane);
    checkAligned(step, from, size, lane);
    if (given)
      globalBytes(step, from, given, lane);
    placed(step, lane, [&] { to.block->shared.beginAsyncWrite(step.warp.accessor(), to.address, size); });
    GroupCopy copy{lane, step.warp.copyGroups.committed[lane], true, {}, {}};
    copy.finish = [step, to, from, size, given, lane] {
      SharedMemory &shared = to.block->shared;
      auto bytes = shared.bytes(to.address, size);
      if (given)
        std::memcpy(bytes.data(), globalBytes(step, from, given, lane), given);
      std::fill(bytes.begin() + std::ptrdiff_t(given), bytes.end(), std::byte{0});
      shared.endAsyncWrite(step.warp.agent, step.warp.clock.seen[step.warp.agent], to.address, size);
      if (given && !step.machine.memory.isWritten(from, given))
        shared.poison(to.address, given);
    };
    step.warp.copyGroups.copies.push_back(std::move(copy));
  });
  return Outcome::next;
}

Outcome executePrefetch(Step &) { return Outcome::next; }

void decodeGroups(Decoding &decoding, bool bulk, bool commits, bool all) {
  Instruction &in = decoding.out;
  in.variant = std::uint8_t((bulk ? ofBulk : 0) | (decoding.take("read") ? onlyRead : 0) | (all ? waitsForAll : 0));
  in.immediate = commits || all ? 0 : std::int64_t(decoding.constantOf(decoding.operand(0)));
  in.execute = commits ? executeCommit : executeWaitGroup;
}

void addTensor(Decoding &decoding, const ParsedOperand &operand) {
  decoding.addAddressPair(operand);
  if (operand.parts.size() != 2 || operand.parts[1].parts.size() != decoding.out.elements)
    decoding.unsupported("the coordinates");
  decoding.addSource(operand.parts[1], Type::b32);
}

void decodeBulkCopy(Decoding &decoding) {
  Instruction &in = decoding.out;
  bool tensor = decoding.take("tensor"), multicast = decoding.take("multicast::cluster");
  bool prefetches = decoding.take("prefetch");
  if (tensor) {
    for (auto [name, rank] :
         {std::pair("1d", 1), std::pair("2d", 2), std::pair("3d", 3), std::pair("4d", 4), std::pair("5d", 5)})
      if (decoding.take(name))
        in.elements = std::uint8_t(rank);
    decoding.take("tile");
  }
  bool toGlobal = decoding.take("bulk_group");
  decoding.take("mbarrier::complete_tx::bytes");
  decoding.takeMemoryModifiers();
  // The spaces say the direction, which the way of completion implies.
  while (decoding.takeSpace())
    ;
  if (prefetches) {
    in.execute = executePrefetch;
    return;
  }
  in.variant = std::uint8_t((tensor ? isTensor : 0) | (toGlobal ? isStore : 0) | (multicast ? isMulticast : 0));
  in.execute = toGlobal ? executeBulkStore : executeBulkLoad;
  if (!toGlobal)
    decoding.addAddressPair(decoding.operand(0));
  if (tensor)
    addTensor(decoding, decoding.operand(toGlobal ? 0 : 1));
  else
    decoding.addAddressPair(decoding.operand(toGlobal ? 0 : 1));
  if (toGlobal)
    decoding.addAddressPair(decoding.operand(1));
  if (!tensor)
    decoding.addSource(decoding.operand(2), Type::u32);
  if (!toGlobal)
    decoding.addAddressPair(decoding.operand(tensor ? 2 : 3));
  if (multicast)
    decoding.addSource(decoding.operand(tensor ? 3 : 4), Type::u16);
}

void decodeCopy(Decoding &decoding) {
  Instruction &in = decoding.out;
  if (!decoding.take("async"))
    decoding.unsupported("the form");
  bool bulk = decoding.take("bulk");
  if (decoding.take("commit_group"))
    return decodeGroups(decoding, bulk, true, false);
  if (decoding.take("wait_group"))
    return decodeGroups(decoding, bulk, false, false);
  if (decoding.take("wait_all"))
    return decodeGroups(decoding, bulk, false, true);
  if (bulk)
    return decodeBulkCopy(decoding);
  if (decoding.take("mbarrier"))
    decoding.unsupported("the completion on an mbarrier");
  decoding.takeMemoryModifiers();
  while (decoding.takeSpace())
    ;
  decoding.addAddressPair(decoding.operand(0));
  decoding.addAddressPair(decoding.operand(1));
  in.immediate = std::int64_t(decoding.constantOf(decoding.operand(2)));
  if (decoding.operandCount() > 3)
    decoding.addSource(decoding.operand(3), Type::u32);
  in.execute = executeCopy;
}

constexpr DecodeRule rules[] = {{"cp", decodeCopy}};

} // namespace

void vitc::ptxsim::finishCopies(Step &step) {
  forLanes(step.mask, [&](unsigned lane) {
    for (const GroupCopy &copy : step.warp.copyGroups.copies)
      if (copy.lane == lane)
        step.fail("missing-wait", "the thread ends with a cp.async in flight", int(lane));
    for (GroupCopy &copy : step.warp.bulkGroups.copies)
      if (copy.lane == lane && !copy.isRead)
        step.fail("missing-wait", "the thread ends while a bulk copy may still read its shared memory", int(lane));
    complete(step.warp.bulkGroups, lane, 0, false);
  });
}

std::span<const DecodeRule> vitc::ptxsim::asyncRules() { return rules; }
