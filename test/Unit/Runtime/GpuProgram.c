/* Code for GPUs written by hand in the form that the compiler emits, to test the runtime over the mock of the driver.
 */
#include "GpuProgram.h"

#include "Gpu.h"

enum { COLUMNS = 4, THREADS = 32, ROWS_PER_BLOCK = 8 };

extern const vitc_gpu_backend vitc_cuda_backend;

/* scale: scaled[i] = b[i] * weights[i % 4] for i < count, as many threads as there are going round.
 * add: sum[i] = a[i] + scaled[i] for i < count, an element a thread. */
#define MAIN_PTX(target, behind_the_end)                                                                               \
  ".version 8.0\n.target " target "\n.address_size 64\n"                                                               \
  ".visible .entry scale(.param .u64 b, .param .u64 weights, .param .u64 scaled, .param .u32 count) {\n"               \
  "  .reg .pred %p<2>; .reg .u32 %r<9>; .reg .u64 %d<9>; .reg .f32 %f<4>;\n"                                           \
  "  ld.param.u64 %d0, [b]; ld.param.u64 %d1, [weights]; ld.param.u64 %d2, [scaled]; ld.param.u32 %r0, [count];\n"     \
  "  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x; mov.u32 %r4, %nctaid.x;\n"                      \
  "  mad.lo.u32 %r5, %r1, %r2, %r3; mul.lo.u32 %r6, %r2, %r4;\n"                                                       \
  "LOOP: setp.ge.u32 %p0, %r5, %r0; @%p0 bra END;\n"                                                                   \
  "  and.b32 %r7, %r5, 3; mul.wide.u32 %d3, %r7, 4; add.s64 %d3, %d3, %d1;\n"                                          \
  "  mul.wide.u32 %d4, %r5, 4; add.s64 %d5, %d4, %d0; add.s64 %d6, %d4, %d2;\n"                                        \
  "  ld.global.f32 %f0, [%d3]; ld.global.f32 %f1, [%d5]; mul.f32 %f2, %f0, %f1;\n"                                     \
  "  st.global.f32 [%d6+" behind_the_end "], %f2; add.u32 %r5, %r5, %r6; bra LOOP;\n"                                  \
  "END: ret;\n}\n"                                                                                                     \
  ".visible .entry add(.param .u64 a, .param .u64 scaled, .param .u64 sum, .param .u64 count) {\n"                     \
  "  .reg .pred %p<2>; .reg .u32 %r<4>; .reg .u64 %d<9>; .reg .f32 %f<4>;\n"                                           \
  "  ld.param.u64 %d0, [a]; ld.param.u64 %d1, [scaled]; ld.param.u64 %d2, [sum]; ld.param.u64 %d3, [count];\n"         \
  "  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r3, %r0, %r1, %r2;\n"               \
  "  cvt.u64.u32 %d4, %r3; setp.ge.u64 %p0, %d4, %d3; @%p0 bra END;\n"                                                 \
  "  shl.b64 %d4, %d4, 2; add.s64 %d5, %d4, %d0; add.s64 %d6, %d4, %d1; add.s64 %d7, %d4, %d2;\n"                      \
  "  ld.global.f32 %f0, [%d5]; ld.global.f32 %f1, [%d6]; add.f32 %f2, %f0, %f1; st.global.f32 [%d7], %f2;\n"           \
  "END: ret;\n}\n"

