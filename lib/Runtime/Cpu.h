/* What this processor and its operating system let the program use. */
#ifndef VITC_RUNTIME_CPU_H
#define VITC_RUNTIME_CPU_H

#include "Error.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends what of `features` (bits of vitc_cpu_feature) is missing, "AVX2, FMA"; false where nothing is. Asks the
 * kernel for AMX where that is among them. */
bool vitc_missing_features(uint64_t features, vitc_text *missing);

#if defined(__x86_64__)
/* Who is asked: the processor (the registers of a leaf: eax, ebx, ecx, edx; XCR0) and the kernel; or a test. */
typedef struct vitc_cpu {
  void (*cpuid)(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
  uint32_t (*xgetbv)(void);
  bool (*request_amx)(void);
} vitc_cpu;

bool vitc_missing_features_of(const vitc_cpu *cpu, uint64_t features, vitc_text *missing);
#endif

/* Makes this thread round to nearest and treat denormals as zero; returns the mode to restore. */
uint32_t vitc_flush_denormals(void);
void vitc_restore_float_mode(uint32_t mode);

#endif /* VITC_RUNTIME_CPU_H */
