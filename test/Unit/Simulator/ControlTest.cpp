#include "SimulatorTest.h"

using namespace vitc::ptxsim;

namespace {

using Words = std::vector<std::uint32_t>;

/// Stores %r9 of each thread.
const std::string store = "mul.wide.u32 %d9, %r0, 4; add.s64 %d9, %d9, %d0; st.global.u32 [%d9], %r9;";

class ControlTest : public KernelTest {
protected:
  Words results(const std::string &body, unsigned threads = 32) {
    parameters.clear();
    std::uint64_t at = output(threads * 4);
    expectNone(body + store, threads);
    return read<std::uint32_t>(at, threads);
  }
};

TEST_F(ControlTest, BothSidesOfABranchMeetAgain) {
  // An aligned vote after the branch holds only when all threads are together again.
  Words got = results("and.b32 %r1, %r0, 1; setp.eq.s32 %p1, %r1, 0; @%p1 bra EVEN; mov.u32 %r2, 10; bra.uni MEET;"
                      "EVEN: mov.u32 %r2, 20; MEET: vote.sync.ballot.b32 %r3, 1, -1; add.u32 %r9, %r3, %r2;");
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], ~0u + (i % 2 ? 10 : 20));
}

TEST_F(ControlTest, LoopsOfDifferentLengths) {
  Words got = results("mov.u32 %r1, 0; mov.u32 %r9, 0; LOOP: setp.ge.u32 %p1, %r1, %r0; @%p1 bra DONE;"
                      "add.u32 %r9, %r9, %r1; add.u32 %r1, %r1, 1; bra LOOP; DONE: bar.sync 0;");
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i * (i - 1) / 2);
}

TEST_F(ControlTest, SomeThreadsLeaveEarly) {
  std::uint64_t at = output(32 * 4);
  expectNone("setp.ge.u32 %p1, %r0, 20; @%p1 exit; activemask.b32 %r9;" + store);
  EXPECT_EQ(read<std::uint32_t>(at, 20), Words(20, (1u << 20) - 1));
  EXPECT_FALSE(memory.isWritten(at + 80, 1));
}

TEST_F(ControlTest, AccessesBeforeTheWaitForOtherKernels) {
  options.overlaps = true;
  input(std::vector<std::uint32_t>(64, 7));
  const std::string wait = "griddepcontrol.wait; griddepcontrol.launch_dependents;";
  for (const char *access :
       {"ld.global.u32 %r9, [%d0];", "ld.u32 %r9, [%d0];", "st.global.u32 [%d0], %r0;", "red.global.add.u32 [%d0], 1;",
        "atom.global.add.u32 %r9, [%d0], 1;", "cp.async.ca.shared.global [smem], [%d0], 4; cp.async.wait_all;"}) {
    SCOPED_TRACE(access);
    launch.dynamicShared = 16;
    std::vector<Fault> faults = run(access + wait, 1);
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_EQ(faults[0].kind, "overlap");
    EXPECT_NE(faults[0].message.find("has not waited for the kernels before"), std::string::npos);
    expectNone(wait + access, 1);
    options.overlaps = false;
    expectNone(access + wait, 1);
    options.overlaps = true;
  }
  // What is a thread's or a block's own may be used before.
  expectNone("st.shared.u32 [smem], %r0; ld.shared.u32 %r9, [smem];" + wait, 1);
}

TEST_F(ControlTest, ConstantReadsBesideOtherKernels) {
  input(std::vector<std::uint32_t>(64, 7));
  const std::string read = "griddepcontrol.wait; ld.global.nc.u32 %r9, [%d0];";
  expectNone(read, 1);
  options.overlaps = true;
  expectFault(read, "overlap", "ld.global.nc");
}

TEST_F(ControlTest, ThreadsThatEndWithoutTheWaitForOtherKernels) {
  options.overlaps = true;
  const std::string some = "setp.ge.u32 %p1, %r0, 20;";
  for (const std::string &body : {some + "@%p1 exit; griddepcontrol.wait;", some + "@!%p1 griddepcontrol.wait;"}) {
    std::vector<Fault> faults = run(body);
    ASSERT_EQ(faults.size(), 1u) << body;
    EXPECT_EQ(faults[0].kind, "overlap");
  }
  expectNone("griddepcontrol.wait;" + some + "@%p1 exit;");
}

TEST_F(ControlTest, NestedBranchesWithALateReturn) {
  Words got = results("mov.u32 %r9, 0; setp.lt.u32 %p1, %r0, 16; @!%p1 bra A; setp.lt.u32 %p2, %r0, 8; @!%p2 bra B;"
                      "add.u32 %r9, %r9, 1; B: add.u32 %r9, %r9, 2; A: activemask.b32 %r1; add.u32 %r9, %r9, %r1;");
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], ~0u + (i < 8 ? 3 : i < 16 ? 2 : 0));
}

TEST_F(ControlTest, IndexedBranches) {
  Words got = results("and.b32 %r1, %r0, 3; mov.u32 %r9, 7; T: .branchtargets L0, L1, L2, L1; brx.idx %r1, T;"
                      "L0: mov.u32 %r9, 100; bra E; L1: mov.u32 %r9, 101; bra E; L2: mov.u32 %r9, 102; E:");
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], (i % 4 == 0 ? 100u : i % 4 == 2 ? 102u : 101u));
}

