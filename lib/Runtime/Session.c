#include "Session.h"

#include "Error.h"
#include "Pages.h"
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

/* How many steps each thread takes part in. */
static int32_t count_steps(const vitc_plan *plan) {
  int32_t shared = plan->variant->passes - plan->own_passes * plan->threads;
  return plan->variant->step_count * (plan->own_passes + shared);
}

static void lay_out_case(const vitc_plan *plan, bool timed, char *block, size_t *used, vitc_case *c) {
  const vitc_function *function = plan->function;
  size_t extents = count_extents(function), steps = timed ? (size_t)count_steps(plan) : 0;
  c->inputs = take(block, used, (size_t)function->input_count * sizeof *c->inputs);
  c->outputs = take(block, used, (size_t)function->output_count * sizeof *c->outputs);
  c->buffers = take(block, used, (size_t)plan->arenas * (size_t)plan->variant->buffer_count * sizeof *c->buffers);
  c->shapes = take(block, used, extents * sizeof *c->shapes);
  c->asked_shapes = take(block, used, extents * sizeof *c->asked_shapes);
  c->steps = take(block, used, steps * sizeof *c->steps);
  c->times.list = take(block, used, (size_t)plan->threads * steps * sizeof *c->times.list);
  c->times.steps = (int32_t)steps;
}

/* Lays a session with its tables and workers into one block; returns the bytes used. */
static size_t lay_out(const vitc_plans *plans, bool timed, char *block, vitc_session *s, vitc_worker **workers) {
  vitc_case counted;
  size_t used = 0;
  take(block, &used, sizeof *s);
  s->cases = take(block, &used, (size_t)plans->count * sizeof *s->cases);
  for (int32_t i = 0; i < plans->count; ++i)
    lay_out_case(&plans->list[i], timed, block, &used, block ? &s->cases[i] : &counted);
  *workers = take(block, &used, (size_t)plans->list[0].threads * sizeof **workers);
  return used;
}

static vitc_status get_memory(vitc_session *session, const vitc_session_options *options) {
  int64_t bytes = session->plans.bytes;
  if (session->plans.backend)
    return session->plans.backend->create(session, options);
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
  void *memory = vitc_map((size_t)bytes);
  if (!memory)
    return vitc_fail(VITC_E_MEMORY, "out of memory: a session for these dimensions needs %d bytes", bytes);
  session->memory = memory;
  session->owns_memory = true;
  return VITC_OK;
}

static void make_frame(vitc_session *session, vitc_case *c) {
  const vitc_plan *plan = c->plan;
  void **buffer = c->buffers;
  for (int32_t arena = 0; arena < plan->arenas; ++arena)
    for (int32_t i = 0; i < plan->variant->buffer_count; ++i)
      *buffer++ = session->memory + arena * plan->arena_stride + plan->ranges[i].offset;
  c->frame = (vitc_frame){.inputs = c->inputs,
                          .outputs = c->outputs,
                          .buffers = c->buffers,
                          .weights = session->model->weights.data,
                          .symbols = c->symbols,
                          .scratch = session->memory + plan->scratch,
                          .scratch_stride = plan->scratch_stride};
}

static void free_session(vitc_session *session) {
  if (session->plans.backend)
    session->plans.backend->destroy(session);
  else if (session->owns_memory)
    munmap(session->memory, vitc_mapped_bytes((size_t)session->plans.bytes));
  vitc_plans_free(&session->plans);
  free(session);
}

