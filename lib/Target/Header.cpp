#include "vitc/Target/Library.h"

#include "Embedded.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace vitc;
using namespace vitc::target;

/// `x: float32 [batch, 3, 224, 224]`
static void printTensor(llvm::raw_ostream &os, const TensorSpec &tensor, llvm::ArrayRef<llvm::StringRef> symbols) {
  os << tensor.name << ": " << numpyName(tensor) << " [";
  llvm::ListSeparator comma;
  for (const Polynomial &extent : tensor.shape)
    os << comma << extent.print(symbols);
  os << "]\n";
}

static void printFunction(llvm::raw_ostream &os, const Function &function) {
  auto symbols =
      llvm::map_to_vector(function.symbols, [](const Symbol &symbol) { return llvm::StringRef(symbol.name); });
  os << " *\n * " << function.name << "\n";
  for (const auto &[index, tensor] : llvm::enumerate(function.inputs)) {
    os << " *   input " << index << "   ";
    printTensor(os, tensor, symbols);
  }
  for (const auto &[index, tensor] : llvm::enumerate(function.outputs)) {
    os << " *   output " << index << "  ";
    printTensor(os, tensor, symbols);
  }
}

/// Names come from the model: they may hold anything, but must not end the comment they are printed in.
static std::string makeComment(const Program &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << " * The model " << program.name << ", compiled by vitc " << VITC_VERSION << ".\n";
  for (const Function &function : program.functions)
    printFunction(os, function);
  for (size_t at = 0; (at = text.find("*/", at)) != std::string::npos;)
    text.replace(at, 2, "* /");
  return text;
}

void target::printHeader(const Program &program, llvm::StringRef prefix, llvm::raw_ostream &os) {
  std::string guard = llvm::StringRef(prefix).upper() + "_MODEL_H";
  os << "/*\n"
     << makeComment(program) << " */\n#ifndef " << guard << "\n#define " << guard << "\n\n"
     << embeddedModelHeader() << "\n";
  os << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "extern const vitc_api *const " << prefix << "_model_v1;\n\n"
     << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
}
