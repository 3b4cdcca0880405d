/* System calls of 64-bit Linux, without libc: the result is what the kernel returns, -errno on failure. */
#ifndef VITC_RUNTIME_SYSCALL_H
#define VITC_RUNTIME_SYSCALL_H

#include <stdint.h>

#if defined(__x86_64__)
enum {
  VITC_SYS_READ = 0,
  VITC_SYS_CLOSE = 3,
  VITC_SYS_LSEEK = 8,
  VITC_SYS_SIGPROCMASK = 14,
  VITC_SYS_MADVISE = 28,
  VITC_SYS_GETPID = 39,
  VITC_SYS_ARCH_PRCTL = 158,
  VITC_SYS_GETTID = 186,
  VITC_SYS_FUTEX = 202,
  VITC_SYS_SETAFFINITY = 203,
  VITC_SYS_GETAFFINITY = 204,
  VITC_SYS_OPENAT = 257,
  VITC_SYS_GETCPU = 309,
};

static inline long vitc_syscall(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum {
  VITC_SYS_OPENAT = 56,
  VITC_SYS_CLOSE = 57,
  VITC_SYS_LSEEK = 62,
  VITC_SYS_READ = 63,
  VITC_SYS_FUTEX = 98,
  VITC_SYS_SETAFFINITY = 122,
  VITC_SYS_GETAFFINITY = 123,
  VITC_SYS_SIGPROCMASK = 135,
  VITC_SYS_GETCPU = 168,
  VITC_SYS_GETPID = 172,
  VITC_SYS_GETTID = 178,
  VITC_SYS_MADVISE = 233,
};

static inline long vitc_syscall(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "the runtime knows x86-64 and aarch64"
#endif

static inline int32_t vitc_thread_id(void) { return (int32_t)vitc_syscall(VITC_SYS_GETTID, 0, 0, 0, 0); }
static inline int32_t vitc_process(void) { return (int32_t)vitc_syscall(VITC_SYS_GETPID, 0, 0, 0, 0); }

#endif /* VITC_RUNTIME_SYSCALL_H */
