#include "Session.h"

#include "Error.h"
#include "Polynomial.h"
#include "Symbols.h"
#include "Syscall.h"
#include "Tensor.h"

static size_t count_extents(const vitc_function *function) {
  size_t extents = 0;
  for (int32_t i = 0; i < function->output_count; ++i)
    extents += (size_t)function->outputs[i].rank;
  return extents;
}

/* The next `bytes` of a block; with a null block only counts them. All parts keep malloc's alignment. */
static void *take(char *block, size_t *used, size_t bytes) {
  char *part = block ? block + *used : 0;
  *used += (bytes + 15) & ~(size_t)15;
  return part;
}

/* Lays a session with its tables and workers into one block; returns the bytes used. */
static size_t lay_out(const vitc_plan *plan, char *block, vitc_session *s, vitc_worker **workers) {
  const vitc_function *function = plan->function;
  size_t used = 0, extents = count_extents(function);
  take(block, &used, sizeof *s);
  s->inputs = take(block, &used, (size_t)function->input_count * sizeof *s->inputs);
  s->outputs = take(block, &used, (size_t)function->output_count * sizeof *s->outputs);
  s->buffers = take(block, &used, (size_t)plan->variant->buffer_count * sizeof *s->buffers);
  s->shapes = take(block, &used, extents * sizeof *s->shapes);
  s->asked_shapes = take(block, &used, extents * sizeof *s->asked_shapes);
  *workers = take(block, &used, (size_t)plan->threads * sizeof **workers);
  return used;
}

static vitc_status get_memory(vitc_session *session, const vitc_session_options *options) {
  int64_t bytes = session->plan.bytes;
  if (options->workspace) {
    if ((uintptr_t)options->workspace % VITC_ALIGNMENT)
      return vitc_fail(VITC_E_ARGUMENT, "the workspace is not aligned to %d bytes", (int64_t)VITC_ALIGNMENT);
    if (options->workspace_bytes < (uint64_t)bytes)
      return vitc_fail(VITC_E_MEMORY, "the workspace has %d bytes; expected at least %d",
                       (int64_t)options->workspace_bytes, bytes);
    session->memory = options->workspace;
    return VITC_OK;
  }
  if (!bytes)
    return VITC_OK;
  void *memory = mmap(0, (size_t)bytes, VITC_PROT_READ | VITC_PROT_WRITE, VITC_MAP_PRIVATE | VITC_MAP_ANONYMOUS, -1, 0);
  if (memory == (void *)-1)
    return vitc_fail(VITC_E_MEMORY, "out of memory: a session for these dimensions needs %d bytes", bytes);
  session->memory = memory;
  session->owns_memory = true;
  return VITC_OK;
}

static void make_frame(vitc_session *session) {
  const vitc_plan *plan = &session->plan;
  for (int32_t i = 0; i < plan->variant->buffer_count; ++i)
    session->buffers[i] = session->memory + plan->ranges[i].offset;
  session->frame = (vitc_frame){.inputs = session->inputs,
                                .outputs = session->outputs,
                                .buffers = session->buffers,
                                .weights = session->model->weights.data,
                                .symbols = session->symbols,
                                .scratch = session->memory + plan->scratch,
                                .scratch_stride = plan->scratch_stride,
                                .team = &session->team};
}

static void free_session(vitc_session *session) {
  if (session->owns_memory)
    munmap(session->memory, (size_t)session->plan.bytes);
  vitc_plan_free(&session->plan);
  free(session);
}

vitc_status vitc_session_create(vitc_model *model, const vitc_session_options *options, vitc_session **session) {
  vitc_plan plan;
  vitc_worker *workers;
  vitc_session layout = {0};
  vitc_status status = vitc_plan_make(model, options, &plan);
  vitc_session *made = status ? 0 : malloc(lay_out(&plan, 0, &layout, &workers));
  if (!made) {
    vitc_plan_free(&plan);
    return status ? status : vitc_fail(VITC_E_MEMORY, "out of memory");
  }
  *made = (vitc_session){.model = model, .plan = plan};
  lay_out(&plan, (char *)made, made, &workers);
  vitc_team_init(&made->team, plan.threads, workers, options->parallel, options->pool);
  status = get_memory(made, options);
  if (!status)
    status = vitc_team_start(&made->team);
  if (status) {
    free_session(made);
    return status;
  }
  make_frame(made);
  vitc_model_retain(model);
  *session = made;
  return VITC_OK;
}

/* Takes the session for this thread. A holder in another process is a thread that a fork left behind. */
static vitc_status claim(vitc_session *session) {
  int32_t process = vitc_process(), holder = 0;
  if (atomic_compare_exchange_strong(&session->busy, &holder, process) ||
      (holder != process && atomic_compare_exchange_strong(&session->busy, &holder, process)))
    return VITC_OK;
  return vitc_fail(VITC_E_BUSY, "the session is in use by another thread; use one session a thread");
}

