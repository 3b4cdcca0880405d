#include "OutputFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace vitc::target;
namespace fs = llvm::sys::fs;

static llvm::Error cannotWrite(llvm::StringRef path, std::error_code error) {
  return llvm::createStringError(error, "cannot write '" + path + "': " + error.message());
}

llvm::Expected<OutputFile> OutputFile::create(llvm::StringRef path) {
  if (fs::is_directory(path))
    return cannotWrite(path, std::make_error_code(std::errc::is_a_directory));
  llvm::SmallString<128> temporary;
  int file;
  if (std::error_code error = fs::createUniqueFile(path + ".%%%%%%%%.tmp", file, temporary))
    return cannotWrite(path, error);
  llvm::sys::Process::SafelyCloseFileDescriptor(file);
  llvm::sys::RemoveFileOnSignal(temporary);
  return OutputFile(path, temporary);
}

OutputFile::OutputFile(OutputFile &&other) : path(other.path), temporary(other.temporary) { other.temporary.clear(); }

OutputFile::~OutputFile() {
  if (temporary.empty())
    return;
  fs::remove(temporary);
  llvm::sys::DontRemoveFileOnSignal(temporary);
}

llvm::Error OutputFile::edit(llvm::function_ref<llvm::Error(int file)> change) {
  int file;
  if (std::error_code error = fs::openFileForReadWrite(temporary, file, fs::CD_OpenExisting, fs::OF_None))
    return cannotWrite(path, error);
  llvm::Error error = change(file);
  std::error_code closed = llvm::sys::Process::SafelyCloseFileDescriptor(file);
  if (error)
    return llvm::handleErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
      return llvm::createStringError("cannot write '" + path + "': " + info.message());
    });
  return closed ? cannotWrite(path, closed) : llvm::Error::success();
}

llvm::Error OutputFile::keep() {
  if (std::error_code error = fs::rename(temporary, path))
    return cannotWrite(path, error);
  llvm::sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  return llvm::Error::success();
}
