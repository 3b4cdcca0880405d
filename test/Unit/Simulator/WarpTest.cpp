#include "SimulatorTest.h"

using namespace vitc::ptxsim;

namespace {

using Words = std::vector<std::uint32_t>;

class WarpTest : public KernelTest {
protected:
  /// %r9 of each thread.
  Words results(const std::string &body) {
    parameters.clear();
    std::uint64_t at = output(32 * 4);
    expectNone(body + "mul.wide.u32 %d9, %r0, 4; add.s64 %d9, %d9, %d0; st.global.u32 [%d9], %r9;");
    return read<std::uint32_t>(at, 32);
  }
};

TEST_F(WarpTest, Shuffles) {
  const struct {
    const char *instruction;
    unsigned (*from)(unsigned lane);
  } rows[] = {
      {"shfl.sync.idx.b32 %r9, %r0, 5, 31, -1;", [](unsigned) { return 5u; }},
      {"shfl.sync.bfly.b32 %r9, %r0, 3, 31, -1;", [](unsigned lane) { return lane ^ 3; }},
      {"shfl.sync.up.b32 %r9, %r0, 2, 0, -1;", [](unsigned lane) { return lane < 2 ? lane : lane - 2; }},
      {"shfl.sync.down.b32 %r9, %r0, 2, 31, -1;", [](unsigned lane) { return lane > 29 ? lane : lane + 2; }},
      // Segments of eight lanes: c = 0x1800 | 31 - 24.
      {"shfl.sync.down.b32 %r9, %r0, 4, 0x181f, -1;", [](unsigned lane) { return lane % 8 > 3 ? lane : lane + 4; }},
      {"shfl.sync.idx.b32 %r9, %r0, 1, 0x181f, -1;", [](unsigned lane) { return lane / 8 * 8 + 1; }},
  };
  for (const auto &row : rows) {
    SCOPED_TRACE(row.instruction);
    Words got = results(row.instruction);
    for (unsigned lane = 0; lane < 32; ++lane)
      EXPECT_EQ(got[lane], row.from(lane)) << "lane " << lane;
  }
}

TEST_F(WarpTest, AShuffleTellsWhatIsOutOfRange) {
  Words got = results("shfl.sync.down.b32 %r1|%p1, %r0, 2, 31, -1; selp.u32 %r9, 1, 0, %p1;");
  for (unsigned lane = 0; lane < 32; ++lane)
    EXPECT_EQ(got[lane], lane < 30);
}

TEST_F(WarpTest, ShufflesOfThreadsThatParted) {
  // The two sides execute one instruction at different times: it waits for both.
  const std::string part = "setp.lt.u32 %p1, %r0, 16; mov.u32 %r1, %r0; @%p1 bra A; add.u32 %r1, %r1, 100; A: ";
  Words got = results(part + "shfl.sync.bfly.b32 %r9, %r1, 16, 31, -1;");
  for (unsigned lane = 0; lane < 32; ++lane)
    EXPECT_EQ(got[lane], lane < 16 ? lane + 116 : lane - 16);
}

TEST_F(WarpTest, Votes) {
  const std::string odd = "and.b32 %r1, %r0, 1; setp.eq.u32 %p1, %r1, 1; ";
  EXPECT_EQ(results(odd + "vote.sync.ballot.b32 %r9, %p1, -1;"), Words(32, 0xAAAAAAAA));
  EXPECT_EQ(results(odd + "vote.sync.ballot.b32 %r9, !%p1, -1;"), Words(32, 0x55555555));
  EXPECT_EQ(results(odd + "vote.sync.any.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"), Words(32, 1));
  EXPECT_EQ(results(odd + "vote.sync.all.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"), Words(32, 0));
  EXPECT_EQ(results(odd + "vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"), Words(32, 0));
}

TEST_F(WarpTest, MatchesAndReductions) {
  const std::string third = "shr.u32 %r1, %r0, 4; ";
  Words got = results(third + "match.any.sync.b32 %r9, %r1, -1;");
  EXPECT_EQ(got[3], 0x0000FFFFu);
  EXPECT_EQ(got[20], 0xFFFF0000u);
  EXPECT_EQ(results(third + "match.all.sync.b32 %r9|%p1, %r1, -1;"), Words(32, 0));
  EXPECT_EQ(results("redux.sync.add.u32 %r9, %r0, -1;"), Words(32, 496));
  EXPECT_EQ(results("redux.sync.max.s32 %r9, %r0, -1;"), Words(32, 31));
  got = results("elect.sync %r1|%p1, -1; selp.u32 %r9, 1, 0, %p1;");
  EXPECT_EQ(got[0], 1u);
  EXPECT_EQ(Words(got.begin() + 1, got.end()), Words(31, 0));
}

TEST_F(WarpTest, FaultsOfMemberMasks) {
  expectFault("shfl.sync.bfly.b32 %r9, %r0, 1, 31, 0xffff;", "divergent", "member mask");
  expectFault("setp.lt.u32 %p1, %r0, 16; @%p1 bra A; bar.warp.sync -1; exit; A:"
              " setp.lt.u32 %p2, %r0, 32; @!%p2 exit; bar.warp.sync 0xffff; bar.sync 0;",
              "divergent", "bar.sync");
  expectNone("setp.lt.u32 %p1, %r0, 16; @%p1 bra A; bar.warp.sync 0xffff0000; A: bar.warp.sync -1;");
}

TEST_F(WarpTest, MasksOfSeveralGroups) {
  // Tiles of eight threads, each with its mask, at one instruction.
  const std::string tiles = "and.b32 %r1, %r0, 24; shl.b32 %r2, 0xff, %r1; ";
  Words got = results(tiles + "redux.sync.add.u32 %r9, %r0, %r2;");
  for (unsigned lane = 0; lane < 32; ++lane)
    EXPECT_EQ(got[lane], lane / 8 * 64 + 28);
  expectFault(tiles + "and.b32 %r2, %r2, 0x7fffffff; redux.sync.add.u32 %r9, %r0, %r2;", "divergent", "name others");
}

TEST_F(WarpTest, AShuffleOfAThreadThatIsNotThereIsUndefined) {
  std::uint64_t at = output(4);
  const std::string part = "setp.lt.u32 %p1, %r0, 8; @!%p1 exit; shfl.sync.idx.b32 %r9, %r0, ";
  expectFault(part + "9, 31, 0xff; st.global.u32 [%d0], %r9;", "uninitialised", "stored value");
  expectNone(part + "7, 31, 0xff; st.global.u32 [%d0], %r9;");
  EXPECT_EQ(read<std::uint32_t>(at, 1)[0], 7u);
}

} // namespace
