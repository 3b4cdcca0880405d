#include "AddressSpaces.h"
#include "Decoder.h"
#include "Fault.h"
#include "TensorCore.h"

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Asynchronous Warpgroup Level Matrix Instructions", and setmaxnreg.
namespace {

using u64 = std::uint64_t;

constexpr unsigned warpsOfGroup = 4;

Warpgroup &groupOf(Step &step) { return step.block.warpgroups[step.warp.index / warpsOfGroup]; }

/// The registers of A, where they are operands.
unsigned registersOfA(const Instruction &in) { return in.fromRegisters ? in.product.registersA() : 0; }

/// A product may not use registers that were accessed after the last wgmma.fence. Accumulators that only other products
/// accessed need none.
void checkFenced(const Step &step, OperandIndex index, const char *what) {
  const Register &used = step.warp.registers[index];
  if ((used.isAccumulator ? used.readAt : used.produced) > step.warp.fencedAt)
    step.fail("missing-fence", std::string(what) + " was " + (used.isAccumulator ? "read" : "written") +
                                   " with no wgmma.fence before the product uses it");
}

/// Marks the registers of a product as in use, after checking that they may be.
void lockRegisters(Step &step, bool accumulate) {
  const Instruction &in = step.in;
  if (!step.warp.fencedAt)
    step.fail("missing-fence", "no wgmma.fence comes before the first product");
  for (unsigned i = 0; i < in.results; ++i) {
    Register &sum = step.warp.registers[step.operandIndex(i)];
    if (sum.inFlight && !sum.isAccumulator)
      step.fail("overwrite-in-flight", "an accumulator is an operand of a product in flight");
    if (!sum.inFlight)
      checkFenced(step, step.operandIndex(i), "an accumulator");
    if (accumulate && !sum.inFlight && sum.undefined)
      step.fail("uninitialised", "an accumulator comes from memory or registers that were never written",
                __builtin_ctz(sum.undefined));
  }
  for (unsigned i = 0; i < registersOfA(in); ++i) {
    const Register &element = step.source(i);
    if (!element.inFlight || element.isAccumulator) // other products may read it
      step.need(i, "an element of A");
    if (step.operandIndex(in.results + i) >= 0)
      checkFenced(step, step.operandIndex(in.results + i), "an element of A");
  }
  for (unsigned i = 0; i < in.results; ++i) {
    Register &sum = step.warp.registers[step.operandIndex(i)];
    ++sum.inFlight;
    sum.isAccumulator = true;
    sum.undefined = 0;
  }
  for (unsigned i = 0; i < registersOfA(in); ++i)
    if (OperandIndex index = step.operandIndex(in.results + i); index >= 0) {
      ++step.warp.registers[index].inFlight;
      step.warp.registers[index].isAccumulator = false;
    }
}

void unlockRegisters(Warp &warp, const Kernel &kernel, const Instruction &in) {
  auto indexOf = [&](unsigned i) { return kernel.operands[in.firstOperand + i]; };
  for (unsigned i = 0; i < in.results + registersOfA(in); ++i)
    if (indexOf(i) >= 0)
      --warp.registers[indexOf(i)].inFlight;
}

OperandA descriptorOrRegisters(const Product &product, std::span<const std::uint32_t> registers) {
  if (product.instruction->fromRegisters)
    return registers;
  return MatrixDescriptor::decode(product.descriptorA);
}

Outcome executeProduct(Step &step) {
  const Instruction &in = step.in;
  unsigned afterA = in.fromRegisters ? registersOfA(in) : 1;
  u64 a = in.fromRegisters ? 0 : step.uniform(0, "the descriptor of A");
  u64 b = step.uniform(afterA, "the descriptor of B");
  bool accumulate = step.uniform(afterA + 1, "scale-d") & 1;
  if (step.block.warps.size() % warpsOfGroup)
    step.fail("divergent", "the block is no multiple of four warps");
  lockRegisters(step, accumulate);
  Warpgroup &group = groupOf(step);
  u64 index = step.warp.issued++ - group.first;
  if (index == group.products.size()) {
    Product made{&in, a, b, accumulate, 0, 0, false, {}};
    made.reads = sharedReads(in.product, descriptorOrRegisters(made, {}), MatrixDescriptor::decode(b));
    group.products.push_back(std::move(made));
  }
  Product &product = group.products[index];
  if (product.instruction != &in || product.descriptorA != a || product.descriptorB != b ||
      product.accumulate != accumulate)
    step.fail("divergent", "the warps of the warpgroup issue different products: another one is that of line " +
                               std::to_string(product.instruction->line));
  ++product.issued;
  ++step.cluster().progress;
  for (const SharedRange &range : product.reads) {
    step.block.shared.checkAsyncRead(step.warp.accessor(), range.address, range.bytes);
    if (product.issued == 1)
      step.block.shared.beginAsyncRead(range.address, range.bytes);
  }
  return Outcome::next;
}

/// Computes a product for all four warps, `time` being its number.
void compute(Step &step, Product &product, u64 time) {
  const Instruction &in = *product.instruction;
  const Kernel &kernel = step.machine.kernel;
  std::vector<std::uint32_t> a, d;
  Warp *warps[warpsOfGroup];
  for (unsigned w = 0; w < warpsOfGroup; ++w) {
    warps[w] = step.block.warps[step.warp.index / warpsOfGroup * warpsOfGroup + w].get();
    auto append = [&](std::vector<std::uint32_t> &to, unsigned i) {
      OperandIndex index = kernel.operands[in.firstOperand + i];
      const Register &from = index >= 0 ? warps[w]->registers[index] : step.machine.constants[~index];
      to.insert(to.end(), from.lane.begin(), from.lane.end());
    };
    for (unsigned i = 0; i < registersOfA(in); ++i)
      append(a, in.results + i);
    for (unsigned i = 0; i < in.results; ++i)
      append(d, i);
  }
  std::span<std::byte> shared = step.block.shared.bytes(sharedBase, step.block.shared.size());
  warpgroupProduct(in.product, descriptorOrRegisters(product, a), MatrixDescriptor::decode(product.descriptorB),
                   SharedView{sharedBase, shared}, product.accumulate, d);
  for (unsigned w = 0; w < warpsOfGroup; ++w)
    for (unsigned i = 0; i < in.results; ++i) {
      LaneValues &to = warps[w]->registers[kernel.operands[in.firstOperand + i]].lane;
      std::copy_n(d.begin() + std::ptrdiff_t((w * in.results + i) * warpSize), warpSize, to.begin());
    }
  for (const SharedRange &range : product.reads)
    step.block.shared.endAsyncRead(groupOf(step).agent, std::uint32_t(time), range.address, range.bytes);
  product.computed = true;
}

Outcome executeFence(Step &step) {
  step.warp.fencedAt = step.warp.steps;
  return Outcome::next;
}

Outcome executeCommit(Step &step) {
  step.warp.productGroups.push_back(step.warp.issued);
  return Outcome::next;
}

/// Completes all but the last groups; waits until the other warps issued their products too.
Outcome executeWait(Step &step) {
  Warp &warp = step.warp;
  Warpgroup &group = groupOf(step);
  step.split().wait = {};
  while (warp.productGroups.size() > u64(step.in.immediate)) {
    for (u64 end = warp.productGroups.front(); warp.released < end;) {
      Product &product = group.products[warp.released - group.first];
      if (product.issued < warpsOfGroup) {
        step.split().wait = {Wait::warpgroup, 0, step.cluster().progress, step.mask};
        return Outcome::blocked;
      }
      if (!product.computed)
        compute(step, product, warp.released + 1);
      unlockRegisters(warp, step.machine.kernel, *product.instruction);
      ++product.released;
      ++warp.released;
      while (!group.products.empty() && group.products.front().released == warpsOfGroup) {
        group.products.pop_front();
        ++group.first;
      }
    }
    warp.clock.seen[group.agent] = std::uint32_t(warp.released);
    warp.productGroups.pop_front();
  }
  return Outcome::next;
}

void decodeProduct(Decoding &decoding) {
  Instruction &in = decoding.out;
  takeShape(decoding);
  takeProductTypes(decoding);
  in.product.checkWgmma();
  in.fromRegisters = decoding.operand(1).kind == ParsedOperand::vector;
  decoding.addResult(decoding.operand(0));
  decoding.addSource(decoding.operand(1), Type::b32);
  decoding.addSource(decoding.operand(2), Type::b64);
  decoding.addSource(decoding.operand(3), Type::pred);
  auto flag = [&](std::size_t i) {
    return decoding.operandCount() > i ? std::int64_t(decoding.constantOf(decoding.operand(i))) : 0;
  };
  in.product.negateA = flag(4) == -1;
  in.product.negateB = flag(5) == -1;
  // With A in registers only B can be transposed.
  in.product.majorA = !in.fromRegisters && flag(6) ? Major::mn : Major::k;
  in.product.majorB = flag(in.fromRegisters ? 6 : 7) ? Major::mn : Major::k;
  if (in.results != in.product.registersD() || (in.fromRegisters && in.sources != in.product.registersA() + 2))
    decoding.unsupported("the number of registers");
  in.execute = executeProduct;
}

void decodeWarpgroup(Decoding &decoding) {
  Instruction &in = decoding.out;
  in.aligned = decoding.take("sync") && decoding.take("aligned");
  if (decoding.take("mma_async"))
    return decodeProduct(decoding);
  if (decoding.take("fence"))
    in.execute = executeFence;
  else if (decoding.take("commit_group"))
    in.execute = executeCommit;
  else if (decoding.take("wait_group")) {
    in.immediate = std::int64_t(decoding.constantOf(decoding.operand(0)));
    in.execute = executeWait;
  } else
    decoding.unsupported("the operation");
}

Outcome executeRegisterCount(Step &) { return Outcome::next; }

void decodeRegisterCount(Decoding &decoding) { // setmaxnreg: registers are not counted here, ptxas does it
  Instruction &in = decoding.out;
  in.aligned = decoding.take("sync") && decoding.take("aligned");
  if (!decoding.take("inc") && !decoding.take("dec"))
    decoding.unsupported("the form");
  decoding.take("u32");
  u64 count = decoding.constantOf(decoding.operand(0));
  if (count < 24 || count > 256 || count % 8)
    raise("syntax", "setmaxnreg of " + std::to_string(count) + ", expected a multiple of 8 from 24 to 256");
  in.execute = executeRegisterCount;
}

constexpr DecodeRule rules[] = {{"wgmma", decodeWarpgroup}, {"setmaxnreg", decodeRegisterCount}};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::warpgroupRules() { return rules; }
