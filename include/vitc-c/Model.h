/* The C interface of a compiled model.
 *
 * `vitc model.onnx -o model.so` makes a library that exports two symbols, both of type `const vitc_api *`:
 * `vitc_model_v1`, the same in every library, for dlopen, and `STEM_model_v1` (STEM: the file's name without its
 * suffix, or `--prefix`), for linking with several models. The table they point to holds every function:
 *
 *   void *library = dlopen("./model.so", RTLD_NOW | RTLD_LOCAL);
 *   const vitc_api *api = *(const vitc_api *const *)dlsym(library, "vitc_model_v1");
 *   vitc_model *model;
 *   vitc_session *session;
 *   if (api->open(NULL, &model) || api->session_create(model, NULL, &session) ||
 *       api->run(session, &input, 1, &output, 1, NULL))
 *     fprintf(stderr, "%s\n", api->last_error());
 *   api->session_destroy(session);
 *   api->close(model);
 *   dlclose(library);
 *
 * The caller checks `api->abi == VITC_ABI`. Later versions of the ABI add functions at the end of the table (`size`
 * says how far it reaches) and fields at the end of option structures (which begin with their size).
 *
 * Threads: models may be shared by any number of threads. A session runs one `run` at a time (VITC_E_BUSY
 * otherwise); different sessions run at once and share the weights. After a fork the child may go on using models and
 * sessions of its parent: their threads start again at the next run.
 *
 * Errors: every function but `info_json` and `last_error` returns a status; what it did not complete it has undone.
 * No input value, shape, type or pointer that this file allows makes a library crash.
 *
 * This header needs nothing but a C99 or C++ compiler. */
#ifndef VITC_C_MODEL_H
#define VITC_C_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* DLPack's tensor, for programs without DLPack; a program that uses dlpack.h includes it before this file. */
#ifndef DLPACK_DLPACK_H_

enum { kDLCPU = 1, kDLCUDA = 2, kDLCUDAHost = 3 };

enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLOpaqueHandle = 3, kDLBfloat = 4, kDLComplex = 5, kDLBool = 6 };
enum {
  kDLFloat8_e4m3fn = 10,
  kDLFloat8_e4m3fnuz = 11,
  kDLFloat8_e5m2 = 12,
  kDLFloat8_e5m2fnuz = 13,
  kDLFloat8_e8m0fnu = 14,
  kDLFloat4_e2m1fn = 17
};

typedef struct DLDevice {
  int32_t device_type; /* kDLCPU, … */
  int32_t device_id;
} DLDevice;

typedef struct DLDataType {
  uint8_t code; /* kDLFloat, … */
  uint8_t bits;
  uint16_t lanes; /* 1 */
} DLDataType;

/* A tensor in somebody else's memory. Strides count elements; null means compact row-major order. */
typedef struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byte_offset;
} DLTensor;

#endif /* DLPACK_DLPACK_H_ */

enum { VITC_ABI = 1 };

typedef enum vitc_status {
  VITC_OK = 0,
  VITC_E_ARGUMENT = 1, /* a null pointer, an unknown name, a count or an option that is wrong */
  VITC_E_TENSOR = 2,   /* a tensor that does not fit: shape, type, device, strides, alignment, null data */
  VITC_E_LIMIT = 3,    /* an extent beyond the maximum that the session was created for */
  VITC_E_BUSY = 4,     /* another thread is in `run` with the same session */
  VITC_E_CPU = 5,      /* the processor or its operating system lacks instructions that the library needs */
  VITC_E_MEMORY = 6,   /* out of memory, a workspace that is too small, or sizes beyond 64 bits */
  VITC_E_WEIGHTS = 7,  /* the file with external weights is missing, or not the one this library was built with */
  VITC_E_THREADS = 8,  /* threads could not be started */
  VITC_E_DEVICE = 9    /* no such device, one that the library has no code for, or a failure of its driver */
} vitc_status;

typedef struct vitc_model vitc_model;
typedef struct vitc_session vitc_session;

