#include "Polynomial.h"

static bool evaluate_term(const vitc_term *term, const int64_t *symbols, int64_t *value) {
  *value = term->coefficient;
  for (int i = 0; i < VITC_MAX_SYMBOLS; ++i)
    for (int power = term->power[i]; power; --power)
      if (__builtin_mul_overflow(*value, symbols[i], value))
        return false;
  return true;
}

bool vitc_evaluate(const vitc_polynomial *polynomial, const int64_t *symbols, int64_t *value) {
  *value = 0;
  for (int64_t i = 0; i < polynomial->count; ++i) {
    int64_t term;
    if (!evaluate_term(&polynomial->terms[i], symbols, &term) || __builtin_add_overflow(*value, term, value))
      return false;
  }
  return true;
}

static bool is_constant(const vitc_term *term) {
  for (int i = 0; i < VITC_MAX_SYMBOLS; ++i)
    if (term->power[i])
      return false;
  return true;
}

bool vitc_bound(const vitc_polynomial *polynomial, const int64_t *maxima, int64_t *bound) {
  *bound = 0;
  for (int64_t i = 0; i < polynomial->count; ++i) {
    const vitc_term *term = &polynomial->terms[i];
    int64_t value;
    if (!evaluate_term(term, maxima, &value))
      return false;
    bool lowers = term->coefficient < 0 && !is_constant(term);
    if (!lowers && __builtin_add_overflow(*bound, value, bound))
      return false;
  }
  if (*bound < 0)
    *bound = 0;
  return true;
}

bool vitc_tensor_bound(const vitc_tensor_spec *spec, const int64_t *maxima, int64_t *bytes) {
  *bytes = (spec->type_bits + 7) / 8;
  for (int32_t i = 0; i < spec->rank; ++i) {
    int64_t extent;
    if (!vitc_bound(&spec->shape[i], maxima, &extent) || __builtin_mul_overflow(*bytes, extent, bytes))
      return false;
  }
  return true;
}

bool vitc_tensor_bytes(const vitc_tensor_spec *spec, const int64_t *symbols, int64_t *bytes) {
  *bytes = (spec->type_bits + 7) / 8;
  for (int32_t i = 0; i < spec->rank; ++i) {
    int64_t extent;
    if (!vitc_evaluate(&spec->shape[i], symbols, &extent) || extent < 0 ||
        __builtin_mul_overflow(*bytes, extent, bytes))
      return false;
  }
  return true;
}
