/* The CUDA driver, found at run time: what the runtime uses of libcuda.so.1, declared as NVIDIA documents it (CUDA
 * Driver API, 12.0 and later), without its headers. */
#ifndef VITC_RUNTIME_CUDADRIVER_H
#define VITC_RUNTIME_CUDADRIVER_H

#include "Program.h"

#include <stddef.h>

typedef int32_t vitc_cu_result;
typedef int32_t vitc_cu_device;
typedef uint64_t vitc_cu_address;
typedef struct CUctx_st *vitc_cu_context;
typedef struct CUmod_st *vitc_cu_module;
typedef struct CUfunc_st *vitc_cu_function;
typedef struct CUstream_st *vitc_cu_stream;
typedef struct CUevent_st *vitc_cu_event;
typedef struct CUgraph_st *vitc_cu_graph;
typedef struct CUgraphNode_st *vitc_cu_node;
typedef struct CUgraphExec_st *vitc_cu_exec;

/* CUDA_KERNEL_NODE_PARAMS_v2 */
typedef struct vitc_cu_kernel_node {
  vitc_cu_function function;
  uint32_t grid[3], block[3];
  uint32_t shared_bytes;
  void **parameters;
  void **extra;
  void *kernel; /* null: `function` counts */
  vitc_cu_context context;
} vitc_cu_kernel_node;

/* CUgraphEdgeData */
typedef struct vitc_cu_edge {
  uint8_t from_port; /* VITC_CU_PORT_PROGRAMMATIC: when all blocks of the kernel let the next one start */
  uint8_t to_port;
  uint8_t type;
  uint8_t reserved[5];
} vitc_cu_edge;

/* What a CUtensorMap is: opaque, and aligned to 64 bytes. */
typedef struct vitc_cu_tensor_map {
  _Alignas(64) uint64_t words[16];
} vitc_cu_tensor_map;

enum {
  VITC_CU_OUT_OF_MEMORY = 2,
  VITC_CU_NO_DEVICE = 100,
  VITC_CU_INVALID_IMAGE = 200,
  VITC_CU_NO_BINARY_FOR_GPU = 209,
  VITC_CU_INVALID_PTX = 218,
  VITC_CU_UNSUPPORTED_PTX_VERSION = 222,
};

enum {
  VITC_CU_MULTIPROCESSORS = 16, /* CUdevice_attribute */
  VITC_CU_CAPABILITY_MAJOR = 75,
  VITC_CU_CAPABILITY_MINOR = 76,

  VITC_CU_POINTER_MEMORY_TYPE = 2, /* CUpointer_attribute */
  VITC_CU_POINTER_DEVICE = 9,
  VITC_CU_MEMORY_DEVICE = 2, /* CUmemorytype */

  VITC_CU_PORT_PROGRAMMATIC = 1, /* CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC */
  VITC_CU_EDGE_PROGRAMMATIC = 1, /* CUgraphDependencyType */

  VITC_CU_FUNCTION_SHARED_BYTES = 8, /* CUfunction_attribute: CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES */
};

