/* A program written by hand in the form that the compiler emits, to test the runtime and those who call it. A library
 * of it takes its weights, 1, 10, 100, 1000 and zeros, from the file add.weights if ADD_EXTERNAL_WEIGHTS is defined.
 *
 * main(a, b: float32 (batch, 4)) -> sum: a + b * weights, by columns
 * pair(x: int64 (rows, 2))       -> twice: int64 (rows, 2), total: int64 ()
 * fill(x: int64 (2, 3)), fill(x: int64 (n, 3)), fill(x: int64 (n, n)) -> code: int64 (3): 1, 2 or 3
 * reverse(x: int64 (7, 8))       -> y: int64 (7, 8): each row from its end, in seven passes
 * share(x: int64 (n))            -> ranges: int64 (n, 2): how often each item was done, and among how many; x[0] is the
 *                                   least of a claim, x[1] a thread that waits for the others, x[2] a switch (or 0)
 * pick(x: int64 (count))         -> heads: int64 (count//2), evens: int64 (as many as there are); even counts only */
#include "Program.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { COLUMNS = 4 };

#ifndef ADD_FIRST_WEIGHT
#define ADD_FIRST_WEIGHT 1
#endif
#ifndef ADD_EXTERNAL_WEIGHTS
static const float weights[16] __attribute__((aligned(64))) = {ADD_FIRST_WEIGHT, 10, 100, 1000};
#endif

/* The first element of thread `thread`'s part of `count`; thread `threads` would begin at the end. */
static int64_t part(int64_t count, int64_t thread, int64_t threads) { return count * thread / threads; }

/* Runs the statement for every `item` that the thread claims of `count`. */
#define FOR_CLAIMED(item, count, least, range, statement)                                                              \
  for (vitc_items range; range = vitc_claim(frame, thread, threads, count, least), range.first < range.last;)          \
    for (int64_t item = range.first; item < range.last; ++item)                                                        \
  statement

/* Items are scaled from the first on and added from the last on, so that the result is right only if the barrier is. */
static void run_main(const vitc_frame *frame, int64_t thread, int64_t threads) {
  const float *a = frame->inputs[0], *b = frame->inputs[1], *scale = (const float *)frame->weights;
  float *sum = frame->outputs[0], *scaled = frame->buffers[0];
  float *seen = (float *)(frame->scratch + thread * frame->scratch_stride);
  int64_t count = frame->symbols[0] * COLUMNS;
  for (int i = 0; i < COLUMNS; ++i)
    seen[i] = scale[i];
  FOR_CLAIMED(i, count, 1, range, scaled[i] = b[i] * seen[i % COLUMNS];)
  vitc_barrier(frame);
  FOR_CLAIMED(i, count, 1, range, sum[count - 1 - i] = a[count - 1 - i] + scaled[count - 1 - i];)
}

/* What a thread that waits in the middle of its first items sees of the others. */
typedef struct watch {
  _Atomic int64_t done; /* items of all threads */
  int64_t claimed;      /* by the thread that waits */
} watch;

/* Waits until the others have done all else, or the switch is turned; for some seconds at most. */
static void wait_for_others(watch *seen, int64_t items, _Atomic int64_t *turned) {
  if (turned)
    atomic_store(turned, 1);
  for (int64_t tries = 0; tries < 2000000000; ++tries)
    if (turned ? atomic_load(turned) == 2 : atomic_load(&seen->done) == items - seen->claimed)
      return;
}

static void run_share(const vitc_frame *frame, int64_t thread, int64_t threads) {
  const int64_t *x = frame->inputs[0];
  int64_t *ranges = frame->outputs[0], items = frame->symbols[0];
  watch *seen = frame->buffers[0];
  if (thread == 0)
    atomic_store(&seen->done, 0);
  FOR_CLAIMED(i, items, 1, range, ranges[2 * i] = 0;)
  vitc_barrier(frame);
  bool waits = thread == x[1];
  FOR_CLAIMED(i, items, x[0], range, {
    if (waits) {
      seen->claimed = range.last - range.first;
      wait_for_others(seen, items, (_Atomic int64_t *)x[2]);
    }
    waits = false;
    ++ranges[2 * i];
    ranges[2 * i + 1] = range.last - range.first;
    atomic_fetch_add(&seen->done, 1);
  })
}

