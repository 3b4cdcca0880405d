/* Sizes as functions of named dimensions. */
#ifndef VITC_RUNTIME_POLYNOMIAL_H
#define VITC_RUNTIME_POLYNOMIAL_H

#include "Program.h"

#include <stdbool.h>

/* The value at `symbols`; false where a step leaves 64 bits or the value is negative. */
bool vitc_evaluate(const vitc_polynomial *polynomial, const int64_t *symbols, int64_t *value);

/* The bytes of a tensor at `symbols`; false where they leave 64 bits. */
bool vitc_tensor_bytes(const vitc_tensor_spec *spec, const int64_t *symbols, int64_t *bytes);

#endif /* VITC_RUNTIME_POLYNOMIAL_H */