vitc_status vitc_session_create(vitc_model *model, const vitc_session_options *options, vitc_session **session) {
  vitc_plans plans;
  vitc_worker *workers;
  vitc_session layout = {0};
  bool timed = options->profile != 0;
  vitc_status status = vitc_plans_make(model, options, &plans);
  vitc_session *made = status ? 0 : malloc(lay_out(&plans, timed, 0, &layout, &workers));
  if (!made) {
    vitc_plans_free(&plans);
    return status ? status : vitc_fail(VITC_E_MEMORY, "out of memory");
  }
  *made = (vitc_session){.model = model, .plans = plans, .times_runs = timed};
  lay_out(&plans, timed, (char *)made, made, &workers);
  for (int32_t i = 0; i < plans.count; ++i)
    made->cases[i].plan = &plans.list[i];
  vitc_team_init(&made->team, plans.list[0].threads, workers, options->parallel, options->pool);
  status = get_memory(made, options);
  if (!status)
    status = vitc_team_start(&made->team);
  if (status) {
    free_session(made);
    return status;
  }
  for (int32_t i = 0; i < plans.count; ++i)
    make_frame(made, &made->cases[i]);
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

/* "x (1, 3, 224, 224), mask (1, 196)" of what a function takes. */
static void append_inputs(vitc_text *text, const vitc_function *function) {
  for (int32_t i = 0; i < function->input_count; ++i)
    vitc_append(text, "%s%s %e", i ? ", " : "", function->inputs[i].name, &function->inputs[i], function->symbols);
}

static vitc_status fail_no_case(const vitc_session *session, const DLTensor *inputs) {
  const vitc_function *first = session->cases[0].plan->function;
  char got[256] = "", expected[640] = "";
  vitc_text got_text = {got, got + sizeof got}, text = {expected, expected + sizeof expected};
  for (int32_t i = 0; i < first->input_count; ++i)
    vitc_append(&got_text, "%s%s %v", i ? ", " : "", first->inputs[i].name, (int64_t)inputs[i].ndim, inputs[i].shape);
  for (int32_t i = 0; i < session->plans.count; ++i) {
    vitc_append(&text, i ? "; " : "");
    append_inputs(&text, session->cases[i].plan->function);
  }
  return vitc_fail(VITC_E_TENSOR, "the library holds no code for the shapes %s; it holds %s", got, expected);
}

static int32_t count_dimensions(const vitc_function *function) {
  int32_t count = 0;
  for (int32_t i = 0; i < function->symbol_count; ++i)
    count += function->symbols[i].kind == VITC_SYMBOL_INPUT;
  return count;
}

/* The function for the shapes of the inputs, the most specialised one. Of a single function, reading the inputs says
 * what does not fit. */
static vitc_status choose_case(vitc_session *session, const DLTensor *inputs, int32_t count, vitc_case **chosen) {
  *chosen = &session->cases[0];
  if (session->plans.count == 1)
    return VITC_OK;
  vitc_status status = vitc_check_forms(session->cases[0].plan->function, inputs, count);
  if (status)
    return status;
  *chosen = 0;
  for (int32_t i = 0; i < session->plans.count; ++i) {
    const vitc_function *function = session->cases[i].plan->function;
    if (!vitc_takes(function, inputs))
      continue;
    if (!*chosen || count_dimensions(function) < count_dimensions((*chosen)->plan->function))
      *chosen = &session->cases[i];
  }
  return *chosen ? VITC_OK : fail_no_case(session, inputs);
}

static vitc_status tell_shapes(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                               int32_t output_count) {
  vitc_case *c;
  vitc_status status = choose_case(session, inputs, input_count, &c);
  if (status)
    return status;
  const vitc_function *function = c->plan->function;
  int64_t symbols[VITC_MAX_SYMBOLS], *shape = c->asked_shapes;
  status = vitc_read_symbols(function, inputs, input_count, c->plan->symbols, symbols);
  if (!status)
    status = check_outputs(function, outputs, output_count);
  if (status)
    return status;
  evaluate_shapes(function, symbols, shape);
  for (int32_t i = 0; i < output_count; shape += function->outputs[i++].rank)
    vitc_lend_output(&function->outputs[i], shape, 0, session->plans.device, &outputs[i]);
  return VITC_OK;
}

vitc_status vitc_output_shapes(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                               int32_t output_count) {
  vitc_status status = claim(session);
  if (status)
    return status;
  status = tell_shapes(session, inputs, input_count, outputs, output_count);
  release(session);
  return status;
}

/* Outputs without data of a session on a GPU go where the inputs come from. */
static bool any_on_device(const DLTensor *inputs, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    if (!vitc_is_on_host(&inputs[i]))
      return true;
  return false;
}

/* Checks the call's tensors and puts their addresses into the frame. */
static vitc_status bind(vitc_session *session, vitc_case *c, const DLTensor *inputs, int32_t input_count,
                        const DLTensor *outputs, int32_t output_count) {
  const vitc_function *function = c->plan->function;
  vitc_status status = vitc_read_symbols(function, inputs, input_count, c->plan->symbols, c->symbols);
  if (!status)
    status = check_outputs(function, outputs, output_count);
  for (int32_t i = 0; i < input_count && !status; ++i)
    status = vitc_bind_input(&function->inputs[i], &inputs[i], session->plans.device, &c->inputs[i]);
  if (status)
    return status;
  c->lends_on_host = session->gpu && !any_on_device(inputs, input_count);
  int64_t *shape = c->shapes;
  evaluate_shapes(function, c->symbols, shape);
  for (int32_t i = 0; i < output_count && !status; shape += function->outputs[i++].rank)
    if (outputs[i].data)
      status = vitc_bind_output(&function->outputs[i], &outputs[i], shape, session->plans.device, &c->outputs[i]);
    else if (c->lends_on_host)
      c->outputs[i] = session->host_memory + (c->plan->lent[i] - c->plan->lent[0]);
    else
      c->outputs[i] = session->memory + c->plan->lent[i];
  if (!status)
    status = vitc_check_overlap(function, c->inputs, c->outputs, c->symbols);
  return status;
}

static bool same_shape(const DLTensor *tensor, const int64_t *shape) {
  for (int32_t i = 0; i < tensor->ndim; ++i)
    if (tensor->shape[i] != shape[i])
      return false;
  return true;
}

/* Lends outputs without data. The others had room for the most there may be; they get the shape that the run found. */
static void return_outputs(const vitc_session *session, vitc_case *c, DLTensor *outputs) {
  const vitc_function *function = c->plan->function;
  DLDevice device = c->lends_on_host ? (DLDevice){kDLCPU, 0} : session->plans.device;
  int64_t *shape = c->shapes;
  for (int32_t i = 0; i < function->output_count; shape += function->outputs[i++].rank) {
    if (!outputs[i].data) {
      vitc_lend_output(&function->outputs[i], shape, c->outputs[i], device, &outputs[i]);
    } else if (!same_shape(&outputs[i], shape)) {
      outputs[i].shape = shape;
      outputs[i].strides = 0;
    }
  }
}

/* Shapes that the run has computed replace the most that they could be. */
static void settle_shapes(vitc_case *c) {
  const vitc_function *function = c->plan->function;
  if (!vitc_computes_symbols(function))
    return;
  vitc_derive_quotients(function, c->symbols);
  evaluate_shapes(function, c->symbols, c->shapes);
}

static vitc_status run_case(vitc_session *session, vitc_case *c) {
  const vitc_variant *variant = c->plan->variant;
  vitc_job job = {.entry = variant->entry,
                  .frame = &c->frame,
                  .passes = variant->passes,
                  .own_passes = c->plan->own_passes,
                  .buffer_count = variant->buffer_count};
  if (session->times_runs)
    job.times = c->times;
  return vitc_team_run(&session->team, &job);
}

vitc_status vitc_run(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                     int32_t output_count, void *stream) {
  vitc_status status = claim(session);
  if (status)
    return status;
  vitc_case *c;
  status = choose_case(session, inputs, input_count, &c);
  if (!status)
    status = bind(session, c, inputs, input_count, outputs, output_count);
  if (!status)
    status = session->gpu ? session->plans.backend->run(session, c, inputs, outputs, stream) : run_case(session, c);
  session->timed = !status && session->times_runs ? c : 0;
  if (!status) {
    settle_shapes(c);
    return_outputs(session, c, outputs);
  }
  release(session);
  return status;
}

/* A size of `passes` passes of the last run; one that leaves 64 bits is the largest number. */
static int64_t evaluate(const vitc_polynomial *size, const int64_t *symbols, int64_t passes) {
  int64_t value;
  bool fits = vitc_evaluate(size, symbols, &value) && !__builtin_mul_overflow(value, passes, &value);
  return fits ? value : INT64_MAX;
}

/* Describes the steps for the sizes of the last run. Threads that run passes of their own do a step of several at once,
 * and read the same weights. */
static void describe_steps(vitc_case *c) {
  const vitc_variant *variant = c->plan->variant;
  for (int32_t i = 0; i < c->times.steps; ++i) {
    const vitc_step_spec *spec = &variant->steps[i % variant->step_count];
    int64_t passes = i / variant->step_count < c->plan->own_passes ? c->plan->threads : 1;
    c->steps[i] = (vitc_step){.kind = spec->kind,
                              .nodes = spec->nodes,
                              .node_count = spec->node_count,
                              .macs = evaluate(&spec->macs, c->symbols, passes),
                              .weight_bytes = evaluate(&spec->weight_bytes, c->symbols, 1),
                              .activation_bytes = evaluate(&spec->activation_bytes, c->symbols, passes)};
  }
}

vitc_status vitc_profile_of(vitc_session *session, vitc_profile *profile) {
  vitc_status status = claim(session);
  if (status)
    return status;
  vitc_case *c = session->timed;
  if (c) {
    describe_steps(c);
    *profile = (vitc_profile){.size = profile->size,
                              .level = c->plan->variant->level,
                              .step_count = c->times.steps,
                              .thread_count = c->plan->threads,
                              .steps = c->steps,
                              .times = c->times.list};
  } else if (session->times_runs) {
    status = vitc_fail(VITC_E_ARGUMENT, "the session has not run yet, or its last run failed");
  } else {
    status = vitc_fail(VITC_E_ARGUMENT, "the session takes no times; create it with the option 'profile'");
  }
  release(session);
  return status;
}
