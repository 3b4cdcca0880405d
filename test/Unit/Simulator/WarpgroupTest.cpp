#include "FloatFormat.h"
#include "SimulatorTest.h"
#include "TensorMap.h"

#include <cmath>

using namespace vitc::ptxsim;

namespace {

/// The parts of a kernel for one warpgroup: C[64, 8] = A[64, 64] B[8, 64]^T in f16 by tensor maps. A test leaves one
/// out or changes it.
struct Parts {
  std::string initialise = "@!%p0 bra I; mbarrier.init.shared.b64 [smem+10240], 1;";
  std::string initFence = "fence.mbarrier_init.release.cluster; ";
  std::string initBarrier = "I: bar.sync 0; ";
  std::string expect = "@!%p0 bra L; mbarrier.arrive.expect_tx.shared.b64 _, [smem+10240], 9216; ";
  std::string load =
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [smem], [%d0, {%r50, "
      "%r50}], [smem+10240]; cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::"
      "bytes [smem+8192], [%d1, {%r50, %r50}], [smem+10240]; L: ";
  std::string wait = "W: mbarrier.try_wait.parity.shared.b64 %p1, [smem+10240], 0; @!%p1 bra W; ";
  std::string clear = "mov.f32 %f0, 0f00000000; mov.f32 %f1, %f0; add.f32 %f2, %f0, %f0; add.f32 %f3, %f0, %f0; ";
  std::string fence = "wgmma.fence.sync.aligned; ";
  std::string products = "";
  std::string commit = "wgmma.commit_group.sync.aligned; ";
  std::string waitProducts = "wgmma.wait_group.sync.aligned 0; ";
  std::string convert = "cvt.rn.f16x2.f32 %r10, %f1, %f0; cvt.rn.f16x2.f32 %r11, %f3, %f2; "
                        "stmatrix.sync.aligned.m8n8.x2.shared.b16 [%r21], {%r10, %r11}; ";
  std::string proxyFence = "fence.proxy.async.shared::cta; ";
  std::string barrier = "bar.sync 0; ";
  std::string store = "@!%p0 bra S; cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%d2, {%r50, %r50}], "
                      "[smem+9216]; cp.async.bulk.commit_group; ";
  std::string waitStore = "cp.async.bulk.wait_group 0; ";
  std::string end = "S: ";

  Parts() {
    for (int k = 0; k < 4; ++k)
      products += product(k);
  }

  /// The product of a slice of 16 columns, with its descriptors.
  static std::string product(int k) {
    std::string add = std::to_string(2 * k), a = "%d" + std::to_string(20 + k), b = "%d" + std::to_string(30 + k);
    return "add.s64 " + a + ", %d10, " + add + "; add.s64 " + b + ", %d11, " + add +
           "; wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f0, %f1, %f2, %f3}, " + a + ", " + b +
           ", 1, 1, 1, 0, 0; ";
  }

  std::string text() const {
    // 128-byte swizzle, 1024 bytes from 8 rows to the next; the row of stmatrix is 16 bytes for its lanes 0 to 15.
    const std::string prologue =
        "setp.eq.u32 %p0, %r0, 0; mov.u32 %r50, 0; mov.u32 %r20, smem; cvt.u64.u32 %d9, %r20; shr.u64 %d9, %d9, 4;"
        "or.b64 %d10, %d9, 0x4000004000010000; add.s64 %d11, %d10, 512; and.b32 %r22, %r0, 15; shr.u32 %r23, %r0, 5;"
        "mad.lo.u32 %r22, %r23, 16, %r22; mad.lo.u32 %r21, %r22, 16, %r20; add.u32 %r21, %r21, 9216; ";
    return prologue + initialise + initFence + initBarrier + expect + load + wait + clear + fence + products + commit +
           waitProducts + convert + proxyFence + barrier + store + waitStore + end;
  }
};

class WarpgroupTest : public KernelTest {
protected:
  WarpgroupTest() {
    launch.dynamicShared = 10248;
    for (int i = 0; i < 64 * 64; ++i)
      a.push_back(std::uint16_t(encodeFloat((i * 7 % 13 - 6) / 4.0, Type::f16, Rounding::nearest)));
    for (int i = 0; i < 8 * 64; ++i)
      b.push_back(std::uint16_t(encodeFloat((i * 5 % 11 - 5) / 4.0, Type::f16, Rounding::nearest)));
    std::uint64_t inputs[] = {input(a), input(b)};
    result = output(64 * 8 * 2);
    std::uint64_t maps[] = {map(inputs[0], {64, 64}, {64, 64}, 3), map(inputs[1], {64, 8}, {64, 8}, 3),
                            map(result, {8, 64}, {8, 64}, 0)};
    parameters.assign(maps, maps + 3);
  }

  std::uint64_t map(std::uint64_t address, std::vector<std::uint64_t> extents, std::vector<std::uint32_t> box,
                    int swizzle) {
    std::vector<std::uint64_t> strides{extents[0] * 2};
    std::vector<std::uint32_t> steps{1, 1};
    TensorMapArguments arguments{6, 2, address, extents, strides, box, steps, 0, swizzle, 0, 0};
    auto made = TensorMap::encode(arguments);
    EXPECT_TRUE(std::holds_alternative<TensorMap>(made)) << std::get<std::string>(made);
    return input(std::vector<TensorMap>{std::get<TensorMap>(made)});
  }

  void expectProduct() {
    std::vector<std::uint16_t> got = read<std::uint16_t>(result, 64 * 8);
    for (int i = 0; i < 64; ++i)
      for (int j = 0; j < 8; ++j) {
        double sum = 0;
        for (int k = 0; k < 64; ++k)
          sum += decodeFloat(a[i * 64 + k], Type::f16) * decodeFloat(b[j * 64 + k], Type::f16);
        EXPECT_EQ(got[i * 8 + j], encodeFloat(sum, Type::f16, Rounding::nearest)) << i << ", " << j;
      }
  }

  /// The fault of the kernel with one part changed. Warps run in turn: other orders find other faults first.
  void expectPlanted(std::string Parts::*part, const std::string &text, const std::string &kind,
                     const std::string &message) {
    Parts parts;
    parts.*part = text;
    expectFault(parts.text(), kind, message, 128);
    for (std::uint64_t seed : {1, 2, 3}) {
      options.seed = seed;
      EXPECT_FALSE(run(parts.text(), 128).empty()) << "seed " << seed;
    }
    options.seed = 0;
  }

  std::vector<std::uint16_t> a, b;
  std::uint64_t result = 0;
};

TEST_F(WarpgroupTest, Multiplies) {
  for (std::uint64_t seed : {0, 1, 2, 3, 4}) {
    options.seed = seed;
    expectNone(Parts().text(), 128);
    expectProduct();
  }
}

TEST_F(WarpgroupTest, CopiesArriveBeforeTheyAreRead) {
  // Warps that come before the one that issues the copies find nothing at all.
  const std::string kinds = "read-before-wait|uninitialised";
  expectPlanted(&Parts::wait, "", kinds, "shared byte");
  // The right mbarrier must be waited for, and in the right phase.
  expectPlanted(&Parts::wait, "W: mbarrier.try_wait.parity.shared.b64 %p1, [smem+10240], 1; @!%p1 bra W; ", kinds,
                "shared byte");
  // Thread 0 alone waits.
  expectPlanted(&Parts::wait,
                "setp.lt.u32 %p2, %r0, 32; @!%p2 bra V; W: mbarrier.try_wait.parity.shared.b64 %p1, [smem+10240], 0;"
                "@!%p1 bra W; V: ",
                kinds, "shared byte");
}

TEST_F(WarpgroupTest, BytesThatAreExpected) {
  std::string expect = Parts().expect;
  expectPlanted(&Parts::expect, expect.replace(expect.find("9216"), 4, "9217"), "deadlock", "1 bytes");
  expectPlanted(&Parts::expect, expect.replace(expect.find("9217"), 4, "8192"), "read-before-wait", "in flight");
}

TEST_F(WarpgroupTest, MbarriersMustBeSeenByCopies) {
  expectPlanted(&Parts::initFence, "", "missing-fence", "fence.mbarrier_init");
  std::string load = Parts().load;
  expectPlanted(&Parts::load, load.replace(load.rfind("10240"), 5, "10244"), "misaligned", "multiple of 8");
}

TEST_F(WarpgroupTest, FencesOfRegisters) {
  expectPlanted(&Parts::fence, "", "missing-fence", "wgmma.fence");
  // A fence that comes before the accumulators are cleared by arithmetic.
  Parts parts;
  std::swap(parts.clear, parts.fence);
  expectFault(parts.text(), "missing-fence", "accumulator", 128);
  // Copies and constants are no writes: LLVM moves them behind the fence.
  parts = Parts();
  parts.clear = "mov.f32 %f4, 0f00000000; ";
  parts.fence += "mov.f32 %f0, 0f00000000; mov.f32 %f1, %f4; mov.f32 %f2, %f4; mov.f32 %f3, %f1; ";
  expectNone(parts.text(), 128);
}

TEST_F(WarpgroupTest, FencesAfterReadsOfAccumulators) {
  // Accumulators that were read are written again; those that only products accessed need no fence.
  Parts parts;
  const std::string again = Parts::product(0) + parts.commit + parts.waitProducts;
  parts.waitProducts += again;
  expectNone(parts.text(), 128);
  parts = Parts();
  parts.waitProducts += "add.f32 %f9, %f1, %f1; " + again;
  expectFault(parts.text(), "missing-fence", "was read", 128);
  parts = Parts();
  parts.waitProducts += "add.f32 %f9, %f1, %f1; " + parts.fence + again;
  expectNone(parts.text(), 128);
}

TEST_F(WarpgroupTest, AccumulatorsInFlight) {
  expectPlanted(&Parts::waitProducts, "", "read-before-wait", "wgmma.wait_group");
  expectPlanted(&Parts::waitProducts, "wgmma.wait_group.sync.aligned 1; ", "read-before-wait", "wgmma.wait_group");
  expectPlanted(&Parts::commit, "", "read-before-wait", "wgmma.wait_group");
  expectPlanted(&Parts::commit, "mov.f32 %f2, 0f00000000; wgmma.commit_group.sync.aligned; ", "overwrite-in-flight",
                "result 1");
  expectPlanted(&Parts::clear, "mov.f32 %f0, 0f00000000; mov.f32 %f1, %f0; mov.f32 %f2, %f0; ", "uninitialised",
                "accumulator");
}

TEST_F(WarpgroupTest, OperandsInFlight) {
  // The next copy into A's memory while products read it; and after the wait, as it should be.
  std::string again =
      "@!%p0 bra A; mbarrier.arrive.expect_tx.shared.b64 _, [smem+10240], 8192; "
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [smem], [%d0, {%r50, "
      "%r50}], [smem+10240]; A: ";
  std::string waitAgain = "X: mbarrier.try_wait.parity.shared.b64 %p1, [smem+10240], 1; @!%p1 bra X; ";
  Parts parts;
  parts.commit += again;
  parts.waitProducts += waitAgain;
  expectFault(parts.text(), "overwrite-in-flight", "reads it is in flight", 128);
  parts = Parts();
  parts.waitProducts += again + waitAgain;
  expectNone(parts.text(), 128);
  parts = Parts();
  parts.commit += "st.shared.u32 [smem+8192], 0; ";
  expectFault(parts.text(), "overwrite-in-flight", "reads it is in flight", 128);
}

TEST_F(WarpgroupTest, GenericWritesNeedAProxyFence) {
  std::string write = "@!%p0 bra G; ld.shared.u32 %r30, [smem]; st.shared.u32 [smem], %r30; ",
              after = "G: bar.sync 0; ";
  Parts parts;
  parts.wait += write + after;
  expectFault(parts.text(), "missing-fence", "fence.proxy.async", 128);
  parts = Parts();
  parts.wait += write + "fence.proxy.async; " + after;
  expectNone(parts.text(), 128);
  expectProduct();
  // A fence by another thread, with no barrier in between, says nothing of this write.
  parts = Parts();
  parts.wait += "setp.eq.u32 %p4, %r0, 32; @!%p4 bra H; fence.proxy.async; H: " + write + after;
  expectFault(parts.text(), "missing-fence", "fence.proxy.async", 128);
}

TEST_F(WarpgroupTest, StoresNeedFencesAndBarriers) {
  expectPlanted(&Parts::proxyFence, "", "missing-fence", "fence.proxy.async");
  expectPlanted(&Parts::proxyFence, "@!%p0 bra F; fence.proxy.async; F: ", "missing-fence", "fence.proxy.async");
  Parts parts; // by the thread that stores, after the barrier
  std::swap(parts.proxyFence, parts.barrier);
  expectNone(parts.text(), 128);
  parts.proxyFence = "";
  parts.barrier = "fence.proxy.async; ";
  std::vector<Fault> faults = run(parts.text(), 128);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_TRUE(faults[0].kind == "race" || faults[0].kind == "uninitialised") << faults[0].message;
}

TEST_F(WarpgroupTest, StoresMustBeWaitedFor) {
  expectPlanted(&Parts::waitStore, "", "missing-wait", "bulk copy");
  expectPlanted(&Parts::waitStore, "cp.async.bulk.wait_group 1; ", "missing-wait", "bulk copy");
  Parts parts;
  parts.waitStore = "st.shared.u32 [smem+9216], 0; cp.async.bulk.wait_group 0; ";
  expectFault(parts.text(), "overwrite-in-flight", "reads it is in flight", 128);
  parts.waitStore = "cp.async.bulk.wait_group.read 0; st.shared.u32 [smem+9216], 0; ";
  expectNone(parts.text(), 128);
  expectProduct();
}

TEST_F(WarpgroupTest, BlocksThatEndTooEarly) {
  expectPlanted(&Parts::wait, "exit; ", "missing-wait", "copies into its shared memory");
  expectPlanted(&Parts::waitProducts, "exit; ", "missing-wait", "matrix products in flight");
}

TEST_F(WarpgroupTest, AllWarpsIssueTheSame) {
  const std::string skip = "setp.ge.u32 %p5, %r0, 96; @%p5 bra K; ";
  Parts parts;
  parts.products = skip + parts.products + "K: ";
  expectFault(parts.text(), "deadlock", "other warps of its warpgroup", 128);
  parts = Parts();
  parts.products = "shr.u32 %r40, %r0, 5; mul.wide.u32 %d40, %r40, 2; add.s64 %d10, %d10, %d40; " + parts.products;
  expectFault(parts.text(), "divergent", "different products", 128);
  parts = Parts();
  parts.fence = "setp.ge.u32 %p5, %r0, 64; @%p5 bra K; setp.eq.u32 %p6, %r0, 3; @%p6 bra K; " + parts.fence + "K: ";
  expectFault(parts.text(), "divergent", "wgmma.fence", 128);
}

TEST_F(WarpgroupTest, OperandsFromRegisters) {
  // Ones in all of A: every row of C is the sum of a column of B.
  Parts parts;
  const std::string ones = "mov.b32 %r60, 0x3C003C00; mov.b32 %r61, %r60; mov.b32 %r62, %r60; mov.b32 %r63, %r60; ";
  parts.clear += ones;
  parts.products.clear();
  for (int k = 0; k < 4; ++k)
    parts.products += "add.s64 %d3" + std::to_string(k) + ", %d11, " + std::to_string(2 * k) +
                      "; wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f0, %f1, %f2, %f3}, {%r60, %r61, %r62, "
                      "%r63}, %d3" +
                      std::to_string(k) + ", 1, 1, 1, 0; ";
  expectNone(parts.text(), 128);
  a.assign(a.size(), 0x3C00);
  expectProduct();
  Parts planted = parts;
  planted.commit = "add.u32 %r62, %r62, 0; " + planted.commit;
  expectFault(planted.text(), "read-before-wait", "wgmma.wait_group", 128);
  planted = parts;
  planted.fence += "add.u32 %r62, %r50, 0x3C003C00; ";
  expectFault(planted.text(), "missing-fence", "element of A", 128);
}

TEST_F(WarpgroupTest, TensorMapsAndTheirPlaces) {
  std::string load = Parts().load;
  expectPlanted(&Parts::load, load.replace(load.find("[smem]"), 6, "[smem+64]"), "misaligned", "128");
  parameters[0] = input(std::vector<std::uint64_t>(16));
  expectFault(Parts().text(), "tensor-map", "", 128);
}

} // namespace
