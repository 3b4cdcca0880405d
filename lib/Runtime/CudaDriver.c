#include "CudaDriver.h"

#include "Error.h"
#include "Libc.h"

#include <stdatomic.h>

/* Driver API 12.0: the first with tensor maps. */
enum { OLDEST_DRIVER = 12000 };

static const struct {
  const char *symbol;
  size_t field;
  bool needed;
} functions[] = {
#define VITC_ENTRY(name, symbol, parameters) {symbol, offsetof(vitc_cuda, name), true},
    VITC_CUDA_FUNCTIONS(VITC_ENTRY)
#undef VITC_ENTRY
#define VITC_ENTRY(name, symbol, parameters) {symbol, offsetof(vitc_cuda, name), false},
        VITC_CUDA_LATER_FUNCTIONS(VITC_ENTRY)
#undef VITC_ENTRY
};

static vitc_status find_functions(void *library, const char *path, vitc_cuda *cuda) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *address = dlsym(library, functions[i].symbol);
    if (!address && functions[i].needed)
      return vitc_fail(VITC_E_DEVICE, "the CUDA driver '%s' is too old: it lacks %s; expected CUDA 12.0 or later", path,
                       functions[i].symbol);
    memcpy((char *)cuda + functions[i].field, &address, sizeof address);
  }
  return VITC_OK;
}

static vitc_status start_driver(const vitc_cuda *cuda) {
  vitc_cu_result result = cuda->Init(0);
  if (result == VITC_CU_NO_DEVICE)
    return vitc_fail(VITC_E_DEVICE, "the CUDA driver finds no GPU");
  if (result)
    return vitc_cuda_fail(cuda, result, "the CUDA driver does not start");
  int32_t version = 0;
  result = cuda->DriverGetVersion(&version);
  if (result)
    return vitc_cuda_fail(cuda, result, "the version of the CUDA driver");
  if (version < OLDEST_DRIVER)
    return vitc_fail(VITC_E_DEVICE, "the CUDA driver is of CUDA %d.%d; expected 12.0 or later",
                     (int64_t)(version / 1000), (int64_t)(version % 1000 / 10));
  return VITC_OK;
}

vitc_status vitc_cuda_load(const vitc_cuda **cuda) {
  static vitc_cuda table;
  static _Atomic int state; /* 0: not loaded, 1: a thread loads it, 2: loaded */
  *cuda = &table;
  int expected = 0;
  while (!atomic_compare_exchange_strong(&state, &expected, 1)) {
    if (expected == 2)
      return VITC_OK;
    expected = 0; /* another thread loads it, which takes milliseconds */
  }
  const char *path = getenv("VITC_LIBCUDA");
  path = path && *path ? path : "libcuda.so.1";
  void *library = dlopen(path, VITC_RTLD_NOW);
  vitc_status status = library ? find_functions(library, path, &table)
                               : vitc_fail(VITC_E_DEVICE, "the CUDA driver cannot be loaded: %s", dlerror());
  if (!status)
    status = start_driver(&table);
  if (status && library)
    dlclose(library);
  atomic_store(&state, status ? 0 : 2);
  return status;
}

vitc_status vitc_cuda_fail(const vitc_cuda *cuda, vitc_cu_result result, const char *what) {
  const char *text = 0;
  if (!cuda->GetErrorString || cuda->GetErrorString(result, &text) || !text)
    text = "an error that it does not name";
  return vitc_fail(result == VITC_CU_OUT_OF_MEMORY ? VITC_E_MEMORY : VITC_E_DEVICE, "%s: %s (CUDA error %d)", what,
                   text, (int64_t)result);
}
