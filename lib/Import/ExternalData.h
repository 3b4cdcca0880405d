#ifndef VITC_IMPORT_EXTERNALDATA_H
#define VITC_IMPORT_EXTERNALDATA_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace onnx {
class TensorProto;
} // namespace onnx

namespace vitc {

/// Bytes and what keeps them where they are.
struct SharedBytes {
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const void> owner;
};

/// The files that hold a model's external data, each mapped once. A location is a path relative to the model's folder,
/// and the file it names lies in that folder or below, links resolved: a model cannot read other files of its user's.
class ExternalData {
public:
  explicit ExternalData(llvm::StringRef modelPath);

  /// The bytes of a tensor whose data location is EXTERNAL.
  llvm::FailureOr<SharedBytes> read(const ::onnx::TensorProto &tensor, mlir::Location loc);

private:
  llvm::FailureOr<std::shared_ptr<llvm::MemoryBuffer>> map(llvm::StringRef location, mlir::Location loc);

  std::string folder;
  llvm::StringMap<std::shared_ptr<llvm::MemoryBuffer>> files;
};

} // namespace vitc

#endif // VITC_IMPORT_EXTERNALDATA_H
