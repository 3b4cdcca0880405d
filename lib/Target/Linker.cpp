#include "Linker.h"

#include "Embedded.h"
#include "MemoryFile.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>
#include <vector>

LLD_HAS_DRIVER(elf)

using namespace vitc::target;

/// Runs lld, which keeps its state in globals: one link at a time.
static llvm::Error runLinker(llvm::ArrayRef<std::string> arguments) {
  static std::mutex oneAtATime;
  std::lock_guard<std::mutex> lock(oneAtATime);
  llvm::SmallVector<const char *> argv = {"ld.lld"};
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream os(messages);
  lld::Result result = lld::lldMain(argv, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return llvm::createStringError("the library could not be linked: " + llvm::StringRef(messages).trim());
  return llvm::Error::success();
}

/// Memory files for a link: they live until it is done.
class InputFiles {
public:
  llvm::Expected<std::string> add(llvm::StringRef bytes) {
    llvm::Expected<MemoryFile> file = MemoryFile::create(bytes);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
    return files.back().getPath();
  }

  llvm::Error addAll(llvm::ArrayRef<llvm::StringRef> inputs, std::vector<std::string> &arguments) {
    for (llvm::StringRef bytes : inputs) {
      llvm::Expected<std::string> path = add(bytes);
      if (!path)
        return path.takeError();
      arguments.push_back(*path);
    }
    return llvm::Error::success();
  }

private:
  std::vector<MemoryFile> files;
};

static std::string makeVersionScript(llvm::ArrayRef<std::string> exports) {
  return "{ global: " + llvm::join(exports, "; ") + "; local: *; };\n";
}

static constexpr llvm::StringLiteral weightsLast =
    "SECTIONS { .vitc.weights : { *(.vitc.weights) } } INSERT AFTER .bss;\n";

llvm::Error vitc::target::linkShared(const SharedLink &link, llvm::StringRef output) {
  InputFiles files;
  llvm::Expected<std::string> versions = files.add(makeVersionScript(link.exports));
  if (!versions)
    return versions.takeError();
  std::vector<std::string> arguments = {
      "-shared", "-soname", link.soname,
      // Nothing but the exported names in the file; one kind of hash table; all bound and read-only after loading.
      "--strip-all", "--hash-style=gnu", "-z", "now", "-z", "relro", "-z", "noexecstack", "-z", "separate-code",
      // Weights become the last segment, out of the reach of 32-bit offsets: they may be larger than 2 GB.
      // (Elsewhere than on x86-64 a script says so.)
      "-z", "lrodata-after-bss", "--gc-sections", "--no-undefined", "--build-id=0x" + link.buildId,
      "--version-script=" + *versions, "-o", output.str()};
  if (llvm::Error error = files.addAll(link.objects, arguments))
    return error;
  if (link.embedsWeights && !llvm::Triple(link.triple).isX86()) {
    llvm::Expected<std::string> script = files.add(weightsLast);
    if (!script)
      return script.takeError();
    arguments.insert(arguments.end(), {"-T", *script});
  }
  arguments.push_back("--as-needed");
  LinkerInputs inputs = embeddedInputs(link.triple);
  if (llvm::Error error = files.addAll({inputs.libc, inputs.libm}, arguments))
    return error;
  return runLinker(arguments);
}

llvm::Error vitc::target::linkRelocatable(llvm::ArrayRef<llvm::StringRef> objects, llvm::StringRef output) {
  InputFiles files;
  std::vector<std::string> arguments = {"-r", "-o", output.str()};
  if (llvm::Error error = files.addAll(objects, arguments))
    return error;
  return runLinker(arguments);
}
