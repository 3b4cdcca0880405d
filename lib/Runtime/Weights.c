#include "Weights.h"

#include "Error.h"
#include "Libc.h"
#include "Pages.h"
#include "Sha256.h"
#include "Syscall.h"

enum { MAX_PATH = 4096, DIGEST_BYTES = 32 };

static bool same_bytes(const void *a, const void *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i])
      return false;
  return true;
}

/* The path of `name` in the folder of this library. */
static bool beside_library(const vitc_program *program, char path[MAX_PATH]) {
  if (!vitc_file_of(program, path, MAX_PATH))
    return false;
  char *last = path;
  for (char *c = path; *c; ++c)
    if (*c == '/')
      last = c + 1;
  vitc_text text = {last, path + MAX_PATH};
  vitc_append(&text, "%s", program->weights_file);
  return text.end - text.at > 1;
}

/* Maps the whole file, which must be `bytes` long. */
static vitc_status map_file(const char *path, int64_t bytes, void **map) {
  enum { AT_FDCWD = -100, O_CLOEXEC = 02000000, SEEK_END = 2 };
  long file = vitc_syscall(VITC_SYS_OPENAT, AT_FDCWD, (long)path, O_CLOEXEC, 0);
  if (file < 0)
    return vitc_fail(VITC_E_WEIGHTS, "cannot open the weights '%s': %s", path, vitc_reason(file));
  int64_t size = vitc_syscall(VITC_SYS_LSEEK, file, 0, SEEK_END, 0);
  if (size == bytes)
    *map = mmap(0, (size_t)bytes, VITC_PROT_READ, VITC_MAP_PRIVATE, (int)file, 0);
  vitc_syscall(VITC_SYS_CLOSE, file, 0, 0, 0);
  if (size != bytes)
    return vitc_fail(VITC_E_WEIGHTS, "the weights '%s' have %d bytes; expected %d", path, size, bytes);
  if (*map == (void *)-1)
    return vitc_fail(VITC_E_WEIGHTS, "cannot map the weights '%s' into memory", path);
  return VITC_OK;
}

static vitc_status check_digest(const vitc_program *program, const char *path, const char *data, bool verify) {
  const char *label = data + program->weights_bytes;
  if (!same_bytes(label, program->weights_digest, DIGEST_BYTES))
    return vitc_fail(VITC_E_WEIGHTS, "the weights '%s' belong to another model or another build of this one", path);
  if (!verify)
    return VITC_OK;
  uint8_t digest[DIGEST_BYTES];
  vitc_sha256(data, program->weights_bytes, digest);
  if (!same_bytes(digest, program->weights_digest, DIGEST_BYTES))
    return vitc_fail(VITC_E_WEIGHTS, "the weights '%s' are damaged: their digest is not the one they were written with",
                     path);
  return VITC_OK;
}

vitc_status vitc_weights_open(const vitc_program *program, const char *path, bool verify, vitc_weights *weights) {
  char found[MAX_PATH];
  *weights = (vitc_weights){.data = program->weights};
  if (program->weights)
    vitc_prefer_huge_pages(program->weights, program->weights_bytes);
  if (program->weights || !program->weights_file)
    return VITC_OK;
  if (!path && !beside_library(program, found))
    return vitc_fail(VITC_E_WEIGHTS, "cannot find the folder of this library to look for '%s' in it; give their path",
                     program->weights_file);
  path = path ? path : found;
  weights->map_bytes = program->weights_bytes + DIGEST_BYTES;
  vitc_status status = map_file(path, (int64_t)weights->map_bytes, &weights->map);
  if (status) {
    weights->map = 0;
    return status;
  }
  weights->data = weights->map;
  vitc_prefer_huge_pages(weights->data, weights->map_bytes);
  status = check_digest(program, path, weights->data, verify);
  if (status)
    vitc_weights_close(weights);
  return status;
}

void vitc_weights_close(vitc_weights *weights) {
  if (weights->map)
    munmap(weights->map, weights->map_bytes);
  *weights = (vitc_weights){0};
}
