#ifndef VITC_RUN_NUMPY_H
#define VITC_RUN_NUMPY_H

#include "vitc-c/Model.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace vitc::run {

/// An element type, as NumPy names it ("float32") and as it stands in a .npy file ("<f4").
struct ElementType {
  const char *name, *descr;
  DLDataType type;

  int64_t bytes() const { return (type.bits + 7) / 8; }
};

/// The type that NumPy calls `name`, or null.
const ElementType *findType(llvm::StringRef name);

/// A compact row-major array.
struct Array {
  const ElementType *type = nullptr;
  std::vector<int64_t> shape;
  std::vector<char> bytes;

  int64_t size() const;
  /// Element `index` in row-major order.
  double at(int64_t index) const;
  void set(int64_t index, double value);
};

/// Product of the extents; an error where it does not fit into memory.
llvm::Expected<int64_t> countBytes(llvm::ArrayRef<int64_t> shape, const ElementType &type);

using Arrays = std::map<std::string, Array>;

/// Reads a .npy file (under the name "") or all arrays of a .npz file, stored or deflated.
llvm::Expected<Arrays> readArrays(llvm::StringRef path);

llvm::Error writeNpy(llvm::StringRef path, const Array &array);
/// Writes a .npz file, not compressed.
llvm::Error writeNpz(llvm::StringRef path, const Arrays &arrays);

} // namespace vitc::run

#endif // VITC_RUN_NUMPY_H
