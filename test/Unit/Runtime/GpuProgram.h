#ifndef VITC_TEST_UNIT_RUNTIME_GPUPROGRAM_H
#define VITC_TEST_UNIT_RUNTIME_GPUPROGRAM_H

#include "Program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What AddProgram.c's `main` does, for a GPU: two launches, `scale` and `add`, with a buffer between them. */
extern const vitc_variant gpu_main_variant;

/* copy(x: float32 (batch, 4)) -> y: float32 (batch, 4), by a tensor map over x: eight rows a block. */
extern const vitc_function gpu_copy_function;

/* What `main` would be if `scale` wrote behind the end of its buffer. */
extern const vitc_variant gpu_broken_variant;

#ifdef __cplusplus
}
#endif

#endif
