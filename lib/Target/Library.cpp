#include "vitc/Target/Library.h"

#include "ElfPatch.h"
#include "Embedded.h"
#include "Linker.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/Binary.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

using namespace vitc;
using namespace vitc::target;

std::string target::externalWeightsPath(llvm::StringRef path) {
  llvm::SmallString<128> result(path);
  llvm::sys::path::replace_extension(result, "weights");
  return result.str().str();
}

std::string target::makePrefix(llvm::StringRef stem) {
  std::string prefix = stem.str();
  for (char &c : prefix)
    if (!llvm::isAlnum(c) && c != '_')
      c = '_';
  if (prefix.empty() || llvm::isDigit(prefix.front()))
    prefix.insert(prefix.begin(), '_');
  return prefix;
}

llvm::StringRef target::tripleOf(const Program &program) { return program.functions[0].variants[0].target.triple; }

static llvm::StringRef view(const Code &code) { return {code.data(), code.size()}; }

/// The object that defines the program's data. It runs nowhere: any CPU of the architecture will do.
static llvm::Expected<Code> compileProgram(const Program &program, const WeightsPlacement &placement,
                                           llvm::StringRef prefix) {
  TargetInfo baseline;
  baseline.triple = tripleOf(program);
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(baseline);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = emitProgram(program, placement, prefix, context);
  return compileModule(*module, **machine, CodeKind::Object);
}

/// Names what is in a library: the same inputs have the same id.
static std::string computeBuildId(llvm::ArrayRef<llvm::StringRef> objects, const Weights &weights) {
  llvm::BLAKE3 hash;
  for (llvm::StringRef object : objects)
    hash.update(object);
  weights.forEachPiece([&](llvm::ArrayRef<char> piece) { hash.update(llvm::StringRef(piece.data(), piece.size())); });
  return llvm::toHex(hash.final<20>(), /*LowerCase=*/true);
}

/// Everything but the weights' bytes, in the order it is linked in.
static llvm::Expected<llvm::SmallVector<llvm::StringRef>>
collectObjects(const LibraryParts &parts, const WeightsPlacement &placement, llvm::StringRef prefix, Code &program) {
  if (llvm::Error error = parts.weights.verify())
    return std::move(error);
  llvm::Expected<Code> compiled = compileProgram(parts.program, placement, prefix);
  if (!compiled)
    return compiled.takeError();
  program = std::move(*compiled);
  llvm::SmallVector<llvm::StringRef> objects = {embeddedInputs(tripleOf(parts.program)).runtime, view(program)};
  for (const Code &code : parts.objects)
    objects.push_back(view(code));
  return objects;
}

/// Writes the weights and, behind them, their digest.
static llvm::Error writeExternalWeights(OutputFile &file, const Weights &weights, const WeightsPlacement &placement) {
  return file.edit([&](int descriptor) -> llvm::Error {
    if (llvm::Error error = weights.write(descriptor, 0))
      return error;
    Weights digest{placement.digest.size(),
                   {{0, {reinterpret_cast<const char *>(placement.digest.data()), placement.digest.size()}}}};
    return digest.write(descriptor, weights.bytes);
  });
}

static llvm::Error linkLibrary(const LibraryParts &parts, const LibraryOptions &options,
                               const WeightsPlacement &placement, OutputFile &library) {
  Code program;
  auto objects = collectObjects(parts, placement, options.prefix, program);
  if (!objects)
    return objects.takeError();
  std::string exports[] = {"vitc_model_v1", options.prefix + "_model_v1"};
  SharedLink link = {*objects, exports, options.soname, computeBuildId(*objects, parts.weights),
                     tripleOf(parts.program)};
  link.embedsWeights = !options.externalWeights && parts.weights.bytes != 0;
  if (llvm::Error error = linkShared(link, library.getTemporaryPath()))
    return error;
  if (!link.embedsWeights)
    return llvm::Error::success();
  return library.edit([&](int file) { return embedWeights(file, parts.weights); });
}

llvm::Error target::writeSharedLibrary(const LibraryParts &parts, const LibraryOptions &options,
                                       std::vector<OutputFile> &outputs) {
  llvm::Expected<OutputFile> library = OutputFile::create(options.path);
  if (!library)
    return library.takeError();
  WeightsPlacement placement{parts.weights.bytes, "", {}};
  if (options.externalWeights) {
    std::string weightsPath = externalWeightsPath(options.path);
    llvm::Expected<OutputFile> weights = OutputFile::create(weightsPath);
    if (!weights)
      return weights.takeError();
    placement.file = llvm::sys::path::filename(weightsPath);
    placement.digest = parts.weights.computeSHA256();
    if (llvm::Error error = writeExternalWeights(*weights, parts.weights, placement))
      return error;
    outputs.push_back(std::move(*weights));
  }
  if (llvm::Error error = linkLibrary(parts, options, placement, *library))
    return error;
  outputs.push_back(std::move(*library));
  return llvm::Error::success();
}

/// Makes every symbol local but the one that a program links against: it may hold several models.
static llvm::Error localizeSymbols(llvm::StringRef path, llvm::StringRef kept) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::errorCodeToError(buffer.getError());
  auto binary = llvm::object::createBinary(**buffer);
  if (!binary)
    return binary.takeError();
  llvm::objcopy::ConfigManager config;
  auto pattern = llvm::objcopy::NameOrPattern::create(kept, llvm::objcopy::MatchStyle::Literal,
                                                      [](llvm::Error error) { return error; });
  if (llvm::Error error = config.Common.SymbolsToKeepGlobal.addMatcher(std::move(pattern)))
    return error;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, **binary, os))
    return error;
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error)
    file << os.str();
  file.close();
  return llvm::errorCodeToError(error ? error : file.error());
}

llvm::Error target::writeObjectFile(const LibraryParts &parts, const LibraryOptions &options,
                                    std::vector<OutputFile> &outputs) {
  llvm::Expected<OutputFile> output = OutputFile::create(options.path);
  if (!output)
    return output.takeError();
  Code program;
  auto objects = collectObjects(parts, {parts.weights.bytes, "", {}}, options.prefix, program);
  if (!objects)
    return objects.takeError();
  if (llvm::Error error = linkRelocatable(*objects, output->getTemporaryPath()))
    return error;
  if (llvm::Error error = localizeSymbols(output->getTemporaryPath(), options.prefix + "_model_v1"))
    return error;
  if (parts.weights.bytes != 0)
    if (llvm::Error error = output->edit([&](int file) { return embedWeights(file, parts.weights); }))
      return error;
  outputs.push_back(std::move(*output));
  return llvm::Error::success();
}
