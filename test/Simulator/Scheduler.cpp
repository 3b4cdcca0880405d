#include "Step.h"

#include "Fault.h"

using namespace vitc::ptxsim;

namespace {

bool isOver(const Warp &warp, const Wait &wait) {
  Cluster &cluster = warp.block.cluster;
  switch (wait.kind) {
  case Wait::none:
    return true;
  case Wait::block:
    return warp.block.barriers[wait.id].completed > wait.phase;
  case Wait::warp:
  case Wait::warpgroup:
    return cluster.progress > wait.phase;
  case Wait::cluster:
    return cluster.barrier.completed > wait.phase;
  case Wait::transaction: {
    Block &block = *cluster.blocks[wait.id >> clusterRankShift];
    auto found = block.shared.barriers().find(wait.id & ((1ull << clusterRankShift) - 1));
    return found == block.shared.barriers().end() || found->second.phase > wait.phase;
  }
  }
  return true;
}

/// Takes turns among the warps of a cluster.
class Scheduler {
public:
  explicit Scheduler(Cluster &cluster) : cluster(cluster), machine(cluster.machine) {
    for (const auto &block : cluster.blocks)
      for (const auto &warp : block->warps)
        warps.push_back(warp.get());
  }

  void run() {
    while (!finished()) {
      if (machine.options.seed && machine.random() % 8 == 0)
        deliver();
      if (takeTurns(false) || deliver() || takeTurns(true))
        continue;
      failDeadlock();
    }
    checkEnd();
  }

private:
  static constexpr unsigned patience = 10'000; ///< fruitless polls of a split while nothing else happens

  bool finished() const {
    return std::all_of(warps.begin(), warps.end(), [](const Warp *warp) { return warp->finished(); });
  }

  /// One turn of each warp that can go on, in an order that the seed draws; whether there was one. Splits that only
  /// poll are left out as long as others, or copies, can make progress.
  bool takeTurns(bool withPolling) {
    bool any = false;
    std::size_t first = machine.options.seed ? machine.random() % warps.size() : 0;
    for (std::size_t i = 0; i < warps.size(); ++i) {
      Warp &warp = *warps[(first + i) % warps.size()];
      // A drawn order also leaves out warps, so that one can get far ahead of the others.
      if (machine.options.seed && any && machine.random() % 2)
        continue;
      for (std::size_t split = 0; split < warp.splits.size(); ++split)
        if (canRun(warp, warp.splits[split], withPolling)) {
          takeTurn(warp, split);
          any = true;
          break;
        }
    }
    return any;
  }

  bool canRun(const Warp &warp, Split &split, bool withPolling) {
    if (!isOver(warp, split.wait))
      return false;
    if (split.polledAt != cluster.progress)
      split.polls = 0;
    else
      return withPolling && ++split.polls < patience;
    return true;
  }

  void takeTurn(Warp &warp, std::size_t index) {
    unsigned quantum = machine.options.seed ? 1 + unsigned(machine.random() % 64) : 256;
    warp.splits[index].polledAt = ~0ull;
    for (; quantum; --quantum) {
      settleAt(warp, index);
      if (index >= warp.splits.size())
        return;
      std::uint64_t polled = warp.splits[index].polledAt;
      Outcome outcome = step(warp, index);
      if (outcome == Outcome::blocked)
        return;
      if (outcome == Outcome::next && warp.splits[index].polledAt != polled)
        return; // a poll that found nothing
      if (outcome == Outcome::jumped && warp.splits.size() != 1)
        return;
      if (outcome == Outcome::jumped)
        index = 0;
    }
  }

  /// Lets a split that reached the point where it meets others do so; then there is none of that index any more.
  void settleAt(Warp &warp, std::size_t &index) {
    const Split &split = warp.splits[index];
    if (split.join < 0 || warp.joins[split.join].pc != split.pc || split.wait.kind != Wait::none)
      return;
    settle(warp);
    index = warp.splits.size() == 1 && isOver(warp, warp.splits[0].wait) ? 0 : warp.splits.size();
  }

  Outcome step(Warp &warp, std::size_t index) {
    const Instruction &in = machine.kernel.code[std::size_t(warp.splits[index].pc)];
    Step step{machine, warp.block, warp, index, in, warp.splits[index].mask};
    ++warp.steps;
    if (++machine.executed > machine.options.instructionLimit)
      step.fail("instruction-limit", "the launch does not end within " +
                                         std::to_string(machine.options.instructionLimit) + " instructions of warps");
    if (in.predicated)
      step.mask = guarded(step);
    if (!step.mask && !in.aligned) {
      ++step.split().pc;
      return Outcome::next;
    }
    if (in.aligned && step.mask != warp.live()) {
      if (!step.mask && step.split().mask == warp.live()) {
        ++step.split().pc;
        return Outcome::next;
      }
      step.fail("divergent", "not all threads of the warp execute it together");
    }
    if (machine.options.overlaps)
      checkOverlap(step);
    Outcome outcome = execute(step);
    if (outcome == Outcome::next)
      ++warp.splits[index].pc;
    return outcome;
  }