/* Options of `open`; null stands for `{sizeof(vitc_open_options)}`: zero is every field's default. */
typedef struct vitc_open_options {
  size_t size; /* sizeof(vitc_open_options) */
  const char
      *weights_path;      /* of external weights; null: the file beside the library, by the name it was written with */
  int32_t verify_weights; /* not 0: hash all external weights (about a second a GB) instead of comparing their label */
} vitc_open_options;

/* The greatest value that a named dimension takes in a session. */
typedef struct vitc_dim {
  const char *name; /* as in info_json, "batch" */
  int64_t extent;
} vitc_dim;

/* Runs task(argument, 0), …, task(argument, count - 1) **at the same time** and returns 0 when all have returned: the
 * tasks wait for each other, so a pool that starts one only after another has finished never returns. The task with
 * index 0 may run on the calling thread. A value other than 0 says that no task was started. */
typedef int (*vitc_parallel)(void *pool, int32_t count, void (*task)(void *argument, int32_t index), void *argument);

/* Options of `session_create`; null stands for `{sizeof(vitc_session_options)}`: zero is every field's default. Nothing
 * that they point to is kept, except for `workspace` and `pool`. */
typedef struct vitc_session_options {
  size_t size;          /* sizeof(vitc_session_options) */
  const char *function; /* null: "main" */
  const vitc_dim *dims; /* maxima of named dimensions; those not listed are 1 */
  size_t dim_count;
  int32_t threads; /* how many threads a run uses, the caller's included; 0: one a core that this thread may use */
  DLDevice device; /* {0, 0}: the CPU; {kDLCUDA, n}: GPU n, as the CUDA driver counts them. `threads` and the pool count
                      on a CPU alone */
  void *workspace; /* memory of that device, 64-byte aligned, kept until the session is destroyed; null: its own */
  size_t workspace_bytes; /* at least what the function of the same name returns */
  vitc_parallel parallel; /* the caller's thread pool; null: the session's own threads, which sleep between runs */
  void *pool;             /* first argument of `parallel` */
  int32_t profile;        /* not 0: take the times of each run's steps, for `profile` */
} vitc_session_options;

/* A step of a run: every thread does its share and then waits for the others. */
typedef struct vitc_step {
  const char *kind;         /* of the kernel: "gemm", "attention", … */
  const char *const *nodes; /* names of the ONNX nodes that it computes, the main one first */
  int32_t node_count;
  int64_t macs;             /* multiplications with an addition that its products take: Strassen's and Winograd's
                               algorithms take fewer than the model has */
  int64_t weight_bytes;     /* of the constants that it reads, as they are packed */
  int64_t activation_bytes; /* of everything else that it reads and writes */
} vitc_step;

/* When a thread did a step, in nanoseconds since the run began. */
typedef struct vitc_step_time {
  int64_t began;    /* its share of the work */
  int64_t finished; /* it, and waits for the other threads */
  int64_t left;     /* the step, all threads having finished theirs */
} vitc_step_time;

/* What a run did when. What it points to is the session's and stays as it is until its next call of `run` or
 * `profile`. */
typedef struct vitc_profile {
  size_t size;       /* sizeof(vitc_profile), set by the caller */
  const char *level; /* whose code ran: "x86-64-v4" */
  int32_t step_count;
  int32_t thread_count;
  const vitc_step *steps;      /* [step_count] */
  const vitc_step_time *times; /* [thread_count][step_count] */
} vitc_profile;

