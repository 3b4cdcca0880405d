#include "CudaTensors.h"

#include "Error.h"
#include "Polynomial.h"
#include "Tensor.h"

int32_t vitc_cuda_ordinal_of(const vitc_cuda *cuda, const void *data) {
  int32_t type = 0, ordinal = -1;
  vitc_cu_address address = (vitc_cu_address)data;
  if (cuda->PointerGetAttribute(&type, VITC_CU_POINTER_MEMORY_TYPE, address) || type != VITC_CU_MEMORY_DEVICE ||
      cuda->PointerGetAttribute(&ordinal, VITC_CU_POINTER_DEVICE, address))
    return -1;
  return ordinal;
}

static vitc_status check_pointer(const vitc_gpu_session *gpu, const char *kind, const char *name, const void *data) {
  int64_t wanted = gpu->device->ordinal, ordinal = vitc_cuda_ordinal_of(gpu->device->cuda, data);
  if (ordinal < 0)
    return vitc_fail(VITC_E_TENSOR, "%s '%s' is said to be on CUDA device %d, but its address is not of a GPU's memory",
                     kind, name, wanted);
  return ordinal == wanted
             ? VITC_OK
             : vitc_fail(VITC_E_TENSOR, "%s '%s' is said to be on CUDA device %d, but its memory is on device %d", kind,
                         name, wanted, ordinal);
}

static int64_t bytes_of(const vitc_tensor_spec *spec, const vitc_case *c) {
  int64_t bytes = 0;
  vitc_tensor_bytes(spec, c->symbols, &bytes);
  return bytes;
}

vitc_status vitc_cuda_bind_inputs(vitc_gpu_session *gpu, vitc_case *c, vitc_cuda_case *cc, const DLTensor *inputs,
                                  vitc_cu_stream stream) {
  const vitc_function *function = c->plan->function;
  for (int32_t i = 0; i < function->input_count; ++i) {
    const vitc_tensor_spec *spec = &function->inputs[i];
    int64_t bytes = bytes_of(spec, c);
    cc->inputs[i] = (vitc_cu_address)c->inputs[i];
    if (!bytes)
      continue;
    if (!vitc_is_on_host(&inputs[i])) {
      vitc_status status = check_pointer(gpu, "input", spec->name, c->inputs[i]);
      if (status)
        return status;
      continue;
    }
    cc->inputs[i] = gpu->memory + (uint64_t)c->plan->staged[i];
    vitc_cu_result result = gpu->device->cuda->MemcpyHtoDAsync(cc->inputs[i], c->inputs[i], (size_t)bytes, stream);
    if (result)
      return vitc_cuda_fail(gpu->device->cuda, result, spec->name);
  }
  return VITC_OK;
}

static bool goes_to_host(const vitc_case *c, const DLTensor *output) {
  return output->data ? vitc_is_on_host(output) : c->lends_on_host;
}

vitc_status vitc_cuda_bind_outputs(vitc_gpu_session *gpu, vitc_case *c, vitc_cuda_case *cc, const DLTensor *outputs) {
  const vitc_function *function = c->plan->function;
  for (int32_t i = 0; i < function->output_count; ++i) {
    cc->outputs[i] = (vitc_cu_address)c->outputs[i];
    if (goes_to_host(c, &outputs[i])) {
      cc->outputs[i] = gpu->memory + (uint64_t)c->plan->lent[i];
    } else if (outputs[i].data && bytes_of(&function->outputs[i], c)) {
      vitc_status status = check_pointer(gpu, "output", function->outputs[i].name, c->outputs[i]);
      if (status)
        return status;
    }
  }
  return VITC_OK;
}

bool vitc_cuda_touches_host(const vitc_case *c, const DLTensor *inputs, const DLTensor *outputs) {
  const vitc_function *function = c->plan->function;
  for (int32_t i = 0; i < function->input_count; ++i)
    if (vitc_is_on_host(&inputs[i]) && bytes_of(&function->inputs[i], c))
      return true;
  for (int32_t i = 0; i < function->output_count; ++i)
    if (goes_to_host(c, &outputs[i]))
      return true;
  return false;
}

vitc_status vitc_cuda_copy_outputs(vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                                   const DLTensor *outputs, vitc_cu_stream stream) {
  const vitc_function *function = c->plan->function;
  for (int32_t i = 0; i < function->output_count; ++i) {
    int64_t bytes = bytes_of(&function->outputs[i], c);
    if (!bytes || !goes_to_host(c, &outputs[i]))
      continue;
    vitc_cu_result result = gpu->device->cuda->MemcpyDtoHAsync(c->outputs[i], cc->outputs[i], (size_t)bytes, stream);
    if (result)
      return vitc_cuda_fail(gpu->device->cuda, result, function->outputs[i].name);
  }
  return VITC_OK;
}