  /// Before the wait for other kernels, threads may do what touches nothing of theirs: arithmetic, shared memory,
  /// parameters, prefetches of tensor maps. Nor may they ever read as constant (PTX ISA, ld.global.nc) what another
  /// kernel may write while this one is there; the simulator does not know what is never written, and refuses all.
  static void checkOverlap(const Step &step) {
    std::string_view opcode = step.in.opcode;
    if (opcode.starts_with("ld.global.nc"))
      step.fail("overlap", "the thread reads by ld.global.nc, but kernels before this one may still write");
    if (!(step.mask & ~step.warp.waited))
      return;
    bool isOwn = step.in.space == Space::param || step.in.space == Space::shared || step.in.space == Space::local;
    bool touches = false;
    for (std::string_view prefix : {"ld.", "ldu.", "st.", "atom.", "red.", "cp."})
      touches |= opcode.starts_with(prefix) && (prefix == "cp." || !isOwn);
    if (touches || opcode == "exit" || opcode.starts_with("ret"))
      step.fail("overlap", "the thread has not waited for the kernels before, by griddepcontrol.wait",
                __builtin_ctz(step.mask & ~step.warp.waited));
  }

  /// Tells of faults where they happened.
  Outcome execute(Step &step) {
    try {
      return step.in.execute(step);
    } catch (FaultException &caught) {
      if (caught.fault.message.starts_with("kernel "))
        throw;
      step.fail(caught.fault.kind, caught.fault.message);
    }
  }

  /// The lanes whose guard holds.
  LaneMask guarded(Step &step) {
    OperandIndex index = step.in.predicate;
    const Register &guard = step.warp.registers[std::size_t(index)];
    if (LaneMask missing = guard.undefined & step.mask)
      step.fail("uninitialised", "the predicate comes from memory or registers that were never written",
                __builtin_ctz(missing));
    LaneMask holds = 0;
    forLanes(step.mask, [&](unsigned lane) { holds |= LaneMask(bool(guard.lane[lane]) != step.in.negated) << lane; });
    return holds;
  }

  /// Lets a copy arrive: the oldest one, or any where a seed draws.
  bool deliver() {
    if (cluster.transfers.empty())
      return false;
    std::size_t index = machine.options.seed ? machine.random() % cluster.transfers.size() : 0;
    Transfer transfer = std::move(cluster.transfers[index]);
    cluster.transfers.erase(cluster.transfers.begin() + std::ptrdiff_t(index));
    transfer.deliver();
    ++cluster.progress;
    return true;
  }

  [[noreturn]] void fail(const char *kind, const std::string &what) const {
    raise(kind, "kernel " + machine.kernel.info.name + ", " + cluster.place(*cluster.blocks[0]) + ": " + what);
  }

  void checkEnd() {
    if (!cluster.transfers.empty())
      fail("missing-wait", "the block ends while " + std::to_string(cluster.transfers.size()) +
                               " copies into its shared memory are in flight");
    for (const auto &block : cluster.blocks)
      for (const auto &[address, barrier] : block->shared.barriers())
        if (barrier.bytes)
          fail("barrier", "the mbarrier at the shared address " + std::to_string(address) + " ends with " +
                              std::to_string(barrier.bytes) + " bytes more expected than copied");
  }

  std::string describe(const Warp &warp, const Split &split) const {
    const Instruction &in = machine.kernel.code[std::size_t(split.pc)];
    std::string text = "block " + std::to_string(warp.block.rank) + " warp " + std::to_string(warp.index) + " (" +
                       std::to_string(__builtin_popcount(split.mask)) + " threads) at line " + std::to_string(in.line) +
                       " (" + std::string(in.opcode) + ")";
    if (split.wait.kind == Wait::block) {
      const NamedBarrier &barrier = warp.block.barriers[split.wait.id];
      text += " waits at barrier " + std::to_string(split.wait.id) + ", where " + std::to_string(barrier.arrived) +
              " of " + std::to_string(barrier.expected) + " threads are";
    } else if (split.wait.kind == Wait::transaction) {
      std::uint64_t address = split.wait.id & ((1ull << clusterRankShift) - 1);
      const TransactionBarrier &barrier =
          cluster.blocks[split.wait.id >> clusterRankShift]->shared.barriers().at(address);
      text += " waits at the mbarrier " + std::to_string(address) + " in phase " + std::to_string(barrier.phase) +
              ", which lacks " + std::to_string(barrier.pending) + " arrivals and " + std::to_string(barrier.bytes) +
              " bytes";
    } else if (split.wait.kind == Wait::warp)
      text += " waits for other threads of its warp";
    else if (split.wait.kind == Wait::warpgroup)
      text += " waits for other warps of its warpgroup to issue the product";
    return text;
  }

  [[noreturn]] void failDeadlock() const {
    std::string who;
    unsigned listed = 0;
    for (const Warp *warp : warps)
      for (const Split &split : warp->splits)
        if (listed++ < 8)
          who += (who.empty() ? "" : "; ") + describe(*warp, split);
    if (listed > 8)
      who += "; and " + std::to_string(listed - 8) + " more";
    fail("deadlock", "nobody can go on: " + who);
  }

  Cluster &cluster;
  Machine &machine;
  std::vector<Warp *> warps;
};

} // namespace

void vitc::ptxsim::runCluster(Cluster &cluster) { Scheduler(cluster).run(); }
