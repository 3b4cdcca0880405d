#include "ExternalData.h"

#include "mlir/IR/Diagnostics.h"
#include "onnx.pb.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace vitc;
namespace path = llvm::sys::path;

ExternalData::ExternalData(StringRef modelPath) : folder(path::parent_path(modelPath)) {
  if (folder.empty())
    folder = ".";
}

/// Whether `file` lies in `folder` or below once links are resolved; a file that does not exist does not.
static bool isInside(StringRef file, StringRef folder) {
  SmallString<256> realFile, realFolder;
  if (llvm::sys::fs::real_path(file, realFile) || llvm::sys::fs::real_path(folder, realFolder))
    return false;
  return path::parent_path(realFile) == realFolder ||
         StringRef(realFile).starts_with((realFolder + path::get_separator()).str());
}

FailureOr<std::shared_ptr<llvm::MemoryBuffer>> ExternalData::map(StringRef location, Location loc) {
  std::shared_ptr<llvm::MemoryBuffer> &file = files[location];
  if (file)
    return file;
  bool climbs = llvm::any_of(llvm::make_range(path::begin(location), path::end(location)),
                             [](StringRef component) { return component == ".."; });
  if (location.empty() || location.contains('\0') || path::is_absolute(location) || climbs)
    return emitError(loc) << "expected external data at a path relative to the model's folder, got '" << location
                          << "'";
  SmallString<256> name(folder);
  path::append(name, location);
  if (!llvm::sys::fs::is_regular_file(name))
    return emitError(loc) << "cannot read external data: there is no file '" << name << "'";
  if (!isInside(name, folder))
    return emitError(loc) << "external data '" << location << "' is a link to outside the model's folder";
  auto buffer = llvm::MemoryBuffer::getFile(name, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << "cannot read external data '" << name << "': " << buffer.getError().message();
  return file = std::move(*buffer);
}

FailureOr<SharedBytes> ExternalData::read(const ::onnx::TensorProto &tensor, Location loc) {
  StringRef location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const ::onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    uint64_t number = 0;
    if (entry.key() == "location") {
      location = value;
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (value.getAsInteger(10, number))
        return emitError(loc) << "expected a number of bytes as external data " << entry.key() << ", got '" << value
                              << "'";
      (entry.key() == "offset" ? offset : length.emplace()) = number;
    }
  }
  FailureOr<std::shared_ptr<llvm::MemoryBuffer>> file = map(location, loc);
  if (failed(file))
    return failure();
  uint64_t size = (*file)->getBufferSize();
  if (offset > size || length.value_or(0) > size - offset)
    return emitError(loc) << "external data from byte " << offset << ", " << length.value_or(0)
                          << " bytes long, is outside of '" << location << "', which has " << size << " bytes";
  return SharedBytes{ArrayRef((*file)->getBufferStart() + offset, length.value_or(size - offset)), *file};
}
