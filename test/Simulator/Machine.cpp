#include "Step.h"

#include "Fault.h"

#include <utility>

using namespace vitc::ptxsim;

namespace {

std::string describe(std::array<unsigned, 3> index) {
  return "(" + std::to_string(index[0]) + ", " + std::to_string(index[1]) + ", " + std::to_string(index[2]) + ")";
}

/// The value of a special register for one thread (PTX ISA 8.x, "Special Registers").
std::optional<std::uint64_t> specialValue(std::string_view name, const Warp &warp, unsigned lane) {
  const Block &block = warp.block;
  const Launch &launch = block.cluster.machine.launch;
  unsigned thread = warp.index * warpSize + lane;
  std::array<unsigned, 3> tid{thread % launch.block[0], thread / launch.block[0] % launch.block[1],
                              thread / launch.block[0] / launch.block[1]};
  std::array<unsigned, 3> clusterIndex, inCluster, clusters;
  for (unsigned i = 0; i < 3; ++i) {
    clusterIndex[i] = block.index[i] / launch.cluster[i];
    inCluster[i] = block.index[i] % launch.cluster[i];
    clusters[i] = launch.grid[i] / launch.cluster[i];
  }
  const std::pair<std::string_view, const std::array<unsigned, 3> &> vectors[] = {{"%tid", tid},
                                                                                  {"%ntid", launch.block},
                                                                                  {"%ctaid", block.index},
                                                                                  {"%nctaid", launch.grid},
                                                                                  {"%clusterid", clusterIndex},
                                                                                  {"%nclusterid", clusters},
                                                                                  {"%cluster_ctaid", inCluster},
                                                                                  {"%cluster_nctaid", launch.cluster}};
  for (const auto &[prefix, values] : vectors)
    if (name.size() == prefix.size() + 2 && name.starts_with(prefix) && name[prefix.size()] == '.')
      return values[name.back() - 'x'];
  unsigned blocksOfCluster = unsigned(block.cluster.blocks.size());
  const std::pair<std::string_view, std::uint64_t> scalars[] = {
      {"%laneid", lane},
      {"%warpid", warp.index},
      {"%nwarpid", block.warps.size()},
      {"%smid", 0},
      {"%nsmid", 132},
      {"%gridid", 1},
      {"%lanemask_eq", 1u << lane},
      {"%lanemask_lt", (1u << lane) - 1},
      {"%lanemask_le", (2ull << lane) - 1},
      {"%lanemask_gt", truncate(~((2ull << lane) - 1), 32)},
      {"%lanemask_ge", truncate(~((1ull << lane) - 1), 32)},
      {"%cluster_ctarank", block.rank},
      {"%cluster_nctarank", blocksOfCluster},
      {"%is_explicit_cluster", blocksOfCluster > 1},
      {"%dynamic_smem_size", launch.dynamicShared},
      {"%total_smem_size", block.shared.size()},
      {"%clock", warp.steps},
      {"%clock64", warp.steps},
      {"%clock_hi", 0},
      {"%globaltimer", warp.steps * 32},
      {"%globaltimer_lo", warp.steps * 32},
      {"%globaltimer_hi", 0},
  };
  for (auto [scalar, value] : scalars)
    if (name == scalar)
      return value;
  return std::nullopt;
}

} // namespace

Warp::Warp(Block &block, unsigned index, const Kernel &kernel, std::size_t agents)
    : block(block), index(index), agent(AgentIndex(block.rank * warpAgents + index)),
      registers(kernel.registerBits.size()), local(kernel.localBytes * warpSize), localWritten(local.size()),
      clock(agents) {
  const Launch &launch = block.cluster.machine.launch;
  unsigned threads = launch.block[0] * launch.block[1] * launch.block[2] - index * warpSize;
  LaneMask mask = threads >= warpSize ? ~0u : (1u << threads) - 1;
  exited = ~mask;
  splits.emplace_back(0, mask);
  clock.seen[agent] = 1;
}

