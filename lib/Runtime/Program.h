/* What the compiler emits into a model and the runtime reads: the meeting point of the two inside one library.
 * lib/Target writes these structures as constant data (Program.cpp there mirrors them field by field); nothing here is
 * visible outside the library. Plain C99, no libc headers beyond the freestanding ones.
 *
 * Symbols: the compiler defines `vitc_model_program` (hidden) and `STEM_model_v1` (exported, a constant pointer to
 * `vitc_api_table`); the runtime defines `vitc_api_table`, `vitc_claim` and `vitc_barrier` (hidden) and `vitc_model_v1`
 * (exported).
 */
#ifndef VITC_RUNTIME_PROGRAM_H
#define VITC_RUNTIME_PROGRAM_H

#include "vitc-c/Model.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { VITC_MAX_SYMBOLS = 24 };

/* A sum of products of symbols: Σ coefficient · Π symbol[i]^power[i]. */
typedef struct vitc_term {
  int64_t coefficient;
  uint8_t power[VITC_MAX_SYMBOLS];
} vitc_term;

typedef struct vitc_polynomial {
  const vitc_term *terms;
  int64_t count;
} vitc_polynomial;

typedef struct vitc_tensor_spec {
  const char *name;
  uint8_t type_code, type_bits; /* as in DLPack */
  uint16_t reserved;
  int32_t rank;
  const vitc_polynomial *shape; /* of inputs: a constant or one symbol a dimension */
} vitc_tensor_spec;

enum vitc_symbol_kind {
  VITC_SYMBOL_INPUT,    /* a named dimension: the extent of dimension `dim` of input `input`, at least 1 */
  VITC_SYMBOL_QUOTIENT, /* the floor of value / divisor; its name is a formula */
  VITC_SYMBOL_COMPUTED, /* written by the generated code in a run: from 0 to `value`, which it has when a run begins */
};

/* What sizes are made of. `value` is a polynomial of symbols that stand earlier in the function's list. */
typedef struct vitc_symbol {
  const char *name;
  int32_t input, dim;
  int32_t kind; /* of vitc_symbol_kind */
  int32_t reserved;
  vitc_polynomial value;
  int64_t divisor; /* positive */
} vitc_symbol;

enum vitc_requirement_kind {
  VITC_REQUIRES_ZERO,         /* value = 0 */
  VITC_REQUIRES_NON_NEGATIVE, /* value >= 0 */
};

/* What the dimensions of a run have to satisfy. It is checked before the run, and so not of computed symbols. */
typedef struct vitc_requirement {
  const char *text; /* "height to be a multiple of 14, for the Reshape 'flatten'" */
  vitc_polynomial value;
  int32_t kind; /* of vitc_requirement_kind */
  int32_t reserved;
} vitc_requirement;

/* One planned buffer: alive from step `first` to step `last` of the program, both included. */
typedef struct vitc_buffer_spec {
  vitc_polynomial bytes;
  int32_t first, last;
} vitc_buffer_spec;

/* One run, seen by the generated code of one thread. Buffers, scratch and weights are 64-byte aligned; inputs and
 * outputs are compact, row-major and aligned to their element type only. No output overlaps an input or another output.
 * Nothing is known of buffers and scratch when a run begins. */
typedef struct vitc_frame {
  const void *const *inputs;
  void *const *outputs;
  void *const *buffers;
  const char *weights;
  int64_t *symbols; /* [symbol_count]; the first thread writes computed ones */
  char *scratch;    /* thread t owns [t * scratch_stride, (t + 1) * scratch_stride) */
  int64_t scratch_stride;
  void *member;                  /* the runtime's: the thread that runs */
  int64_t first_pass, last_pass; /* of the variant's passes those from `first_pass` to before `last_pass` are run */
} vitc_frame;

/* Generated: runs passes of the function on one of `threads` threads; all of them call it, with frames that differ in
 * `member` alone, and the runtime waits for all of them at the end (no barrier is needed there). Denormals are flushed
 * to zero. */
