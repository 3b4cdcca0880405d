#include "CudaTensors.h"

#include "Error.h"
#include "Libc.h"
#include "Syscall.h"

enum { MAP_ALIGNMENT = 64 };

/* The next `bytes` of a block, aligned to 64; with a null block only counts them. */
static void *take(char *block, size_t *used, size_t bytes) {
  char *part = block ? block + *used : 0;
  *used += (bytes + MAP_ALIGNMENT - 1) & ~(size_t)(MAP_ALIGNMENT - 1);
  return part;
}

static size_t most_parameters(const vitc_plans *plans) {
  size_t most = MAP_ALIGNMENT;
  for (int32_t p = 0; p < plans->count; ++p) {
    const vitc_gpu_code *code = plans->list[p].variant->gpu;
    for (int32_t i = 0; i < code->launch_count; ++i)
      if (code->launches[i].parameter_bytes > most)
        most = code->launches[i].parameter_bytes;
  }
  return most;
}

static int32_t most_launches(const vitc_plans *plans) {
  int32_t most = 0;
  for (int32_t p = 0; p < plans->count; ++p)
    if (plans->list[p].variant->gpu->launch_count > most)
      most = plans->list[p].variant->gpu->launch_count;
  return most;
}

/* Lays the session's tables into one block; returns the bytes used. */
static size_t lay_out(const vitc_plans *plans, bool timed, char *block, vitc_gpu_session *gpu) {
  size_t used = 0;
  take(block, &used, sizeof *gpu);
  gpu->parameters = take(block, &used, most_parameters(plans));
  gpu->event_count = timed ? most_launches(plans) + 1 : 0;
  gpu->events = timed ? take(block, &used, (size_t)gpu->event_count * sizeof *gpu->events) : 0;
  vitc_cuda_case *cases = take(block, &used, (size_t)plans->count * sizeof *gpu->cases);
  gpu->cases = cases;
  for (int32_t p = 0; p < plans->count; ++p) {
    const vitc_plan *plan = &plans->list[p];
    const vitc_gpu_code *code = plan->variant->gpu;
    vitc_cuda_case made = {.code = code};
    made.functions = take(block, &used, (size_t)code->launch_count * sizeof *made.functions);
    made.inputs = take(block, &used, (size_t)plan->function->input_count * sizeof *made.inputs);
    made.outputs = take(block, &used, (size_t)plan->function->output_count * sizeof *made.outputs);
    if (block)
      cases[p] = made;
  }
  return used;
}

static vitc_gpu_session *allocate(const vitc_plans *plans, bool timed) {
  vitc_gpu_session counted = {0};
  size_t bytes = lay_out(plans, timed, 0, &counted);
  char *whole = malloc(bytes + MAP_ALIGNMENT + sizeof(void *));
  if (!whole)
    return 0;
  uintptr_t aligned = ((uintptr_t)whole + sizeof(void *) + MAP_ALIGNMENT - 1) & ~(uintptr_t)(MAP_ALIGNMENT - 1);
  char *block = (char *)aligned;
  memset(block, 0, bytes);
  memcpy(block - sizeof(void *), &whole, sizeof whole); /* for `release` */
  lay_out(plans, timed, block, (vitc_gpu_session *)block);
  return (vitc_gpu_session *)block;
}

static void release(vitc_gpu_session *gpu) {
  void *whole;
  memcpy(&whole, (char *)gpu - sizeof(void *), sizeof whole);
  free(whole);
}

/* Kernels with more shared memory than all have must say so once. */
static vitc_status allow_shared(const vitc_cuda *cuda, vitc_cu_function function, const vitc_gpu_launch *spec) {
  enum { WITHOUT_ASKING = 48 << 10 };
  if (spec->shared_bytes <= WITHOUT_ASKING)
    return VITC_OK;
  vitc_cu_result result = cuda->FuncSetAttribute(function, VITC_CU_FUNCTION_SHARED_BYTES, (int32_t)spec->shared_bytes);
  return result ? vitc_cuda_fail(cuda, result, spec->kernel) : VITC_OK;
}

