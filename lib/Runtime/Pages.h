/* Memory in huge pages. */
#ifndef VITC_RUNTIME_PAGES_H
#define VITC_RUNTIME_PAGES_H

#include "Syscall.h"

#include <stddef.h>

enum { VITC_PAGE = 65536 /* the largest of the small ones: advice is for whole pages */, VITC_HUGE_PAGE = 2 << 20 };

/* Asks the kernel to map memory in huge pages where it can: products walk through tables of pages all the time, and a
 * first run takes a fault for each page. Of files that it has to read it then reads a huge page at a time. */
static inline void vitc_prefer_huge_pages(const void *memory, size_t bytes) {
  enum { MADV_HUGEPAGE = 14 };
  const uintptr_t page = VITC_PAGE;
  uintptr_t begin = ((uintptr_t)memory + page - 1) & ~(page - 1), end = ((uintptr_t)memory + bytes) & ~(page - 1);
  if (begin < end)
    vitc_syscall(VITC_SYS_MADVISE, (long)begin, (long)(end - begin), MADV_HUGEPAGE, 0);
}

/* Bytes of a mapping for `bytes`: a last huge page that is used by half or more is taken whole. */
static inline size_t vitc_mapped_bytes(size_t bytes) {
  size_t tail = bytes % VITC_HUGE_PAGE, unit = tail < VITC_HUGE_PAGE / 2 ? VITC_PAGE : VITC_HUGE_PAGE;
  return (bytes + unit - 1) & ~(unit - 1);
}

/* New memory of vitc_mapped_bytes(bytes), which begins with a huge page where it has one; null where there is none. */
void *vitc_map(size_t bytes);

#endif /* VITC_RUNTIME_PAGES_H */
