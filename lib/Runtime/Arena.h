/* Where buffers stand in one block of memory: those that are never alive together may share a place. */
#ifndef VITC_RUNTIME_ARENA_H
#define VITC_RUNTIME_ARENA_H

#include <stdbool.h>
#include <stdint.h>

enum { VITC_ALIGNMENT = 64 };

/* A buffer that is alive from step `first` to step `last`, both included. */
typedef struct vitc_range {
  int64_t bytes;
  int32_t first, last;
  int64_t offset; /* the result */
} vitc_range;

/* Places every range at a multiple of VITC_ALIGNMENT; `total` bytes hold them all. Largest first, each at the lowest
 * place that is free while it lives, but no two that live together at the same offset within a page (loads from one
 * would wait for stores to the other). `order` has room for `count` numbers. False where sizes leave 64 bits. */
bool vitc_place(vitc_range *ranges, int32_t count, int32_t *order, int64_t *total);

/* `bytes` rounded up to a multiple of VITC_ALIGNMENT; false where that leaves 64 bits. */
bool vitc_align(int64_t bytes, int64_t *aligned);

#endif /* VITC_RUNTIME_ARENA_H */
