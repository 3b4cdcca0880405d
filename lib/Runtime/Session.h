/* Models and sessions: what the opaque types of the C interface hold. */
#ifndef VITC_RUNTIME_SESSION_H
#define VITC_RUNTIME_SESSION_H

#include "Arena.h"
#include "Gpu.h"
#include "Program.h"
#include "Team.h"
#include "Weights.h"

/* An opened library. The caller's hold and each session are references; the last one frees it. */
struct vitc_model {
  const vitc_program *program;
  _Atomic int32_t references;
  vitc_weights weights;
  _Atomic int32_t gpu_lock;       /* of what follows */
  void *gpu;                      /* the backend's: what sessions on GPUs share */
  const vitc_variant *variants[]; /* [function_count]: the code that this processor runs; null: there is none */
};

void vitc_model_retain(vitc_model *model);
void vitc_model_release(vitc_model *model);

/* Where everything of a session stands in its memory, for the maximal dimensions. */
typedef struct vitc_plan {
  const vitc_function *function;
  const vitc_variant *variant;
  int32_t threads;
  int32_t own_passes;                /* that each thread runs by itself, before all run the others together */
  int64_t symbols[VITC_MAX_SYMBOLS]; /* the maxima, of derived ones too */
  int64_t scratch, scratch_stride;
  int64_t *lent;      /* [output_count]: offsets of the outputs that it lends */
  int64_t *staged;    /* [input_count], on a GPU: offsets of copies of the host's inputs */
  int64_t lent_bytes; /* from the first output that it lends */
  vitc_range *ranges; /* [buffer_count]: the arena, which begins at offset 0 */
  int32_t arenas;     /* one a thread where there are own passes */
  int64_t arena_stride;
  int64_t bytes;
} vitc_plan;

/* The plans of the functions of one name, one a shape, in the same memory. */
typedef struct vitc_plans {
  vitc_plan *list; /* [count] */
  int32_t count;
  int64_t bytes, lent_bytes;       /* of the largest */
  DLDevice device;                 /* where the memory is: {kDLCPU, 0} or a GPU */
  const vitc_gpu_backend *backend; /* of a GPU */
} vitc_plans;

/* Makes the plans; the caller frees them even where that fails. */
vitc_status vitc_plans_make(const vitc_model *model, const vitc_session_options *options, vitc_plans *plans);
void vitc_plans_free(vitc_plans *plans);

/* One of the functions that a session runs. */
typedef struct vitc_case {
  vitc_plan *plan;
  int64_t symbols[VITC_MAX_SYMBOLS]; /* of the current run */
  const void **inputs;
  void **outputs;
  void **buffers;                 /* [arenas][buffer_count] */
  int64_t *shapes, *asked_shapes; /* of all outputs, one after another: of the last run, of the last output_shapes */
  vitc_step *steps;               /* for `profile`: of the own passes, then of the others */
  vitc_times times;
  vitc_frame frame;
  bool lends_on_host; /* where outputs without data of the current run are, on a GPU */
} vitc_case;

struct vitc_session {
  vitc_model *model;
  vitc_plans plans;
  vitc_case *cases;     /* [plans.count] */
  _Atomic int32_t busy; /* the process whose thread is in `run`, or 0 */
  char *memory;
  bool owns_memory;
  vitc_gpu_session *gpu; /* where it is on a GPU; `memory` is an address there, and `host_memory` for lent outputs */
  char *host_memory;
  vitc_team team;
  bool times_runs;
  vitc_case *timed; /* what ran last, if times are taken and it did not fail */
};

vitc_status vitc_session_create(vitc_model *model, const vitc_session_options *options, vitc_session **session);
vitc_status vitc_session_destroy(vitc_session *session);
vitc_status vitc_output_shapes(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                               int32_t output_count);
vitc_status vitc_profile_of(vitc_session *session, vitc_profile *profile);
vitc_status vitc_run(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                     int32_t output_count, void *stream);

#endif /* VITC_RUNTIME_SESSION_H */
