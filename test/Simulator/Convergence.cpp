#include "Step.h"

#include <utility>

using namespace vitc::ptxsim;

// Threads that part at a branch meet again at its immediate post-dominator, as they do by the convergence barriers that
// ptxas inserts. In between each group can be scheduled on its own, as on sm_70 and later.

namespace {

/// Starts the lanes that all arrived at a join, if they did.
void tryRelease(Warp &warp, std::int32_t index) {
  while (index >= 0) {
    Join &join = warp.joins[index];
    join.expected &= ~warp.exited;
    join.arrived &= ~warp.exited;
    if (join.arrived != join.expected)
      return;
    Split met(join.pc, std::exchange(join.arrived, 0), join.parent);
    join.expected = 0;
    if (met.mask == 0) { // all of them left
      index = join.parent;
      continue;
    }
    warp.splits.push_back(met);
    return;
  }
}

/// False where not all members are here yet. When they are, the step's mask holds them all, and the other splits among
/// them are moved on.
bool gather(Step &step, LaneMask members) {
  if (step.mask & ~members)
    step.fail("divergent", "a thread executes it that its member mask does not name",
              __builtin_ctz(step.mask & ~members));
  Split &own = step.split();
  LaneMask here = step.mask;
  std::vector<Split *> others;
  for (Split &split : step.warp.splits)
    if (&split != &own && split.wait.kind == Wait::warp && split.pc == own.pc && split.wait.id == members) {
      others.push_back(&split);
      here |= split.wait.lanes;
    }
  if ((here & step.warp.live()) != (members & step.warp.live())) {
    own.wait = {Wait::warp, members, step.cluster().progress, step.mask};
    return false;
  }
  for (Split *split : others) {
    split->wait = {};
    ++split->pc;
  }
  own.wait = {};
  step.mask = here;
  return true;
}

} // namespace

void vitc::ptxsim::settle(Warp &warp) {
  // A split that was released may stand at the next join at once: the loop sees it, as it is appended.
  for (std::size_t i = 0; i < warp.splits.size();) {
    Split split = warp.splits[i];
    if (split.join < 0 || warp.joins[split.join].pc != split.pc || split.wait.kind != Wait::none) {
      ++i;
      continue;
    }
    warp.joins[split.join].arrived |= split.mask;
    warp.splits.erase(warp.splits.begin() + std::ptrdiff_t(i));
    tryRelease(warp, split.join);
  }
  if (warp.splits.size() == 1 && warp.splits[0].join < 0)
    warp.joins.clear();
}

void vitc::ptxsim::branchMany(Warp &warp, std::size_t index,
                              const std::vector<std::pair<std::int32_t, LaneMask>> &targets, std::int32_t meet) {
  Split split = warp.splits[index];
  std::int32_t join = split.join;
  bool isNew = meet >= 0 && (join < 0 || warp.joins[join].pc != meet);
  if (isNew && targets.size() > 1) {
    warp.joins.push_back({meet, split.join, split.mask, 0});
    join = std::int32_t(warp.joins.size() - 1);
  }
  warp.splits.erase(warp.splits.begin() + std::ptrdiff_t(index));
  for (auto [target, mask] : targets)
    warp.splits.insert(warp.splits.begin() + std::ptrdiff_t(index), Split(target, mask, join));
  settle(warp);
}

void vitc::ptxsim::branch(Warp &warp, std::size_t index, LaneMask taken, std::int32_t target, std::int32_t meet) {
  Split &split = warp.splits[index];
  LaneMask others = split.mask & ~taken;
  std::vector<std::pair<std::int32_t, LaneMask>> targets;
  if (taken)
    targets.push_back({target, taken});
  if (others)
    targets.push_back({split.pc + 1, others});
  if (targets.size() == 1) {
    split.pc = targets[0].first;
    settle(warp);
    return;
  }
  branchMany(warp, index, targets, meet);
}

void vitc::ptxsim::exitLanes(Warp &warp, std::size_t index, LaneMask lanes) {
  warp.exited |= lanes;
  Split &split = warp.splits[index];
  split.mask &= ~lanes;
  ++split.pc;
  if (!split.mask)
    warp.splits.erase(warp.splits.begin() + std::ptrdiff_t(index));
  for (std::size_t i = 0; i < warp.joins.size(); ++i)
    if (warp.joins[i].arrived)
      tryRelease(warp, std::int32_t(i));
  settle(warp);
}

Outcome vitc::ptxsim::executeForMembers(Step &step, Handler body) {
  const Register &members = step.need(step.in.sources - 1u, "the member mask");
  auto sharing = [&](LaneMask lanes) { // those that have the first one's mask
    LaneMask same = 0;
    std::uint64_t mask = members.lane[unsigned(__builtin_ctz(lanes))];
    forLanes(lanes, [&](unsigned lane) { same |= LaneMask(members.lane[lane] == mask) << lane; });
    return same;
  };
  if (sharing(step.mask) == step.mask) {
    if (!gather(step, LaneMask(members.lane[unsigned(__builtin_ctz(step.mask))])))
      return Outcome::blocked;
    return body(step);
  }
  for (LaneMask left = step.mask, lanes; left; left &= ~lanes) {
    lanes = sharing(left);
    unsigned first = unsigned(__builtin_ctz(lanes));
    if (lanes != (LaneMask(members.lane[first]) & step.warp.live()))
      step.fail("divergent", "threads execute it together whose member masks name others", int(first));
    Step group = step;
    group.mask = lanes;
    body(group);
  }
  return Outcome::next;
}
