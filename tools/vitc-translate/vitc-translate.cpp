#include "vitc/Import/Import.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
namespace cl = llvm::cl;

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::OptionCategory category("vitc-translate");
  cl::opt<bool> importONNX("import-onnx", cl::desc("read an ONNX model, write MLIR"), cl::Required, cl::cat(category));
  cl::opt<std::string> input(cl::Positional, cl::desc("<model>"), cl::Required, cl::cat(category));
  cl::opt<std::string> output("o", cl::desc("where to write"), cl::init("-"), cl::cat(category));
  cl::list<std::string> shapes("shape", cl::desc("the shape of an input: NAME=1x3x224x224"), cl::cat(category));
  cl::opt<bool> weights("weights", cl::desc("print all elements of all tensors"), cl::cat(category));
  cl::opt<bool> locations("locations", cl::desc("print node names"), cl::cat(category));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "vitc translation driver\n");

  vitc::ImportOptions options;
  for (const std::string &text : shapes) {
    std::optional<vitc::InputShape> shape = vitc::parseInputShape(text);
    if (!shape) {
      llvm::errs() << "error: expected NAME=1x3x224x224 as --shape, got '" << text << "'\n";
      return 2;
    }
    options.shapes.push_back(*shape);
  }

  MLIRContext context(MLIRContext::Threading::DISABLED);
  FailureOr<OwningOpRef<ModuleOp>> module = vitc::importONNX(input, options, &context);
  if (failed(module))
    return 1;
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &error);
  if (!file) {
    llvm::errs() << "error: " << error << "\n";
    return 1;
  }
  OpPrintingFlags flags;
  flags.enableDebugInfo(locations);
  if (!weights) // the resources at the end of a file are turned into text even where that is elided; local scope has
                // none
    flags.elideLargeElementsAttrs(16).useLocalScope();
  (*module)->print(file->os(), flags);
  file->keep();
  return 0;
}