static void run_pair(const vitc_frame *frame, int64_t thread, int64_t threads) {
  const int64_t *x = frame->inputs[0];
  int64_t *twice = frame->outputs[0], *total = frame->outputs[1], *sums = frame->buffers[0];
  int64_t count = frame->symbols[0] * 2, sum = 0;
  for (int64_t i = part(count, thread, threads); i < part(count, thread + 1, threads); ++i) {
    twice[i] = 2 * x[i];
    sum += x[i];
  }
  if (thread == 0)
    for (int64_t i = 0; i < 64; ++i)
      sums[i] = 0;
  vitc_barrier(frame);
  sums[thread] = sum;
  vitc_barrier(frame);
  if (thread)
    return;
  *total = 0;
  for (int64_t i = 0; i < threads; ++i)
    *total += sums[i];
}

/* Each row is copied, then reversed. */
static void run_reverse(const vitc_frame *frame, int64_t thread, int64_t threads) {
  enum { WIDTH = 8 };
  int64_t *copy = frame->buffers[0], *seen = (int64_t *)(frame->scratch + thread * frame->scratch_stride);
  for (int64_t pass = frame->first_pass; pass < frame->last_pass; ++pass) {
    const int64_t *x = (const int64_t *)frame->inputs[0] + pass * WIDTH;
    int64_t *y = (int64_t *)frame->outputs[0] + pass * WIDTH;
    *seen = pass;
    FOR_CLAIMED(i, WIDTH, 1, range, copy[i] = x[i];)
    vitc_barrier(frame);
    FOR_CLAIMED(i, WIDTH, 1, range, y[i] = *seen == pass ? copy[WIDTH - 1 - i] : -1;)
    vitc_barrier(frame);
  }
}

static void run_pick(const vitc_frame *frame, int64_t thread, int64_t threads) {
  const int64_t *x = frame->inputs[0];
  int64_t *heads = frame->outputs[0], *evens = frame->outputs[1], found = 0;
  (void)threads;
  if (thread)
    return;
  for (int64_t i = 0; i < frame->symbols[1]; ++i)
    heads[i] = x[i];
  for (int64_t i = 0; i < frame->symbols[0]; ++i)
    if (x[i] % 2 == 0)
      evens[found++] = x[i];
  frame->symbols[2] = found;
}

static void fill(const vitc_frame *frame, int64_t thread, int64_t code) {
  int64_t *scratch = frame->buffers[0], *filled = frame->outputs[0];
  if (thread)
    return;
  scratch[0] = code;
  for (int i = 0; i < 3; ++i)
    filled[i] = scratch[0];
}
static void run_fill_1(const vitc_frame *frame, int64_t thread, int64_t threads) {
  (void)threads;
  fill(frame, thread, 1);
}
static void run_fill_2(const vitc_frame *frame, int64_t thread, int64_t threads) {
  (void)threads;
  fill(frame, thread, 2);
}
static void run_fill_3(const vitc_frame *frame, int64_t thread, int64_t threads) {
  (void)threads;
  fill(frame, thread, 3);
}

#define CONSTANT(value) {.terms = (const vitc_term[]){{value, {0}}}, .count = 1}
#define LINEAR(factor) {.terms = (const vitc_term[]){{factor, {1}}}, .count = 1}

static const vitc_polynomial rows_of_four[] = {LINEAR(1), CONSTANT(COLUMNS)};
static const vitc_polynomial rows_of_two[] = {LINEAR(1), CONSTANT(2)};

