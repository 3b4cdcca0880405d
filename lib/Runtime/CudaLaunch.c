#include "CudaLaunch.h"

#include "Error.h"
#include "Libc.h"
#include "Polynomial.h"

enum { MOST_BLOCKS_X = 0x7fffffff, MOST_BLOCKS = 65535 };

/* A kernel on its grid, with its parameters in the session's block for them. */
typedef struct {
  uint32_t grid[3];
  bool empty;
  void *extra[5];
  size_t parameter_bytes;
} launch;

static vitc_status too_large(const vitc_gpu_launch *spec) {
  return vitc_fail(VITC_E_MEMORY, "the sizes of the kernel '%s' for these dimensions are too large", spec->kernel);
}

static bool find_address(const vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                         const vitc_gpu_pointer *pointer, vitc_cu_address *address) {
  int64_t offset;
  if (!vitc_evaluate(&pointer->offset, c->symbols, &offset))
    return false;
  switch (pointer->place) {
  case VITC_GPU_INPUT:
    *address = cc->inputs[pointer->index];
    break;
  case VITC_GPU_OUTPUT:
    *address = cc->outputs[pointer->index];
    break;
  case VITC_GPU_BUFFER:
    *address = gpu->memory + (uint64_t)c->plan->ranges[pointer->index].offset;
    break;
  default:
    *address = gpu->device->weights;
  }
  *address += (uint64_t)offset;
  return true;
}

static vitc_status encode_map(const vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                              const vitc_gpu_launch *spec, const vitc_gpu_tensor_map *map, void *place) {
  enum { INTERLEAVE_NONE = 0, PROMOTION_256_BYTES = 3, FILL_ZERO = 0 };
  uint64_t extents[VITC_GPU_MAP_RANK], strides[VITC_GPU_MAP_RANK];
  vitc_cu_address base;
  bool fits = find_address(gpu, c, cc, &map->base, &base);
  for (int32_t i = 0; i < map->rank && fits; ++i) {
    int64_t value;
    fits = vitc_evaluate(&map->extents[i], c->symbols, &value);
    extents[i] = (uint64_t)value;
    if (fits && i + 1 < map->rank) {
      fits = vitc_evaluate(&map->strides[i], c->symbols, &value);
      strides[i] = (uint64_t)value;
    }
  }
  if (!fits)
    return too_large(spec);
  vitc_cu_result result = gpu->device->cuda->TensorMapEncodeTiled(
      place, map->type, (uint32_t)map->rank, (void *)base, extents, strides, map->box, map->steps, INTERLEAVE_NONE,
      map->swizzle, PROMOTION_256_BYTES, FILL_ZERO);
  return result ? vitc_cuda_fail(gpu->device->cuda, result, "a tensor map") : VITC_OK;
}

static vitc_status write_argument(const vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                                  const vitc_gpu_launch *spec, const vitc_gpu_argument *argument) {
  char *place = gpu->parameters + argument->offset;
  if (argument->kind == VITC_GPU_TENSOR_MAP)
    return encode_map(gpu, c, cc, spec, argument->map, place);
  if (argument->kind == VITC_GPU_POINTER) {
    vitc_cu_address address;
    if (!find_address(gpu, c, cc, &argument->pointer, &address))
      return too_large(spec);
    memcpy(place, &address, sizeof address);
    return VITC_OK;
  }
  int64_t value;
  if (!vitc_evaluate(&argument->value, c->symbols, &value))
    return too_large(spec);
  int32_t narrow = (int32_t)value;
  bool is_narrow = argument->kind == VITC_GPU_INT32;
  if (is_narrow && narrow != value)
    return too_large(spec);
  memcpy(place, is_narrow ? (void *)&narrow : (void *)&value, is_narrow ? sizeof narrow : sizeof value);
  return VITC_OK;
}

static vitc_status size_grid(const vitc_gpu_session *gpu, const vitc_case *c, const vitc_gpu_launch *spec,
                             launch *made) {
  for (int i = 0; i < 3; ++i) {
    int64_t size;
    if (!vitc_evaluate(&spec->grid[i], c->symbols, &size) || size > INT64_MAX - spec->per[i])
      return too_large(spec);
    int64_t blocks = (size + spec->per[i] - 1) / spec->per[i];
    if (blocks > (i ? MOST_BLOCKS : MOST_BLOCKS_X))
      return too_large(spec);
    made->grid[i] = (uint32_t)blocks;
    made->empty |= blocks <= 0;
  }
  /* Persistent blocks deal out the work among themselves, in one dimension. */
  uint64_t most = (uint64_t)spec->blocks_per_multiprocessor * (uint64_t)gpu->device->multiprocessors;
  if (most && (uint64_t)made->grid[0] * made->grid[1] * made->grid[2] > most) {
    made->grid[0] = (uint32_t)most;
    made->grid[1] = made->grid[2] = 1;
  }
  return VITC_OK;
}

