/* What the sessions of a model share on one CUDA device: the driver's context, the kernels, the weights. */
#ifndef VITC_RUNTIME_CUDADEVICE_H
#define VITC_RUNTIME_CUDADEVICE_H

#include "CudaDriver.h"
#include "Session.h"

typedef struct vitc_cuda_device {
  struct vitc_cuda_device *next; /* of the model's */
  const vitc_cuda *cuda;
  int32_t ordinal, references, process;
  int32_t capability, multiprocessors;
  vitc_cu_device device;
  vitc_cu_context context; /* the primary one, which PyTorch and others use as well */
  vitc_cu_address weights;
  vitc_cu_module modules[]; /* [function_count]: of the variant of each that runs here; null until a session wants it */
} vitc_cuda_device;

/* The compute capability of a device: 90 for 9.0. Errors: DEVICE. */
vitc_status vitc_cuda_capability(int32_t ordinal, int32_t *capability);

/* The device as the model's sessions share it, opened by the first of them. Errors: DEVICE, MEMORY. */
vitc_status vitc_cuda_open(vitc_model *model, int32_t ordinal, vitc_cuda_device **device);

/* Gives up a session's hold. */
void vitc_cuda_close(vitc_model *model, vitc_cuda_device *device);

/* The kernels of a variant of the model's function `index`; the device's context is current. Errors: DEVICE, MEMORY. */
vitc_status vitc_cuda_load_module(vitc_model *model, vitc_cuda_device *device, int32_t index,
                                  const vitc_variant *variant, vitc_cu_module *module);

#endif /* VITC_RUNTIME_CUDADEVICE_H */