Block::Block(Cluster &cluster, std::array<unsigned, 3> index, unsigned rank)
    : cluster(cluster), index(index), rank(rank),
      // The dynamic part begins at a multiple of its alignment: see Parser::parseEntry.
      shared(cluster.machine.kernel.sharedBytes(cluster.machine.launch.dynamicShared),
             AgentIndex(cluster.blockCount() * warpAgents + rank * barrierAgents)) {
  const Launch &launch = cluster.machine.launch;
  unsigned threads = launch.block[0] * launch.block[1] * launch.block[2];
  for (unsigned i = 0; i * warpSize < threads; ++i)
    warps.push_back(std::make_unique<Warp>(*this, i, cluster.machine.kernel, cluster.agents));
  warpgroups.resize((warps.size() + 3) / 4);
  std::size_t firstGroup = cluster.blockCount() * (warpAgents + barrierAgents) + rank * warpgroupAgents;
  for (std::size_t i = 0; i < warpgroups.size(); ++i)
    warpgroups[i].agent = AgentIndex(firstGroup + i);
}

void Block::setSpecials() {
  for (const SpecialRegister &special : cluster.machine.kernel.specials)
    for (std::unique_ptr<Warp> &warp : warps)
      for (unsigned lane = 0; lane < warpSize; ++lane) {
        Register &made = warp->registers[special.index];
        std::optional<std::uint64_t> value = specialValue(special.name, *warp, lane);
        if (!value)
          raise("unsupported", "the simulator does not know the special register " + std::string(special.name));
        made.lane[lane] = *value;
        made.undefined = 0;
      }
}

unsigned Cluster::blockCount() const {
  return machine.launch.cluster[0] * machine.launch.cluster[1] * machine.launch.cluster[2];
}

Cluster::Cluster(Machine &machine, std::array<unsigned, 3> first) : machine(machine) {
  std::array<unsigned, 3> size = machine.launch.cluster;
  agents = std::size_t(blockCount()) * (warpAgents + barrierAgents + warpgroupAgents);
  for (unsigned rank = 0; rank < blockCount(); ++rank) {
    std::array<unsigned, 3> index{first[0] + rank % size[0], first[1] + rank / size[0] % size[1],
                                  first[2] + rank / size[0] / size[1]};
    blocks.push_back(std::make_unique<Block>(*this, index, rank));
  }
  for (std::unique_ptr<Block> &block : blocks)
    block->setSpecials();
}

const Register &Step::peek(unsigned i) const {
  const Register &read = source(i);
  if (read.inFlight)
    fail("read-before-wait",
         "source " + std::to_string(i + 1) + " belongs to a wgmma.mma_async for which no wgmma.wait_group waited yet");
  return read;
}

const Register &Step::use(unsigned i) const {
  const Register &read = peek(i);
  if (read.isAccumulator)
    read.readAt = warp.steps;
  return read;
}

const Register &Step::need(unsigned i, const char *what) const {
  const Register &read = use(i);
  if (LaneMask missing = read.undefined & mask)
    fail("uninitialised", std::string(what) + " comes from memory or registers that were never written",
         __builtin_ctz(missing));
  return read;
}

std::uint64_t Step::uniform(unsigned i, const char *what) const {
  const Register &read = need(i, what);
  std::uint64_t value = read.lane[__builtin_ctz(mask)];
  forLanes(mask, [&](unsigned lane) {
    if (read.lane[lane] != value)
      fail("divergent", std::string(what) + " differs between the threads of the warp", int(lane));
  });
  return value;
}

void Step::set(unsigned i, const LaneValues &values, LaneMask undefined) {
  OperandIndex index = operandIndex(i);
  Register &written = warp.registers[index];
  if (written.inFlight)
    fail("overwrite-in-flight",
         "result " + std::to_string(i + 1) + " belongs to a wgmma.mma_async for which no wgmma.wait_group waited yet");
  unsigned bits = machine.kernel.registerBits[index];
  forLanes(mask, [&](unsigned lane) { written.lane[lane] = truncate(values[lane], bits); });
  written.undefined = (written.undefined & ~mask) | (undefined & mask);
  written.produced = warp.steps;
  written.isAccumulator = false;
}

void Step::set(unsigned i, LaneMask lanes, std::uint64_t value) {
  LaneValues values;
  values.fill(value);
  LaneMask kept = std::exchange(mask, lanes);
  set(i, values);
  mask = kept;
}

std::string Cluster::place(const Block &block) const { return "block " + describe(block.index); }

void Step::fail(const std::string &kind, const std::string &what, int lane) const {
  std::string where = "kernel " + machine.kernel.info.name + ", line " + std::to_string(in.line) + " (" +
                      std::string(in.opcode) + "), " + block.cluster.place(block);
  where += lane < 0 ? ", warp " + std::to_string(warp.index)
                    : ", thread " + std::to_string(warp.index * warpSize + unsigned(lane));
  raise(kind, where + ": " + what);
}
