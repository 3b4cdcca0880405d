#include "Decoder.h"
#include "Fault.h"
#include "Step.h"

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Control Flow Instructions" and "Miscellaneous Instructions".
namespace {

Outcome executeBranch(Step &step) {
  branch(step.warp, step.splitIndex, step.mask, step.in.target, step.in.reconvergence);
  return Outcome::jumped;
}

Outcome executeIndexedBranch(Step &step) {
  const Register &index = step.need(0, "the index of a branch");
  std::vector<std::pair<std::int32_t, LaneMask>> targets;
  auto add = [&](std::int32_t target, LaneMask lanes) {
    for (auto &[known, mask] : targets)
      if (known == target) {
        mask |= lanes;
        return;
      }
    targets.push_back({target, lanes});
  };
  forLanes(step.mask, [&](unsigned lane) {
    if (index.lane[lane] >= step.in.targets.size())
      step.fail("out-of-bounds", "the index of a branch is beyond its table", int(lane));
    add(step.in.targets[index.lane[lane]], 1u << lane);
  });
  if (LaneMask others = step.split().mask & ~step.mask)
    add(step.split().pc + 1, others);
  branchMany(step.warp, step.splitIndex, targets, step.in.reconvergence);
  return Outcome::jumped;
}

Outcome executeExit(Step &step) {
  if (step.warp.issued != step.warp.released)
    step.fail("missing-wait", "the thread ends with matrix products in flight");
  finishCopies(step);
  ++step.cluster().progress;
  exitLanes(step.warp, step.splitIndex, step.mask);
  return Outcome::jumped;
}

Outcome executeTrap(Step &step) { step.fail("trap", "the kernel traps", __builtin_ctz(step.mask)); }
Outcome executeNothing(Step &) { return Outcome::next; }

Outcome executeGridWait(Step &step) {
  step.warp.waited |= step.mask;
  return Outcome::next;
}

void decodeBranch(Decoding &decoding) {
  decoding.take("uni");
  decoding.out.execute = executeBranch;
}

void decodeIndexedBranch(Decoding &decoding) {
  decoding.take("uni");
  if (!decoding.take("idx"))
    decoding.unsupported("this indirect branch");
  decoding.addSource(decoding.operand(0), Type::u32);
  decoding.out.execute = executeIndexedBranch;
}

void decodeExit(Decoding &decoding) {
  decoding.take("uni");
  decoding.out.execute = executeExit;
}

void decodeTrap(Decoding &decoding) { decoding.out.execute = executeTrap; }

/// What has no effect on the simulated machine: hints.
void decodeNothing(Decoding &decoding) {
  for (std::string_view ignored : {"u32", "L1", "L2", "global", "local", "u64", "tensormap", "param"})
    decoding.take(ignored);
  while (decoding.takePrefix("L2::") || decoding.takePrefix("L1::"))
    ;
  decoding.out.execute = executeNothing;
}

/// A hint, and the wait for the kernels before, which Options::overlaps asks for.
void decodeGridControl(Decoding &decoding) {
  decoding.out.execute = decoding.take("wait") ? executeGridWait : executeNothing;
  decoding.take("launch_dependents");
}

constexpr DecodeRule rules[] = {
    {"bra", decodeBranch},
    {"brx", decodeIndexedBranch},
    {"exit", decodeExit},
    {"ret", decodeExit},
    {"trap", decodeTrap},
    {"brkpt", decodeNothing},
    {"nanosleep", decodeNothing},
    {"pmevent", decodeNothing},
    {"griddepcontrol", decodeGridControl},
    {"prefetch", decodeNothing},
    {"prefetchu", decodeNothing},
    {"discard", decodeNothing},
    {"applypriority", decodeNothing},
};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::controlRules() { return rules; }