/* A thread has the tensor memory accelerator bring the tile; rows behind the end are not written. */
#define COPY_PTX                                                                                                       \
  ".version 8.0\n.target sm_90a\n.address_size 64\n"                                                                   \
  ".visible .entry copy(.param .align 64 .b8 map[128], .param .u64 y, .param .u32 rows) {\n"                           \
  "  .reg .pred %p<3>; .reg .u32 %r<9>; .reg .u64 %d<5>; .reg .f32 %f<2>;\n"                                           \
  "  .shared .align 128 .b8 tile[128]; .shared .align 8 .b64 arrived;\n"                                               \
  "  mov.b64 %d0, map; cvta.param.u64 %d0, %d0; ld.param.u64 %d1, [y]; ld.param.u32 %r0, [rows];\n"                    \
  "  mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; shl.b32 %r3, %r2, 3; mov.u32 %r4, 0;\n"                               \
  "  setp.ne.u32 %p0, %r1, 0; @%p0 bra READY;\n"                                                                       \
  "  mbarrier.init.shared.b64 [arrived], 1; fence.mbarrier_init.release.cluster;\n"                                    \
  "READY: bar.sync 0; @%p0 bra WAIT;\n"                                                                                \
  "  mbarrier.arrive.expect_tx.shared.b64 _, [arrived], 128;\n"                                                        \
  "  cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "                                \
  "[tile], [%d0, {%r4, %r3}], [arrived];\n"                                                                            \
  "WAIT: mbarrier.try_wait.parity.shared.b64 %p1, [arrived], 0; @!%p1 bra WAIT;\n"                                     \
  "  shr.u32 %r5, %r1, 2; add.u32 %r5, %r5, %r3; setp.ge.u32 %p2, %r5, %r0; @%p2 bra END;\n"                           \
  "  mov.u32 %r6, tile; shl.b32 %r7, %r1, 2; add.u32 %r6, %r6, %r7; ld.shared.f32 %f0, [%r6];\n"                       \
  "  and.b32 %r8, %r1, 3; mad.lo.u32 %r8, %r5, 4, %r8; mul.wide.u32 %d2, %r8, 4; add.s64 %d3, %d2, %d1;\n"             \
  "  st.global.f32 [%d3], %f0;\n"                                                                                      \
  "END: ret;\n}\n"

#define CONSTANT(value) {.terms = (const vitc_term[]){{value, {0}}}, .count = 1}
#define LINEAR(factor) {.terms = (const vitc_term[]){{factor, {1}}}, .count = 1}
#define ADDRESS(at, of, number)                                                                                        \
  {                                                                                                                    \
    .kind = VITC_GPU_POINTER, .offset = at, .pointer = {.place = of, .index = number }                                 \
  }

static const vitc_gpu_argument scale_arguments[] = {
    ADDRESS(0, VITC_GPU_INPUT, 1),
    ADDRESS(8, VITC_GPU_WEIGHTS, 0),
    ADDRESS(16, VITC_GPU_BUFFER, 0),
    {.kind = VITC_GPU_INT32, .offset = 24, .value = LINEAR(COLUMNS)},
};
static const vitc_gpu_argument add_arguments[] = {
    ADDRESS(0, VITC_GPU_INPUT, 0),
    ADDRESS(8, VITC_GPU_BUFFER, 0),
    ADDRESS(16, VITC_GPU_OUTPUT, 0),
    {.kind = VITC_GPU_INT64, .offset = 24, .value = LINEAR(COLUMNS)},
};
static const vitc_gpu_launch main_launches[] = {
    {.kernel = "scale",
     .grid = {LINEAR(COLUMNS), CONSTANT(1), CONSTANT(1)},
     .per = {THREADS, 1, 1},
     .blocks_per_multiprocessor = 1,
     .block = THREADS,
     .cluster = 1,
     .parameter_bytes = 28,
     .step = 0,
     .argument_count = 4,
     .arguments = scale_arguments},
    {.kernel = "add",
     .grid = {LINEAR(COLUMNS), CONSTANT(1), CONSTANT(1)},
     .per = {THREADS, 1, 1},
     .block = THREADS,
     .cluster = 1,
     .parameter_bytes = 32,
     .step = 1,
     .argument_count = 4,
     .arguments = add_arguments},
};

static const char main_ptx[] = MAIN_PTX("sm_80", "0"), broken_ptx[] = MAIN_PTX("sm_80", "1048576"),
                  copy_ptx[] = COPY_PTX;

