#include "Pages.h"

#include "Libc.h"

void *vitc_map(size_t bytes) {
  size_t mapped = vitc_mapped_bytes(bytes), spare = mapped < VITC_HUGE_PAGE ? 0 : VITC_HUGE_PAGE;
  char *memory =
      mmap(0, mapped + spare, VITC_PROT_READ | VITC_PROT_WRITE, VITC_MAP_PRIVATE | VITC_MAP_ANONYMOUS, -1, 0);
  if (memory == (void *)-1)
    return 0;
  size_t before = spare ? -(uintptr_t)memory % VITC_HUGE_PAGE : 0;
  if (before)
    munmap(memory, before);
  if (spare > before)
    munmap(memory + before + mapped, spare - before);
  vitc_prefer_huge_pages(memory + before, mapped);
  return memory + before;
}
