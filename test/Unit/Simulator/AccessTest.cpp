#include "SimulatorTest.h"

using namespace vitc::ptxsim;

namespace {

using Words = std::vector<std::uint32_t>;

class AccessTest : public KernelTest {
protected:
  AccessTest() { launch.dynamicShared = 1024; }
  /// %d9: the thread's word in buffer 0.
  const std::string word = "mul.wide.u32 %d9, %r0, 4; add.s64 %d9, %d9, %d0;";
};

TEST_F(AccessTest, WidthsAndSigns) {
  std::uint64_t from = input<std::uint32_t>({0x818283F4, 5, 6, 7}), to = output(32);
  expectNone("ld.global.s8 %r1, [%d0]; ld.global.u8 %r2, [%d0+3]; ld.global.s16 %r3, [%d0+2]; ld.global.v2.u16 {%h1, "
             "%h2}, [%d0]; cvt.u32.u16 %r4, %h2; st.global.v4.b32 [%d1], {%r1, %r2, %r3, %r4};"
             "ld.global.nc.L1::no_allocate.v4.u32 {%r5, %r6, %r7, %r8}, [%d0]; st.global.v2.b64 [%d1+16], {%d0, %d1};",
             1);
  EXPECT_EQ(read<std::uint32_t>(to, 4), (Words{0xFFFFFFF4, 0x81, 0xFFFF8182, 0x8182}));
  EXPECT_EQ(read<std::uint64_t>(to + 16, 2), (std::vector<std::uint64_t>{from, to}));
}

TEST_F(AccessTest, GlobalBounds) {
  output(32 * 4);
  expectNone(word + "st.global.u32 [%d9], %r0;");
  expectFault(word + "st.global.u32 [%d9+4], %r0;", "out-of-bounds", "thread 31");
  expectFault(word + "ld.global.u32 %r1, [%d9+4];", "out-of-bounds", "128 bytes and begins 128 bytes before");
  expectFault("st.global.u32 [%d0-4], %r0;", "out-of-bounds", "lie in no allocation");
}

TEST_F(AccessTest, Alignment) {
  output(64);
  expectFault("st.global.u32 [%d0+2], %r0;", "misaligned", "multiple of 4");
  expectFault("st.global.v4.u32 [%d0+8], {%r0, %r0, %r0, %r0};", "misaligned", "multiple of 16");
  expectNone("st.global.v4.u32 [%d0+16], {%r0, %r0, %r0, %r0};", 1);
}

TEST_F(AccessTest, UninitialisedMemory) {
  output(64);
  // Reading alone is no fault; what matters is where the value goes.
  expectNone("ld.global.u32 %r1, [%d0]; add.u32 %r2, %r1, 1;");
  expectFault("ld.global.u32 %r1, [%d0]; add.u32 %r2, %r1, 1; st.global.u32 [%d0+4], %r2;", "uninitialised",
              "stored value");
  expectFault("ld.global.u64 %d1, [%d0]; ld.global.u32 %r1, [%d1];", "uninitialised", "address");
  expectFault("ld.shared.u32 %r1, [smem]; setp.eq.u32 %p1, %r1, 0; @%p1 bra A; A:", "uninitialised", "predicate");
  expectNone("st.shared.u32 [smem], 1; ld.shared.u32 %r1, [smem]; setp.eq.u32 %p1, %r1, 0; @%p1 bra A; A:", 1);
}

TEST_F(AccessTest, SelectionsOfUndefinedValues) {
  output(4);
  expectNone("setp.eq.u32 %p1, 0, 0; selp.u32 %r2, %r0, %r1, %p1; st.global.u32 [%d0], %r2;", 1);
  expectFault("setp.ne.u32 %p1, 0, 0; selp.u32 %r2, %r0, %r1, %p1; st.global.u32 [%d0], %r2;", "uninitialised",
              "stored value", 1);
}

TEST_F(AccessTest, LocalMemoryHoldsUndefinedValues) {
  output(4);
  const std::string local = ".local .align 8 .b8 depot[8]; ";
  expectNone(local + "st.local.u32 [depot], %r1; st.local.u32 [depot+4], %r0; ld.local.u32 %r2, [depot+4];"
                     "st.global.u32 [%d0], %r2;",
             1);
  expectFault(local + "st.local.u32 [depot], %r1; ld.local.u32 %r2, [depot]; st.global.u32 [%d0], %r2;",
              "uninitialised", "stored value", 1);
  expectFault(local + "st.local.u32 [depot+8], %r0;", "out-of-bounds", "local", 1);
}

TEST_F(AccessTest, SharedBounds) {
  launch.dynamicShared = 128;
  const std::string at = "mul.lo.u32 %r1, %r0, 4; mov.u32 %r2, smem; add.u32 %r1, %r1, %r2; ";
  expectNone(at + "st.shared.u32 [%r1], %r0;");
  expectFault(at + "st.shared.u32 [%r1+4], %r0;", "out-of-bounds", "128 bytes", 32);
}

TEST_F(AccessTest, GenericAddresses) {
  std::uint64_t to = output(8);
  expectNone("mov.u64 %d1, smem; cvta.shared.u64 %d2, %d1; st.u32 [%d2], 77; ld.shared.u32 %r1, [smem];"
             "st.u32 [%d0], %r1; isspacep.shared %p1, %d2; isspacep.global %p2, %d2; selp.u32 %r2, 1, 0, %p1;"
             "selp.u32 %r3, 1, 0, %p2; sub.u32 %r2, %r2, %r3; cvta.to.global.u64 %d3, %d0; st.global.u32 [%d3+4], %r2;",
             1);
  EXPECT_EQ(read<std::uint32_t>(to, 2), (Words{77, 1}));
  expectFault("cvta.to.shared.u64 %d2, %d0;", "out-of-bounds", "another space", 1);
}

TEST_F(AccessTest, StaticAndDynamicSharedMemory) {
  std::uint64_t to = output(8);
  launch.dynamicShared = 16;
  expectNone(".shared .align 4 .b8 mine[12]; mov.u32 %r1, mine; mov.u32 %r2, smem; st.shared.u32 [mine+8], 1;"
             "st.shared.u32 [smem+12], 2; rem.u32 %r3, %r2, 1024; add.u32 %r1, %r1, 12; setp.le.u32 %p1, %r1, %r2;"
             "selp.u32 %r4, 1, 0, %p1; st.global.v2.u32 [%d0], {%r3, %r4};",
             1);
  EXPECT_EQ(read<std::uint32_t>(to, 2), (Words{0, 1}));
}

TEST_F(AccessTest, Atomics) {
  std::uint64_t at = input<std::uint32_t>({0, 100, 0, 5, 0x3F800000});
  expectNone("atom.global.add.u32 %r1, [%d0], 1; red.global.max.s32 [%d0+4], %r0; atom.global.cas.b32 %r2, [%d0+8], 0, "
             "%r0; atom.global.inc.u32 %r3, [%d0+12], 6; red.global.add.f32 [%d0+16], 0f3F800000;",
             64);
  EXPECT_EQ(read<std::uint32_t>(at, 5), (Words{64, 100, 1, (5 + 64) % 7, 0x42820000}));
}

TEST_F(AccessTest, SpecialRegisters) {
  launch.grid = {2, 3, 1};
  std::uint64_t to = output(6 * 64 * 4);
  expectNone("mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r3, %nctaid.x; mad.lo.u32 %r4, %r2, %r3, %r1;"
             "mov.u32 %r5, %ntid.x; mad.lo.u32 %r4, %r4, %r5, %r0; mul.wide.u32 %d1, %r4, 4; add.s64 %d1, %d1, %d0;"
             "mov.u32 %r6, %laneid; mov.u32 %r7, %warpid; mad.lo.u32 %r6, %r7, 32, %r6; st.global.u32 [%d1], %r6;",
             64);
  Words got = read<std::uint32_t>(to, 6 * 64);
  for (unsigned i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i], i % 64);
}

} // namespace