#define MAIN_CODE(text)                                                                                                \
  {.backend = &vitc_cuda_backend,                                                                                      \
   .launches = main_launches,                                                                                          \
   .launch_count = 2,                                                                                                  \
   .capability = 80,                                                                                                   \
   .ptx = text,                                                                                                        \
   .ptx_bytes = sizeof text}
static const vitc_gpu_code main_code = MAIN_CODE(main_ptx), broken_code = MAIN_CODE(broken_ptx);

static const char *const scale_nodes[] = {"Mul"}, *const add_nodes[] = {"Add"};
static const vitc_step_spec main_steps[] = {
    {"scale", scale_nodes, 1, 0, LINEAR(COLUMNS), CONSTANT(16), LINEAR(2 * 4 * COLUMNS)},
    {"add", add_nodes, 1, 0, {0, 0}, {0, 0}, LINEAR(3 * 4 * COLUMNS)},
};
static const vitc_buffer_spec main_buffer = {LINEAR(4 * COLUMNS), 0, 1};

#define MAIN_VARIANT(code)                                                                                             \
  {.level = "cuda-sm_80",                                                                                              \
   .buffers = &main_buffer,                                                                                            \
   .buffer_count = 1,                                                                                                  \
   .steps = main_steps,                                                                                                \
   .step_count = 2,                                                                                                    \
   .passes = 1,                                                                                                        \
   .gpu = code}
const vitc_variant gpu_main_variant = MAIN_VARIANT(&main_code), gpu_broken_variant = MAIN_VARIANT(&broken_code);

static const vitc_gpu_tensor_map copy_map = {
    .base = {.place = VITC_GPU_INPUT, .index = 0},
    .type = 7, /* CU_TENSOR_MAP_DATA_TYPE_FLOAT32 */
    .rank = 2,
    .extents = {CONSTANT(COLUMNS), LINEAR(1)},
    .strides = {CONSTANT(4 * COLUMNS)},
    .box = {COLUMNS, ROWS_PER_BLOCK},
    .steps = {1, 1},
};
static const vitc_gpu_argument copy_arguments[] = {
    {.kind = VITC_GPU_TENSOR_MAP, .offset = 0, .map = &copy_map},
    ADDRESS(128, VITC_GPU_OUTPUT, 0),
    {.kind = VITC_GPU_INT32, .offset = 136, .value = LINEAR(1)},
};
static const vitc_gpu_launch copy_launch = {.kernel = "copy",
                                            .grid = {LINEAR(1), CONSTANT(1), CONSTANT(1)},
                                            .per = {ROWS_PER_BLOCK, 1, 1},
                                            .block = ROWS_PER_BLOCK * COLUMNS,
                                            .cluster = 1,
                                            .parameter_bytes = 140,
                                            .argument_count = 3,
                                            .arguments = copy_arguments};
static const vitc_gpu_code copy_code = {.backend = &vitc_cuda_backend,
                                        .launches = &copy_launch,
                                        .launch_count = 1,
                                        .capability = 90,
                                        .architecture_specific = 1,
                                        .ptx = copy_ptx,
                                        .ptx_bytes = sizeof copy_ptx};
static const vitc_variant copy_variant = {.level = "cuda-sm_90a", .passes = 1, .gpu = &copy_code};

static const vitc_polynomial rows_of_four[] = {LINEAR(1), CONSTANT(COLUMNS)};
static const vitc_tensor_spec copy_input = {"x", kDLFloat, 32, 0, 2, rows_of_four};
static const vitc_tensor_spec copy_output = {"y", kDLFloat, 32, 0, 2, rows_of_four};
static const vitc_symbol batch = {.name = "batch"};
const vitc_function gpu_copy_function = {.name = "copy",
                                         .inputs = &copy_input,
                                         .outputs = &copy_output,
                                         .input_count = 1,
                                         .output_count = 1,
                                         .symbols = &batch,
                                         .symbol_count = 1,
                                         .variants = &copy_variant,
                                         .variant_count = 1};
