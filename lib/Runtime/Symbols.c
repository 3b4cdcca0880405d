#include "Symbols.h"

#include "Error.h"
#include "Polynomial.h"

/* Towards minus infinity; the divisor is positive. */
static int64_t floor_quotient(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0); }

bool vitc_bound_symbols(const vitc_function *function, int64_t *maxima) {
  for (int32_t i = 0; i < function->symbol_count; ++i) {
    const vitc_symbol *symbol = &function->symbols[i];
    if (symbol->kind == VITC_SYMBOL_INPUT)
      continue;
    if (!vitc_bound(&symbol->value, maxima, &maxima[i]))
      return false;
    if (symbol->kind == VITC_SYMBOL_QUOTIENT)
      maxima[i] /= symbol->divisor;
  }
  return true;
}

bool vitc_computes_symbols(const vitc_function *function) {
  for (int32_t i = 0; i < function->symbol_count; ++i)
    if (function->symbols[i].kind == VITC_SYMBOL_COMPUTED)
      return true;
  return false;
}

static void derive(const vitc_function *function, int64_t *symbols, bool computed_too) {
  for (int32_t i = 0; i < function->symbol_count; ++i) {
    const vitc_symbol *symbol = &function->symbols[i];
    int64_t value;
    if (symbol->kind == VITC_SYMBOL_QUOTIENT) {
      vitc_evaluate(&symbol->value, symbols, &value);
      symbols[i] = floor_quotient(value, symbol->divisor);
    } else if (symbol->kind == VITC_SYMBOL_COMPUTED && computed_too) {
      vitc_evaluate(&symbol->value, symbols, &value);
      symbols[i] = value < 0 ? 0 : value;
    }
  }
}

void vitc_derive_symbols(const vitc_function *function, int64_t *symbols) { derive(function, symbols, true); }

void vitc_derive_quotients(const vitc_function *function, int64_t *symbols) { derive(function, symbols, false); }

/* Whether symbol `wanted` is named in `polynomial`, or in what a symbol in it is made of. */
static bool depends_on(const vitc_function *function, const vitc_polynomial *polynomial, int32_t wanted) {
  for (int64_t t = 0; t < polynomial->count; ++t)
    for (int32_t i = 0; i < function->symbol_count; ++i) {
      const vitc_symbol *symbol = &function->symbols[i];
      if (!polynomial->terms[t].power[i])
        continue;
      if (i == wanted || (symbol->kind != VITC_SYMBOL_INPUT && depends_on(function, &symbol->value, wanted)))
        return true;
    }
  return false;
}

static vitc_status fail_requirement(const vitc_function *function, const vitc_requirement *requirement,
                                    const int64_t *symbols) {
  char values[256] = "";
  vitc_text text = {values, values + sizeof values};
  const char *separator = "";
  for (int32_t i = 0; i < function->symbol_count; ++i)
    if (function->symbols[i].kind == VITC_SYMBOL_INPUT && depends_on(function, &requirement->value, i)) {
      vitc_append(&text, "%s%s = %d", separator, function->symbols[i].name, symbols[i]);
      separator = ", ";
    }
  return vitc_fail(VITC_E_TENSOR, "the inputs have %s; expected %s", values, requirement->text);
}

vitc_status vitc_check_requirements(const vitc_function *function, const int64_t *symbols) {
  for (int32_t i = 0; i < function->requirement_count; ++i) {
    const vitc_requirement *requirement = &function->requirements[i];
    int64_t value;
    bool known = vitc_evaluate(&requirement->value, symbols, &value);
    if (!known || (requirement->kind == VITC_REQUIRES_ZERO ? value != 0 : value < 0))
      return fail_requirement(function, requirement, symbols);
  }
  return VITC_OK;
}