static const vitc_tensor_spec main_inputs[] = {{"a", kDLFloat, 32, 0, 2, rows_of_four},
                                               {"b", kDLFloat, 32, 0, 2, rows_of_four}};
static const vitc_tensor_spec main_outputs[] = {{"sum", kDLFloat, 32, 0, 2, rows_of_four}};
static const vitc_tensor_spec pair_inputs[] = {{"x", kDLInt, 64, 0, 2, rows_of_two}};
static const vitc_tensor_spec pair_outputs[] = {{"twice", kDLInt, 64, 0, 2, rows_of_two},
                                                {"total", kDLInt, 64, 0, 0, 0}};

static const vitc_polynomial rows_of_eight[] = {CONSTANT(7), CONSTANT(8)};
static const vitc_tensor_spec share_input = {"x", kDLInt, 64, 0, 1, (const vitc_polynomial[]){LINEAR(1)}};
static const vitc_tensor_spec share_output = {"ranges", kDLInt, 64, 0, 2, rows_of_two};
static const vitc_tensor_spec reverse_input = {"x", kDLInt, 64, 0, 2, rows_of_eight};
static const vitc_tensor_spec reverse_output = {"y", kDLInt, 64, 0, 2, rows_of_eight};

static const vitc_tensor_spec pick_inputs[] = {
    {"x", kDLInt, 64, 0, 1, (const vitc_polynomial[]){{(const vitc_term[]){{1, {1}}}, 1}}}};
static const vitc_tensor_spec pick_outputs[] = {
    {"heads", kDLInt, 64, 0, 1, (const vitc_polynomial[]){{(const vitc_term[]){{1, {0, 1}}}, 1}}},
    {"evens", kDLInt, 64, 0, 1, (const vitc_polynomial[]){{(const vitc_term[]){{1, {0, 0, 1}}}, 1}}}};

static const vitc_tensor_spec fill_inputs[] = {
    {"x", kDLInt, 64, 0, 2, (const vitc_polynomial[]){CONSTANT(2), CONSTANT(3)}},
    {"x", kDLInt, 64, 0, 2, (const vitc_polynomial[]){LINEAR(1), CONSTANT(3)}},
    {"x", kDLInt, 64, 0, 2, (const vitc_polynomial[]){LINEAR(1), LINEAR(1)}},
};
static const vitc_tensor_spec fill_output = {"code", kDLInt, 64, 0, 1, (const vitc_polynomial[]){CONSTANT(3)}};

static const vitc_symbol n = {.name = "n"}, batch = {.name = "batch"}, rows = {.name = "rows"};
static const vitc_symbol pick_symbols[] = {
    {.name = "count"},
    {.name = "(count//2)", .kind = VITC_SYMBOL_QUOTIENT, .value = LINEAR(1), .divisor = 2},
    {.name = "evens", .kind = VITC_SYMBOL_COMPUTED, .value = LINEAR(1)},
};
static const vitc_requirement pick_requires = {
    .text = "count to be a multiple of 2",
    .value = {.terms = (const vitc_term[]){{1, {1}}, {-2, {0, 1}}}, .count = 2},
    .kind = VITC_REQUIRES_ZERO,
};
static const vitc_buffer_spec main_buffer = {LINEAR(4 * COLUMNS), 0, 1};
static const vitc_buffer_spec share_buffer = {CONSTANT(sizeof(watch)), 0, 1};
static const vitc_buffer_spec reverse_buffer = {CONSTANT(64), 0, 1};
static const vitc_buffer_spec pair_buffer = {CONSTANT(64 * 8), 0, 2};

/* The second one ends where the run does. */
static const char *const scale_nodes[] = {"Mul"};
static const char *const add_nodes[] = {"Add", "Cast \"sum\"\n"};
static const vitc_step_spec main_steps[] = {
    {"scale", scale_nodes, 1, 0, LINEAR(COLUMNS), CONSTANT(16), LINEAR(2 * 4 * COLUMNS)},
    {"add", add_nodes, 2, 0, {0, 0}, {0, 0}, LINEAR(3 * 4 * COLUMNS)},
};

