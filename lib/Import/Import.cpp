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
#include "llvm/Support/JSON.h"

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

/// A library holds the names of its inputs, outputs and dimensions as JSON and as C's strings.
static LogicalResult checkInterface(ArrayRef<EntryInput> inputs, ArrayRef<StringRef> outputs, Location loc) {
  SmallVector<StringRef> names(outputs);
  for (const EntryInput &input : inputs) {
    names.push_back(input.name);
    for (Attribute symbol : input.dims.getSymbols())
      names.push_back(cast<StringAttr>(symbol).getValue());
  }
  for (StringRef name : names)
    if (name.contains('\0') || !llvm::json::isUTF8(name))
      return emitError(loc) << "expected names of inputs, outputs and dimensions in UTF-8 without zero bytes, got '"
                            << name << "'";
  return success();
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
  SmallVector<StringRef> outputs = getOutputNames((*model)->graph(), options);
  if (failed(inputs) || failed(checkInterface(*inputs, outputs, loc)))
    return failure();

  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  func::FuncOp entry = createEntry(*inputs, builder, loc);
  SmallVector<StringRef> names = llvm::map_to_vector(*inputs, [](const EntryInput &input) { return input.name; });
  GraphImporter importer(*model, path, loc, builder);
  if (failed(importer.importEntry(entry, names, options.constants, outputs)) || failed(verify(*module)))
    return failure();
  if (hasTapsOfKinds((*model)->graph(), options)) {
    SmallVector<StringRef> taps(options.taps.begin(), options.taps.end());
    entry->setAttr(vit::tapsAttrName, builder.getStrArrayAttr(taps));
    if (options.tapsOnly)
      entry->setAttr(vit::tapOnlyAttrName, builder.getUnitAttr());
  }
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> vitc::importONNX(StringRef path, const ImportOptions &options, MLIRContext *context) {
  Location loc = NameLoc::get(StringAttr::get(context, path));
  if (llvm::sys::fs::is_directory(path))
    return emitError(loc) << "cannot read the model: it is a directory";
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status) && (status.type() == llvm::sys::fs::file_type::character_file ||
                                               status.type() == llvm::sys::fs::file_type::block_file))
    return emitError(loc) << "cannot read the model: it is a device";
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << "cannot read the model: " << StringRef(buffer.getError().message()).lower();
  return importONNX((*buffer)->getMemBufferRef(), options, context);
}
