/* Runs a compiled model of float32 once: run_model LIBRARY THREADS BATCH COUNT OUTPUTS [INPUT SHAPE]...
 *
 * INPUT is a file of the elements, SHAPE "1x3x32x32"; the elements of all COUNT outputs are written to OUTPUTS, one
 * behind the other.
 * BATCH is the largest extent of a dimension of that name, 0 where there is none. */
#include "vitc-c/Model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TENSORS = 8, MAX_RANK = 8 };

static int64_t count_elements(const DLTensor *tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor->ndim; ++i)
    count *= tensor->shape[i];
  return count;
}

static void read_tensor(const char *path, const char *text, DLTensor *tensor, int64_t *shape) {
  *tensor = (DLTensor){NULL, {kDLCPU, 0}, 0, {kDLFloat, 32, 1}, shape, NULL, 0};
  for (char *end = NULL; tensor->ndim < MAX_RANK && (!end || *end == 'x'); text = end + 1)
    shape[tensor->ndim++] = strtoll(text, &end, 10);
  size_t count = (size_t)count_elements(tensor);
  tensor->data = malloc(count * sizeof(float));
  FILE *file = fopen(path, "rb");
  if (!file || fread(tensor->data, sizeof(float), count, file) != count)
    exit((perror(path), 3));
  fclose(file);
}

static void write_tensors(const char *path, const DLTensor *tensors, int count) {
  FILE *file = fopen(path, "wb");
  if (!file)
    exit((perror(path), 3));
  for (int i = 0; i < count; ++i)
    fwrite(tensors[i].data, sizeof(float), (size_t)count_elements(&tensors[i]), file);
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 6 || argc > 6 + 2 * MAX_TENSORS || atoi(argv[4]) > MAX_TENSORS)
    return 2;
  DLTensor inputs[MAX_TENSORS], outputs[MAX_TENSORS] = {{0}};
  int64_t shapes[MAX_TENSORS][MAX_RANK];
  int input_count = (argc - 6) / 2, output_count = atoi(argv[4]);
  for (int i = 0; i < input_count; ++i)
    read_tensor(argv[6 + 2 * i], argv[7 + 2 * i], &inputs[i], shapes[i]);
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fprintf(stderr, "%s\n", dlerror()), 3;
  const vitc_api *api = *(const vitc_api *const *)dlsym(library, "vitc_model_v1");
  vitc_dim batch = {"batch", atoll(argv[3])};
  vitc_session_options options = {sizeof options, NULL, &batch, batch.extent != 0, atoi(argv[2]), {kDLCPU, 0}, NULL, 0,
                                  NULL,           NULL};
  vitc_model *model = NULL;
  vitc_session *session = NULL;
  if (api->open(NULL, &model) || api->session_create(model, &options, &session) ||
      api->run(session, inputs, input_count, outputs, output_count, NULL))
    return fprintf(stderr, "%s\n", api->last_error()), 1;
  write_tensors(argv[5], outputs, output_count);
  api->session_destroy(session);
  api->close(model);
  return 0;
}
