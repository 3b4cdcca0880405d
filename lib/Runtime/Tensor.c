#include "Tensor.h"

#include "Error.h"
#include "Polynomial.h"
#include "Symbols.h"

/* "input 'x'" in the middle of a sentence. */
typedef struct {
  const char *kind, *name;
} role;

static DLDataType type_of(const vitc_tensor_spec *spec) { return (DLDataType){spec->type_code, spec->type_bits, 1}; }

static vitc_status check_type(role r, const vitc_tensor_spec *spec, const DLTensor *tensor) {
  DLDataType expected = type_of(spec), got = tensor->dtype;
  if (got.code == expected.code && got.bits == expected.bits && got.lanes == 1)
    return VITC_OK;
  return vitc_fail(VITC_E_TENSOR, "%s '%s' has type %t; expected %t", r.kind, r.name, &got, &expected);
}

static vitc_status check_rank(role r, const vitc_tensor_spec *spec, const DLTensor *tensor,
                              const vitc_symbol *symbols) {
  if (tensor->ndim != spec->rank)
    return vitc_fail(VITC_E_TENSOR, "%s '%s' has %d dimensions; expected %d: %e", r.kind, r.name, (int64_t)tensor->ndim,
                     (int64_t)spec->rank, spec, symbols);
  if (spec->rank && !tensor->shape)
    return vitc_fail(VITC_E_ARGUMENT, "%s '%s' has a null shape", r.kind, r.name);
  return VITC_OK;
}

vitc_status vitc_check_forms(const vitc_function *function, const DLTensor *inputs, int32_t count) {
  if (count != function->input_count)
    return vitc_fail(VITC_E_ARGUMENT, "%d inputs were given; expected %d", (int64_t)count,
                     (int64_t)function->input_count);
  if (count && !inputs)
    return vitc_fail(VITC_E_ARGUMENT, "the inputs are null");
  for (int32_t i = 0; i < function->input_count; ++i) {
    const vitc_tensor_spec *spec = &function->inputs[i];
    role r = {"input", spec->name};
    vitc_status status = check_type(r, spec, &inputs[i]);
    if (!status)
      status = check_rank(r, spec, &inputs[i], function->symbols);
    if (status)
      return status;
  }
  return VITC_OK;
}

/* Checks the extents of an input against its shape at `symbols`. */
static vitc_status check_extents(const vitc_function *function, int32_t index, const DLTensor *input,
                                 const int64_t *symbols) {
  const vitc_tensor_spec *spec = &function->inputs[index];
  for (int32_t i = 0; i < spec->rank; ++i) {
    int64_t expected;
    if (vitc_evaluate(&spec->shape[i], symbols, &expected) && input->shape[i] == expected)
      continue;
    char values[256] = "";
    vitc_text text = {values, values + sizeof values};
    for (int32_t s = 0; s < function->symbol_count; ++s)
      if (spec->shape[i].count && spec->shape[i].terms[0].power[s])
        vitc_append(&text, " with %s = %d, as in input '%s'", function->symbols[s].name, symbols[s],
                    function->inputs[function->symbols[s].input].name);
    return vitc_fail(VITC_E_TENSOR, "input '%s' has shape %v; expected %e%s", spec->name, (int64_t)input->ndim,
                     input->shape, spec, function->symbols, values);
  }
  return VITC_OK;
}

static vitc_status check_symbol(const vitc_function *function, int32_t index, const DLTensor *inputs, int64_t value,
                                int64_t maximum) {
  const vitc_symbol *symbol = &function->symbols[index];
  const char *input = function->inputs[symbol->input].name;
  if (value < 1)
    return vitc_fail(VITC_E_TENSOR, "input '%s' has shape %v; expected %s to be at least 1", input,
                     (int64_t)inputs[symbol->input].ndim, inputs[symbol->input].shape, symbol->name);
  if (value > maximum)
    return vitc_fail(VITC_E_LIMIT, "%s = %d in input '%s' exceeds %d, the most this session was created for",
                     symbol->name, value, input, maximum);
  return VITC_OK;
}

