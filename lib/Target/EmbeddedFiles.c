/* The bytes of Embedded.h; the paths come from CMake. */
#include <stddef.h>

#define SIZE_OF(name) const size_t name##_size = sizeof(name)

const unsigned char vitc_embedded_runtime[] = {
#embed VITC_RUNTIME_OBJECT
};
SIZE_OF(vitc_embedded_runtime);

const unsigned char vitc_embedded_libc[] = {
#embed VITC_LIBC_STUB
};
SIZE_OF(vitc_embedded_libc);

const unsigned char vitc_embedded_libm[] = {
#embed VITC_LIBM_STUB
};
SIZE_OF(vitc_embedded_libm);

const unsigned char vitc_embedded_model_header[] = {
#embed VITC_MODEL_HEADER
};
SIZE_OF(vitc_embedded_model_header);
