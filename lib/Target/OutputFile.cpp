#include "vitc/Target/OutputFile.h"

#include "llvm/ADT/STLExtras.h"
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

OutputFile::OutputFile(OutputFile &&other) : path(other.path), temporary(other.temporary), former(other.former) {
  other.temporary.clear();
  other.former.clear();
}

OutputFile::~OutputFile() {
  for (llvm::StringRef file : {llvm::StringRef(temporary), llvm::StringRef(former)}) {
    if (file.empty())
      continue;
    fs::remove(file);
    llvm::sys::DontRemoveFileOnSignal(file);
  }
}

llvm::Error OutputFile::write(llvm::function_ref<void(llvm::raw_ostream &)> print) {
  std::error_code error;
  llvm::raw_fd_ostream os(temporary, error);
  if (error)
    return cannotWrite(path, error);
  print(os);
  os.close();
  error = os.error();
  os.clear_error();
  return error ? cannotWrite(path, error) : llvm::Error::success();
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

llvm::Error OutputFile::saveFormer() {
  if (!fs::exists(path))
    return llvm::Error::success();
  llvm::SmallString<128> copy = temporary;
  copy += ".former"; // as unique as the temporary name is
  llvm::sys::RemoveFileOnSignal(copy);
  std::error_code error = fs::create_hard_link(path, copy);
  if (error) // a file system without links
    error = fs::copy_file(path, copy);
  former = copy;
  return error ? cannotWrite(path, error) : llvm::Error::success();
}

llvm::Error OutputFile::rename() {
  if (std::error_code error = fs::rename(temporary, path))
    return cannotWrite(path, error);
  llvm::sys::DontRemoveFileOnSignal(temporary);
  temporary.clear();
  return llvm::Error::success();
}

void OutputFile::restoreFormer() {
  if (former.empty())
    fs::remove(path);
  else
    fs::rename(former, path);
}

llvm::Error OutputFile::keepAll(llvm::MutableArrayRef<OutputFile> files) {
  // The last renaming either succeeds or leaves its name as it is.
  for (OutputFile &file : files.drop_back())
    if (llvm::Error error = file.saveFormer())
      return error;
  for (auto [index, file] : llvm::enumerate(files))
    if (llvm::Error error = file.rename()) {
      for (OutputFile &renamed : llvm::reverse(files.take_front(index)))
        renamed.restoreFormer();
      return error;
    }
  return llvm::Error::success();
}
