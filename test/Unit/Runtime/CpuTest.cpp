extern "C" {
#include "Cpu.h"
#include "Program.h"
}

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#if defined(__x86_64__)

namespace {

using Registers = std::array<uint32_t, 4>; // eax, ebx, ecx, edx

/// A processor and its kernel as CPUID, XGETBV and arch_prctl tell of them.
struct Machine {
  std::map<std::pair<uint32_t, uint32_t>, Registers> leaves;
  uint32_t xcr0 = 0;
  bool givesAMX = false;
  int requests = 0;
};

Machine machine; // that the functions below speak for

void readLeaf(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]) {
  auto found = machine.leaves.find({leaf, subleaf});
  Registers values = found == machine.leaves.end() ? Registers{} : found->second;
  std::copy(values.begin(), values.end(), registers);
}
uint32_t readEnabledStates() { return machine.xcr0; }
bool requestAMX() {
  ++machine.requests;
  return machine.givesAMX;
}

constexpr uint32_t osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29, movbe = 1u << 22;
constexpr uint32_t avx2 = 1u << 5, bmi1 = 1u << 3, bmi2 = 1u << 8, lzcnt = 1u << 5;
constexpr uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31; // F, DQ, CD, BW, VL
constexpr uint32_t vnni = 1u << 11, bf16 = 1u << 5, amxBF16 = 1u << 22, amxTile = 1u << 24, amxInt8 = 1u << 25;

Machine makeHaswell() {
  Machine made;
  made.leaves[{0, 0}] = {13, 0, 0, 0};
  made.leaves[{1, 0}] = {0, 0, osxsave | avx | fma | f16c | movbe, 0};
  made.leaves[{7, 0}] = {0, avx2 | bmi1 | bmi2, 0, 0};
  made.leaves[{0x80000000, 0}] = {0x80000008, 0, 0, 0};
  made.leaves[{0x80000001, 0}] = {0, 0, lzcnt, 0};
  made.xcr0 = 0x7;
  return made;
}

Machine makeSkylakeServer() {
  Machine made = makeHaswell();
  made.leaves[{7, 0}][1] |= avx512;
  made.xcr0 = 0xe7;
  return made;
}

Machine makeZen4() {
  Machine made = makeSkylakeServer();
  made.leaves[{7, 0}][0] = 1; // the last subleaf
  made.leaves[{7, 0}][2] = vnni;
  made.leaves[{7, 1}] = {bf16, 0, 0, 0};
  return made;
}

Machine makeSapphireRapids() {
  Machine made = makeZen4();
  made.leaves[{7, 0}][3] = amxBF16 | amxTile | amxInt8;
  made.xcr0 = 0x600e7;
  made.givesAMX = true;
  return made;
}

constexpr uint64_t v3 = VITC_CPU_X86_64_V3, v4 = v3 | VITC_CPU_X86_64_V4,
                   znver4 = v4 | VITC_CPU_AVX512_VNNI | VITC_CPU_AVX512_BF16,
                   sapphirerapids = znver4 | VITC_CPU_AMX_TILE | VITC_CPU_AMX_BF16 | VITC_CPU_AMX_INT8;

/// What `made` lacks of `features`.
std::string missing(const Machine &made, uint64_t features) {
  machine = made;
  char words[256] = "";
  vitc_text text = {words, words + sizeof words};
  const vitc_cpu cpu = {readLeaf, readEnabledStates, requestAMX};
  bool any = vitc_missing_features_of(&cpu, features, &text);
  EXPECT_EQ(any, words[0] != '\0');
  return words;
}

TEST(CpuTest, MachinesRunTheirLevelAndThoseBelow) {
  const Machine machines[] = {makeHaswell(), makeSkylakeServer(), makeZen4(), makeSapphireRapids()};
  const uint64_t levels[] = {v3, v4, znver4, sapphirerapids};
  for (int i = 0; i < 4; ++i)
    for (int level = 0; level < 4; ++level)
      EXPECT_EQ(missing(machines[i], levels[level]).empty(), level <= i) << i << ' ' << level;
}

TEST(CpuTest, NamesWhatIsMissing) {
  EXPECT_EQ(missing(makeHaswell(), v4), "AVX-512 F, AVX-512 DQ, AVX-512 CD, AVX-512 BW, AVX-512 VL");
  EXPECT_EQ(missing(makeSkylakeServer(), znver4), "AVX-512 VNNI, AVX-512 BF16");
  EXPECT_EQ(missing(makeZen4(), sapphirerapids), "AMX TILE, AMX BF16, AMX INT8");
  Machine withoutBF16 = makeZen4();
  withoutBF16.leaves[{7, 0}][0] = 0; // subleaf 1 does not exist, whatever a processor answers for it
  EXPECT_EQ(missing(withoutBF16, znver4), "AVX-512 BF16");
}

TEST(CpuTest, RegistersHaveToBeEnabled) {
  Machine made = makeSapphireRapids();
  made.xcr0 = 0xe7;
  EXPECT_EQ(missing(made, sapphirerapids), "AMX registers enabled by the operating system");
  EXPECT_EQ(missing(made, znver4), "");
  made.xcr0 = 0x7;
  EXPECT_EQ(missing(made, v4), "AVX-512 registers enabled by the operating system");
  EXPECT_EQ(missing(made, v3), "");
  made = makeHaswell();
  made.leaves[{1, 0}][2] &= ~osxsave;
  EXPECT_EQ(missing(made, v3), "AVX registers enabled by the operating system");
}

TEST(CpuTest, TheKernelIsAskedForAMXAlone) {
  Machine made = makeSapphireRapids();
  EXPECT_EQ(missing(made, znver4), "");
  EXPECT_EQ(machine.requests, 0);
  EXPECT_EQ(missing(made, sapphirerapids), "");
  EXPECT_EQ(machine.requests, 1);
  made.givesAMX = false;
  EXPECT_EQ(missing(made, sapphirerapids), "the kernel's permission to use AMX");
  EXPECT_EQ(missing(makeZen4(), sapphirerapids), "AMX TILE, AMX BF16, AMX INT8");
  EXPECT_EQ(machine.requests, 0);
}

} // namespace

#endif