bool vitc_takes(const vitc_function *function, const DLTensor *inputs) {
  int64_t symbols[VITC_MAX_SYMBOLS];
  for (int32_t i = 0; i < function->symbol_count; ++i) {
    const vitc_symbol *symbol = &function->symbols[i];
    if (symbol->kind != VITC_SYMBOL_INPUT)
      continue;
    symbols[i] = inputs[symbol->input].shape[symbol->dim];
    if (symbols[i] < 1)
      return false;
  }
  vitc_derive_symbols(function, symbols);
  for (int32_t i = 0; i < function->input_count; ++i)
    for (int32_t d = 0; d < function->inputs[i].rank; ++d) {
      int64_t expected;
      if (!vitc_evaluate(&function->inputs[i].shape[d], symbols, &expected) || inputs[i].shape[d] != expected)
        return false;
    }
  return true;
}

vitc_status vitc_read_symbols(const vitc_function *function, const DLTensor *inputs, int32_t count,
                              const int64_t *maximum, int64_t *symbols) {
  vitc_status status = vitc_check_forms(function, inputs, count);
  for (int32_t i = 0; i < function->symbol_count && !status; ++i) {
    if (function->symbols[i].kind != VITC_SYMBOL_INPUT)
      continue;
    symbols[i] = inputs[function->symbols[i].input].shape[function->symbols[i].dim];
    status = check_symbol(function, i, inputs, symbols[i], maximum[i]);
  }
  if (!status)
    vitc_derive_symbols(function, symbols);
  for (int32_t i = 0; i < count && !status; ++i)
    status = check_extents(function, i, &inputs[i], symbols);
  return status ? status : vitc_check_requirements(function, symbols);
}

static bool is_empty(const DLTensor *tensor) {
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (!tensor->shape[i])
      return true;
  return false;
}

/* Strides of dimensions with one element say nothing. */
static vitc_status check_strides(role r, const DLTensor *tensor) {
  int64_t stride = 1;
  for (int32_t i = tensor->strides ? tensor->ndim : 0; i--;) {
    if (tensor->shape[i] != 1 && tensor->strides[i] != stride)
      return vitc_fail(VITC_E_TENSOR, "%s '%s' of shape %v has strides %v; expected compact row-major order", r.kind,
                       r.name, (int64_t)tensor->ndim, tensor->shape, (int64_t)tensor->ndim, tensor->strides);
    stride *= tensor->shape[i];
  }
  return VITC_OK;
}

bool vitc_is_on_host(const DLTensor *tensor) {
  int32_t type = (int32_t)tensor->device.device_type;
  return type == kDLCPU || type == kDLCUDAHost;
}

static vitc_status check_device(role r, const DLTensor *tensor, DLDevice device) {
  if (vitc_is_on_host(tensor))
    return VITC_OK;
  int64_t type = (int64_t)tensor->device.device_type;
  if ((int32_t)device.device_type == kDLCPU)
    return vitc_fail(VITC_E_TENSOR, "%s '%s' is on a device of type %d; expected the CPU (1)", r.kind, r.name, type);
  if (tensor->device.device_type == device.device_type && tensor->device.device_id == device.device_id)
    return VITC_OK;
  return vitc_fail(VITC_E_TENSOR, "%s '%s' is on device %d of type %d; expected device %d of type %d, or the CPU (1)",
                   r.kind, r.name, (int64_t)tensor->device.device_id, type, (int64_t)device.device_id,
                   (int64_t)device.device_type);
}

