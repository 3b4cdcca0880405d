#include "Embedded.h"

#include <cstddef>

extern "C" {
extern const unsigned char vitc_embedded_runtime[], vitc_embedded_libc[], vitc_embedded_libm[],
    vitc_embedded_model_header[];
extern const size_t vitc_embedded_runtime_size, vitc_embedded_libc_size, vitc_embedded_libm_size,
    vitc_embedded_model_header_size;
}

static llvm::StringRef view(const unsigned char *bytes, size_t size) {
  return {reinterpret_cast<const char *>(bytes), size};
}

llvm::StringRef vitc::target::embeddedRuntime() { return view(vitc_embedded_runtime, vitc_embedded_runtime_size); }
llvm::StringRef vitc::target::embeddedLibc() { return view(vitc_embedded_libc, vitc_embedded_libc_size); }
llvm::StringRef vitc::target::embeddedLibm() { return view(vitc_embedded_libm, vitc_embedded_libm_size); }
llvm::StringRef vitc::target::embeddedModelHeader() {
  return view(vitc_embedded_model_header, vitc_embedded_model_header_size);
}
