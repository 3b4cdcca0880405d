/* All that the runtime takes from libc, declared here because a model is linked where no libc headers are.
 *
 * The compiler's stubs (lib/Target) must offer exactly these, and whatever of memcpy, memmove, memset and memcmp a
 * compiler emits by itself. What the kernel offers directly is in Syscall.h. */
#ifndef VITC_RUNTIME_LIBC_H
#define VITC_RUNTIME_LIBC_H

#include <stddef.h>
#include <stdint.h>

void *malloc(size_t bytes);
void free(void *memory);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *memory, int value, size_t bytes);
char *getenv(const char *name);

void *mmap(void *address, size_t bytes, int protection, int flags, int file, long offset);
int munmap(void *address, size_t bytes);
enum { VITC_PROT_READ = 1, VITC_PROT_WRITE = 2, VITC_MAP_PRIVATE = 2, VITC_MAP_ANONYMOUS = 32 };

void *dlopen(const char *path, int flags);
void *dlsym(void *library, const char *name);
char *dlerror(void);
int dlclose(void *library);
enum { VITC_RTLD_NOW = 2 };

typedef unsigned long vitc_thread; /* pthread_t */
int pthread_create(vitc_thread *thread, const void *attributes, void *(*start)(void *), void *argument);
int pthread_join(vitc_thread thread, void **result);

typedef struct vitc_timespec {
  int64_t seconds;
  long nanoseconds;
} vitc_timespec;
int clock_gettime(int clock, vitc_timespec *time);
enum { VITC_CLOCK_MONOTONIC = 1 };

#endif /* VITC_RUNTIME_LIBC_H */
