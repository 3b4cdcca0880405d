#include "Libc.h"
#include "Syscall.h"
#include "Weights.h"

/* A file read byte by byte through a buffer. */
typedef struct {
  long file;
  long at, end;
  char buffer[4096];
} reader;

static int next(reader *r) {
  if (r->at == r->end) {
    r->at = 0;
    r->end = vitc_syscall(VITC_SYS_READ, r->file, (long)r->buffer, sizeof r->buffer, 0);
    if (r->end <= 0) {
      r->end = 0;
      return -1;
    }
  }
  return (unsigned char)r->buffer[r->at++];
}

/* Reads a hexadecimal number and the character after it. */
static uint64_t next_hex(reader *r, int *after) {
  uint64_t value = 0;
  for (;;) {
    int c = next(r);
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) {
      *after = c;
      return value;
    }
    value = value << 4 | (unsigned)digit;
  }
}

/* Copies what follows the first slash of the line (with it), or skips the line where `path` is null. */
static bool read_path(reader *r, char *path, size_t size) {
  size_t length = 0;
  int c = next(r);
  while (c >= 0 && c != '\n' && c != '/')
    c = next(r);
  for (; c >= 0 && c != '\n'; c = next(r))
    if (path && length < size)
      path[length++] = (char)c;
  if (!path || !length || length == size)
    return false;
  path[length] = 0;
  return true;
}

bool vitc_file_of(const void *address, char *path, size_t size) {
  enum { AT_FDCWD = -100, O_CLOEXEC = 02000000 };
  reader r = {.file = vitc_syscall(VITC_SYS_OPENAT, AT_FDCWD, (long)"/proc/self/maps", O_CLOEXEC, 0)};
  if (r.file < 0)
    return false;
  bool found = false, there = false;
  for (int after = 0; !there && after >= 0;) {
    uint64_t begin = next_hex(&r, &after);
    uint64_t end = after < 0 ? 0 : next_hex(&r, &after);
    there = (uintptr_t)address >= begin && (uintptr_t)address < end;
    found = read_path(&r, there ? path : 0, size);
  }
  vitc_syscall(VITC_SYS_CLOSE, r.file, 0, 0, 0);
  return there && found;
}
