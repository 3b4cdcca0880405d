/* The bytes of Embedded.h; the paths come from CMake. */
#include <stddef.h>

typedef struct vitc_embedded_file {
  const unsigned char *bytes;
  size_t size;
} vitc_embedded_file;

#define FILE_OF(bytes) {bytes, sizeof(bytes)}

static const unsigned char x86_64_runtime[] = {
#embed VITC_RUNTIME_x86_64
};
static const unsigned char x86_64_libc[] = {
#embed VITC_LIBC_x86_64
};
static const unsigned char x86_64_libm[] = {
#embed VITC_LIBM_x86_64
};
const vitc_embedded_file vitc_embedded_x86_64[3] = {FILE_OF(x86_64_runtime), FILE_OF(x86_64_libc),
                                                    FILE_OF(x86_64_libm)};

static const unsigned char aarch64_runtime[] = {
#embed VITC_RUNTIME_aarch64
};
static const unsigned char aarch64_libc[] = {
#embed VITC_LIBC_aarch64
};
static const unsigned char aarch64_libm[] = {
#embed VITC_LIBM_aarch64
};
const vitc_embedded_file vitc_embedded_aarch64[3] = {FILE_OF(aarch64_runtime), FILE_OF(aarch64_libc),
                                                     FILE_OF(aarch64_libm)};

static const unsigned char model_header[] = {
#embed VITC_MODEL_HEADER
};
const vitc_embedded_file vitc_embedded_model_header = FILE_OF(model_header);
