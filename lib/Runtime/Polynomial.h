/* Sizes as functions of symbols. */
#ifndef VITC_RUNTIME_POLYNOMIAL_H
#define VITC_RUNTIME_POLYNOMIAL_H

#include "Program.h"

#include <stdbool.h>

/* The value at `symbols`; false where a step leaves 64 bits. */
bool vitc_evaluate(const vitc_polynomial *polynomial, const int64_t *symbols, int64_t *value);

/* What the value is at most for symbols from 0 to `maxima`, and never less than 0: terms that would make it less, but
 * for constant ones, are left out. False where a step leaves 64 bits. */
bool vitc_bound(const vitc_polynomial *polynomial, const int64_t *maxima, int64_t *bound);

/* The bytes of a tensor at `symbols`; false where they leave 64 bits or an extent is negative. */
bool vitc_tensor_bytes(const vitc_tensor_spec *spec, const int64_t *symbols, int64_t *bytes);

/* What the bytes of a tensor are at most for symbols from 0 to `maxima`. */
bool vitc_tensor_bound(const vitc_tensor_spec *spec, const int64_t *maxima, int64_t *bytes);

#endif /* VITC_RUNTIME_POLYNOMIAL_H */