typedef void (*vitc_entry)(const vitc_frame *frame, int64_t thread, int64_t threads);

/* Items from `first` to before `last`. */
typedef struct vitc_items {
  int64_t first, last;
} vitc_items;

/* The runtime's, called by generated code in a step of independent `items` until it returns none: the next that this
 * thread is to do, at least `least` where a thread's share has so many. A thread takes the ⌊items · thread / threads⌋th
 * and those that follow, and then what others have not come to. There are fewer than 2^31 items. */
vitc_items vitc_claim(const vitc_frame *frame, int64_t thread, int64_t threads, int64_t items, int64_t least);

/* The runtime's, called by generated code at the end of each step: returns when every thread that was called for the
 * same passes has arrived. All of them pass the same barriers, in the order of the variant's steps, once a pass. */
void vitc_barrier(const vitc_frame *frame);

/* What a run does from one barrier to the next. */
typedef struct vitc_step_spec {
  const char *kind;         /* "gemm" */
  const char *const *nodes; /* names of nodes of the model, the main one first */
  int32_t node_count;
  int32_t reserved;
  vitc_polynomial macs, weight_bytes, activation_bytes; /* as in vitc_step */
} vitc_step_spec;

/* Where something lies in the memory of a GPU. */
enum vitc_gpu_place {
  VITC_GPU_INPUT,
  VITC_GPU_OUTPUT,
  VITC_GPU_BUFFER, /* of the variant */
  VITC_GPU_WEIGHTS,
};

typedef struct vitc_gpu_pointer {
  int32_t place;          /* of vitc_gpu_place */
  int32_t index;          /* of the input, the output or the buffer */
  vitc_polynomial offset; /* bytes from there */
} vitc_gpu_pointer;

enum { VITC_GPU_MAP_RANK = 5 };

/* What cuTensorMapEncodeTiled takes. Dimensions are listed from the innermost, whose elements are adjacent. */
typedef struct vitc_gpu_tensor_map {
  vitc_gpu_pointer base;
  int32_t type; /* CUtensorMapDataType */
  int32_t rank;
  vitc_polynomial extents[VITC_GPU_MAP_RANK];
  vitc_polynomial strides[VITC_GPU_MAP_RANK - 1]; /* of the other dimensions, in bytes */
  uint32_t box[VITC_GPU_MAP_RANK];
  uint32_t steps[VITC_GPU_MAP_RANK]; /* elementStrides */
  int32_t swizzle;                   /* CUtensorMapSwizzle */
} vitc_gpu_tensor_map;

enum vitc_gpu_argument_kind {
  VITC_GPU_POINTER,    /* 8 bytes: the address of `pointer` */
  VITC_GPU_INT32,      /* `value` */
  VITC_GPU_INT64,      /* `value` */
  VITC_GPU_TENSOR_MAP, /* 128 bytes, aligned to 64: `map`, encoded */
};

typedef struct vitc_gpu_argument {
  int32_t kind;   /* of vitc_gpu_argument_kind */
  int32_t offset; /* in the kernel's parameters */
  vitc_gpu_pointer pointer;
  vitc_polynomial value;
  const vitc_gpu_tensor_map *map;
} vitc_gpu_argument;

enum vitc_gpu_launch_flag {
  VITC_GPU_OVERLAPS = 1 << 0, /* it may start before the one before has ended, and waits by griddepcontrol */
};

/* A kernel on a grid of ⌈grid[i] / per[i]⌉ blocks. */
typedef struct vitc_gpu_launch {
  const char *kernel;
  vitc_polynomial grid[3];
  int64_t per[3];
  int32_t blocks_per_multiprocessor; /* of a larger grid so many are launched, in one dimension; 0: the whole grid */
  uint32_t block;                    /* threads */
  uint32_t cluster;                  /* blocks along the first dimension, or 1 */
  uint32_t shared_bytes;             /* dynamic */
  uint32_t parameter_bytes;
  int32_t step;  /* of the variant, that it is a part of */
  int32_t flags; /* bits of vitc_gpu_launch_flag */
  int32_t argument_count;
  const vitc_gpu_argument *arguments;
} vitc_gpu_launch;

