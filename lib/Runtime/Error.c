#include "Error.h"

#include "Program.h"

#include <stdarg.h>

/* The thread's last sentence. Thread-local storage through a descriptor (-mtls-dialect=gnu2) needs no symbol of the
 * loader's and, unlike the initial-exec model, none of the space that a process keeps for the libraries it starts with.
 * Default visibility keeps clang from the local-dynamic model, whose _TLS_MODULE_BASE_ does not survive `ld.lld -r`;
 * the link of the model hides the symbol. */
extern _Thread_local __attribute__((visibility("default"))) char vitc_last_sentence[1024];
_Thread_local char vitc_last_sentence[1024];

static void append_char(vitc_text *text, char value) {
  if (text->end - text->at > 1) {
    *text->at++ = value;
    *text->at = 0;
  }
}

static void append_string(vitc_text *text, const char *string) {
  for (string = string ? string : "(null)"; *string; ++string)
    append_char(text, *string);
}

static void append_int(vitc_text *text, int64_t value) {
  char digits[20];
  int count = 0;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do
    digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    append_char(text, '-');
  while (count)
    append_char(text, digits[--count]);
}

static void append_extents(vitc_text *text, int64_t count, const int64_t *extents) {
  append_char(text, '(');
  for (int64_t i = 0; i < count; ++i) {
    append_string(text, i ? ", " : "");
    append_int(text, extents[i]);
  }
  append_string(text, count == 1 ? ",)" : ")");
}

static void append_type(vitc_text *text, const DLDataType *type) {
  /* By DLPack's code; of those from 7 on the name says how many bits there are. */
  static const char *const names[] = {"int",
                                      "uint",
                                      "float",
                                      "opaque",
                                      "bfloat",
                                      "complex",
                                      "bool",
                                      NULL,
                                      NULL,
                                      NULL,
                                      "float8_e4m3fn",
                                      "float8_e4m3fnuz",
                                      "float8_e5m2",
                                      "float8_e5m2fnuz",
                                      "float8_e8m0fnu",
                                      NULL,
                                      NULL,
                                      "float4_e2m1fn"};
  bool known = type->code < sizeof names / sizeof *names && names[type->code];
  append_string(text, known ? names[type->code] : "type");
  if (!known) {
    append_int(text, type->code);
    append_char(text, '.');
  }
  if (type->code < kDLBool || !known)
    append_int(text, type->bits);
  if (type->lanes != 1) {
    append_char(text, 'x');
    append_int(text, type->lanes);
  }
}

/* "197*batch*batch": a coefficient of one is not written where a symbol follows. */
static void append_term(vitc_text *text, const vitc_term *term, const vitc_symbol *symbols) {
  const char *separator = "";
  bool constant = true;
  for (int i = 0; i < VITC_MAX_SYMBOLS; ++i)
    constant &= !term->power[i];
  if (constant || term->coefficient != 1) {
    append_int(text, term->coefficient);
    separator = "*";
  }
  for (int i = 0; i < VITC_MAX_SYMBOLS; ++i)
    for (int power = term->power[i]; power; --power, separator = "*") {
      append_string(text, separator);
      append_string(text, symbols[i].name);
    }
}

static void append_polynomial(vitc_text *text, const vitc_polynomial *polynomial, const vitc_symbol *symbols) {
  if (!polynomial->count)
    append_char(text, '0');
  for (int64_t i = 0; i < polynomial->count; ++i) {
    append_string(text, i ? " + " : "");
    append_term(text, &polynomial->terms[i], symbols);
  }
}

static void append_shape(vitc_text *text, const vitc_tensor_spec *spec, const vitc_symbol *symbols) {
  append_char(text, '(');
  for (int32_t i = 0; i < spec->rank; ++i) {
    append_string(text, i ? ", " : "");
    append_polynomial(text, &spec->shape[i], symbols);
  }
  append_string(text, spec->rank == 1 ? ",)" : ")");
}

static void append(vitc_text *text, const char *format, va_list arguments) {
  for (; *format; ++format) {
    if (*format != '%') {
      append_char(text, *format);
      continue;
    }
    switch (*++format) {
    case 's':
      append_string(text, va_arg(arguments, const char *));
      break;
    case 'd':
      append_int(text, va_arg(arguments, int64_t));
      break;
    case 'v': {
      int64_t count = va_arg(arguments, int64_t);
      append_extents(text, count, va_arg(arguments, const int64_t *));
      break;
    }
    case 't':
      append_type(text, va_arg(arguments, const DLDataType *));
      break;
    case 'e': {
      const vitc_tensor_spec *spec = va_arg(arguments, const vitc_tensor_spec *);
      append_shape(text, spec, va_arg(arguments, const vitc_symbol *));
      break;
    }
    }
  }
}

void vitc_append(vitc_text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(text, format, arguments);
  va_end(arguments);
}

vitc_status vitc_fail(vitc_status status, const char *format, ...) {
  vitc_text text = {vitc_last_sentence, vitc_last_sentence + sizeof vitc_last_sentence};
  va_list arguments;
  va_start(arguments, format);
  append(&text, format, arguments);
  va_end(arguments);
  return status;
}

const char *vitc_last_error(void) { return vitc_last_sentence; }

bool vitc_same_text(const char *a, const char *b) {
  while (*a && *a == *b)
    ++a, ++b;
  return *a == *b;
}

const char *vitc_reason(long error) {
  switch (error) {
  case -1:
    return "the operation is not permitted";
  case -2:
    return "there is no such file";
  case -12:
    return "memory is exhausted";
  case -13:
    return "permission is denied";
  case -20:
    return "a part of its path is no folder";
  case -21:
    return "it is a folder";
  case -23:
  case -24:
    return "too many files are open";
  case -36:
    return "its name is too long";
  default:
    return "the system reports an error";
  }
}
