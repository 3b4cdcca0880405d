#include "CudaDevice.h"

#include "Error.h"
#include "Libc.h"
#include "Syscall.h"

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

/* A lock that sleeps: an upload takes seconds. 0: free, 1: taken, 2: taken, and somebody waits. */
static void lock(_Atomic int32_t *word) {
  int32_t seen = 0;
  if (atomic_compare_exchange_strong(word, &seen, 1))
    return;
  while (atomic_exchange(word, 2))
    vitc_syscall(VITC_SYS_FUTEX, (long)word, FUTEX_WAIT_PRIVATE, 2, 0);
}

static void unlock(_Atomic int32_t *word) {
  if (atomic_exchange(word, 0) == 2)
    vitc_syscall(VITC_SYS_FUTEX, (long)word, FUTEX_WAKE_PRIVATE, 1, 0);
}

static vitc_status find_device(const vitc_cuda *cuda, int32_t ordinal, vitc_cu_device *device) {
  int32_t count = 0;
  vitc_cu_result result = cuda->DeviceGetCount(&count);
  if (result)
    return vitc_cuda_fail(cuda, result, "the number of CUDA devices");
  if (ordinal < 0 || ordinal >= count)
    return vitc_fail(VITC_E_DEVICE, "there is no CUDA device %d; the driver finds %d", (int64_t)ordinal,
                     (int64_t)count);
  result = cuda->DeviceGet(device, ordinal);
  return result ? vitc_cuda_fail(cuda, result, "the CUDA device") : VITC_OK;
}

static vitc_status read_capability(const vitc_cuda *cuda, vitc_cu_device device, int32_t *capability) {
  int32_t major = 0, minor = 0;
  vitc_cu_result result = cuda->DeviceGetAttribute(&major, VITC_CU_CAPABILITY_MAJOR, device);
  if (!result)
    result = cuda->DeviceGetAttribute(&minor, VITC_CU_CAPABILITY_MINOR, device);
  *capability = 10 * major + minor;
  return result ? vitc_cuda_fail(cuda, result, "the compute capability of the CUDA device") : VITC_OK;
}

vitc_status vitc_cuda_capability(int32_t ordinal, int32_t *capability) {
  const vitc_cuda *cuda;
  vitc_cu_device device;
  vitc_status status = vitc_cuda_load(&cuda);
  if (!status)
    status = find_device(cuda, ordinal, &device);
  return status ? status : read_capability(cuda, device, capability);
}

/* The weights stay where they are on the host; the driver copies them through its own pinned memory. */
static vitc_status upload_weights(const vitc_model *model, vitc_cuda_device *device) {
  uint64_t bytes = model->program->weights_bytes;
  if (!bytes)
    return VITC_OK;
  vitc_cu_result result = device->cuda->MemAlloc(&device->weights, bytes);
  if (result == VITC_CU_OUT_OF_MEMORY)
    return vitc_fail(VITC_E_MEMORY, "out of memory on CUDA device %d: the weights need %d bytes",
                     (int64_t)device->ordinal, (int64_t)bytes);
  if (!result)
    result = device->cuda->MemcpyHtoD(device->weights, model->weights.data, bytes);
  return result ? vitc_cuda_fail(device->cuda, result, "the weights cannot be copied to the GPU") : VITC_OK;
}

static vitc_status open_device(vitc_model *model, vitc_cuda_device *device) {
  const vitc_cuda *cuda = device->cuda;
  vitc_status status = find_device(cuda, device->ordinal, &device->device);
  if (!status)
    status = read_capability(cuda, device->device, &device->capability);
  if (status)
    return status;
  vitc_cu_result result = cuda->DeviceGetAttribute(&device->multiprocessors, VITC_CU_MULTIPROCESSORS, device->device);
  if (!result)
    result = cuda->DevicePrimaryCtxRetain(&device->context, device->device);
  if (result)
    return vitc_cuda_fail(cuda, result, "the CUDA device cannot be opened");
  result = cuda->CtxPushCurrent(device->context);
  if (result)
    return vitc_cuda_fail(cuda, result, "the context of the CUDA device");
  status = upload_weights(model, device);
  cuda->CtxPopCurrent(&(vitc_cu_context){0});
  return status;
}