static vitc_status prepare(const vitc_gpu_session *gpu, const vitc_case *c, const vitc_cuda_case *cc,
                           const vitc_gpu_launch *spec, launch *made) {
  enum { BUFFER_POINTER = 1, BUFFER_SIZE = 2 }; /* CU_LAUNCH_PARAM_… */
  *made = (launch){.parameter_bytes = spec->parameter_bytes};
  vitc_status status = size_grid(gpu, c, spec, made);
  for (int32_t i = 0; i < spec->argument_count && !status && !made->empty; ++i)
    status = write_argument(gpu, c, cc, spec, &spec->arguments[i]);
  void *extra[] = {(void *)BUFFER_POINTER, gpu->parameters, (void *)BUFFER_SIZE, &made->parameter_bytes, 0};
  memcpy(made->extra, extra, sizeof extra);
  return status;
}

vitc_status vitc_cuda_launch_all(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc, vitc_cu_stream stream,
                                 const vitc_cu_event *events) {
  const vitc_cuda *cuda = gpu->device->cuda;
  int32_t count = cc->code->launch_count;
  for (int32_t i = 0; i < count; ++i) {
    const vitc_gpu_launch *spec = &cc->code->launches[i];
    launch made;
    vitc_status status = prepare(gpu, c, cc, spec, &made);
    if (status)
      return status;
    vitc_cu_result result = events ? cuda->EventRecord(events[i], stream) : 0;
    if (!result && !made.empty)
      result = cuda->LaunchKernel(cc->functions[i], made.grid[0], made.grid[1], made.grid[2], spec->block, 1, 1,
                                  spec->shared_bytes, stream, 0, made.extra);
    if (result)
      return vitc_cuda_fail(cuda, result, spec->kernel);
  }
  vitc_cu_result result = events ? cuda->EventRecord(events[count], stream) : 0;
  return result ? vitc_cuda_fail(cuda, result, "the time of a run") : VITC_OK;
}

static vitc_cu_kernel_node describe_node(const vitc_cuda_case *cc, int32_t index, launch *made) {
  const vitc_gpu_launch *spec = &cc->code->launches[index];
  return (vitc_cu_kernel_node){.function = cc->functions[index],
                               .grid = {made->grid[0], made->grid[1], made->grid[2]},
                               .block = {spec->block, 1, 1},
                               .shared_bytes = spec->shared_bytes,
                               .extra = made->extra};
}

static void free_graph(const vitc_cuda *cuda, vitc_cuda_graph *graph) {
  if (graph->exec)
    cuda->GraphExecDestroy(graph->exec);
  if (graph->graph)
    cuda->GraphDestroy(graph->graph);
  free(graph->nodes);
  *graph = (vitc_cuda_graph){0};
}

void vitc_cuda_free_graphs(vitc_gpu_session *gpu, vitc_cuda_case *cc) {
  for (int i = 0; i < VITC_CUDA_GRAPHS; ++i)
    free_graph(gpu->device->cuda, &cc->graphs[i]);
}

static bool same_symbols(const vitc_function *function, const int64_t *a, const int64_t *b) {
  for (int32_t i = 0; i < function->symbol_count; ++i)
    if (a[i] != b[i])
      return false;
  return true;
}

/* The graph for the current dimensions, or an empty place for it. */
static vitc_cuda_graph *find_graph(const vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc) {
  vitc_cuda_graph *oldest = &cc->graphs[0];
  for (int i = 0; i < VITC_CUDA_GRAPHS; ++i) {
    vitc_cuda_graph *graph = &cc->graphs[i];
    if (graph->used && same_symbols(c->plan->function, graph->symbols, c->symbols))
      return graph;
    if (graph->used < oldest->used)
      oldest = graph;
  }
  free_graph(gpu->device->cuda, oldest);
  memcpy(oldest->symbols, c->symbols, sizeof oldest->symbols);
  return oldest;
}

static void note_addresses(const vitc_case *c, const vitc_cuda_case *cc, vitc_cuda_graph *graph) {
  const vitc_function *function = c->plan->function;
  memcpy(graph->inputs, cc->inputs, (size_t)function->input_count * sizeof *graph->inputs);
  memcpy(graph->outputs, cc->outputs, (size_t)function->output_count * sizeof *graph->outputs);
}