static vitc_status find_kernels(vitc_session *session, int32_t index) {
  vitc_gpu_session *gpu = session->gpu;
  const vitc_cuda *cuda = gpu->device->cuda;
  const vitc_plan *plan = &session->plans.list[index];
  vitc_cuda_case *cc = &gpu->cases[index];
  vitc_cu_module module = 0;
  vitc_status status = VITC_OK;
  if (cc->code->launch_count)
    status =
        vitc_cuda_load_module(session->model, gpu->device,
                              (int32_t)(plan->function - session->model->program->functions), plan->variant, &module);
  for (int32_t i = 0; i < cc->code->launch_count && !status; ++i) {
    const vitc_gpu_launch *spec = &cc->code->launches[i];
    vitc_cu_result result = cuda->ModuleGetFunction(&cc->functions[i], module, spec->kernel);
    status = result ? vitc_cuda_fail(cuda, result, spec->kernel) : allow_shared(cuda, cc->functions[i], spec);
  }
  return status;
}

static vitc_status check_workspace(const vitc_gpu_session *gpu, const vitc_session_options *options, int64_t bytes) {
  int64_t wanted = gpu->device->ordinal;
  if (options->workspace_bytes < (uint64_t)bytes)
    return vitc_fail(VITC_E_MEMORY, "the workspace has %d bytes; expected at least %d",
                     (int64_t)options->workspace_bytes, bytes);
  if ((uintptr_t)options->workspace % VITC_ALIGNMENT)
    return vitc_fail(VITC_E_ARGUMENT, "the workspace is not aligned to %d bytes", (int64_t)VITC_ALIGNMENT);
  int64_t ordinal = vitc_cuda_ordinal_of(gpu->device->cuda, options->workspace);
  if (ordinal < 0)
    return vitc_fail(VITC_E_ARGUMENT,
                     "the workspace of a session on CUDA device %d has an address that is not of a GPU's memory",
                     wanted);
  return ordinal == wanted ? VITC_OK
                           : vitc_fail(VITC_E_ARGUMENT, "the workspace of a session on CUDA device %d is on device %d",
                                       wanted, ordinal);
}

static vitc_status get_memory(vitc_session *session, const vitc_session_options *options) {
  vitc_gpu_session *gpu = session->gpu;
  int64_t bytes = session->plans.bytes;
  if (options->workspace) {
    vitc_status status = check_workspace(gpu, options, bytes);
    if (status)
      return status;
    gpu->memory = (vitc_cu_address)options->workspace;
  } else if (bytes) {
    vitc_cu_result result = gpu->device->cuda->MemAlloc(&gpu->memory, (size_t)bytes);
    if (result == VITC_CU_OUT_OF_MEMORY)
      return vitc_fail(VITC_E_MEMORY, "out of memory on CUDA device %d: a session for these dimensions needs %d bytes",
                       (int64_t)gpu->device->ordinal, bytes);
    if (result)
      return vitc_cuda_fail(gpu->device->cuda, result, "the memory of a session");
    gpu->owns_memory = true;
  }
  session->memory = (char *)gpu->memory;
  return VITC_OK;
}

static vitc_status get_host_memory(vitc_session *session) {
  vitc_gpu_session *gpu = session->gpu;
  size_t bytes = (size_t)session->plans.lent_bytes;
  vitc_cu_result result = bytes ? gpu->device->cuda->MemAllocHost(&gpu->host, bytes) : 0;
  session->host_memory = gpu->host;
  return result ? vitc_cuda_fail(gpu->device->cuda, result, "memory of the host for outputs") : VITC_OK;
}

