#ifndef VITC_IMPORT_FUNCTIONS_H
#define VITC_IMPORT_FUNCTIONS_H

#include "llvm/ADT/StringMap.h"

namespace onnx {
class FunctionProto;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace vitc {

/// The functions of a model, by what a node that calls one says. They take precedence over operators.
class FunctionTable {
public:
  explicit FunctionTable(const ::onnx::ModelProto &model);
  /// The function that a node calls, or null.
  const ::onnx::FunctionProto *lookup(const ::onnx::NodeProto &node) const;

private:
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
};

/// The version of a domain that a model or a function imports; zero if it does not.
int64_t getOpset(const ::onnx::ModelProto &model, llvm::StringRef domain);
int64_t getOpset(const ::onnx::FunctionProto &function, llvm::StringRef domain);

/// A node's operator, with the domain before it where that is not ONNX's own.
std::string getQualifiedOpType(const ::onnx::NodeProto &node);

/// What messages and locations call a node: its name, or, if it has none, its operator and its first output.
std::string getNodeName(const ::onnx::NodeProto &node);

} // namespace vitc

#endif // VITC_IMPORT_FUNCTIONS_H
