/* Sentences about failures: a formatter of the few things they name, and the thread's last one. */
#ifndef VITC_RUNTIME_ERROR_H
#define VITC_RUNTIME_ERROR_H

#include "vitc-c/Model.h"

#include <stdbool.h>

/* Text that ends at `end`; what does not fit is cut. Always terminated once something was appended. */
typedef struct vitc_text {
  char *at, *end;
} vitc_text;

/* Appends `format`, in which stand for an argument:
 *   %s  const char *               %d  int64_t
 *   %v  int64_t count, const int64_t *: "(1, 3, 224, 224)"
 *   %t  DLDataType *: "float32"
 *   %e  const vitc_tensor_spec *, const vitc_symbol *: its shape, "(batch, 197*batch + 1)" */
void vitc_append(vitc_text *text, const char *format, ...);

/* Makes the sentence the thread's last error; returns `status`. */
vitc_status vitc_fail(vitc_status status, const char *format, ...);

const char *vitc_last_error(void);

bool vitc_same_text(const char *a, const char *b);

/* What a system call's -errno means, as half a sentence. */
const char *vitc_reason(long error);

#endif /* VITC_RUNTIME_ERROR_H */
