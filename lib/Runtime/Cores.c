#include "Cores.h"

#include "Error.h"
#include "Libc.h"
#include "Syscall.h"

/* Fills `cpus`; returns how many words of it the kernel knows. */
static int32_t read_affinity(vitc_cpus *cpus) {
  memset(cpus, 0, sizeof *cpus);
  long bytes = vitc_syscall(VITC_SYS_GETAFFINITY, 0, sizeof cpus->bits, (long)cpus->bits, 0);
  return bytes > 0 ? (int32_t)(bytes / 8) : 0;
}

static int32_t count_cpus(const vitc_cpus *cpus, int32_t words) {
  int32_t count = 0;
  for (int32_t i = 0; i < words; ++i)
    count += __builtin_popcountll(cpus->bits[i]);
  return count;
}

int32_t vitc_allowed_cpus(void) {
  vitc_cpus cpus;
  int32_t words = read_affinity(&cpus), count = count_cpus(&cpus, words);
  return count ? count : 1;
}

static bool contains(const vitc_cpus *cpus, int64_t cpu) {
  return cpu >= 0 && cpu < VITC_MAX_CPUS && cpus->bits[cpu / 64] >> cpu % 64 & 1;
}

/* Reads a number and moves behind it. */
static int64_t number(const char **text) {
  int64_t value = 0;
  for (; **text >= '0' && **text <= '9' && value < VITC_MAX_CPUS; ++*text)
    value = value * 10 + (**text - '0');
  return value;
}

bool vitc_first_sibling(const char *siblings, int32_t cpu, const vitc_cpus *allowed) {
  while (*siblings >= '0' && *siblings <= '9') {
    int64_t first = number(&siblings), last = first;
    if (*siblings == '-') {
      ++siblings;
      last = number(&siblings);
    }
    for (int64_t other = first; other <= last && other < cpu; ++other)
      if (contains(allowed, other))
        return false;
    siblings += *siblings == ',';
  }
  return true;
}

/* Reads which CPUs are hardware threads of the core of `cpu`; an empty list where the system does not say. */
static void read_siblings(int32_t cpu, char *list, long size) {
  enum { AT_FDCWD = -100, O_CLOEXEC = 02000000 };
  char path[128];
  vitc_text text = {path, path + sizeof path};
  vitc_append(&text, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", (int64_t)cpu);
  long file = vitc_syscall(VITC_SYS_OPENAT, AT_FDCWD, (long)path, O_CLOEXEC, 0);
  long bytes = file < 0 ? 0 : vitc_syscall(VITC_SYS_READ, file, (long)list, size - 1, 0);
  if (file >= 0)
    vitc_syscall(VITC_SYS_CLOSE, file, 0, 0, 0);
  list[bytes > 0 ? bytes : 0] = 0;
}

int32_t vitc_allowed_cores(void) {
  vitc_cpus cpus;
  char siblings[256];
  int32_t cores = 0;
  for (int32_t cpu = 0, count = 64 * read_affinity(&cpus); cpu < count; ++cpu) {
    if (!contains(&cpus, cpu))
      continue;
    read_siblings(cpu, siblings, sizeof siblings);
    cores += vitc_first_sibling(siblings, cpu, &cpus);
  }
  return cores ? cores : 1;
}

int32_t vitc_current_cpu(void) {
  uint32_t cpu;
  return vitc_syscall(VITC_SYS_GETCPU, (long)&cpu, 0, 0, 0) ? -1 : (int32_t)cpu;
}

bool vitc_other_cpus(int32_t cpu, int32_t least, vitc_cpus *others) {
  int32_t words = read_affinity(others);
  if (!contains(others, cpu) || count_cpus(others, words) <= least)
    return false;
  others->bits[cpu / 64] &= ~((uint64_t)1 << cpu % 64);
  return true;
}

void vitc_set_affinity(int32_t thread, const vitc_cpus *cpus) {
  vitc_syscall(VITC_SYS_SETAFFINITY, thread, sizeof cpus->bits, (long)cpus->bits, 0);
}
