#include "Cpu.h"

#include "Program.h"
#include "Syscall.h"

static void append_missing(vitc_text *missing, bool *any, const char *name) {
  vitc_append(missing, "%s%s", *any ? ", " : "", name);
  *any = true;
}

#if defined(__x86_64__)

enum { EAX, EBX, ECX, EDX };
enum { V3 = VITC_CPU_X86_64_V3 | VITC_CPU_X86_64_V4 }; /* a level includes the one below */

/* An instruction set: where CPUID shows it, and which of vitc's features include it. */
static const struct {
  uint64_t feature;
  uint32_t leaf, subleaf;
  uint8_t reg, bit;
  const char *name;
} instruction_sets[] = {
    {V3, 1, 0, ECX, 28, "AVX"},
    {V3, 7, 0, EBX, 5, "AVX2"},
    {V3, 1, 0, ECX, 12, "FMA"},
    {V3, 1, 0, ECX, 29, "F16C"},
    {V3, 7, 0, EBX, 3, "BMI1"},
    {V3, 7, 0, EBX, 8, "BMI2"},
    {V3, 0x80000001, 0, ECX, 5, "LZCNT"},
    {V3, 1, 0, ECX, 22, "MOVBE"},
    {VITC_CPU_X86_64_V4, 7, 0, EBX, 16, "AVX-512 F"},
    {VITC_CPU_X86_64_V4, 7, 0, EBX, 17, "AVX-512 DQ"},
    {VITC_CPU_X86_64_V4, 7, 0, EBX, 28, "AVX-512 CD"},
    {VITC_CPU_X86_64_V4, 7, 0, EBX, 30, "AVX-512 BW"},
    {VITC_CPU_X86_64_V4, 7, 0, EBX, 31, "AVX-512 VL"},
    {VITC_CPU_AVX512_VNNI, 7, 0, ECX, 11, "AVX-512 VNNI"},
    {VITC_CPU_AVX512_BF16, 7, 1, EAX, 5, "AVX-512 BF16"},
    {VITC_CPU_AMX_TILE, 7, 0, EDX, 24, "AMX TILE"},
    {VITC_CPU_AMX_BF16, 7, 0, EDX, 22, "AMX BF16"},
    {VITC_CPU_AMX_INT8, 7, 0, EDX, 25, "AMX INT8"},
};

/* Registers that the operating system has to save, by the bits of XCR0 that say it does. */
static const struct {
  uint64_t features;
  uint32_t xcr0;
  const char *name;
} register_states[] = {
    {V3, 0x6, "AVX registers enabled by the operating system"},
    {VITC_CPU_X86_64_V4 | VITC_CPU_AVX512_VNNI | VITC_CPU_AVX512_BF16, 0xe6,
     "AVX-512 registers enabled by the operating system"},
    {VITC_CPU_AMX_TILE | VITC_CPU_AMX_BF16 | VITC_CPU_AMX_INT8, 0x60000,
     "AMX registers enabled by the operating system"},
};

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t reg[4]) {
  __asm__ volatile("cpuid" : "=a"(reg[EAX]), "=b"(reg[EBX]), "=c"(reg[ECX]), "=d"(reg[EDX]) : "a"(leaf), "c"(subleaf));
}

static bool has_instructions(const vitc_cpu *cpu, uint32_t leaf, uint32_t subleaf, int reg, int bit) {
  uint32_t values[4];
  cpu->cpuid(leaf & 0x80000000, 0, values);
  if (values[EAX] < leaf)
    return false;
  if (subleaf) {
    cpu->cpuid(leaf, 0, values);
    if (values[EAX] < subleaf)
      return false;
  }
  cpu->cpuid(leaf, subleaf, values);
  return values[reg] >> bit & 1;
}

static uint32_t xgetbv(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static uint32_t enabled_states(const vitc_cpu *cpu) {
  enum { OSXSAVE = 27 };
  return has_instructions(cpu, 1, 0, ECX, OSXSAVE) ? cpu->xgetbv() : 0;
}

/* AMX registers are large: the kernel gives them to a process that asks; asking again changes nothing. */
static bool request_amx(void) {
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return vitc_syscall(VITC_SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA, 0, 0) == 0;
}

bool vitc_missing_features_of(const vitc_cpu *cpu, uint64_t features, vitc_text *missing) {
  bool any = false;
  for (unsigned i = 0; i < sizeof instruction_sets / sizeof *instruction_sets; ++i)
    if (features & instruction_sets[i].feature &&
        !has_instructions(cpu, instruction_sets[i].leaf, instruction_sets[i].subleaf, instruction_sets[i].reg,
                          instruction_sets[i].bit))
      append_missing(missing, &any, instruction_sets[i].name);
  if (any)
    return true;
  uint32_t enabled = enabled_states(cpu);
  for (unsigned i = 0; i < sizeof register_states / sizeof *register_states; ++i)
    if (features & register_states[i].features && (enabled & register_states[i].xcr0) != register_states[i].xcr0)
      append_missing(missing, &any, register_states[i].name);
  if (!any && features & (VITC_CPU_AMX_TILE | VITC_CPU_AMX_BF16 | VITC_CPU_AMX_INT8) && !cpu->request_amx())
    append_missing(missing, &any, "the kernel's permission to use AMX");
  return any;
}

bool vitc_missing_features(uint64_t features, vitc_text *missing) {
  const vitc_cpu cpu = {cpuid, xgetbv, request_amx};
  return vitc_missing_features_of(&cpu, features, missing);
}

uint32_t vitc_flush_denormals(void) {
  enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40, ALL_EXCEPTIONS_MASKED = 0x1f80 };
  uint32_t mode = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(FLUSH_TO_ZERO | DENORMALS_ARE_ZERO | ALL_EXCEPTIONS_MASKED);
  return mode;
}

void vitc_restore_float_mode(uint32_t mode) { __builtin_ia32_ldmxcsr(mode); }

#else

bool vitc_missing_features(uint64_t features, vitc_text *missing) {
  bool any = false;
  if (features)
    append_missing(missing, &any, "x86-64 instructions");
  return any;
}

uint32_t vitc_flush_denormals(void) {
  enum { FLUSH_TO_ZERO = 1 << 24 };
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)FLUSH_TO_ZERO));
  return (uint32_t)mode;
}

void vitc_restore_float_mode(uint32_t mode) { __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)mode)); }

#endif