static void release(vitc_session *session) { atomic_store(&session->busy, 0); }

vitc_status vitc_session_destroy(vitc_session *session) {
  vitc_status status = claim(session);
  if (status)
    return status;
  vitc_team_stop(&session->team);
  vitc_model *model = session->model;
  free_session(session);
  vitc_model_release(model);
  return VITC_OK;
}

static vitc_status check_outputs(const vitc_function *function, const DLTensor *outputs, int32_t count) {
  if (count != function->output_count)
    return vitc_fail(VITC_E_ARGUMENT, "%d outputs were given; expected %d", (int64_t)count,
                     (int64_t)function->output_count);
  if (count && !outputs)
    return vitc_fail(VITC_E_ARGUMENT, "the outputs are null");
  return VITC_OK;
}

/* Writes the shapes of all outputs, one after another. No size overflows: the session was planned for larger ones. */
static void evaluate_shapes(const vitc_function *function, const int64_t *symbols, int64_t *shapes) {
  for (int32_t i = 0; i < function->output_count; ++i)
    for (int32_t d = 0; d < function->outputs[i].rank; ++d)
      vitc_evaluate(&function->outputs[i].shape[d], symbols, shapes++);
}

vitc_status vitc_output_shapes(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                               int32_t output_count) {
  const vitc_function *function = session->plan.function;
  int64_t symbols[VITC_MAX_SYMBOLS];
  vitc_status status = claim(session);
  if (status)
    return status;
  status = vitc_read_symbols(function, inputs, input_count, session->plan.symbols, symbols);
  if (!status)
    status = check_outputs(function, outputs, output_count);
  if (!status) {
    int64_t *shape = session->asked_shapes;
    evaluate_shapes(function, symbols, shape);
    for (int32_t i = 0; i < output_count; shape += function->outputs[i++].rank)
      vitc_lend_output(&function->outputs[i], shape, 0, &outputs[i]);
  }
  release(session);
  return status;
}

/* Checks the call's tensors and puts their addresses into the frame. */
static vitc_status bind(vitc_session *session, const DLTensor *inputs, int32_t input_count, const DLTensor *outputs,
                        int32_t output_count) {
  const vitc_function *function = session->plan.function;
  vitc_status status = vitc_read_symbols(function, inputs, input_count, session->plan.symbols, session->symbols);
  if (!status)
    status = check_outputs(function, outputs, output_count);
  for (int32_t i = 0; i < input_count && !status; ++i)
    status = vitc_bind_input(&function->inputs[i], &inputs[i], &session->inputs[i]);
  if (status)
    return status;
  int64_t *shape = session->shapes;
  evaluate_shapes(function, session->symbols, shape);
  for (int32_t i = 0; i < output_count && !status; shape += function->outputs[i++].rank)
    if (outputs[i].data)
      status = vitc_bind_output(&function->outputs[i], &outputs[i], shape, &session->outputs[i]);
    else
      session->outputs[i] = session->memory + session->plan.lent[i];
  if (!status)
    status = vitc_check_overlap(function, session->inputs, session->outputs, session->symbols);
  return status;
}

static bool same_shape(const DLTensor *tensor, const int64_t *shape) {
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (tensor->shape[i] != shape[i])
      return false;
  return true;
}

/* Lends outputs without data. The others had room for the most there may be; they get the shape that the run found. */
static void return_outputs(vitc_session *session, DLTensor *outputs) {
  const vitc_function *function = session->plan.function;
  int64_t *shape = session->shapes;
  for (int32_t i = 0; i < function->output_count; shape += function->outputs[i++].rank) {
    if (!outputs[i].data) {
      vitc_lend_output(&function->outputs[i], shape, session->outputs[i], &outputs[i]);
    } else if (!same_shape(&outputs[i], shape)) {
      outputs[i].shape = shape;
      outputs[i].strides = 0;
    }
  }
}

vitc_status vitc_run(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                     int32_t output_count, void *stream) {
  (void)stream;
  vitc_status status = claim(session);
  if (status)
    return status;
  status = bind(session, inputs, input_count, outputs, output_count);
  if (!status)
    status = vitc_team_run(&session->team, session->plan.variant->entry, &session->frame);
  if (!status && vitc_computes_symbols(session->plan.function)) {
    vitc_derive_quotients(session->plan.function, session->symbols);
    evaluate_shapes(session->plan.function, session->symbols, session->shapes);
  }
  if (!status)
    return_outputs(session, outputs);
  release(session);
  return status;
}
