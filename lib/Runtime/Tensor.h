/* The tensors of a call: are they those that the function takes and returns? */
#ifndef VITC_RUNTIME_TENSOR_H
#define VITC_RUNTIME_TENSOR_H

#include "Program.h"

#include <stdbool.h>

/* Checks counts, types and shapes of the inputs, and reads from them the values of the named dimensions, which must
 * not exceed `maximum` and have to satisfy the function's requirements. Fills in all symbols. */
vitc_status vitc_read_symbols(const vitc_function *function, const DLTensor *inputs, int32_t count,
                              const int64_t *maximum, int64_t *symbols);

/* Checks the count, types and ranks of the inputs. */
vitc_status vitc_check_forms(const vitc_function *function, const DLTensor *inputs, int32_t count);

/* Whether the function takes the extents of the inputs, whose ranks are right: any that is at least 1 for a named
 * dimension, but the same wherever the name stands. */
bool vitc_takes(const vitc_function *function, const DLTensor *inputs);

/* Checks the memory of an input whose type and shape are right; `data` is where its first element is. Besides the
 * host's, it may be in the memory of `device`. */
vitc_status vitc_bind_input(const vitc_tensor_spec *spec, const DLTensor *input, DLDevice device, const void **data);

/* Checks an output of the caller's against the shape it must have. */
vitc_status vitc_bind_output(const vitc_tensor_spec *spec, const DLTensor *output, const int64_t *shape,
                             DLDevice device, void **data);

/* Whether a tensor is in the host's memory. */
bool vitc_is_on_host(const DLTensor *tensor);

/* Fills every field of an output in the session's memory on `device`. */
void vitc_lend_output(const vitc_tensor_spec *spec, int64_t *shape, void *data, DLDevice device, DLTensor *output);

/* Checks that no output overlaps another tensor of the call. */
vitc_status vitc_check_overlap(const vitc_function *function, const void *const *inputs, void *const *outputs,
                               const int64_t *symbols);

#endif /* VITC_RUNTIME_TENSOR_H */
