#include "Embedded.h"

#include "llvm/TargetParser/Triple.h"

#include <cstddef>

extern "C" {
/// The bytes of a file.
struct vitc_embedded_file {
  const unsigned char *bytes;
  size_t size;
};
extern const vitc_embedded_file vitc_embedded_x86_64[3], vitc_embedded_aarch64[3], vitc_embedded_model_header;
}

static llvm::StringRef view(const vitc_embedded_file &file) {
  return {reinterpret_cast<const char *>(file.bytes), file.size};
}

vitc::target::LinkerInputs vitc::target::embeddedInputs(llvm::StringRef triple) {
  const auto &files = llvm::Triple(triple).isAArch64() ? vitc_embedded_aarch64 : vitc_embedded_x86_64;
  return {view(files[0]), view(files[1]), view(files[2])};
}

llvm::StringRef vitc::target::embeddedModelHeader() { return view(vitc_embedded_model_header); }
