#include "HostLibrary.h"
#include "Backend.h"
#include "LaunchList.h"
#include "StageRunner.h"

#include "vitc/Target/Codegen.h"
#include "vitc/Target/Library.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

TemporaryLibrary::TemporaryLibrary() {
  if (llvm::sys::fs::createTemporaryFile("vitc", "so", path))
    path.clear();
  else
    llvm::sys::RemoveFileOnSignal(path);
}

TemporaryLibrary::~TemporaryLibrary() {
  if (path.empty())
    return;
  llvm::sys::fs::remove(path);
  llvm::sys::DontRemoveFileOnSignal(path);
}

static llvm::Error write(ModuleOp module, const TargetInfo &target, LoweredProgram &lowered, StringRef path) {
  std::vector<target::LevelModule> levels;
  if (!target.isGPU())
    levels.push_back({module, target});
  else if (llvm::Error failed = compileKernelsOf(module, target, 0, lowered.program, [](const Twine &) {}))
    return failed;
  llvm::Expected<std::vector<target::Code>> code = target::compileModules(levels, {});
  if (!code)
    return code.takeError();
  target::LibraryOptions library;
  library.path = path.str();
  library.soname = llvm::sys::path::filename(path).str();
  library.prefix = lowered.program.name;
  std::vector<target::OutputFile> outputs;
  if (llvm::Error error =
          target::writeSharedLibrary({lowered.program, *code, lowered.weights.getWeights()}, library, outputs))
    return error;
  return target::OutputFile::keepAll(outputs);
}

LogicalResult vitc::driver::writeHostLibrary(ModuleOp module, const TargetInfo &target, StringRef path) {
  LoweredProgram lowered;
  lowered.program.name = "host";
  if (path.empty() || failed(runStage(Stage::Tiled, module, target, nullptr)) ||
      failed(runStage(Stage::Vector, module, target, nullptr)) || failed(lowerToLLVM(module, target, 0, lowered)))
    return failure();
  return failure(llvm::errorToBool(write(module, target, lowered, path)));
}
