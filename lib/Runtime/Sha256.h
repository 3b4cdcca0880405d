/* SHA-256 (FIPS 180-4), for external weights. */
#ifndef VITC_RUNTIME_SHA256_H
#define VITC_RUNTIME_SHA256_H

#include <stddef.h>
#include <stdint.h>

void vitc_sha256(const void *data, size_t bytes, uint8_t digest[32]);

#endif /* VITC_RUNTIME_SHA256_H */
