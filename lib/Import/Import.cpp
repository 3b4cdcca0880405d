#include "vitc/Import/Import.h"

#include "EntryTypes.h"
#include "GraphImporter.h"
#include "ModelFile.h"
#include "Outputs.h"
#include "Unsupported.h"
#include "mlir/IR/Verifier.h"
#include "onnx.pb.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace vitc;

/// The function `main` with the model's inputs as arguments, and no body yet.
static func::FuncOp createEntry(ArrayRef<EntryInput> inputs, OpBuilder &builder, Location loc) {
  SmallVector<Type> types = llvm::map_to_vector(inputs, [](const EntryInput &input) { return Type(input.type); });
  auto entry = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(types, {}));
  Block *body = entry.addEntryBlock();
  for (auto [index, input] : llvm::enumerate(inputs)) {
    entry.setArgAttr(index, "vit.name", builder.getStringAttr(input.name));
    entry.setArgAttr(index, "vit.dims", input.dims);
    body->getArgument(index).setLoc(NameLoc::get(builder.getStringAttr(input.name)));
  }
  return entry;
}

FailureOr<OwningOpRef<ModuleOp>> vitc::importONNX(llvm::MemoryBufferRef buffer, const ImportOptions &options,
                                                  MLIRContext *context) {
  context->loadDialect<func::FuncDialect, onnx::ONNXDialect, vit::ViTDialect>();
  StringRef path = buffer.getBufferIdentifier();
  Location loc = NameLoc::get(StringAttr::get(context, path));
  FailureOr<std::shared_ptr<const ::onnx::ModelProto>> model = parseModel(buffer, loc);
  if (failed(model) || failed(checkOperators(**model, loc)))
    return failure();
  FailureOr<SmallVector<EntryInput>> inputs = getEntryInputs((*model)->graph(), options, loc);
  if (failed(inputs))
    return failure();

  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  func::FuncOp entry = createEntry(*inputs, builder, loc);
  SmallVector<StringRef> names = llvm::map_to_vector(*inputs, [](const EntryInput &input) { return input.name; });
  GraphImporter importer(*model, path, loc, builder);
  if (failed(importer.importEntry(entry, names, options.constants, getOutputNames((*model)->graph(), options))) ||
      failed(verify(*module)))
    return failure();
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> vitc::importONNX(StringRef path, const ImportOptions &options, MLIRContext *context) {
  Location loc = NameLoc::get(StringAttr::get(context, path));
  if (llvm::sys::fs::is_directory(path))
    return emitError(loc) << "cannot read the model: it is a directory";
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << "cannot read the model: " << StringRef(buffer.getError().message()).lower();
  return importONNX((*buffer)->getMemBufferRef(), options, context);
}
