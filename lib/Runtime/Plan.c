#include "Cores.h"
#include "Error.h"
#include "Polynomial.h"
#include "Session.h"
#include "Symbols.h"

enum { MAX_THREADS = 4096, PAGE = 4096 };

static vitc_status too_large(void) {
  return vitc_fail(VITC_E_MEMORY, "the sizes of a session for these dimensions do not fit into 64 bits");
}

/* "x86-64-v3, cuda-sm_90": what a library holds code for. */
static void append_levels(vitc_text *text, const vitc_program *program) {
  const vitc_function *function = &program->functions[0];
  for (int32_t i = 0; i < function->variant_count; ++i)
    vitc_append(text, "%s%s", i ? ", " : "", function->variants[i].level);
}

static vitc_status fail_device(const vitc_program *program, DLDevice device) {
  char levels[256] = "";
  vitc_text text = {levels, levels + sizeof levels};
  append_levels(&text, program);
  return vitc_fail(
      VITC_E_DEVICE,
      "a session on device %d of type %d was asked for (1 is the CPU, 2 CUDA); the library holds code for %s",
      (int64_t)device.device_id, (int64_t)device.device_type, levels);
}

/* The backend for a type of devices, of any function. */
static const vitc_gpu_backend *find_backend(const vitc_program *program, int32_t type) {
  for (int32_t f = 0; f < program->function_count; ++f)
    for (int32_t i = 0; i < program->functions[f].variant_count; ++i) {
      const vitc_gpu_code *code = program->functions[f].variants[i].gpu;
      if (code && code->backend->device_type == type)
        return code->backend;
    }
  return 0;
}

/* Whether devices of a compute capability run the code. A cubin runs on those of the same major number and no lesser
 * minor one, PTX on all later ones; code that uses what only one capability has, on that alone. */
static bool runs_on(const vitc_gpu_code *code, int32_t capability) {
  if (code->capability == capability)
    return true;
  if (code->architecture_specific || capability < code->capability)
    return false;
  return code->ptx || (code->cubin && capability / 10 == code->capability / 10);
}

static const vitc_variant *choose_gpu_variant(const vitc_function *function, int32_t capability) {
  for (int32_t i = 0; i < function->variant_count; ++i)
    if (function->variants[i].gpu && runs_on(function->variants[i].gpu, capability))
      return &function->variants[i];
  return 0;
}

static vitc_status fail_capability(const vitc_program *program, int32_t device, int32_t capability) {
  char levels[256] = "";
  vitc_text text = {levels, levels + sizeof levels};
  append_levels(&text, program);
  return vitc_fail(VITC_E_DEVICE, "device %d has compute capability %d.%d; the library holds code for %s",
                   (int64_t)device, (int64_t)(capability / 10), (int64_t)(capability % 10), levels);
}

/* Finds out where the session is to be; `capability` is that of a GPU. */
static vitc_status find_device(const vitc_model *model, DLDevice device, vitc_plans *plans, int32_t *capability) {
  plans->device = device;
  if (!(int32_t)device.device_type || (int32_t)device.device_type == kDLCPU) {
    plans->device = (DLDevice){kDLCPU, 0};
    return VITC_OK;
  }
  plans->backend = find_backend(model->program, (int32_t)device.device_type);
  return plans->backend ? plans->backend->capability(device.device_id, capability)
                        : fail_device(model->program, device);
}

/* Makes a plan for each function of the name, so far without sizes. */
static vitc_status find_functions(const vitc_model *model, const vitc_session_options *options, vitc_plans *plans) {
  const char *name = options->function ? options->function : "main";
  int32_t capability = 0;
  vitc_status status = find_device(model, options->device, plans, &capability);
  if (status)
    return status;
  plans->list = malloc(((size_t)model->program->function_count + 1) * sizeof *plans->list);
  if (!plans->list)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  for (int32_t i = 0; i < model->program->function_count; ++i) {
    const vitc_function *function = &model->program->functions[i];
    if (!vitc_same_text(function->name, name))
      continue;
    const vitc_variant *variant = plans->backend ? choose_gpu_variant(function, capability) : model->variants[i];
    if (!variant)
      return plans->backend ? fail_capability(model->program, options->device.device_id, capability)
                            : fail_device(model->program, plans->device);
    plans->list[plans->count++] = (vitc_plan){.function = function, .variant = variant};
  }
  return plans->count ? VITC_OK : vitc_fail(VITC_E_ARGUMENT, "the library has no function '%s'", name);
}

/* Sets the maximum of a dimension where the plan's function has one of that name. */
static bool set_maximum(vitc_plan *plan, const vitc_dim *dim) {
  for (int32_t i = 0; i < plan->function->symbol_count; ++i)
    if (plan->function->symbols[i].kind == VITC_SYMBOL_INPUT &&
        vitc_same_text(plan->function->symbols[i].name, dim->name)) {
      plan->symbols[i] = dim->extent;
      return true;
    }
  return false;
}

static vitc_status set_maximum_of_all(vitc_plans *plans, const vitc_dim *dim) {
  if (!dim->name)
    return vitc_fail(VITC_E_ARGUMENT, "a dimension in the options has a null name");
  if (dim->extent < 1)
    return vitc_fail(VITC_E_ARGUMENT, "the maximum of dimension '%s' is %d; expected at least 1", dim->name,
                     dim->extent);
  bool found = false;
  for (int32_t i = 0; i < plans->count; ++i)
    found |= set_maximum(&plans->list[i], dim);
  return found ? VITC_OK
               : vitc_fail(VITC_E_ARGUMENT, "the function '%s' has no dimension named '%s'",
                           plans->list[0].function->name, dim->name);
}

