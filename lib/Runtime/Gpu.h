/* What the runtime asks of a GPU. A library with code for one has a table of these functions (vitc_gpu_code's
 * `backend`); the others do without their objects. */
#ifndef VITC_RUNTIME_GPU_H
#define VITC_RUNTIME_GPU_H

#include "Program.h"

struct vitc_session;
struct vitc_case;

/* What a session has on its device. */
typedef struct vitc_gpu_session vitc_gpu_session;

struct vitc_gpu_backend {
  int32_t device_type; /* kDLCUDA */

  /* The compute capability of a device, 90 for 9.0. Errors: DEVICE. */
  vitc_status (*capability)(int32_t device, int32_t *capability);

  /* Loads the kernels, uploads the weights where no other session of the model has, and takes memory for the plans of
   * `session`, or the caller's. Errors: ARGUMENT, DEVICE, MEMORY. */
  vitc_status (*create)(struct vitc_session *session, const vitc_session_options *options);

  /* Waits for what still runs and frees all that `create` made, also where that failed halfway. */
  void (*destroy)(struct vitc_session *session);

  /* Binds the tensors, whose shapes are right, and starts a run of the case on `stream`. It has ended when this
   * returns where a tensor is in the host's memory. Errors: TENSOR, DEVICE. */
  vitc_status (*run)(struct vitc_session *session, struct vitc_case *c, const DLTensor *inputs, DLTensor *outputs,
                     void *stream);
};

#endif /* VITC_RUNTIME_GPU_H */
