#include "vitc/Target/PTX.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace vitc::target;
namespace fs = llvm::sys::fs;

std::string vitc::target::findPtxas(const PTXOptions &options) {
  if (!options.ptxas.empty())
    return options.ptxas;
  if (std::optional<std::string> path = llvm::sys::Process::GetEnv("VITC_PTXAS"))
    return *path;
  for (llvm::StringRef variable : {"CUDA_HOME", "CUDA_PATH"})
    if (std::optional<std::string> home = llvm::sys::Process::GetEnv(variable)) {
      llvm::SmallString<128> path(*home);
      llvm::sys::path::append(path, "bin", "ptxas");
      if (fs::can_execute(path))
        return path.str().str();
    }
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas");
  return found ? *found : "";
}

/// A file for the child process, gone with this object.
class TemporaryFile {
public:
  static llvm::Expected<TemporaryFile> create(llvm::StringRef suffix, llvm::StringRef text = "") {
    TemporaryFile file;
    int descriptor;
    if (std::error_code error = fs::createTemporaryFile("vitc", suffix, descriptor, file.path))
      return llvm::createStringError(error, "a temporary file could not be made: " + error.message());
    file.remover = std::make_unique<llvm::FileRemover>(file.path);
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << text;
    os.close();
    std::error_code error = os.error();
    os.clear_error();
    if (error)
      return llvm::createStringError(error, "cannot write '" + file.path + "': " + error.message());
    return file;
  }
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> read() const {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return llvm::createStringError(buffer.getError(), "cannot read '" + path + "': " + buffer.getError().message());
    return std::move(*buffer);
  }

  llvm::SmallString<128> path;

private:
  std::unique_ptr<llvm::FileRemover> remover;
};

/// The number before `what` in a line of the log.
static unsigned numberBefore(llvm::StringRef line, llvm::StringRef what) {
  size_t end = line.find(what);
  if (end == llvm::StringRef::npos)
    return 0;
  unsigned number = 0;
  llvm::StringRef before = line.substr(0, end).rtrim();
  before.substr(before.find_last_not_of("0123456789") + 1).getAsInteger(10, number);
  return number;
}

/// Reads what `ptxas --verbose` prints for each entry function.
static std::vector<KernelResources> readResources(llvm::StringRef log) {
  std::vector<KernelResources> all;
  for (llvm::StringRef line : llvm::split(log, '\n')) {
    if (line.contains("Compiling entry function '")) {
      all.emplace_back().name = line.split('\'').second.split('\'').first.str();
    } else if (!all.empty() && line.contains("bytes stack frame")) {
      all.back().stackBytes = numberBefore(line, " bytes stack frame");
      all.back().spilledBytes = numberBefore(line, " bytes spill stores") + numberBefore(line, " bytes spill loads");
    } else if (!all.empty() && line.contains(" registers")) {
      all.back().registers = numberBefore(line, " registers");
      all.back().sharedBytes = numberBefore(line, " bytes smem");
    }
  }
  return all;
}

/// The kernels of a PTX module that multiply on tensor cores.
static llvm::StringSet<> findTensorKernels(llvm::StringRef ptx) {
  llvm::StringSet<> kernels;
  llvm::SmallVector<llvm::StringRef> parts;
  ptx.split(parts, ".entry ");
  for (llvm::StringRef part : llvm::drop_begin(parts))
    if (part.contains("wgmma.mma_async") || part.contains("mma.sync.aligned"))
      kernels.insert(part.take_until([](char c) { return c == '(' || c == '\n'; }).trim());
  return kernels;
}

/// Fills in the warnings.
static llvm::Error check(CompiledKernels &code) {
  llvm::StringSet<> kernels = findTensorKernels(code.ptx);
  for (llvm::StringRef line : llvm::split(code.log, '\n')) {
    if (!line.contains("(C75"))
      continue;
    auto [before, name] = line.rtrim("' \r").rsplit('\'');
    if (!line.contains("Performance") || !kernels.contains(name))
      return llvm::createStringError("ptxas finds a defect in the tensor-core products of a kernel: " + line.trim());
    code.warnings.push_back({name.str(), ("ptxas does not overlap its products: " + line.trim()).str()});
  }
  for (const KernelResources &kernel : code.resources)
    if (kernel.spilledBytes != 0 && kernels.contains(kernel.name))
      code.warnings.push_back({kernel.name, "it spills " + std::to_string(kernel.spilledBytes) + " bytes a thread"});
  return llvm::Error::success();
}

llvm::Error vitc::target::assemble(CompiledKernels &code, const PTXOptions &options) {
  std::string ptxas = findPtxas(options);
  if (ptxas.empty())
    return llvm::createStringError("ptxas was not found: name it with --ptxas or VITC_PTXAS, or set CUDA_HOME");
  auto ptx = TemporaryFile::create("ptx", code.ptx);
  auto cubin = TemporaryFile::create("cubin");
  auto log = TemporaryFile::create("log");
  if (llvm::Error error = llvm::joinErrors(ptx.takeError(), llvm::joinErrors(cubin.takeError(), log.takeError())))
    return error;
  std::string chip = "--gpu-name=" + options.chip;
  llvm::SmallVector<llvm::StringRef> arguments{ptxas, "--verbose", "-O3", chip, ptx->path, "-o", cubin->path};
  std::optional<llvm::StringRef> redirects[] = {"", log->path, log->path};
  std::string message;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, /*SecondsToWait=*/300,
                                         /*MemoryLimit=*/0, &message);
  if (auto text = log->read())
    code.log = (*text)->getBuffer().str();
  else
    return text.takeError();
  if (status != 0)
    return llvm::createStringError(ptxas + (message.empty()
                                                ? " refused a kernel: " + llvm::StringRef(code.log).trim().str()
                                                : " could not be run: " + message));
  auto bytes = cubin->read();
  if (!bytes)
    return bytes.takeError();
  code.cubin.assign((*bytes)->getBufferStart(), (*bytes)->getBufferEnd());
  code.resources = readResources(code.log);
  return check(code);
}