typedef struct vitc_api {
  uint32_t abi;  /* VITC_ABI */
  uint32_t size; /* of this table in bytes */

  /* Chooses the code for this processor and maps external weights. Cheap; a process may open a library many times.
   * The environment variable VITC_ISA names the code to take ("x86-64-v3") instead of the best that runs.
   * Errors: ARGUMENT, CPU, MEMORY, WEIGHTS. */
  vitc_status (*open)(const vitc_open_options *options, vitc_model **model);

  /* Gives up the caller's hold of a model; sessions keep what they need until they are destroyed. Null is allowed. */
  vitc_status (*close)(vitc_model *model);

  /* What the library holds, as JSON, valid while it is loaded; works on any processor:
   *   {"abi": 1, "name": "deit_s", "vitc": "0.1.0", "glibc": "2.34",
   *    "functions": [{"name": "main", "symbols": ["batch"],
   *                   "inputs": [{"name": "x", "type": "float32", "shape": ["batch", 3, 224, 224]}],
   *                   "outputs": [{"name": "y", "type": "float32", "shape": ["batch", 1000]}]}],
   *    "targets": […], "options": {…}, "weights": {"bytes": 88198144, "file": null}}
   * A dimension is a number, a symbol's name, or an expression of symbols ("197*batch"). Symbols that are not in
   * "symbols" are computed in a run ("count(detections)"). Types are spelled as NumPy
   * and ml_dtypes do: float32, float16, bfloat16, float8_e5m2, int64, uint8, int4, bool, …. An element of less than
   * eight bits takes the low bits of a byte (it is not packed). Keys may be added. */
  const char *(*info_json)(void);

  /* Makes a session: places its buffers for the maximal dimensions and starts its threads.
   * Errors: ARGUMENT, LIMIT, MEMORY, THREADS, DEVICE. */
  vitc_status (*session_create)(vitc_model *model, const vitc_session_options *options, vitc_session **session);

  /* Stops its threads and frees its memory, with it every output it lent. Null is allowed.
   * Errors: BUSY while another thread runs it (it then stays as it was). A session must not be used during or after. */
  vitc_status (*session_destroy)(vitc_session *session);

  /* Says what `run` would return for these inputs, of which only types and shapes are read: fills every field of
   * `outputs`, data null, shape owned by the session until the next call of output_shapes. An extent that depends on
   * data is the most that it can be.
   * Errors: as `run`. */
  vitc_status (*output_shapes)(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                               int32_t output_count);

  /* Runs the function. Inputs and outputs are compact and row-major, aligned to their element type or, on a GPU, to 16
   * bytes, in the order of info_json. An output whose data is null is lent by the session: every other field is filled,
   * and it stays valid until the session's next run. An output with data has the shape that output_shapes says and
   * overlaps no other tensor of the call. Where that depends on data, `run` fills the beginning of the memory, compact
   * and row-major, and points the tensor's shape to the extents that it found, owned by the session until its next run.
   * Nothing is allocated on a CPU. Denormal numbers count as zero.
   *
   * On a GPU the run is put on the CUDA stream `stream` (null: the legacy default stream; CU_STREAM_PER_THREAD works as
   * well), which must be of the session's device, and comes after the session's run before, whatever stream that was
   * on. Tensors are on that device, and then nothing is copied, or on the host (kDLCPU, kDLCUDAHost). With tensors of
   * the device alone `run` returns before the run has ended: they must live until the stream is there, and a failure of
   * the GPU is told by a later call. With any of the host, or with the option `profile`, it has ended. Outputs without
   * data are lent on the device if any input is there, and on the host otherwise. A stream that is being captured takes
   * the launches into its graph; whoever launches that graph sees to it that the session does not run at the same time,
   * and that it is not destroyed before.
   *
   * Errors: ARGUMENT, TENSOR, LIMIT, BUSY; on a GPU also DEVICE, MEMORY; after a fork, THREADS or DEVICE. */
  vitc_status (*run)(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                     int32_t output_count, void *stream);

  /* One sentence about the last call on this thread that did not return VITC_OK, valid until the thread's next such
   * call; "" if there was none. */
  const char *(*last_error)(void);

  /* The bytes that a session with these options needs as its workspace. Errors: as session_create. */
  vitc_status (*workspace_bytes)(vitc_model *model, const vitc_session_options *options, size_t *bytes);

  /* Says what the last run of a session that was created with the option `profile` did when. Libraries whose table is
   * too short for this function take no times. Errors: ARGUMENT, also before the first run; BUSY. */
  vitc_status (*profile)(vitc_session *session, vitc_profile *profile);
} vitc_api;

#ifdef __cplusplus
}
#endif

#endif /* VITC_C_MODEL_H */