static vitc_status make_events(vitc_gpu_session *gpu) {
  enum { WITHOUT_TIMING = 2 };
  const vitc_cuda *cuda = gpu->device->cuda;
  vitc_cu_result result = cuda->EventCreate(&gpu->done, WITHOUT_TIMING);
  for (int32_t i = 0; i < gpu->event_count && !result; ++i)
    result = cuda->EventCreate(&gpu->events[i], 0);
  return result ? vitc_cuda_fail(cuda, result, "an event") : VITC_OK;
}

static vitc_status enter(vitc_gpu_session *gpu) {
  if (gpu->device->process != vitc_process())
    return vitc_fail(VITC_E_DEVICE, "the process has been forked, and CUDA does not work in the child: create sessions "
                                    "on a GPU after the fork");
  vitc_cu_result result = gpu->device->cuda->CtxPushCurrent(gpu->device->context);
  return result ? vitc_cuda_fail(gpu->device->cuda, result, "the context of the CUDA device") : VITC_OK;
}

static void leave(vitc_gpu_session *gpu) { gpu->device->cuda->CtxPopCurrent(&(vitc_cu_context){0}); }

static vitc_status create(vitc_session *session, const vitc_session_options *options) {
  session->gpu = allocate(&session->plans, session->times_runs);
  if (!session->gpu)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  vitc_status status = vitc_cuda_open(session->model, session->plans.device.device_id, &session->gpu->device);
  if (!status)
    status = enter(session->gpu);
  if (status)
    return status;
  const char *overlap = getenv("VITC_GPU_OVERLAP");
  session->gpu->overlaps = !overlap || *overlap != '0';
  status = make_events(session->gpu);
  for (int32_t i = 0; i < session->plans.count && !status; ++i)
    status = find_kernels(session, i);
  if (!status)
    status = get_memory(session, options);
  if (!status)
    status = get_host_memory(session);
  leave(session->gpu);
  return status;
}

static void free_resources(vitc_session *session) {
  vitc_gpu_session *gpu = session->gpu;
  const vitc_cuda *cuda = gpu->device->cuda;
  if (gpu->done) {
    cuda->EventSynchronize(gpu->done);
    cuda->EventDestroy(gpu->done);
  }
  for (int32_t i = 0; i < gpu->event_count; ++i)
    if (gpu->events[i])
      cuda->EventDestroy(gpu->events[i]);
  for (int32_t i = 0; i < session->plans.count; ++i)
    vitc_cuda_free_graphs(gpu, &gpu->cases[i]);
  if (gpu->owns_memory)
    cuda->MemFree(gpu->memory);
  if (gpu->host)
    cuda->MemFreeHost(gpu->host);
}

static void destroy(vitc_session *session) {
  vitc_gpu_session *gpu = session->gpu;
  if (!gpu)
    return;
  if (gpu->device) {
    if (gpu->device->process == vitc_process() && !gpu->device->cuda->CtxPushCurrent(gpu->device->context)) {
      free_resources(session);
      leave(gpu);
    }
    vitc_cuda_close(session->model, gpu->device);
  }
  release(gpu);
}

/* The stream must be of the context that the memory belongs to. */
static vitc_status check_stream(const vitc_gpu_session *gpu, vitc_cu_stream stream, bool *capturing) {
  const vitc_cuda *cuda = gpu->device->cuda;
  vitc_cu_context context = 0;
  int32_t capture = 0;
  vitc_cu_result result = stream ? cuda->StreamGetCtx(stream, &context) : 0;
  if (!result && stream && context != gpu->device->context)
    return vitc_fail(VITC_E_ARGUMENT, "the stream belongs to another device than the session's, CUDA device %d",
                     (int64_t)gpu->device->ordinal);
  if (!result && stream)
    result = cuda->StreamIsCapturing(stream, &capture);
  *capturing = capture != 0;
  return result ? vitc_cuda_fail(cuda, result, "the stream") : VITC_OK;
}

/* Two runs of a session share its memory: one waits for the one before. The handle of a stream does not tell whether it
 * is the same: that of a thread's default stream is shared by all, others come again when streams are destroyed. */
