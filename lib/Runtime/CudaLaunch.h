/* Launches of a session on a CUDA device: their parameters, one by one or as a graph. */
#ifndef VITC_RUNTIME_CUDALAUNCH_H
#define VITC_RUNTIME_CUDALAUNCH_H

#include "CudaDevice.h"

enum { VITC_CUDA_GRAPHS = 4 }; /* of a case, one for each set of dimensions; the one used longest ago gives way */

/* The launches of a case for one set of dimensions. */
typedef struct vitc_cuda_graph {
  int64_t used; /* when, counted in runs of the session; 0: never */
  int64_t symbols[VITC_MAX_SYMBOLS];
  vitc_cu_graph graph; /* null: they have run once, one by one */
  vitc_cu_exec exec;
  vitc_cu_node *nodes;               /* [launch_count]; null for an empty grid */
  vitc_cu_address *inputs, *outputs; /* what the nodes read and write now */
} vitc_cuda_graph;

typedef struct vitc_cuda_case {
  const vitc_gpu_code *code;
  vitc_cu_function *functions;       /* [launch_count] */
  vitc_cu_address *inputs, *outputs; /* of the current run, on the device */
  vitc_cuda_graph graphs[VITC_CUDA_GRAPHS];
} vitc_cuda_case;

struct vitc_gpu_session {
  vitc_cuda_device *device;
  vitc_cu_address memory;
  bool owns_memory;
  void *host;       /* pinned, for outputs that are lent on the host; null until the first of them */
  char *parameters; /* of one launch, aligned to 64 bytes */
  bool overlaps;    /* kernels of graphs may start before the one before has ended; not with VITC_GPU_OVERLAP=0 */
  int64_t runs;
  vitc_cu_event done;    /* at the end of the last run */
  vitc_cu_event *events; /* [launch_count + 1] of the longest list; null where no times are taken */
  int32_t event_count;
  vitc_cuda_case *cases; /* [plans.count] */
};

/* Runs the launches on `stream` one by one; with `events`, one is recorded before each and one at the end. */
vitc_status vitc_cuda_launch_all(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc, vitc_cu_stream stream,
                                 const vitc_cu_event *events);

/* Runs them as a graph, which is made at the second run with the same dimensions. */
vitc_status vitc_cuda_launch_graph(vitc_gpu_session *gpu, const vitc_case *c, vitc_cuda_case *cc,
                                   vitc_cu_stream stream);

void vitc_cuda_free_graphs(vitc_gpu_session *gpu, vitc_cuda_case *cc);

#endif /* VITC_RUNTIME_CUDALAUNCH_H */
