#include "SimulatorTest.h"

using namespace vitc::ptxsim;

namespace {

class BarrierTest : public KernelTest {
protected:
  BarrierTest() { launch.dynamicShared = 1024; }
  /// %r1: the thread's word in shared memory; %r2: that of the thread 32 places on, of 64.
  const std::string words = "shl.b32 %r1, %r0, 2; mov.u32 %r3, smem; xor.b32 %r2, %r1, 128; add.u32 %r1, %r1, %r3;"
                            "add.u32 %r2, %r2, %r3; ";
  const std::string first = "setp.ne.u32 %p1, %r0, 0; @%p1 bra SKIP; ";
  /// Sets up an mbarrier at smem+512 for `count` arrivals.
  std::string mbarrier(unsigned count) {
    return first + "mbarrier.init.shared.b64 [smem+512], " + std::to_string(count) +
           "; fence.mbarrier_init.release.cluster; SKIP: bar.sync 0; ";
  }
  const std::string wait = "W: mbarrier.try_wait.parity.shared.b64 %p2, [smem+512], 0; @!%p2 bra W; ";
};

TEST_F(BarrierTest, ReadsOfOtherWarps) {
  for (std::uint64_t seed : {0, 1, 2, 3}) {
    options.seed = seed;
    expectNone(words + "st.shared.u32 [%r1], %r0; bar.sync 0; ld.shared.u32 %r4, [%r2];", 64);
    expectFault(words + "st.shared.u32 [%r1], %r0; ld.shared.u32 %r4, [%r2];"
                        "bar.sync 0; ld.shared.u32 %r4, [%r2]; st.shared.u32 [%r1], %r0;",
                "race", "barrier after", 64);
  }
}

TEST_F(BarrierTest, OverwritingWhatOthersRead) {
  expectFault(words + "st.shared.u32 [%r1], %r0; bar.sync 0; ld.shared.u32 %r4, [%r2]; st.shared.u32 [%r1], %r0;",
              "race", "with no barrier after", 64); // which of the two it is depends on the order
  expectNone(words + "st.shared.u32 [%r1], %r0; bar.sync 0; ld.shared.u32 %r4, [%r2]; bar.sync 0;"
                     "st.shared.u32 [%r1], %r0;",
             64);
}

TEST_F(BarrierTest, NamedBarriersOfSomeWarps) {
  // Warps 0 and 1 meet at barrier 1, warp 2 does not take part; warp 1 only arrives.
  const std::string parts = "mov.u32 %r5, %warpid; setp.eq.u32 %p1, %r5, 2; @%p1 bra END; setp.eq.u32 %p2, %r5, 1;"
                            "@%p2 bra ONE; bar.sync 1, 64; ld.shared.u32 %r6, [smem]; bra END;"
                            "ONE: st.shared.u32 [smem], 5; bar.arrive 1, 64; END:";
  expectNone(parts, 96);
  std::string planted = parts;
  planted.replace(planted.find("bar.arrive 1"), 12, "bar.arrive 2");
  expectFault(planted, "deadlock", "waits at barrier 1, where 32 of 64 threads are", 96);
  planted = parts;
  planted.replace(planted.find("1, 64; END"), 10, "1, 96; END");
  expectFault(planted, "barrier", "threads", 96);
}

TEST_F(BarrierTest, NumbersOfBarriers) {
  expectFault("bar.sync 16;", "barrier", "16");
  expectFault("bar.sync 1, 33;", "barrier", "multiple of 32");
  expectFault("bar.sync %r0, 32;", "divergent", "differs");
  expectNone("bar.sync 15, 32;");
}

TEST_F(BarrierTest, Reductions) {
  std::uint64_t to = output(12);
  expectNone("setp.lt.u32 %p1, %r0, 40; bar.red.popc.u32 %r1, 0, %p1; bar.red.and.pred %p2, 0, %p1;"
             "bar.red.or.pred %p3, 0, %p1; selp.u32 %r2, 1, 0, %p2; selp.u32 %r3, 1, 0, %p3;"
             "st.global.u32 [%d0], %r1; st.global.u32 [%d0+4], %r2; st.global.u32 [%d0+8], %r3;",
             64);
  EXPECT_EQ(read<std::uint32_t>(to, 3), (std::vector<std::uint32_t>{40, 0, 1}));
}

TEST_F(BarrierTest, BlocksThatWaitForThreadsThatLeft) {
  expectFault("setp.ge.u32 %p1, %r0, 32; @%p1 exit; bar.sync 0;", "deadlock", "32 of 64", 64);
  expectNone("bar.sync 0; setp.ge.u32 %p1, %r0, 32; @%p1 exit;", 64);
}

TEST_F(BarrierTest, TransactionBarriersOrderAccesses) {
  const std::string writer = "setp.lt.u32 %p3, %r0, 32; @!%p3 bra READ; st.shared.u32 [%r1], %r0;"
                             "mbarrier.arrive.shared.b64 _, [smem+512]; bra END; READ: ";
  expectNone(words + mbarrier(32) + writer + wait + "ld.shared.u32 %r4, [%r2]; END:", 64);
  expectFault(words + mbarrier(32) + writer + "ld.shared.u32 %r4, [%r2]; END:", "race", "no barrier", 64);
  expectFault(words + mbarrier(33) + writer + wait + "END:", "deadlock", "lacks 1 arrivals", 64);
  expectFault(words + mbarrier(31) + writer +
                  "END: mbarrier.arrive.shared.b64 _, [smem+512];"
                  "mbarrier.arrive.shared.b64 _, [smem+512], 40;",
              "barrier", "more threads arrive", 64);
}

TEST_F(BarrierTest, StatesAndTests) {
  std::uint64_t to = output(8);
  expectNone(mbarrier(1) + "mbarrier.arrive.shared.b64 %d3, [smem+512]; mbarrier.test_wait.shared.b64 %p2, [smem+512], "
                           "%d3; selp.u32 %r4, 1, 0, %p2; mbarrier.test_wait.parity.shared.b64 %p3, [smem+512], 1;"
                           "selp.u32 %r5, 1, 0, %p3; st.global.v2.u32 [%d0], {%r4, %r5}; mbarrier.inval.shared.b64 "
                           "[smem+512];",
             1);
  EXPECT_EQ(read<std::uint32_t>(to, 2), (std::vector<std::uint32_t>{1, 0}));
}

TEST_F(BarrierTest, PollingIsNoProgress) {
  const std::string poll = "P: mbarrier.test_wait.parity.shared.b64 %p2, [smem+512], 0; @!%p2 bra P; ";
  expectFault(mbarrier(65) + "mbarrier.arrive.shared.b64 _, [smem+512]; " + poll, "deadlock", "nobody", 64);
  expectNone(mbarrier(64) + "mbarrier.arrive.shared.b64 _, [smem+512]; " + poll, 64);
}

TEST_F(BarrierTest, MisuseOfTransactionBarriers) {
  expectFault("mbarrier.arrive.shared.b64 _, [smem+512];", "barrier", "no initialised mbarrier", 1);
  expectFault("mbarrier.init.shared.b64 [smem+512], 0;", "barrier", "count 0", 1);
  expectFault("mbarrier.init.shared.b64 [smem+516], 1;", "misaligned", "multiple of 8", 1);
  expectFault(mbarrier(1) + "st.shared.u32 [smem+516], 0;", "barrier", "overwritten", 1);
  expectFault(mbarrier(1) + "ld.shared.u32 %r1, [smem+512];", "barrier", "read as data", 1);
  expectFault(mbarrier(1) + "mbarrier.init.shared.b64 [smem+512], 1;", "barrier", "initialised again", 1);
  expectNone(mbarrier(1) + "mbarrier.inval.shared.b64 [smem+512]; mbarrier.init.shared.b64 [smem+512], 1;", 1);
}

TEST_F(BarrierTest, UseBeforeTheInitialisationIsKnown) {
  const std::string init = first + "mbarrier.init.shared.b64 [smem+512], 64; SKIP: ";
  expectFault(init + "mbarrier.arrive.shared.b64 _, [smem+512];", "race", "after its initialisation", 64);
  expectNone(init + "bar.sync 0; mbarrier.arrive.shared.b64 _, [smem+512];", 64);
}

TEST_F(BarrierTest, BytesThatNeverCome) {
  expectFault(mbarrier(2) + "mbarrier.arrive.expect_tx.shared.b64 _, [smem+512], 64;", "barrier",
              "64 bytes more expected", 1);
  expectNone(mbarrier(2) + "mbarrier.arrive.expect_tx.shared.b64 _, [smem+512], 64; mbarrier.complete_tx.shared.b64 "
                           "[smem+512], 64;",
             1);
}

TEST_F(BarrierTest, Clusters) {
  launch.grid = launch.cluster = {2, 1, 1};
  const std::string write = "st.shared.u32 [smem], 7; barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;"
                            "mov.u32 %r1, %cluster_ctarank; xor.b32 %r1, %r1, 1; mov.u32 %r2, smem;"
                            "mapa.shared::cluster.u32 %r3, %r2, %r1; ";
  const std::string meet = "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;";
  expectNone(write + "ld.shared::cluster.u32 %r4, [%r3];" + meet);
  std::string planted = write + "ld.shared::cluster.u32 %r4, [%r3];" + meet;
  planted.erase(planted.find("barrier.cluster.wait.aligned;"), 29);
  planted.erase(planted.find("barrier.cluster.arrive.aligned;"), 31);
  std::vector<Fault> faults = run(planted);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_TRUE(faults[0].kind == "race" || faults[0].kind == "uninitialised") << faults[0].message;
}

} // namespace
