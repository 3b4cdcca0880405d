/* `open` for any program: the C interface opens the library's own, tests open theirs. */
#ifndef VITC_RUNTIME_API_H
#define VITC_RUNTIME_API_H

#include "Program.h"

vitc_status vitc_open(const vitc_program *program, const vitc_open_options *options, vitc_model **model);

#endif /* VITC_RUNTIME_API_H */