/* A kernel behind `last`, or the first. Where it waits for that by itself, it may be started before it has ended. */
static vitc_cu_result add_node(const vitc_gpu_session *gpu, const vitc_gpu_launch *spec, vitc_cuda_graph *graph,
                               const vitc_cu_node *last, const vitc_cu_kernel_node *made, vitc_cu_node *node) {
  const vitc_cuda *cuda = gpu->device->cuda;
  bool overlaps = *last && (spec->flags & VITC_GPU_OVERLAPS) && gpu->overlaps && cuda->GraphAddDependencies;
  vitc_cu_result result = cuda->GraphAddKernelNode(node, graph->graph, last, *last && !overlaps ? 1 : 0, made);
  if (result || !overlaps)
    return result;
  vitc_cu_edge edge = {.from_port = VITC_CU_PORT_PROGRAMMATIC, .type = VITC_CU_EDGE_PROGRAMMATIC};
  return cuda->GraphAddDependencies(graph->graph, last, node, &edge, 1);
}

/* A chain of kernels: each waits for the one before. */
static vitc_status build_graph(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc, vitc_cuda_graph *graph) {
  const vitc_cuda *cuda = gpu->device->cuda;
  const vitc_function *function = c->plan->function;
  int32_t count = cc->code->launch_count;
  size_t addresses = (size_t)(function->input_count + function->output_count);
  graph->nodes = malloc((size_t)count * sizeof *graph->nodes + (addresses + 1) * sizeof(vitc_cu_address));
  if (!graph->nodes)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  graph->inputs = (vitc_cu_address *)(graph->nodes + count);
  graph->outputs = graph->inputs + function->input_count;
  note_addresses(c, cc, graph);
  vitc_cu_result result = cuda->GraphCreate(&graph->graph, 0);
  vitc_cu_node last = 0;
  for (int32_t i = 0; i < count && !result; ++i) {
    launch made;
    vitc_status status = prepare(gpu, c, cc, &cc->code->launches[i], &made);
    if (status)
      return status;
    graph->nodes[i] = 0;
    if (made.empty)
      continue;
    vitc_cu_kernel_node node = describe_node(cc, i, &made);
    result = add_node(gpu, &cc->code->launches[i], graph, &last, &node, &graph->nodes[i]);
    last = graph->nodes[i];
  }
  if (!result)
    result = cuda->GraphInstantiate(&graph->exec, graph->graph, 0);
  return result ? vitc_cuda_fail(cuda, result, "the graph of a run") : VITC_OK;
}

static bool moved(const vitc_gpu_pointer *pointer, const vitc_cuda_case *cc, const vitc_cuda_graph *graph) {
  if (pointer->place == VITC_GPU_INPUT)
    return cc->inputs[pointer->index] != graph->inputs[pointer->index];
  return pointer->place == VITC_GPU_OUTPUT && cc->outputs[pointer->index] != graph->outputs[pointer->index];
}

static bool any_moved(const vitc_gpu_launch *spec, const vitc_cuda_case *cc, const vitc_cuda_graph *graph) {
  for (int32_t i = 0; i < spec->argument_count; ++i) {
    const vitc_gpu_argument *argument = &spec->arguments[i];
    if (argument->kind == VITC_GPU_POINTER && moved(&argument->pointer, cc, graph))
      return true;
    if (argument->kind == VITC_GPU_TENSOR_MAP && moved(&argument->map->base, cc, graph))
      return true;
  }
  return false;
}

/* Points the kernels that read inputs or write outputs to those of this run. */
static vitc_status update_graph(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc, vitc_cuda_graph *graph) {
  const vitc_cuda *cuda = gpu->device->cuda;
  for (int32_t i = 0; i < cc->code->launch_count; ++i) {
    if (!graph->nodes[i] || !any_moved(&cc->code->launches[i], cc, graph))
      continue;
    launch made;
    vitc_status status = prepare(gpu, c, cc, &cc->code->launches[i], &made);
    if (status)
      return status;
    vitc_cu_kernel_node node = describe_node(cc, i, &made);
    vitc_cu_result result = cuda->GraphExecKernelNodeSetParams(graph->exec, graph->nodes[i], &node);
    if (result)
      return vitc_cuda_fail(cuda, result, "the graph of a run");
  }
  note_addresses(c, cc, graph);
  return VITC_OK;
}

vitc_status vitc_cuda_launch_graph(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc,
                                   vitc_cu_stream stream) {
  vitc_cuda_graph *graph = find_graph(gpu, c, cc);
  bool first = !graph->used;
  graph->used = gpu->runs;
  if (first)
    return vitc_cuda_launch_all(gpu, c, cc, stream, 0);
  vitc_status status = graph->exec ? update_graph(gpu, c, cc, graph) : build_graph(gpu, c, cc, graph);
  if (status) {
    free_graph(gpu->device->cuda, graph);
    return status;
  }
  vitc_cu_result result = gpu->device->cuda->GraphLaunch(graph->exec, stream);
  return result ? vitc_cuda_fail(gpu->device->cuda, result, "the graph of a run") : VITC_OK;
}