static vitc_status set_maxima(vitc_plans *plans, const vitc_session_options *options) {
  for (int32_t p = 0; p < plans->count; ++p)
    for (int i = 0; i < VITC_MAX_SYMBOLS; ++i)
      plans->list[p].symbols[i] = 1;
  if (options->dim_count && !options->dims)
    return vitc_fail(VITC_E_ARGUMENT, "the dimensions in the options are null");
  vitc_status status = VITC_OK;
  for (size_t i = 0; i < options->dim_count && !status; ++i)
    status = set_maximum_of_all(plans, &options->dims[i]);
  return status;
}

static vitc_status set_threads(vitc_plans *plans, int32_t threads) {
  if (threads < 0 || threads > MAX_THREADS)
    return vitc_fail(VITC_E_ARGUMENT, "%d threads were asked for; expected 0 to %d", (int64_t)threads,
                     (int64_t)MAX_THREADS);
  threads = plans->backend ? 1 : threads ? threads : vitc_allowed_cores();
  for (int32_t i = 0; i < plans->count; ++i)
    plans->list[i].threads = threads;
  return VITC_OK;
}

/* Puts `bytes` at the end of the plan; `offset` is where. */
static bool append_block(vitc_plan *plan, int64_t bytes, int64_t *offset) {
  *offset = plan->bytes;
  return vitc_align(bytes, &bytes) && !__builtin_add_overflow(plan->bytes, bytes, &plan->bytes);
}

static vitc_status place_buffers(vitc_plan *plan) {
  const vitc_variant *variant = plan->variant;
  size_t count = (size_t)variant->buffer_count;
  plan->ranges = malloc((count + 1) * (sizeof *plan->ranges + sizeof(int32_t)));
  if (!plan->ranges)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  for (size_t i = 0; i < count; ++i) {
    const vitc_buffer_spec *buffer = &variant->buffers[i];
    plan->ranges[i] = (vitc_range){.first = buffer->first, .last = buffer->last};
    if (!vitc_bound(&buffer->bytes, plan->symbols, &plan->ranges[i].bytes))
      return too_large();
  }
  int32_t *order = (int32_t *)(plan->ranges + count + 1);
  if (!vitc_place(plan->ranges, variant->buffer_count, order, &plan->arena_stride) ||
      !vitc_align(plan->arena_stride, &plan->arena_stride) ||
      __builtin_mul_overflow(plan->arena_stride, (int64_t)plan->arenas, &plan->bytes))
    return too_large();
  return VITC_OK;
}

/* Threads that run passes of their own wait for nobody and keep what they compute in their own caches. Passes that do
 * not go round are run by all together. */
static void share_passes(vitc_plan *plan) {
  plan->own_passes = plan->threads > 1 ? plan->variant->passes / plan->threads : 0;
  plan->arenas = plan->own_passes ? plan->threads : 1;
}

/* Each thread's scratch begins in its own cache lines and at another place in a page than its neighbours'. */
static vitc_status place_scratch(vitc_plan *plan) {
  int64_t stride, bytes;
  if (!vitc_bound(&plan->variant->scratch_bytes, plan->symbols, &stride) || !vitc_align(stride, &stride))
    return too_large();
  if (stride && __builtin_add_overflow(stride, stride % PAGE ? 2 * VITC_ALIGNMENT : 3 * VITC_ALIGNMENT, &stride))
    return too_large();
  plan->scratch_stride = stride;
  if (__builtin_mul_overflow(stride, (int64_t)plan->threads, &bytes) || !append_block(plan, bytes, &plan->scratch))
    return too_large();
  return VITC_OK;
}

static vitc_status place_outputs(vitc_plan *plan) {
  const vitc_function *function = plan->function;
  plan->lent = malloc(((size_t)function->output_count + (size_t)function->input_count + 1) * sizeof *plan->lent);
  if (!plan->lent)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  plan->staged = plan->lent + function->output_count;
  int64_t first = plan->bytes;
  for (int32_t i = 0; i < function->output_count; ++i) {
    int64_t bytes;
    if (!vitc_tensor_bound(&function->outputs[i], plan->symbols, &bytes) || !append_block(plan, bytes, &plan->lent[i]))
      return too_large();
  }
  plan->lent_bytes = plan->bytes - first;
  for (int32_t i = 0; i < function->input_count; ++i) {
    int64_t bytes;
    if (!vitc_tensor_bound(&function->inputs[i], plan->symbols, &bytes) ||
        !append_block(plan, plan->variant->gpu ? bytes : 0, &plan->staged[i]))
      return too_large();
  }
  return VITC_OK;
}

static vitc_status place(vitc_plan *plan) {
  if (!vitc_bound_symbols(plan->function, plan->symbols))
    return too_large();
  share_passes(plan);
  vitc_status status = place_buffers(plan);
  if (!status)
    status = place_scratch(plan);
  if (!status)
    status = place_outputs(plan);
  return status;
}

vitc_status vitc_plans_make(const vitc_model *model, const vitc_session_options *options, vitc_plans *plans) {
  *plans = (vitc_plans){0};
  vitc_status status = find_functions(model, options, plans);
  if (!status)
    status = set_maxima(plans, options);
  if (!status)
    status = set_threads(plans, options->threads);
  for (int32_t i = 0; i < plans->count && !status; ++i) {
    status = place(&plans->list[i]);
    if (plans->list[i].bytes > plans->bytes)
      plans->bytes = plans->list[i].bytes;
    if (plans->list[i].lent_bytes > plans->lent_bytes)
      plans->lent_bytes = plans->list[i].lent_bytes;
  }
  return status;
}

void vitc_plans_free(vitc_plans *plans) {
  for (int32_t i = 0; i < plans->count; ++i) {
    free(plans->list[i].ranges);
    free(plans->list[i].lent);
  }
  free(plans->list);
}