static const char *const reverse_nodes[] = {"Slice"};
static const vitc_step_spec reverse_steps[] = {
    {"copy", reverse_nodes, 1, 0, CONSTANT(8), CONSTANT(4), CONSTANT(128)},
    {"reverse", reverse_nodes, 1, 0, {0, 0}, {0, 0}, CONSTANT(128)},
};

static const vitc_variant main_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_main, &main_buffer, 1, CONSTANT(16), main_steps, 2, 1, 0},
    {"baseline", 0, run_main, &main_buffer, 1, CONSTANT(16), main_steps, 2, 1, 0},
};
static const vitc_variant pair_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_pair, &pair_buffer, 1, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_pair, &pair_buffer, 1, {0, 0}, 0, 0, 1, 0},
};
static const vitc_variant share_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_share, &share_buffer, 1, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_share, &share_buffer, 1, {0, 0}, 0, 0, 1, 0},
};
static const vitc_variant reverse_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_reverse, &reverse_buffer, 1, CONSTANT(8), reverse_steps, 2, 7, 0},
    {"baseline", 0, run_reverse, &reverse_buffer, 1, CONSTANT(8), reverse_steps, 2, 7, 0},
};

static const vitc_variant pick_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_pick, 0, 0, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_pick, 0, 0, {0, 0}, 0, 0, 1, 0},
};

static const vitc_buffer_spec fill_buffers[] = {{CONSTANT(8), 0, 1}, {LINEAR(800), 0, 1}};
static const vitc_variant fill_variants[] = {
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_fill_1, &fill_buffers[0], 1, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_fill_1, &fill_buffers[0], 1, {0, 0}, 0, 0, 1, 0},
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_fill_2, &fill_buffers[1], 1, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_fill_2, &fill_buffers[1], 1, {0, 0}, 0, 0, 1, 0},
    {"x86-64-v3", VITC_CPU_X86_64_V3, run_fill_3, &fill_buffers[1], 1, {0, 0}, 0, 0, 1, 0},
    {"baseline", 0, run_fill_3, &fill_buffers[1], 1, {0, 0}, 0, 0, 1, 0},
};

static const vitc_function functions[] = {
    {"main", main_inputs, main_outputs, 2, 1, &batch, 1, main_variants, 2, 0, 0},
    {"pair", pair_inputs, pair_outputs, 1, 2, &rows, 1, pair_variants, 2, 0, 0},
    {"pick", pick_inputs, pick_outputs, 1, 2, pick_symbols, 3, pick_variants, 2, &pick_requires, 1},
    {"fill", &fill_inputs[2], &fill_output, 1, 1, &n, 1, &fill_variants[4], 2, 0, 0},
    {"fill", &fill_inputs[0], &fill_output, 1, 1, 0, 0, &fill_variants[0], 2, 0, 0},
    {"fill", &fill_inputs[1], &fill_output, 1, 1, &n, 1, &fill_variants[2], 2, 0, 0},
    {"reverse", &reverse_input, &reverse_output, 1, 1, 0, 0, reverse_variants, 2, 0, 0},
    {"share", &share_input, &share_output, 1, 1, &n, 1, share_variants, 2, 0, 0},
};

#define MAIN_JSON                                                                                                      \
  "{\"name\": \"main\", \"symbols\": [\"batch\"], \"inputs\": ["                                                       \
  "{\"name\": \"a\", \"type\": \"float32\", \"shape\": [\"batch\", 4]}, "                                              \
  "{\"name\": \"b\", \"type\": \"float32\", \"shape\": [\"batch\", 4]}], \"outputs\": ["                               \
  "{\"name\": \"sum\", \"type\": \"float32\", \"shape\": [\"batch\", 4]}]}"
