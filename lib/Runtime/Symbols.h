/* The symbols of a function that no input states, and what a run needs of those that inputs state. */
#ifndef VITC_RUNTIME_SYMBOLS_H
#define VITC_RUNTIME_SYMBOLS_H

#include "Program.h"

#include <stdbool.h>

/* Fills in the maxima of quotients and computed symbols from those of the named dimensions; false where one leaves 64
 * bits. */
bool vitc_bound_symbols(const vitc_function *function, int64_t *maxima);

/* Whether anything of this function is known after a run only. */
bool vitc_computes_symbols(const vitc_function *function);

/* Fills in the quotients, and gives computed symbols the most that they can be. Nothing leaves 64 bits: the session was
 * planned for larger dimensions. */
void vitc_derive_symbols(const vitc_function *function, int64_t *symbols);

/* Fills in the quotients again, when a run has written the computed symbols. */
void vitc_derive_quotients(const vitc_function *function, int64_t *symbols);

/* Checks the function's requirements; the sentence names the dimensions at fault. */
vitc_status vitc_check_requirements(const vitc_function *function, const int64_t *symbols);

#endif /* VITC_RUNTIME_SYMBOLS_H */
