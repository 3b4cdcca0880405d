#include "Artefacts.h"

#include "vitc/Target/Library.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace vitc;
using namespace vitc::driver;
using llvm::StringRef;

namespace {

/// Adds the files of one compilation to `outputs`.
class ArtefactWriter {
public:
  ArtefactWriter(const Options &options, const LoweredProgram &lowered, llvm::ArrayRef<target::LevelModule> modules,
                 std::vector<target::OutputFile> &outputs)
      : options(options), lowered(lowered), modules(modules), outputs(outputs) {
    StringRef stem = llvm::sys::path::stem(options.output);
    prefix = options.prefix.empty() ? target::makePrefix(stem) : options.prefix;
  }

  llvm::Error write(Artefact artefact) {
    switch (artefact) {
    case Artefact::SharedLibrary:
      return writeLibrary(options.output, target::writeSharedLibrary);
    case Artefact::Object:
      return writeLibrary(getPath("o"), target::writeObjectFile);
    case Artefact::Header:
      return writeText("h", [&](llvm::raw_ostream &os) { target::printHeader(lowered.program, prefix, os); });
    case Artefact::Assembly:
      return writeAssembly();
    case Artefact::PTX:
      return writePTX();
    }
    llvm_unreachable("all artefacts are handled");
  }

private:
  using WriteLibrary = llvm::Error(const target::LibraryParts &, const target::LibraryOptions &,
                                   std::vector<target::OutputFile> &);

  /// `-o model.so` names the library; other artefacts differ in their extension.
  std::string getPath(StringRef extension) const {
    llvm::SmallString<128> path(options.output);
    llvm::sys::path::replace_extension(path, extension);
    return path.str().str();
  }

  /// The library and the object are linked from the same code.
  llvm::Error writeLibrary(const std::string &path, WriteLibrary *write) {
    if (objects.empty()) {
      llvm::Expected<std::vector<target::Code>> code = target::compileModules(modules, {});
      if (!code)
        return code.takeError();
      objects = std::move(*code);
    }
    StringRef soname = llvm::sys::path::filename(path);
    return write({lowered.program, objects, lowered.weights.getWeights()},
                 {path, prefix, soname.str(), options.externalWeights}, outputs);
  }

  llvm::Error writeAssembly() {
    target::CodegenOptions codegen;
    codegen.kind = target::CodeKind::Assembly;
    llvm::Expected<std::vector<target::Code>> code = target::compileModules(modules, codegen);
    if (!code)
      return code.takeError();
    return writeText("s", [&](llvm::raw_ostream &os) {
      for (const target::Code &part : *code)
        os << StringRef(part.data(), part.size());
    });
  }

  /// A text has one target: there is a file for each, and for each item of `--shapes`.
  llvm::Error writePTX() {
    std::map<std::pair<std::string, unsigned>, StringRef> texts;
    for (const target::Function &function : lowered.program.functions)
      for (const target::Variant &variant : function.variants)
        if (variant.gpu)
          texts[{variant.target.level, function.shape}] = variant.gpu->ptx;
    for (const auto &[place, text] : texts) {
      std::string extension = "ptx";
      if (texts.size() > 1)
        extension = llvm::formatv("{0}.{1}.ptx", place.first, place.second).str();
      if (llvm::Error error = writeText(extension, [&](llvm::raw_ostream &os) { os << text; }))
        return error;
    }
    return llvm::Error::success();
  }

  llvm::Error writeText(StringRef extension, llvm::function_ref<void(llvm::raw_ostream &)> print) {
    llvm::Expected<target::OutputFile> file = target::OutputFile::create(getPath(extension));
    if (!file)
      return file.takeError();
    if (llvm::Error error = file->write(print))
      return error;
    outputs.push_back(std::move(*file));
    return llvm::Error::success();
  }

  const Options &options;
  const LoweredProgram &lowered;
  llvm::ArrayRef<target::LevelModule> modules;
  std::vector<target::OutputFile> &outputs;
  std::string prefix;
  std::vector<target::Code> objects;
};

} // namespace

llvm::Error vitc::driver::writeArtefacts(const Options &options, const LoweredProgram &lowered,
                                         llvm::ArrayRef<target::LevelModule> modules) {
  llvm::SmallSetVector<Artefact, 4> artefacts(options.artefacts.begin(), options.artefacts.end());
  if (artefacts.empty())
    artefacts.insert(Artefact::SharedLibrary);
  std::vector<target::OutputFile> outputs;
  ArtefactWriter writer(options, lowered, modules, outputs);
  for (Artefact artefact : artefacts)
    if (llvm::Error error = writer.write(artefact))
      return error;
  return target::OutputFile::keepAll(outputs);
}
