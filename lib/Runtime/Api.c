#include "Api.h"

#include "Cpu.h"
#include "Error.h"
#include "Session.h"

/* Copies a caller's option structure of `size` bytes into one of this library's `known` bytes, the rest of which stays
 * zero; one that is newer than the library may only hold zeros in what the library does not know. */
static vitc_status copy_options(const void *from, size_t size, void *to, size_t known) {
  if (size < sizeof(size_t))
    return vitc_fail(VITC_E_ARGUMENT, "the size in the options is %d; set it to the size of the structure",
                     (int64_t)size);
  for (size_t i = known; i < size; ++i)
    if (((const char *)from)[i])
      return vitc_fail(VITC_E_ARGUMENT, "the options have %d bytes and use some of which this library knows only %d",
                       (int64_t)size, (int64_t)known);
  memcpy(to, from, size < known ? size : known);
  return VITC_OK;
}

static vitc_status unknown_level(const vitc_function *function, const char *wanted) {
  char levels[256] = "";
  vitc_text text = {levels, levels + sizeof levels};
  for (int32_t i = 0; i < function->variant_count; ++i)
    vitc_append(&text, "%s%s", i ? ", " : "", function->variants[i].level);
  return vitc_fail(VITC_E_CPU, "VITC_ISA asks for '%s'; the library holds %s", wanted, levels);
}

/* The best code for this processor, or that which VITC_ISA names. */
static vitc_status choose_variant(const vitc_function *function, const char *wanted, const vitc_variant **chosen) {
  char missing[256] = "";
  const vitc_variant *refused = 0;
  bool any = false; /* code for a CPU */
  for (int32_t i = 0; i < function->variant_count; ++i) {
    const vitc_variant *variant = &function->variants[i];
    vitc_text text = {missing, missing + sizeof missing};
    if (variant->gpu)
      continue;
    any = true;
    if (wanted && *wanted && !vitc_same_text(wanted, variant->level))
      continue;
    if (!vitc_missing_features(variant->features, &text)) {
      *chosen = variant;
      return VITC_OK;
    }
    refused = variant;
  }
  *chosen = 0;
  if (!any)
    return VITC_OK; /* sessions on GPUs alone */
  if (!refused)
    return unknown_level(function, wanted);
  return vitc_fail(VITC_E_CPU, "this processor cannot run the library: its code for %s needs %s", refused->level,
                   missing);
}

void vitc_model_retain(vitc_model *model) { atomic_fetch_add(&model->references, 1); }

void vitc_model_release(vitc_model *model) {
  if (atomic_fetch_sub(&model->references, 1) != 1)
    return;
  vitc_weights_close(&model->weights);
  free(model);
}

vitc_status vitc_open(const vitc_program *program, const vitc_open_options *options, vitc_model **model) {
  vitc_open_options known = {0};
  vitc_status status = options ? copy_options(options, options->size, &known, sizeof known) : VITC_OK;
  if (!status && !model)
    status = vitc_fail(VITC_E_ARGUMENT, "the place for the model is null");
  if (status)
    return status;
  vitc_model *made = malloc(sizeof *made + (size_t)program->function_count * sizeof *made->variants);
  if (!made)
    return vitc_fail(VITC_E_MEMORY, "out of memory");
  made->program = program;
  made->gpu = 0;
  atomic_init(&made->references, 1);
  atomic_init(&made->gpu_lock, 0);
  for (int32_t i = 0; i < program->function_count && !status; ++i)
    status = choose_variant(&program->functions[i], getenv("VITC_ISA"), &made->variants[i]);
  if (!status)
    status = vitc_weights_open(program, known.weights_path, known.verify_weights, &made->weights);
  if (status)
    free(made);
  else
    *model = made;
  return status;
}

static vitc_status open_model(const vitc_open_options *options, vitc_model **model) {
  return vitc_open(&vitc_model_program, options, model);
}

static vitc_status close_model(vitc_model *model) {
  if (model)
    vitc_model_release(model);
  return VITC_OK;
}

static const char *info_json(void) { return vitc_model_program.info_json; }

/* What session_create and workspace_bytes check alike. */
static vitc_status read_session_options(const vitc_model *model, const vitc_session_options *options,
                                        const void *result, vitc_session_options *known) {
  *known = (vitc_session_options){0};
  if (!model)
    return vitc_fail(VITC_E_ARGUMENT, "the model is null");
  if (!result)
    return vitc_fail(VITC_E_ARGUMENT, "the place for the result is null");
  return options ? copy_options(options, options->size, known, sizeof *known) : VITC_OK;
}

static vitc_status create_session(vitc_model *model, const vitc_session_options *options, vitc_session **session) {
  vitc_session_options known;
  vitc_status status = read_session_options(model, options, session, &known);
  return status ? status : vitc_session_create(model, &known, session);
}

static vitc_status workspace_bytes(vitc_model *model, const vitc_session_options *options, size_t *bytes) {
  vitc_session_options known;
  vitc_plans plans;
  vitc_status status = read_session_options(model, options, bytes, &known);
  if (status)
    return status;
  status = vitc_plans_make(model, &known, &plans);
  if (!status)
    *bytes = (size_t)plans.bytes;
  vitc_plans_free(&plans);
  return status;
}

static vitc_status destroy_session(vitc_session *session) { return session ? vitc_session_destroy(session) : VITC_OK; }

static vitc_status null_session(void) { return vitc_fail(VITC_E_ARGUMENT, "the session is null"); }

static vitc_status output_shapes(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                                 int32_t output_count) {
  if (!session)
    return null_session();
  return vitc_output_shapes(session, inputs, input_count, outputs, output_count);
}

static vitc_status run(vitc_session *session, const DLTensor *inputs, int32_t input_count, DLTensor *outputs,
                       int32_t output_count, void *stream) {
  if (!session)
    return null_session();
  return vitc_run(session, inputs, input_count, outputs, output_count, stream);
}

static vitc_status profile(vitc_session *session, vitc_profile *result) {
  if (!session)
    return null_session();
  if (!result || result->size < sizeof *result)
    return vitc_fail(VITC_E_ARGUMENT,
                     result ? "the profile's size is not sizeof(vitc_profile)" : "the profile is null");
  return vitc_profile_of(session, result);
}

const vitc_api vitc_api_table = {
    .abi = VITC_ABI,
    .size = sizeof(vitc_api),
    .open = open_model,
    .close = close_model,
    .info_json = info_json,
    .session_create = create_session,
    .session_destroy = destroy_session,
    .output_shapes = output_shapes,
    .run = run,
    .last_error = vitc_last_error,
    .workspace_bytes = workspace_bytes,
    .profile = profile,
};

extern const vitc_api *const vitc_model_v1;
__attribute__((visibility("default"))) const vitc_api *const vitc_model_v1 = &vitc_api_table;
