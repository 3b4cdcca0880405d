#include "StandardFunctions.h"

#include "onnx.pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace vitc;
using llvm::StringRef;

namespace {
/// A function's body in `functionBytes`, for the opsets from `first` to `end` (excluded).
struct StandardFunction {
  StringRef opType;
  int64_t first, end;
  size_t offset, size;
};

/// An operator that has not changed from an opset to the oldest one that is read in full.
struct OldOperator {
  StringRef opType;
  int64_t since;
};
} // namespace

// Generated from the wheel's schemas (generate_operators.py).
#include "StandardOperators.inc"

/// The parsed bodies, in the order of `standardFunctions`.
static const std::vector<::onnx::FunctionProto> &getBodies() {
  static const std::vector<::onnx::FunctionProto> bodies = [] {
    std::vector<::onnx::FunctionProto> parsed(std::size(standardFunctions));
    for (auto [function, body] : llvm::zip_equal(standardFunctions, parsed))
      body.ParseFromArray(functionBytes + function.offset, static_cast<int>(function.size));
    return parsed;
  }();
  return bodies;
}

const ::onnx::FunctionProto *vitc::findStandardFunction(StringRef opType, int64_t opset) {
  for (auto [index, function] : llvm::enumerate(standardFunctions))
    if (function.opType == opType && opset >= function.first && opset < function.end)
      return &getBodies()[index];
  return nullptr;
}

bool vitc::isUnchanged(StringRef opType, int64_t opset) {
  return llvm::any_of(oldOperators, [&](const OldOperator &old) { return old.opType == opType && opset >= old.since; });
}
