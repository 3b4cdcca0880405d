/* Preloaded into a process whose libraries ask for the CPU's features with the undefined opcode 0F 04 in place of CPUID
 * (isa_limit.py writes such copies): answers as this CPU would if it had neither AVX-512 nor AMX. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

static const uint8_t replacement[2] = {0x0f, 0x04};

/* Bits of leaf 7, subleaf 0 and 1 (Intel SDM, volume 2A, CPUID): AVX512* and AMX-*. */
static const uint32_t leaf7_ebx = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
static const uint32_t leaf7_ecx = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14;
static const uint32_t leaf7_edx = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;
static const uint32_t leaf7_1_eax = 1u << 5 | 1u << 21;

static void answer(int number, siginfo_t *info, void *context) {
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (memcmp((const void *)registers[REG_RIP], replacement, sizeof replacement)) {
    signal(number, SIG_DFL); /* a fault of the process's own: it happens again, and ends it */
    return;
  }
  uint32_t leaf = (uint32_t)registers[REG_RAX], subleaf = (uint32_t)registers[REG_RCX], a, b, c, d;
  __cpuid_count(leaf, subleaf, a, b, c, d);
  if (leaf == 7 && subleaf == 0) {
    b &= ~leaf7_ebx;
    c &= ~leaf7_ecx;
    d &= ~leaf7_edx;
  }
  if (leaf == 7 && subleaf == 1)
    a &= ~leaf7_1_eax;
  if (leaf == 0x1e || leaf == 0x1d || leaf == 0x24) /* AMX tiles, AVX10 */
    a = b = c = d = 0;
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
  registers[REG_RIP] += sizeof replacement;
}

__attribute__((constructor)) static void install(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, 0);
}
