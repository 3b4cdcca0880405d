#include "SimulatorTest.h"

#include <bit>
#include <cmath>

using namespace vitc::ptxsim;

namespace {

struct Row {
  const char *instruction; ///< operands a, b, c in %r1…, %d1…, %h1… or %f1…; the result in %r10, %d10, %h10, %f10, %p1
  std::uint64_t a, b, c, result;
};

std::uint64_t f(float value) { return std::bit_cast<std::uint32_t>(value); }

/// Loads the operands into registers of all widths and stores what the instruction gives.
std::string bodyOf(const std::string &instruction) {
  std::string body = "ld.global.v2.u64 {%d1, %d2}, [%d0]; ld.global.v2.u64 {%d3, %d4}, [%d0+16]; mov.u64 %d5, %d0;\n";
  for (const char *i : {"1", "2", "3", "4"})
    body += std::string("cvt.u32.u64 %r") + i + ", %d" + i + "; cvt.u16.u64 %h" + i + ", %d" + i + "; mov.b32 %f" + i +
            ", %r" + i + ";\n";
  body += instruction + ";\n";
  std::size_t at = std::min(instruction.find("10"), instruction.find("%p1"));
  char kind = instruction[instruction[at] == '%' ? at + 1 : at - 1];
  if (kind == 'p')
    body += "selp.u32 %r10, 1, 0, %p1; cvt.u64.u32 %d10, %r10;";
  else if (kind == 'h')
    body += "cvt.u64.u16 %d10, %h10;";
  else if (kind == 'r')
    body += "cvt.u64.u32 %d10, %r10;";
  else if (kind == 'f')
    body += "mov.b32 %r10, %f10; cvt.u64.u32 %d10, %r10;";
  return body + "st.global.u64 [%d5+32], %d10;";
}

class ArithmeticTest : public KernelTest {
protected:
  void check(const std::vector<Row> &rows) {
    for (const Row &row : rows) {
      SCOPED_TRACE(row.instruction);
      parameters.clear();
      std::uint64_t at = input<std::uint64_t>({row.a, row.b, row.c, 0, 0});
      expectNone(bodyOf(row.instruction), 1);
      EXPECT_EQ(read<std::uint64_t>(at + 32, 1)[0], row.result)
          << std::hex << "got 0x" << read<std::uint64_t>(at + 32, 1)[0] << ", expected 0x" << row.result;
    }
  }
};

constexpr std::uint64_t minus1 = 0xFFFFFFFF;

TEST_F(ArithmeticTest, Integers) {
  check({
      {"add.s32 %r10, %r1, %r2", 5, minus1, 0, 4},
      {"add.sat.s32 %r10, %r1, %r2", 0x7FFFFFFF, 1, 0, 0x7FFFFFFF},
      {"sub.u64 %d10, %d1, %d2", 1, 2, 0, ~0ull},
      {"mul.lo.s32 %r10, %r1, %r2", minus1, 7, 0, 0xFFFFFFF9},
      {"mul.hi.s32 %r10, %r1, %r2", minus1, 7, 0, minus1},
      {"mul.hi.u32 %r10, %r1, %r2", minus1, 7, 0, 6},
      {"mul.hi.u64 %d10, %d1, %d2", ~0ull, 7, 0, 6},
      {"mul.wide.s32 %d10, %r1, %r2", minus1, 7, 0, ~0ull - 6},
      {"mul.wide.u32 %d10, %r1, %r2", minus1, 2, 0, 0x1FFFFFFFE},
      {"mul.wide.u16 %r10, %h1, %h2", 0xFFFF, 3, 0, 0x2FFFD},
      {"mad.lo.s32 %r10, %r1, %r2, %r3", 3, 4, 5, 17},
      {"mad.wide.s32 %d10, %r1, %r2, %d3", minus1, 4, 5, 1},
      {"mad.hi.u32 %r10, %r1, %r2, %r3", 1u << 31, 4, 5, 7},
      {"mul24.lo.u32 %r10, %r1, %r2", 0xFF000003, 4, 0, 12},
      {"div.s32 %r10, %r1, %r2", 0xFFFFFFF9, 2, 0, 0xFFFFFFFD},
      {"div.u32 %r10, %r1, %r2", 0xFFFFFFF9, 2, 0, 0x7FFFFFFC},
      {"rem.s32 %r10, %r1, %r2", 0xFFFFFFF9, 2, 0, minus1},
      {"rem.u64 %d10, %d1, %d2", 17, 5, 0, 2},
      {"min.s32 %r10, %r1, %r2", minus1, 1, 0, minus1},
      {"min.u32 %r10, %r1, %r2", minus1, 1, 0, 1},
      {"max.s16 %h10, %h1, %h2", 0xFFFF, 1, 0, 1},
      {"abs.s32 %r10, %r1", minus1, 0, 0, 1},
      {"neg.s32 %r10, %r1", 1, 0, 0, minus1},
      {"sad.s32 %r10, %r1, %r2, %r3", minus1, 2, 10, 13},
      {"dp4a.s32.u32 %r10, %r1, %r2, %r3", 0x000000FF, 0x00000003, 5, 2},
  });
}

TEST_F(ArithmeticTest, Bits) {
  check({
      {"and.b32 %r10, %r1, %r2", 12, 10, 0, 8},
      {"or.b64 %d10, %d1, %d2", 12, 10, 0, 14},
      {"xor.b32 %r10, %r1, %r2", 12, 10, 0, 6},
      {"not.b32 %r10, %r1", 0, 0, 0, minus1},
      {"cnot.b32 %r10, %r1", 0, 0, 0, 1},
      {"shl.b32 %r10, %r1, %r2", 3, 31, 0, 1u << 31},
      {"shl.b32 %r10, %r1, %r2", 3, 32, 0, 0},
      {"shr.s32 %r10, %r1, %r2", 1u << 31, 40, 0, minus1},
      {"shr.u32 %r10, %r1, %r2", 1u << 31, 31, 0, 1},
      {"shr.s64 %d10, %d1, %r2", 1ull << 63, 63, 0, ~0ull},
      {"shf.l.wrap.b32 %r10, %r1, %r2, %r3", 0x80000000, 1, 33, 3},
      {"shf.r.clamp.b32 %r10, %r1, %r2, %r3", 5, 7, 40, 7},
      {"shf.r.wrap.b32 %r10, %r1, %r2, %r3", 5, 7, 1, 0x80000002},
      {"popc.b64 %r10, %d1", ~0ull, 0, 0, 64},
      {"clz.b32 %r10, %r1", 1, 0, 0, 31},
      {"bfind.u32 %r10, %r1", 0x100, 0, 0, 8},
      {"bfind.s32 %r10, %r1", minus1, 0, 0, minus1},
      {"bfind.shiftamt.u32 %r10, %r1", 0x100, 0, 0, 23},
      {"brev.b32 %r10, %r1", 1, 0, 0, 1u << 31},
      {"bfe.u32 %r10, %r1, 4, 8", 0xABCD, 0, 0, 0xBC},
      {"bfe.s32 %r10, %r1, 4, 8", 0xABCD, 0, 0, 0xFFFFFFBC},
      {"bfe.s32 %r10, %r1, 28, 8", 0x80000000, 0, 0, 0xFFFFFFF8},
      {"bfe.u64 %d10, %d1, 4, 14", 0x123456789, 0, 0, 0x1678},
      {"bfi.b32 %r10, %r1, %r2, 4, 8", 0xCD, 0xFFFFFFFF, 0, 0xFFFFFCDF},
      {"lop3.b32 %r10, %r1, %r2, %r3, 0x96", 12, 10, 3, 5},
      {"lop3.b32 %r10, %r1, %r2, %r3, 0xE8", 12, 10, 6, 14},
      {"prmt.b32 %r10, %r1, %r2, 0x5410", 0x1111AAAA, 0x2222BBBB, 0, 0xBBBBAAAA},
      {"prmt.b32 %r10, %r1, %r2, 0x8888", 0x80, 0, 0, minus1},
  });
}

TEST_F(ArithmeticTest, Singles) {
  check({
      {"add.f32 %f10, %f1, %f2", f(1.5f), f(2), 0, f(3.5f)},
      {"add.rz.f32 %f10, %f1, %f2", f(1), f(0x1p-24f * 1.5f), 0, f(1)},
      {"add.rp.f32 %f10, %f1, %f2", f(1), f(0x1p-30f), 0, f(1 + 0x1p-23f)},
      {"add.rn.ftz.f32 %f10, %f1, %f2", f(0x1p-130f), f(0x1p-130f), 0, 0},
      {"add.rn.f32 %f10, %f1, %f2", f(0x1p-130f), f(0x1p-130f), 0, f(0x1p-129f)},
      {"add.sat.f32 %f10, %f1, %f2", f(1), f(1), 0, f(1)},
      {"add.f32 %f10, %f1, %f2", f(INFINITY), f(-INFINITY), 0, 0x7FFFFFFF},
      {"fma.rn.f32 %f10, %f1, %f2, %f3", f(1 + 0x1p-23f), f(1 - 0x1p-23f), f(-1), f(-0x1p-46f)},
      {"mul.rn.f32 %f10, %f1, 0f40000000", f(3), 0, 0, f(6)},
      {"div.rn.f32 %f10, %f1, %f2", f(1), f(3), 0, f(1.0f / 3)},
      {"div.full.f32 %f10, %f1, %f2", f(1), f(4), 0, f(0.25f)},
      {"sqrt.rn.f32 %f10, %f1", f(2), 0, 0, f(std::sqrt(2.0f))},
      {"rsqrt.approx.ftz.f32 %f10, %f1", f(4), 0, 0, f(0.5f)},
      {"rcp.approx.ftz.f32 %f10, %f1", f(0), 0, 0, f(INFINITY)},
      {"ex2.approx.ftz.f32 %f10, %f1", f(-1), 0, 0, f(0.5f)},
      {"lg2.approx.f32 %f10, %f1", f(8), 0, 0, f(3)},
      {"tanh.approx.f32 %f10, %f1", f(100), 0, 0, f(1)},
      {"sin.approx.f32 %f10, %f1", f(0), 0, 0, f(0)},
      {"cos.approx.f32 %f10, %f1", f(0), 0, 0, f(1)},
      {"max.f32 %f10, %f1, %f2", f(NAN), f(2), 0, f(2)},
      {"max.NaN.f32 %f10, %f1, %f2", f(NAN), f(2), 0, 0x7FFFFFFF},
      {"min.f32 %f10, %f1, %f2", f(-0.0f), f(0), 0, f(-0.0f)},
      {"max.f32 %f10, %f1, %f2, %f3", f(1), f(2), f(3), f(3)},
      {"neg.f32 %f10, %f1", f(1), 0, 0, f(-1)},
      {"abs.f32 %f10, %f1", f(-1), 0, 0, f(1)},
      {"copysign.f32 %f10, %f1, %f2", f(-1), f(5), 0, f(-5)},
      {"testp.finite.f32 %p1, %f1", f(INFINITY), 0, 0, 0},
  });
}

TEST_F(ArithmeticTest, HalvesAndDoubles) {
  std::uint64_t one = std::bit_cast<std::uint64_t>(1.0), third = std::bit_cast<std::uint64_t>(1.0 / 3);
  check({
      {"add.f16 %h10, %h1, %h2", 0x3C00, 0x3C00, 0, 0x4000},
      {"add.f16x2 %r10, %r1, %r2", 0x3C004000, 0x3C003C00, 0, 0x40004200},
      {"fma.rn.bf16x2 %r10, %r1, %r2, %r3", 0x3F804000, 0x40004000, 0x3F803F80, 0x404040A0},
      {"max.f16x2 %r10, %r1, %r2", 0x3C00BC00, 0x40000000, 0, 0x40000000},
      {"ex2.approx.f16x2 %r10, %r1", 0x3C000000, 0, 0, 0x40003C00},
      {"neg.bf16x2 %r10, %r1", 0x3F803F80, 0, 0, 0xBF80BF80},
      {"div.rn.f64 %d10, %d1, %d2", one, std::bit_cast<std::uint64_t>(3.0), 0, third},
      {"fma.rn.f64 %d10, %d1, 0d4000000000000000, %d2", one, one, 0, std::bit_cast<std::uint64_t>(3.0)},
  });
}

TEST_F(ArithmeticTest, Conversions) {
  check({
      {"cvt.s32.s8 %r10, %h1", 0x80, 0, 0, 0xFFFFFF80},
      {"cvt.u32.u8 %r10, %h1", 0x80, 0, 0, 0x80},
      {"cvt.s64.s32 %d10, %r1", minus1, 0, 0, ~0ull},
      {"cvt.u64.u32 %d10, %r1", minus1, 0, 0, minus1},
      {"cvt.sat.s8.s32 %r10, %r1", 300, 0, 0, 127},
      {"cvt.sat.u8.s32 %r10, %r1", minus1, 0, 0, 0},
      {"cvt.rn.f32.s32 %f10, %r1", minus1, 0, 0, f(-1)},
      {"cvt.rz.f32.u64 %f10, %d1", 0x1FFFFFF, 0, 0, f(0x1FFFFFEp0f)},
      {"cvt.rzi.s32.f32 %r10, %f1", f(-1.75f), 0, 0, minus1},
      {"cvt.rni.s32.f32 %r10, %f1", f(2.5f), 0, 0, 2},
      {"cvt.rzi.u32.f32 %r10, %f1", f(-5), 0, 0, 0},
      {"cvt.rzi.s32.f32 %r10, %f1", f(1e20f), 0, 0, 0x7FFFFFFF},
      {"cvt.rzi.s32.f32 %r10, %f1", f(NAN), 0, 0, 0},
      {"cvt.rmi.f32.f32 %f10, %f1", f(-1.5f), 0, 0, f(-2)},
      {"cvt.rn.f16.f32 %h10, %f1", f(65520), 0, 0, 0x7C00},
      {"cvt.rz.f16.f32 %h10, %f1", f(65520), 0, 0, 0x7BFF},
      {"cvt.rn.f16.f32 %h10, %f1", f(0x1p-24f), 0, 0, 1},
      {"cvt.rn.f16.f32 %h10, %f1", f(1 + 0x1p-11f), 0, 0, 0x3C00},
      {"cvt.f32.f16 %f10, %h1", 0x0001, 0, 0, f(0x1p-24f)},
      {"cvt.rn.bf16.f32 %h10, %f1", f(1 + 0x1p-8f * 1.5f), 0, 0, 0x3F81},
      {"cvt.f32.bf16 %f10, %h1", 0xBF80, 0, 0, f(-1)},
      {"cvt.rn.f16x2.f32 %r10, %f1, %f2", f(1), f(2), 0, 0x3C004000},
      {"cvt.rn.relu.bf16x2.f32 %r10, %f1, %f2", f(-1), f(2), 0, 0x00004000},
      {"cvt.rna.tf32.f32 %r10, %f1", f(1 + 0x1p-11f), 0, 0, f(1 + 0x1p-10f)},
      {"cvt.rn.f32.f64 %f10, %d1", std::bit_cast<std::uint64_t>(1.0 / 3), 0, 0, f(1.0f / 3)},
      {"cvt.f64.f32 %d10, %f1", f(1.5f), 0, 0, std::bit_cast<std::uint64_t>(1.5)},
      {"cvt.sat.f32.f32 %f10, %f1", f(NAN), 0, 0, 0},
  });
}

TEST_F(ArithmeticTest, ComparisonsAndSelections) {
  check({
      {"setp.lt.s32 %p1, %r1, %r2", minus1, 0, 0, 1},
      {"setp.lt.u32 %p1, %r1, %r2", minus1, 0, 0, 0},
      {"setp.lo.u32 %p1, %r1, %r2", 0, 1, 0, 1},
      {"setp.neu.f32 %p1, %f1, %f2", f(NAN), 0, 0, 1},
      {"setp.ne.f32 %p1, %f1, %f2", f(NAN), 0, 0, 0},
      {"setp.nan.f32 %p1, %f1, %f2", f(NAN), 0, 0, 1},
      {"setp.num.f32 %p1, %f1, %f2", f(NAN), 0, 0, 0},
      {"setp.eq.f16 %p1, %h1, %h2", 0x8000, 0x0000, 0, 1},
      {"set.gt.u32.s32 %r10, %r1, %r2", 1, minus1, 0, minus1},
      {"set.gt.f32.s32 %f10, %r1, %r2", 1, minus1, 0, f(1)},
      {"mov.pred %p1, 1", 0, 0, 0, 1},
      {"mov.b64 %d10, {%r1, %r2}", 1, 2, 0, 0x200000001},
      {"selp.b32 %r10, %r1, %r2, 1", 3, 4, 0, 3},
  });
}

TEST_F(ArithmeticTest, APairOfPredicates) {
  std::uint64_t at = output(8);
  expectNone("setp.eq.s32 %p2, %r0, 0; setp.eq.and.s32 %p1|%p3, %r0, 1, %p2;"
             "selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 1, 0, %p3; st.global.v2.u32 [%d0], {%r1, %r2};",
             1);
  EXPECT_EQ(read<std::uint32_t>(at, 2), (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(ArithmeticTest, Carries) {
  check({
      {"add.cc.u32 %r11, %r1, %r2; addc.u32 %r10, %r3, 5", minus1, 1, 0, 6},
      {"add.cc.u64 %d11, %d1, %d2; addc.u64 %d10, %d3, 5", ~0ull, 0, 0, 5},
      {"sub.cc.u32 %r11, %r1, %r2; subc.u32 %r10, %r3, 5", 1, 2, 9, 3},
      {"mad.lo.cc.u32 %r11, %r1, %r2, %r3; madc.hi.u32 %r10, %r1, %r2, 0", minus1, 2, 2, 2},
      {"add.cc.u32 %r11, %r1, %r2; addc.cc.u32 %r12, %r1, 0; addc.u32 %r10, 0, 0", minus1, 1, 0, 1},
  });
  expectFault("addc.u32 %r10, %r0, 0;", "uninitialised", "carry", 1);
}

TEST_F(ArithmeticTest, UnknownOpcodesAndModifiersAreNamed) {
  expectFault("frobnicate.b32 %r1, %r2;", "unsupported", "frobnicate.b32", 1);
  expectFault("add.weird.s32 %r1, %r2, %r3;", "unsupported", ".weird", 1);
}

} // namespace
