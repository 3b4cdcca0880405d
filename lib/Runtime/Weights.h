/* Weights that are not in the library but in a file beside it. */
#ifndef VITC_RUNTIME_WEIGHTS_H
#define VITC_RUNTIME_WEIGHTS_H

#include "Program.h"

#include <stdbool.h>

typedef struct vitc_weights {
  const char *data;
  void *map; /* null where the library holds them */
  size_t map_bytes;
} vitc_weights;

/* Finds the weights of `program`; maps the file `path`, or the one beside this library, if they are external. The file
 * must end in the digest that the library expects; `verify`: its contents must have it as well. */
vitc_status vitc_weights_open(const vitc_program *program, const char *path, bool verify, vitc_weights *weights);

void vitc_weights_close(vitc_weights *weights);

/* Writes the path of the file that holds `address` in this process's memory, from /proc/self/maps (absolute, whatever
 * the working directory has become since it was loaded); false where there is none or it does not fit. */
bool vitc_file_of(const void *address, char *path, size_t size);

#endif /* VITC_RUNTIME_WEIGHTS_H */
