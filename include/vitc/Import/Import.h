#ifndef VITC_IMPORT_IMPORT_H
#define VITC_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <optional>
#include <string>

namespace vitc {

/// The shape that a user gives for one input of a model (`--shape x=1x3x224x224`).
struct InputShape {
  std::string name;
  /// Extents; `ShapedType::kDynamic` keeps what the model says.
  llvm::SmallVector<int64_t> extents;
};

/// Reads `NAME=1x3x224x224`; an extent may be `?`. Nothing where the text is not of that form.
std::optional<InputShape> parseInputShape(llvm::StringRef text);

/// The value that a user gives to one input of a model (`--constant k=k.npy`).
struct InputConstant {
  std::string name;
  mlir::DenseElementsAttr value;
};

struct ImportOptions {
  /// Inputs that become constants of `main` instead of arguments. They fix dimensions as `shapes` do.
  llvm::SmallVector<InputConstant> constants;
  /// Each fixes dimensions of one input; where these carry a name, they fix it in all inputs.
  llvm::SmallVector<InputShape> shapes;
  /// Tensors of the graph that `main` returns as well, under their names and after the graph's outputs; and kinds of
  /// tensors (`TapRequest`), which `main` notes for `vit-add-taps`.
  llvm::SmallVector<std::string> taps;
  /// Whether `main` returns the taps alone, from where they are known on.
  bool tapsOnly = false;
};

/// Imports an ONNX model as a module with a function `@main` of `onnx` ops (DESIGN: stage `onnx`, before shape
/// inference). Arguments carry `vit.name` and `vit.dims`, results `vit.name`; values between them are unranked tensors
/// of known element type. Weights are not copied: resources point into the parsed model, or into the mapped files of
/// external data, which live as long as the context. What cannot be imported is an error at a location named after its
/// node, or after the file.
llvm::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importONNX(llvm::StringRef path, const ImportOptions &options,
                                                              mlir::MLIRContext *context);

/// As above, from memory; the buffer's identifier is the path that messages and external data refer to. The buffer is
/// not needed afterwards.
llvm::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importONNX(llvm::MemoryBufferRef buffer,
                                                              const ImportOptions &options, mlir::MLIRContext *context);

} // namespace vitc

#endif // VITC_IMPORT_IMPORT_H
