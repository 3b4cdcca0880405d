/* The time. */
#ifndef VITC_RUNTIME_CLOCK_H
#define VITC_RUNTIME_CLOCK_H

#include "Libc.h"

/* Nanoseconds of a clock that only goes forward. */
static inline int64_t vitc_now(void) {
  vitc_timespec time = {0, 0};
  clock_gettime(VITC_CLOCK_MONOTONIC, &time);
  return time.seconds * 1000000000 + time.nanoseconds;
}

#endif /* VITC_RUNTIME_CLOCK_H */