/* Checks where the tensor's elements are; its shape is known to be right. One that has none may be anywhere. */
static vitc_status check_memory(role r, const vitc_tensor_spec *spec, const DLTensor *tensor, DLDevice device,
                                char **data) {
  vitc_status status = check_device(r, tensor, device);
  if (status)
    return status;
  *data = (char *)tensor->data;
  if (is_empty(tensor))
    return VITC_OK;
  if (!tensor->data)
    return vitc_fail(VITC_E_TENSOR, "%s '%s' has null data", r.kind, r.name);
  *data = (char *)((uintptr_t)tensor->data + tensor->byte_offset); /* as a number: a hostile offset may wrap */
  bool is_on_gpu = (int32_t)tensor->device.device_type == kDLCUDA;
  int64_t alignment = is_on_gpu ? 16 : (spec->type_bits + 7) / 8; /* kernels there read and copy 16 bytes at once */
  if ((uintptr_t)*data % (uintptr_t)alignment)
    return vitc_fail(VITC_E_TENSOR, "%s '%s' is not aligned to %d bytes, %s", r.kind, r.name, alignment,
                     is_on_gpu ? "as tensors on a GPU must be" : "the size of its elements");
  return check_strides(r, tensor);
}

vitc_status vitc_bind_input(const vitc_tensor_spec *spec, const DLTensor *input, DLDevice device, const void **data) {
  char *memory = 0;
  vitc_status status = check_memory((role){"input", spec->name}, spec, input, device, &memory);
  *data = memory;
  return status;
}

vitc_status vitc_bind_output(const vitc_tensor_spec *spec, const DLTensor *output, const int64_t *shape,
                             DLDevice device, void **data) {
  role r = {"output", spec->name};
  vitc_status status = check_type(r, spec, output);
  if (status)
    return status;
  if (output->ndim != spec->rank)
    return vitc_fail(VITC_E_TENSOR, "output '%s' has %d dimensions; expected shape %v", spec->name,
                     (int64_t)output->ndim, (int64_t)spec->rank, shape);
  if (spec->rank && !output->shape)
    return vitc_fail(VITC_E_ARGUMENT, "output '%s' has a null shape", spec->name);
  for (int32_t i = 0; i < spec->rank; ++i)
    if (output->shape[i] != shape[i])
      return vitc_fail(VITC_E_TENSOR, "output '%s' has shape %v; expected %v", spec->name, (int64_t)spec->rank,
                       output->shape, (int64_t)spec->rank, shape);
  char *memory = 0;
  status = check_memory(r, spec, output, device, &memory);
  *data = memory;
  return status;
}

void vitc_lend_output(const vitc_tensor_spec *spec, int64_t *shape, void *data, DLDevice device, DLTensor *output) {
  *output = (DLTensor){.data = data, .device = device, .ndim = spec->rank, .dtype = type_of(spec), .shape = shape};
}

static bool overlap(const char *a, int64_t a_bytes, const char *b, int64_t b_bytes) {
  return a_bytes && b_bytes && (uintptr_t)a < (uintptr_t)b + (uintptr_t)b_bytes &&
         (uintptr_t)b < (uintptr_t)a + (uintptr_t)a_bytes;
}

vitc_status vitc_check_overlap(const vitc_function *function, const void *const *inputs, void *const *outputs,
                               const int64_t *symbols) {
  for (int32_t o = 0; o < function->output_count; ++o) {
    const vitc_tensor_spec *output = &function->outputs[o];
    int64_t bytes = 0, other_bytes = 0;
    vitc_tensor_bytes(output, symbols, &bytes);
    for (int32_t i = 0; i < function->input_count; ++i) {
      vitc_tensor_bytes(&function->inputs[i], symbols, &other_bytes);
      if (overlap(outputs[o], bytes, inputs[i], other_bytes))
        return vitc_fail(VITC_E_TENSOR, "output '%s' overlaps input '%s'", output->name, function->inputs[i].name);
    }
    for (int32_t i = 0; i < o; ++i) {
      vitc_tensor_bytes(&function->outputs[i], symbols, &other_bytes);
      if (overlap(outputs[o], bytes, outputs[i], other_bytes))
        return vitc_fail(VITC_E_TENSOR, "output '%s' overlaps output '%s'", output->name, function->outputs[i].name);
    }
  }
  return VITC_OK;
}
