#include "ModelFile.h"

#include "mlir/IR/Diagnostics.h"
#include "onnx.pb.h"
#include <google/protobuf/stubs/logging.h>

using namespace mlir;
using ::onnx::ModelProto;

StringRef vitc::canonicalDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

/// Checks the opset of the default domain; models import it, unless all their nodes are of other domains.
static LogicalResult checkOpset(const ModelProto &model, Location loc) {
  for (const ::onnx::OperatorSetIdProto &opset : model.opset_import()) {
    if (!vitc::canonicalDomain(opset.domain()).empty())
      continue;
    if (opset.version() < vitc::firstOpset || opset.version() > vitc::newestOpset)
      return emitError(loc) << "expected an opset from " << vitc::firstOpset << " to " << vitc::newestOpset
                            << ", got opset " << opset.version();
    return success();
  }
  return emitError(loc) << "the model does not import an opset of ONNX's own domain";
}

/// Versions of the file format before 3 (2017) had no opsets; there will hardly be a 1000th.
static LogicalResult checkModel(const ModelProto &model, Location loc) {
  if (model.ir_version() < 3 || model.ir_version() > 1000)
    return emitError(loc) << "not an ONNX model: expected an ir_version from 3 on, got " << model.ir_version();
  if (!model.has_graph())
    return emitError(loc) << "not an ONNX model: it has no graph";
  if (model.graph().output_size() == 0)
    return emitError(loc) << "the model's graph has no outputs";
  return checkOpset(model, loc);
}

FailureOr<std::shared_ptr<const ModelProto>> vitc::parseModel(llvm::MemoryBufferRef buffer, Location loc) {
  if (buffer.getBufferSize() == 0)
    return emitError(loc) << "not an ONNX model: the file is empty";
  // Protobuf's own limit: messages are at most 2 GiB.
  if (buffer.getBufferSize() > std::numeric_limits<int32_t>::max())
    return emitError(loc) << "the file is larger than 2 GiB; save the model with external data";
  google::protobuf::LogSilencer silencer;
  auto model = std::make_shared<ModelProto>();
  if (!model->ParseFromArray(buffer.getBufferStart(), static_cast<int>(buffer.getBufferSize())))
    return emitError(loc) << "not an ONNX model, or a truncated one: it does not parse";
  if (failed(checkModel(*model, loc)))
    return failure();
  return std::shared_ptr<const ModelProto>(std::move(model));
}