/* The runtime's functions for a kind of GPU. The tables are in objects of their own, which only libraries with such
 * code hold. */
typedef struct vitc_gpu_backend vitc_gpu_backend;

/* What a GPU runs of a variant: the launches, one after another. The kernels are there as a cubin, which devices of
 * one compute capability run, as text of PTX, which the driver compiles for later ones, or as both. */
typedef struct vitc_gpu_code {
  const vitc_gpu_backend *backend;
  const vitc_gpu_launch *launches;
  int32_t launch_count;
  int32_t capability;            /* 90: what the code is compiled for */
  int32_t architecture_specific; /* not 0: it runs on devices of that capability alone (sm_90a), PTX too */
  int32_t reserved;
  const void *cubin; /* or null */
  uint64_t cubin_bytes;
  const char *ptx;    /* or null; ends with a null character */
  uint64_t ptx_bytes; /* with it */
} vitc_gpu_code;

/* CPU features a variant may need; the runtime checks them with CPUID and XGETBV. */
enum vitc_cpu_feature {
  VITC_CPU_X86_64_V3 = 1 << 0, /* AVX2, FMA, F16C, BMI1, BMI2, LZCNT, MOVBE */
  VITC_CPU_X86_64_V4 = 1 << 1, /* AVX-512 F, CD, BW, DQ, VL, and all of V3 */
  VITC_CPU_AVX512_VNNI = 1 << 2,
  VITC_CPU_AVX512_BF16 = 1 << 3,
  VITC_CPU_AMX_TILE = 1 << 4,
  VITC_CPU_AMX_BF16 = 1 << 5,
  VITC_CPU_AMX_INT8 = 1 << 6,
};

/* The code of a function for one CPU level or GPU; a function lists its variants from the best to the least. Scratch
 * and buffers get what their sizes are at most for symbols up to a session's maxima (vitc_bound). Each pass is for the
 * next part of all inputs and outputs, in any order: passes that have buffers and scratch of their own may run at once.
 */
typedef struct vitc_variant {
  const char *level; /* "x86-64-v4" */
  uint64_t features; /* bits of vitc_cpu_feature */
  vitc_entry entry;
  const vitc_buffer_spec *buffers;
  int32_t buffer_count;
  vitc_polynomial scratch_bytes; /* of one thread */
  const vitc_step_spec *steps;   /* of a pass, in the order of their barriers */
  int32_t step_count;
  int32_t passes;           /* at least 1 */
  const vitc_gpu_code *gpu; /* instead of `entry`; null on a CPU. It has no scratch and one pass */
} vitc_variant;

/* Functions of one name take inputs of the same names, types and ranks and differ in their shapes: a run of that name
 * is one of the first function with the fewest named dimensions whose shapes are those of its inputs. */
typedef struct vitc_function {
  const char *name; /* "main" */
  const vitc_tensor_spec *inputs, *outputs;
  int32_t input_count, output_count;
  const vitc_symbol *symbols;
  int32_t symbol_count;
  const vitc_variant *variants;
  int32_t variant_count;
  const vitc_requirement *requirements;
  int32_t requirement_count;
} vitc_function;

typedef struct vitc_program {
  const vitc_function *functions;
  int32_t function_count;
  const char *info_json;
  const char *weights; /* embedded, or null with external weights */
  uint64_t weights_bytes;
  const char *weights_file;   /* file name beside the library, with external weights: weights_bytes, then the digest */
  uint8_t weights_digest[32]; /* SHA-256 of external weights, all zero when embedded */
} vitc_program;

/* The one instance in a library; hidden. */
extern const vitc_program vitc_model_program;

/* The table that every exported symbol points to; hidden. */
extern const vitc_api vitc_api_table;

#ifdef __cplusplus
}
#endif

#endif /* VITC_RUNTIME_PROGRAM_H */
