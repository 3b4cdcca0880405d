#include "Target.h"
#include "ModelMutator.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <cstdlib>
#include <google/protobuf/stubs/logging.h>

using namespace mlir;
using namespace vitc;

extern "C" {
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t mostBytes);

/// LLVM's libraries are not instrumented: what our code annotates in containers and allocators, theirs does not.
const char *__asan_default_options() {
  return "detect_container_overflow=0:allow_user_poisoning=0:detect_leaks=0:allocator_may_return_null=0";
}
}

static bool parse(const uint8_t *data, size_t size, ::onnx::ModelProto &model) {
  google::protobuf::LogSilencer silencer;
  return model.ParseFromArray(data, size);
}

/// Writes a model over the input it came from, unless it has become too large.
static size_t write(const ::onnx::ModelProto &model, uint8_t *data, size_t former, size_t mostBytes) {
  size_t size = model.ByteSizeLong();
  google::protobuf::LogSilencer silencer;
  return size <= mostBytes && model.SerializeToArray(data, size) ? size : former;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t mostBytes, unsigned seed) {
  ::onnx::ModelProto model;
  if (seed % 50 == 0 || !parse(data, size, model))
    return LLVMFuzzerMutate(data, size, mostBytes);
  fuzz::ModelMutator(model, seed).mutate();
  return write(model, data, size, mostBytes);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize, const uint8_t *second,
                                            size_t secondSize, uint8_t *out, size_t mostBytes, unsigned seed) {
  ::onnx::ModelProto model, other;
  if (!parse(first, firstSize, model) || !parse(second, secondSize, other))
    return 0;
  fuzz::ModelMutator(model, seed).cross(other);
  return write(model, out, 0, mostBytes);
}

/// A context for many runs: to make one takes longer than most runs. What is made once (types, weights) stays in it.
static MLIRContext &getContext(const DialectRegistry &registry) {
  static constexpr unsigned mostRuns = 50;
  static std::optional<MLIRContext> context;
  static unsigned runs = 0;
  if (runs++ % mostRuns == 0)
    context.emplace(registry, MLIRContext::Threading::DISABLED);
  return *context;
}

void vitc::fuzz::runOnModel(StringRef bytes, const DialectRegistry &registry,
                            llvm::function_ref<LogicalResult(ModuleOp)> next) {
  std::string filled(bytes);
  if (::onnx::ModelProto model; parse(bytes.bytes_begin(), bytes.size(), model)) {
    fillWeights(model);
    google::protobuf::LogSilencer silencer;
    filled = model.SerializeAsString();
  }
  MLIRContext &context = getContext(registry);
  bool isExplained = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      isExplained |= !diagnostic.str().empty();
  });
  FailureOr<OwningOpRef<ModuleOp>> module =
      importONNX(llvm::MemoryBufferRef(filled, "/nonexistent/model.onnx"), ImportOptions(), &context);
  if (succeeded(module) && succeeded(next(**module)))
    return;
  if (!isExplained) {
    llvm::errs() << "a failure without a sentence\n";
    abort();
  }
}
