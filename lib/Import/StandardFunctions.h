#ifndef VITC_IMPORT_STANDARDFUNCTIONS_H
#define VITC_IMPORT_STANDARDFUNCTIONS_H

#include "llvm/ADT/StringRef.h"

namespace onnx {
class FunctionProto;
} // namespace onnx

namespace vitc {

/// The function of other operators that ONNX says an operator is, in a model of an opset; null if it says none, or one
/// that depends on attributes and types.
const ::onnx::FunctionProto *findStandardFunction(llvm::StringRef opType, int64_t opset);

/// Whether an operator meant the same in an opset before `oldestOpset` as in that.
bool isUnchanged(llvm::StringRef opType, int64_t opset);

} // namespace vitc

#endif // VITC_IMPORT_STANDARDFUNCTIONS_H
