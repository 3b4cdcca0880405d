/* Tensors of a run on a CUDA device: of its memory, or of the host's. */
#ifndef VITC_RUNTIME_CUDATENSORS_H
#define VITC_RUNTIME_CUDATENSORS_H

#include "CudaLaunch.h"

/* The device whose memory an address is of, or -1: what another library calls a device pointer may be a host's. */
int32_t vitc_cuda_ordinal_of(const vitc_cuda *cuda, const void *data);

/* Whether a run copies from or to the host. */
bool vitc_cuda_touches_host(const vitc_case *c, const DLTensor *inputs, const DLTensor *outputs);

/* Finds the run's addresses. Inputs of the host are copied to their places on the device; outputs for the host are
 * computed where the session would lend them on the device. Errors: TENSOR, DEVICE. */
vitc_status vitc_cuda_bind_inputs(vitc_gpu_session *gpu, vitc_case *c, vitc_cuda_case *cc, const DLTensor *inputs,
                                  vitc_cu_stream stream);
vitc_status vitc_cuda_bind_outputs(vitc_gpu_session *gpu, vitc_case *c, vitc_cuda_case *cc, const DLTensor *outputs);

/* Copies outputs to the host. */
vitc_status vitc_cuda_copy_outputs(vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                                   const DLTensor *outputs, vitc_cu_stream stream);

#endif /* VITC_RUNTIME_CUDATENSORS_H */
