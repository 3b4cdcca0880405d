#include "Clock.h"
#include "Syscall.h"
#include "Team.h"

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129, WATCHES_PER_CLOCK = 64 };

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

static bool changed(vitc_gate *gate, uint32_t seen) {
  return atomic_load_explicit(&gate->value, memory_order_acquire) != seen;
}

static bool watch(vitc_gate *gate, uint32_t seen, int64_t spin) {
  int64_t end = 0;
  do {
    for (int i = 0; i < WATCHES_PER_CLOCK; ++i) {
      if (changed(gate, seen))
        return true;
      pause_briefly();
    }
    if (!end)
      end = vitc_now() + spin;
  } while (vitc_now() < end);
  return false;
}

void vitc_gate_wait(vitc_gate *gate, uint32_t seen, int64_t spin) {
  if (spin ? watch(gate, seen, spin) : changed(gate, seen))
    return;
  /* Either we see the new value here or in the kernel, or whoever changes it afterwards sees us: all three accesses are
   * sequentially consistent. */
  atomic_fetch_add(&gate->sleepers, 1);
  while (atomic_load(&gate->value) == seen)
    vitc_syscall(VITC_SYS_FUTEX, (long)&gate->value, FUTEX_WAIT_PRIVATE, seen, 0);
  atomic_fetch_sub(&gate->sleepers, 1);
}

void vitc_gate_advance(vitc_gate *gate) {
  atomic_fetch_add(&gate->value, 1);
  if (atomic_load(&gate->sleepers))
    vitc_syscall(VITC_SYS_FUTEX, (long)&gate->value, FUTEX_WAKE_PRIVATE, INT32_MAX, 0);
}
