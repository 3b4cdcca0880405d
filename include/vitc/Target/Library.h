#ifndef VITC_TARGET_LIBRARY_H
#define VITC_TARGET_LIBRARY_H

#include "vitc/Target/Codegen.h"
#include "vitc/Target/OutputFile.h"
#include "vitc/Target/Program.h"
#include "vitc/Target/Weights.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace vitc::target {

/// All that goes into a library or an object file.
struct LibraryParts {
  const Program &program;
  llvm::ArrayRef<Code> objects; ///< of compileModules
  const Weights &weights;
};

struct LibraryOptions {
  std::string path;             ///< of the file to write
  std::string prefix;           ///< of the symbol PREFIX_model_v1; a C identifier
  std::string soname;           ///< of a shared library
  bool externalWeights = false; ///< write them to externalWeightsPath(path) instead of into the library
};

/// `dir/model.so` → `dir/model.weights`
std::string externalWeightsPath(llvm::StringRef path);

/// A C identifier made of a file's stem, for `PREFIX_model_v1`.
std::string makePrefix(llvm::StringRef stem);

/// Links a shared library that needs libc and libm alone and exports `vitc_model_v1` and `PREFIX_model_v1`. The file,
/// and that of external weights, are added to `outputs`: complete, but not yet under their names.
llvm::Error writeSharedLibrary(const LibraryParts &parts, const LibraryOptions &options,
                               std::vector<OutputFile> &outputs);

/// Links an object file with the runtime and the weights that defines `PREFIX_model_v1` alone, to be linked into
/// programs, and adds it to `outputs`.
llvm::Error writeObjectFile(const LibraryParts &parts, const LibraryOptions &options, std::vector<OutputFile> &outputs);

/// Prints the C header of a model: what it reads and returns, the interface, and the declaration of `PREFIX_model_v1`.
void printHeader(const Program &program, llvm::StringRef prefix, llvm::raw_ostream &os);

} // namespace vitc::target

#endif // VITC_TARGET_LIBRARY_H
