/* What this processor and its operating system let the program use. */
#ifndef VITC_RUNTIME_CPU_H
#define VITC_RUNTIME_CPU_H

#include "Error.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends what of `features` (bits of vitc_cpu_feature) is missing, "AVX2, FMA"; false where nothing is. Asks the
 * kernel for AMX where that is among them. */
bool vitc_missing_features(uint64_t features, vitc_text *missing);

/* Makes this thread round to nearest and treat denormals as zero; returns the mode to restore. */
uint32_t vitc_flush_denormals(void);
void vitc_restore_float_mode(uint32_t mode);

#endif /* VITC_RUNTIME_CPU_H */
