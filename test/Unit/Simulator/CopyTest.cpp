#include "SimulatorTest.h"

using namespace vitc::ptxsim;

namespace {

using Words = std::vector<std::uint32_t>;

/// Copies by ranges of bytes: cp.async, and bulk copies without tensor maps.
class CopyTest : public KernelTest {
protected:
  CopyTest() {
    launch.dynamicShared = 2048;
    for (std::uint32_t i = 0; i < 128; ++i)
      data.push_back(i * 3 + 1);
  }
  /// 16 bytes a thread from %d8 to shared %r8.
  const std::string places = "mul.wide.u32 %d8, %r0, 16; add.s64 %d9, %d8, %d1; add.s64 %d8, %d8, %d0; mov.u32 %r8, "
                             "smem; mad.lo.u32 %r8, %r0, 16, %r8; ";
  const std::string copy = "cp.async.cg.shared.global [%r8], [%d8], 16; cp.async.commit_group; ";
  const std::string back =
      "ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r8]; st.global.v4.u32 [%d9], {%r1, %r2, %r3, %r4};";
  const std::string wait = "W: mbarrier.try_wait.parity.shared.b64 %p1, [smem+1024], 0; @!%p1 bra W; ";
  const std::string init = "setp.ne.u32 %p0, %r0, 0; @%p0 bra I; mbarrier.init.shared.b64 [smem+1024], 1;"
                           "fence.mbarrier_init.release.cluster; mbarrier.arrive.expect_tx.shared.b64 _, [smem+1024], "
                           "512; ";
  const std::string bulk = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [smem], [%d0], 512, "
                           "[smem+1024]; ";
  Words data;
};

TEST_F(CopyTest, GroupsOfCopies) {
  input(data);
  std::uint64_t to = output(512);
  expectNone(places + copy + "cp.async.wait_group 0; " + back);
  EXPECT_EQ(read<std::uint32_t>(to, 128), data);
  expectNone(places + copy + "cp.async.wait_all; " + back);
  expectFault(places + copy + "cp.async.wait_group 1; " + back + "cp.async.wait_all; ", "read-before-wait",
              "in flight");
  expectFault(places + copy + "st.shared.u32 [%r8], 0; cp.async.wait_all; ", "overwrite-in-flight", "in flight");
  expectFault(places + copy, "missing-wait", "cp.async in flight");
  // An older group is there, the last one is not.
  expectNone(places + copy +
             "cp.async.cg.shared.global [%r8+512], [%d8], 16; cp.async.commit_group; "
             "cp.async.wait_group 1; " +
             back + "cp.async.wait_all;");
}

TEST_F(CopyTest, CopiesOfOtherThreadsNeedABarrier) {
  std::vector<std::uint32_t> more(data);
  more.insert(more.end(), data.begin(), data.end());
  input(more);
  output(1024);
  const std::string other = "xor.b32 %r9, %r0, 32; mov.u32 %r7, smem; mad.lo.u32 %r8, %r9, 16, %r7; ";
  expectNone(places + copy + "cp.async.wait_all; bar.sync 0; " + other + back, 64);
  // Warp 1 reads what warp 0 copied, warp 0 what is not there yet: it comes first.
  expectFault(places + copy + "cp.async.wait_all; setp.lt.u32 %p1, %r0, 32; @%p1 exit; " + other + back, "race",
              "warp 0 wrote it", 64);
}

TEST_F(CopyTest, PartsAreFilledWithZeros) {
  input(data);
  std::uint64_t to = output(512);
  expectNone(places + "mov.u32 %r10, 8; cp.async.ca.shared.global [%r8], [%d8], 16, %r10; cp.async.wait_all; " + back);
  EXPECT_EQ(read<std::uint32_t>(to, 4), (Words{1, 4, 0, 0}));
}

TEST_F(CopyTest, BulkCopies) {
  input(data);
  std::uint64_t to = output(512);
  const std::string store = "I: bar.sync 0; " + wait +
                            "@%p0 bra S; cp.async.bulk.global.shared::cta.bulk_group [%d1], "
                            "[smem], 512; cp.async.bulk.commit_group; cp.async.bulk.wait_group 0; S: ";
  expectNone(init + bulk + store);
  EXPECT_EQ(read<std::uint32_t>(to, 128), data);
  std::string longer = bulk;
  longer.replace(longer.find("512"), 3, "528");
  expectFault(init + longer + store, "out-of-bounds", "528 bytes");
  longer.replace(longer.find("528"), 3, "500");
  expectFault(init + longer + store, "misaligned", "multiple of 16");
  expectFault(init + "I: bar.sync 0; " + wait, "deadlock", "512 bytes");
  expectFault(init + bulk + "I: bar.sync 0; " + places + back + wait, "read-before-wait", "in flight");
}

TEST_F(CopyTest, ACopyOfUninitialisedMemory) {
  output(512);
  output(512);
  expectFault(init + bulk + "I: bar.sync 0; " + wait + places + back, "uninitialised", "stored value");
}

TEST_F(CopyTest, CopiesOntoAnMbarrier) {
  input(data);
  std::string planted = bulk;
  planted.replace(planted.find("[smem]"), 6, "[smem+640]");
  expectFault(init + planted + "I: bar.sync 0; " + wait, "barrier", "overwritten");
}

TEST_F(CopyTest, MultiplyingWarps) {
  // D = A B + C of m16n8k16, all ones and C = 5.
  std::uint64_t to = output(32 * 16);
  const std::string ones = "mov.b32 %r1, 0x3C003C00; mov.f32 %f1, 0f40A00000; ";
  const std::string product = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f4, %f5, %f6, %f7}, {%r1, %r1, %r1, "
                              "%r1}, {%r1, %r1}, {%f1, %f1, %f1, %f1}; ";
  const std::string store = "mul.wide.u32 %d1, %r0, 16; add.s64 %d1, %d1, %d0; st.global.v4.f32 [%d1], {%f4, %f5, %f6, "
                            "%f7};";
  expectNone(ones + product + store);
  EXPECT_EQ(read<float>(to, 128), std::vector<float>(128, 21));
  expectFault("mov.f32 %f1, 0f40A00000; " + product + store, "uninitialised", "element of A");
  expectFault(ones + "setp.lt.u32 %p1, %r0, 16; @%p1 bra M; mov.u32 %r9, 0; bra.uni N; M: " + product + "N: ",
              "divergent", "not all threads");
}

TEST_F(CopyTest, MatricesThroughSharedMemory) {
  // stmatrix and ldmatrix are inverse; transposed, element (i, j) comes back from (j, i).
  std::uint64_t to = output(32 * 4);
  const std::string rows = "and.b32 %r2, %r0, 7; mov.u32 %r3, smem; mad.lo.u32 %r2, %r2, 16, %r3; mul.lo.u32 %r4, %r0, "
                           "0x20002; add.u32 %r4, %r4, 0x10000; ";
  const std::string write = "stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r2], {%r4}; ";
  const std::string store = "mul.wide.u32 %d1, %r0, 4; add.s64 %d1, %d1, %d0; st.global.u32 [%d1], %r5;";
  expectNone(rows + write + "ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r5}, [%r2]; " + store);
  Words got = read<std::uint32_t>(to, 32);
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = lane / 4, column = lane % 4 * 2; // lane's two elements, of a matrix that counts up
    EXPECT_EQ(got[lane], (column * 8 + row) | ((column + 1) * 8 + row) << 16) << lane;
  }
  expectFault(rows + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r5}, [%r2]; " + store, "uninitialised",
              "stored value");
  expectFault(rows + "add.u32 %r2, %r2, 8; " + write, "misaligned", "multiple of 16");
}

} // namespace