TEST_F(ControlTest, Calls) {
  declarations = ".func (.param .b32 result) twice(.param .b32 x, .param .b64 p)\n{ .reg .b32 %r<4>; .reg .b64 %d<2>;"
                 ".reg .pred %p<2>; ld.param.u32 %r1, [x]; ld.param.u64 %d1, [p]; setp.eq.u32 %p1, %r1, 3;"
                 "@%p1 bra THREE; add.u32 %r2, %r1, %r1; st.u32 [%d1], %r1; st.param.b32 [result], %r2; ret;"
                 "THREE: st.u32 [%d1], 33; st.param.b32 [result+0], 333; ret; }\n";
  const std::string call =
      "{ .param .b32 x; st.param.b32 [x], %r0; .param .b64 p; st.param.b64 [p], %d2; .param .b32 r;"
      "call.uni (r), twice, (x, p); ld.param.b32 %r8, [r]; }";
  Words got = results(".local .align 8 .b8 depot[8]; mov.u64 %d1, depot; cvta.local.u64 %d2, %d1;" + call + call +
                      "ld.local.u32 %r7, [%d1]; add.u32 %r9, %r8, %r7;");
  for (unsigned i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i == 3 ? 366 : 3 * i);
}

TEST_F(ControlTest, VariablesOfTheModule) {
  declarations = ".global .align 4 .u32 table[4] = {1, 2, 0x30, 4};\n.const .align 4 .b8 bytes[3] = {5, 6};\n"
                 ".global .align 8 .u64 where = generic(table);\n";
  Words got =
      results("ld.global.u64 %d2, [where]; and.b32 %r1, %r0, 3; mul.wide.u32 %d1, %r1, 4; add.s64 %d1, %d1, %d2;"
              "ld.u32 %r2, [%d1]; ld.const.u8 %r3, [bytes+1]; add.u32 %r9, %r2, %r3;");
  EXPECT_EQ(Words(got.begin(), got.begin() + 4), (Words{7, 8, 0x36, 10}));
}

TEST_F(ControlTest, AlignedInstructionsOfOneSideOnly) {
  expectFault("setp.eq.s32 %p1, %r0, 0; @%p1 bra ONE; bar.sync 0; ONE:", "divergent", "bar.sync");
  expectNone("setp.eq.s32 %p1, %r0, 0; @%p1 bra ONE; mov.u32 %r1, 0; ONE: bar.sync 0;");
}

TEST_F(ControlTest, Traps) {
  expectFault("setp.eq.s32 %p1, %r0, 5; @%p1 trap;", "trap", "thread 5");
  expectNone("setp.eq.s32 %p1, %r0, 55; @%p1 trap;");
}

TEST_F(ControlTest, EndlessLoops) {
  options.instructionLimit = 1000;
  expectFault("L: bra L;", "instruction-limit", "1000");
}

TEST_F(ControlTest, UndefinedPredicates) {
  expectFault("@%p1 bra L; L:", "uninitialised", "predicate");
  expectNone("setp.eq.u32 %p1, 0, 0; @%p1 bra L; L:");
}

TEST(ModuleTest, FaultsNameTheLine) {
  auto faultOf = [](const char *text) {
    auto parsed = Module::parse(text);
    Fault *fault = std::get_if<Fault>(&parsed);
    return fault ? fault->kind + ": " + fault->message : "none";
  };
  EXPECT_EQ(faultOf(".version 8.3\n.target sm_90a\n.address_size 64\n"), "none");
  EXPECT_EQ(faultOf(".version 8.3\n.entry k()\n{\n bra NOWHERE;\n}"), "syntax: line 4: no label 'NOWHERE'");
  EXPECT_EQ(faultOf(".version 8.3\n.entry k()\n{\n ret\n}"), "syntax: line 5: expected a name, got '}'");
  EXPECT_EQ(faultOf(".version 8.3\n/* "), "syntax: line 2: a comment never ends");
  EXPECT_EQ(faultOf(".version 8.3\n.entry k()\n{\n"), "syntax: line 4: expected '}', got ''");
  EXPECT_EQ(faultOf(""), "syntax: line 1: expected a .version, got ''");
  EXPECT_EQ(faultOf(".version 8.3\n.entry k()\n{ call f; }"),
            "unsupported: line 3: the function f has no body in this module");
}

TEST(ModuleTest, DescribesKernels) {
  auto parsed = Module::parse(".version 8.3\n.target sm_90a\n.address_size 64\n.visible .entry k(.param .align 64 .b8 "
                              "m[128], .param .u32 n, .param .u64 .ptr .global .align 16 p)\n.reqntid 128, 1, 1\n"
                              ".reqnctapercluster 2, 1, 4\n"
                              ".maxnreg 64\n{ .shared .align 16 .b8 s[48]; .shared .u32 t; ret; }");
  ASSERT_TRUE(std::holds_alternative<Module>(parsed));
  const KernelInfo *info = std::get<Module>(parsed).find("k");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->requiredThreads, (std::array<unsigned, 3>{128, 1, 1}));
  EXPECT_EQ(info->requiredCluster, (std::array<unsigned, 3>{2, 1, 4}));
  EXPECT_EQ(info->maxRegisters, 64u);
  EXPECT_EQ(info->staticShared, 52u);
  ASSERT_EQ(info->parameters.size(), 3u);
  EXPECT_EQ(info->parameters[1].offset, 128u);
  EXPECT_EQ(info->parameters[2].offset, 136u);
  EXPECT_EQ(info->parameterBytes(), 144u);
  EXPECT_EQ(std::get<Module>(parsed).find("j"), nullptr);
}

TEST_F(ControlTest, LaunchesThatTheDriverRefuses) {
  expectFault("", "launch", "2048", 2048);
  launch.dynamicShared = 1 << 20;
  expectFault("mov.u32 %r1, smem;", "launch", "shared memory");
  launch.dynamicShared = 0;
  launch.grid = {3, 1, 1};
  launch.cluster = {2, 1, 1};
  expectFault("", "launch", "cluster");
}

} // namespace