/* The functions, by their names in the library without `cu`; X(name, symbol, parameters). */
#define VITC_CUDA_FUNCTIONS(X)                                                                                         \
  X(Init, "cuInit", (uint32_t flags))                                                                                  \
  X(DriverGetVersion, "cuDriverGetVersion", (int32_t *version))                                                        \
  X(GetErrorString, "cuGetErrorString", (vitc_cu_result result, const char **text))                                    \
  X(DeviceGetCount, "cuDeviceGetCount", (int32_t *count))                                                              \
  X(DeviceGet, "cuDeviceGet", (vitc_cu_device * device, int32_t ordinal))                                              \
  X(DeviceGetAttribute, "cuDeviceGetAttribute", (int32_t *value, int32_t attribute, vitc_cu_device device))            \
  X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (vitc_cu_context * context, vitc_cu_device device))            \
  X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (vitc_cu_device device))                                  \
  X(CtxPushCurrent, "cuCtxPushCurrent_v2", (vitc_cu_context context))                                                  \
  X(CtxPopCurrent, "cuCtxPopCurrent_v2", (vitc_cu_context * context))                                                  \
  X(ModuleLoadData, "cuModuleLoadData", (vitc_cu_module * module, const void *image))                                  \
  X(ModuleUnload, "cuModuleUnload", (vitc_cu_module module))                                                           \
  X(ModuleGetFunction, "cuModuleGetFunction", (vitc_cu_function * function, vitc_cu_module module, const char *name))  \
  X(FuncSetAttribute, "cuFuncSetAttribute", (vitc_cu_function function, int32_t attribute, int32_t value))             \
  X(MemAlloc, "cuMemAlloc_v2", (vitc_cu_address * address, size_t bytes))                                              \
  X(MemFree, "cuMemFree_v2", (vitc_cu_address address))                                                                \
  X(MemAllocHost, "cuMemAllocHost_v2", (void **memory, size_t bytes))                                                  \
  X(MemFreeHost, "cuMemFreeHost", (void *memory))                                                                      \
  X(MemcpyHtoD, "cuMemcpyHtoD_v2", (vitc_cu_address to, const void *from, size_t bytes))                               \
  X(MemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2",                                                                           \
    (vitc_cu_address to, const void *from, size_t bytes, vitc_cu_stream stream))                                       \
  X(MemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", (void *to, vitc_cu_address from, size_t bytes, vitc_cu_stream stream))    \
  X(PointerGetAttribute, "cuPointerGetAttribute", (void *value, int32_t attribute, vitc_cu_address address))           \
  X(StreamGetCtx, "cuStreamGetCtx", (vitc_cu_stream stream, vitc_cu_context * context))                                \
  X(StreamIsCapturing, "cuStreamIsCapturing", (vitc_cu_stream stream, int32_t *status))                                \
  X(StreamSynchronize, "cuStreamSynchronize", (vitc_cu_stream stream))                                                 \
  X(StreamWaitEvent, "cuStreamWaitEvent", (vitc_cu_stream stream, vitc_cu_event event, uint32_t flags))                \
  X(EventCreate, "cuEventCreate", (vitc_cu_event * event, uint32_t flags))                                             \
  X(EventDestroy, "cuEventDestroy_v2", (vitc_cu_event event))                                                          \
  X(EventSynchronize, "cuEventSynchronize", (vitc_cu_event event))                                                     \
  X(EventRecord, "cuEventRecord", (vitc_cu_event event, vitc_cu_stream stream))                                        \
  X(EventElapsedTime, "cuEventElapsedTime", (float *milliseconds, vitc_cu_event from, vitc_cu_event to))               \
  X(LaunchKernel, "cuLaunchKernel",                                                                                    \
    (vitc_cu_function function, uint32_t gx, uint32_t gy, uint32_t gz, uint32_t bx, uint32_t by, uint32_t bz,          \
     uint32_t shared_bytes, vitc_cu_stream stream, void **parameters, void **extra))                                   \
  X(TensorMapEncodeTiled, "cuTensorMapEncodeTiled",                                                                    \
    (vitc_cu_tensor_map * map, int32_t type, uint32_t rank, void *base, const uint64_t *extents,                       \
     const uint64_t *strides, const uint32_t *box, const uint32_t *element_strides, int32_t interleave,                \
     int32_t swizzle, int32_t promotion, int32_t fill))                                                                \
  X(GraphCreate, "cuGraphCreate", (vitc_cu_graph * graph, uint32_t flags))                                             \
  X(GraphDestroy, "cuGraphDestroy", (vitc_cu_graph graph))                                                             \
  X(GraphAddKernelNode, "cuGraphAddKernelNode_v2",                                                                     \
    (vitc_cu_node * node, vitc_cu_graph graph, const vitc_cu_node *dependencies, size_t count,                         \
     const vitc_cu_kernel_node *parameters))                                                                           \
  X(GraphInstantiate, "cuGraphInstantiateWithFlags", (vitc_cu_exec * exec, vitc_cu_graph graph, uint64_t flags))       \
  X(GraphExecKernelNodeSetParams, "cuGraphExecKernelNodeSetParams_v2",                                                 \
    (vitc_cu_exec exec, vitc_cu_node node, const vitc_cu_kernel_node *parameters))                                     \
  X(GraphLaunch, "cuGraphLaunch", (vitc_cu_exec exec, vitc_cu_stream stream))                                          \
  X(GraphExecDestroy, "cuGraphExecDestroy", (vitc_cu_exec exec))

/* Those that later drivers have: null in others. Graph edges: CUDA 12.3. */
#define VITC_CUDA_LATER_FUNCTIONS(X)                                                                                   \
  X(GraphAddDependencies, "cuGraphAddDependencies_v2",                                                                 \
    (vitc_cu_graph graph, const vitc_cu_node *from, const vitc_cu_node *to, const vitc_cu_edge *edges, size_t count))

typedef struct vitc_cuda {
#define VITC_FIELD(name, symbol, parameters) vitc_cu_result(*name) parameters;
  VITC_CUDA_FUNCTIONS(VITC_FIELD)
  VITC_CUDA_LATER_FUNCTIONS(VITC_FIELD)
#undef VITC_FIELD
} vitc_cuda;

/* Loads libcuda.so.1, or what VITC_LIBCUDA names, once a process, and starts the driver. Errors: DEVICE. */
vitc_status vitc_cuda_load(const vitc_cuda **cuda);

/* A sentence about a call that failed: "cuMemAlloc_v2: out of memory". */
vitc_status vitc_cuda_fail(const vitc_cuda *cuda, vitc_cu_result result, const char *what);

#endif /* VITC_RUNTIME_CUDADRIVER_H */