#define FILL_JSON(symbols, shape)                                                                                      \
  "{\"name\": \"fill\", \"symbols\": [" symbols "], \"inputs\": ["                                                     \
  "{\"name\": \"x\", \"type\": \"int64\", \"shape\": [" shape "]}], \"outputs\": ["                                    \
  "{\"name\": \"code\", \"type\": \"int64\", \"shape\": [3]}]}"
#define PICK_JSON                                                                                                      \
  "{\"name\": \"pick\", \"symbols\": [\"count\"], \"inputs\": ["                                                       \
  "{\"name\": \"x\", \"type\": \"int64\", \"shape\": [\"count\"]}], \"outputs\": ["                                    \
  "{\"name\": \"heads\", \"type\": \"int64\", \"shape\": [\"(count//2)\"]}, "                                          \
  "{\"name\": \"evens\", \"type\": \"int64\", \"shape\": [\"evens\"]}]}"
#define REVERSE_JSON                                                                                                   \
  "{\"name\": \"reverse\", \"symbols\": [], \"inputs\": ["                                                             \
  "{\"name\": \"x\", \"type\": \"int64\", \"shape\": [7, 8]}], \"outputs\": ["                                         \
  "{\"name\": \"y\", \"type\": \"int64\", \"shape\": [7, 8]}]}"
#define SHARE_JSON                                                                                                     \
  "{\"name\": \"share\", \"symbols\": [\"n\"], \"inputs\": ["                                                          \
  "{\"name\": \"x\", \"type\": \"int64\", \"shape\": [\"n\"]}], \"outputs\": ["                                        \
  "{\"name\": \"ranges\", \"type\": \"int64\", \"shape\": [\"n\", 2]}]}"
#define PAIR_JSON                                                                                                      \
  "{\"name\": \"pair\", \"symbols\": [\"rows\"], \"inputs\": ["                                                        \
  "{\"name\": \"x\", \"type\": \"int64\", \"shape\": [\"rows\", 2]}], \"outputs\": ["                                  \
  "{\"name\": \"twice\", \"type\": \"int64\", \"shape\": [\"rows\", 2]}, "                                             \
  "{\"name\": \"total\", \"type\": \"int64\", \"shape\": []}]}"

const vitc_program vitc_model_program = {
    .functions = functions,
    .function_count = 8,
    .info_json =
        "{\"abi\": 1, \"name\": \"add\", \"vitc\": \"0\", \"glibc\": \"2.34\", \"functions\": [" MAIN_JSON
        ", " PAIR_JSON ", " PICK_JSON ", " FILL_JSON("\"n\"", "\"n\", \"n\"") ", " FILL_JSON("", "2, 3") ", " FILL_JSON(
            "\"n\"", "\"n\", 3") ", " REVERSE_JSON ", " SHARE_JSON
                                 "], \"targets\": [\"x86-64-v3\", \"baseline\"], \"options\": {}, "
                                 "\"weights\": {\"bytes\": 64, \"file\": null}}",
#ifdef ADD_EXTERNAL_WEIGHTS
    .weights_file = "add.weights",
    .weights_digest = {0x04, 0x7f, 0x08, 0x97, 0xdd, 0xc8, 0xe2, 0x07, 0x58, 0x7f, 0x81, 0xa7, 0xd5, 0xb9, 0x12, 0x3e,
                       0xea, 0x7f, 0x58, 0x95, 0xba, 0x88, 0x0f, 0x3f, 0x8c, 0xb3, 0x06, 0x0e, 0x27, 0x10, 0xa2, 0xc2},
#else
    .weights = (const char *)weights,
#endif
    .weights_bytes = 16 * sizeof(float),
};

extern const vitc_api *const add_model_v1;
__attribute__((visibility("default"))) const vitc_api *const add_model_v1 = &vitc_api_table;