/* In a child process that was forked the driver's objects are not there: nothing is to be freed. */
static void free_device(const vitc_model *model, vitc_cuda_device *device) {
  const vitc_cuda *cuda = device->cuda;
  if (device->context && device->process == vitc_process()) {
    cuda->CtxPushCurrent(device->context);
    for (int32_t i = 0; i < model->program->function_count; ++i)
      if (device->modules[i])
        cuda->ModuleUnload(device->modules[i]);
    if (device->weights)
      cuda->MemFree(device->weights);
    cuda->CtxPopCurrent(&(vitc_cu_context){0});
    cuda->DevicePrimaryCtxRelease(device->device);
  }
  free(device);
}

/* The device among those that sessions of this process opened. */
static vitc_cuda_device *find_open(const vitc_model *model, int32_t ordinal) {
  vitc_cuda_device *device = model->gpu;
  while (device && (device->ordinal != ordinal || device->process != vitc_process()))
    device = device->next;
  return device;
}

vitc_status vitc_cuda_open(vitc_model *model, int32_t ordinal, vitc_cuda_device **found) {
  const vitc_cuda *cuda;
  vitc_status status = vitc_cuda_load(&cuda);
  if (status)
    return status;
  lock(&model->gpu_lock);
  vitc_cuda_device *device = find_open(model, ordinal);
  if (!device) {
    size_t bytes = sizeof *device + (size_t)model->program->function_count * sizeof *device->modules;
    device = malloc(bytes);
    status = device ? VITC_OK : vitc_fail(VITC_E_MEMORY, "out of memory");
    if (!status) {
      memset(device, 0, bytes);
      device->cuda = cuda;
      device->ordinal = ordinal;
      device->process = vitc_process();
      status = open_device(model, device);
      if (status)
        free_device(model, device);
    }
    if (!status) {
      device->next = model->gpu;
      model->gpu = device;
    }
  }
  if (!status) {
    ++device->references;
    *found = device;
  }
  unlock(&model->gpu_lock);
  return status;
}

void vitc_cuda_close(vitc_model *model, vitc_cuda_device *device) {
  lock(&model->gpu_lock);
  if (!--device->references) {
    vitc_cuda_device *first = model->gpu;
    if (first == device) {
      model->gpu = device->next;
    } else {
      while (first->next != device)
        first = first->next;
      first->next = device->next;
    }
    free_device(model, device);
  }
  unlock(&model->gpu_lock);
}

/* Whether a driver that does not take the cubin may still compile the PTX: it is older than the cubin's format. */
static bool may_compile(vitc_cu_result result) {
  return result == VITC_CU_INVALID_IMAGE || result == VITC_CU_NO_BINARY_FOR_GPU;
}

static vitc_status load_code(const vitc_cuda *cuda, const vitc_gpu_code *code, const char *level,
                             vitc_cu_module *module) {
  vitc_cu_result result = VITC_CU_NO_BINARY_FOR_GPU;
  if (code->cubin)
    result = cuda->ModuleLoadData(module, code->cubin);
  if (code->ptx && may_compile(result))
    result = cuda->ModuleLoadData(module, code->ptx);
  if (!result)
    return VITC_OK;
  const char *text = "unknown";
  cuda->GetErrorString(result, &text);
  return vitc_fail(result == VITC_CU_OUT_OF_MEMORY ? VITC_E_MEMORY : VITC_E_DEVICE,
                   "the CUDA driver cannot load the code for %s: %s (CUDA error %d)%s", level, text, (int64_t)result,
                   result == VITC_CU_UNSUPPORTED_PTX_VERSION ? "; a newer driver can" : "");
}

vitc_status vitc_cuda_load_module(vitc_model *model, vitc_cuda_device *device, int32_t index,
                                  const vitc_variant *variant, vitc_cu_module *module) {
  lock(&model->gpu_lock);
  vitc_status status = VITC_OK;
  if (!device->modules[index])
    status = load_code(device->cuda, variant->gpu, variant->level, &device->modules[index]);
  *module = device->modules[index];
  unlock(&model->gpu_lock);
  return status;
}
