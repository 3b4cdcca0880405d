#include "MemoryFile.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/raw_ostream.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace vitc::target;

llvm::Expected<MemoryFile> MemoryFile::create(llvm::StringRef bytes) {
  int descriptor = ::memfd_create("vitc", MFD_CLOEXEC);
  if (descriptor < 0)
    return llvm::createStringError(llvm::errnoAsErrorCode(), "no memory file could be made");
  MemoryFile file(descriptor);
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/false, /*unbuffered=*/true);
  os << bytes;
  if (std::error_code error = os.error()) {
    os.clear_error();
    return llvm::createStringError(error, "a memory file could not be written");
  }
  return file;
}

MemoryFile::~MemoryFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}