static vitc_status wait_for_last(vitc_gpu_session *gpu, vitc_cu_stream stream) {
  vitc_cu_result result = gpu->runs ? gpu->device->cuda->StreamWaitEvent(stream, gpu->done, 0) : 0;
  return result ? vitc_cuda_fail(gpu->device->cuda, result, "the run before") : VITC_OK;
}

/* Waits for the end of the run, and reads when it did what. */
static vitc_status take_times(vitc_gpu_session *gpu, vitc_case *c, const vitc_cuda_case *cc, vitc_cu_stream stream) {
  const vitc_cuda *cuda = gpu->device->cuda;
  vitc_cu_result result = cuda->StreamSynchronize(stream);
  int64_t last = 0;
  for (int32_t i = 0; i < cc->code->launch_count && !result; ++i) {
    float milliseconds = 0;
    result = cuda->EventElapsedTime(&milliseconds, gpu->events[0], gpu->events[i + 1]);
    int64_t end = (int64_t)((double)milliseconds * 1e6);
    vitc_step_time *time = &c->times.list[cc->code->launches[i].step];
    if (i == 0 || cc->code->launches[i].step != cc->code->launches[i - 1].step)
      time->began = last;
    time->finished = time->left = last = end;
  }
  return result ? vitc_cuda_fail(cuda, result, "the time of a run") : VITC_OK;
}

static vitc_status launch(vitc_session *session, vitc_case *c, vitc_cuda_case *cc, vitc_cu_stream stream,
                          bool capturing) {
  vitc_gpu_session *gpu = session->gpu;
  if (capturing || session->times_runs)
    return vitc_cuda_launch_all(gpu, c, cc, stream, session->times_runs ? gpu->events : 0);
  return vitc_cuda_launch_graph(gpu, c, cc, stream);
}

static vitc_status run_here(vitc_session *session, vitc_case *c, const DLTensor *inputs, DLTensor *outputs,
                            vitc_cu_stream stream) {
  vitc_gpu_session *gpu = session->gpu;
  vitc_cuda_case *cc = &gpu->cases[c - session->cases];
  bool capturing, host = vitc_cuda_touches_host(c, inputs, outputs);
  vitc_status status = check_stream(gpu, stream, &capturing);
  if (!status && capturing && (host || session->times_runs))
    status = vitc_fail(VITC_E_ARGUMENT, "the stream is being captured: tensors have to be on the GPU, and the session "
                                        "may not take times");
  if (!status && !capturing)
    status = wait_for_last(gpu, stream);
  if (!status)
    status = vitc_cuda_bind_outputs(gpu, c, cc, outputs);
  if (!status)
    status = vitc_cuda_bind_inputs(gpu, c, cc, inputs, stream);
  ++gpu->runs;
  if (!status)
    status = launch(session, c, cc, stream, capturing);
  if (!status)
    status = vitc_cuda_copy_outputs(gpu, c, cc, outputs, stream);
  if (status || capturing)
    return status;
  vitc_cu_result result = gpu->device->cuda->EventRecord(gpu->done, stream);
  if (!result && host)
    result = gpu->device->cuda->StreamSynchronize(stream);
  if (result)
    return vitc_cuda_fail(gpu->device->cuda, result, "the run failed on the GPU");
  return session->times_runs ? take_times(gpu, c, cc, stream) : VITC_OK;
}

static vitc_status run(vitc_session *session, vitc_case *c, const DLTensor *inputs, DLTensor *outputs, void *stream) {
  vitc_status status = enter(session->gpu);
  if (status)
    return status;
  status = run_here(session, c, inputs, outputs, stream);
  leave(session->gpu);
  return status;
}

extern const vitc_gpu_backend vitc_cuda_backend;
const vitc_gpu_backend vitc_cuda_backend = {
    .device_type = kDLCUDA,
    .capability = vitc_cuda_capability,
    .create = create,
    .destroy = destroy,
    .run = run,
};
