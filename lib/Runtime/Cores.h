/* How many threads are worth starting. */
#ifndef VITC_RUNTIME_CORES_H
#define VITC_RUNTIME_CORES_H

#include <stdbool.h>
#include <stdint.h>

enum { VITC_MAX_CPUS = 1 << 16 };

/* The CPUs that a thread may run on, a bit each. */
typedef struct vitc_cpus {
  uint64_t bits[VITC_MAX_CPUS / 64];
} vitc_cpus;

/* How many CPUs the calling thread may run on, hardware threads of one core counted singly. */
int32_t vitc_allowed_cpus(void);

/* How many cores the calling thread may run on: hardware threads of one core share the units that do the work, so that
 * a second one only adds to what has to be waited for. */
int32_t vitc_allowed_cores(void);

/* Whether no CPU of `siblings`, a list as in "0,64" or "2-3", that is before `cpu` is among `allowed`. */
bool vitc_first_sibling(const char *siblings, int32_t cpu, const vitc_cpus *allowed);

/* The CPU that the calling thread runs on; negative where the kernel does not say. */
int32_t vitc_current_cpu(void);

/* The CPUs that the calling thread may run on, except `cpu`; false where that leaves fewer than `least`. */
bool vitc_other_cpus(int32_t cpu, int32_t least, vitc_cpus *others);

/* Lets another thread of this process run on `cpus` alone. */
void vitc_set_affinity(int32_t thread, const vitc_cpus *cpus);

#endif /* VITC_RUNTIME_CORES_H */
