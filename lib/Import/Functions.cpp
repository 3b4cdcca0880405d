#include "Functions.h"

#include "ModelFile.h"
#include "onnx.pb.h"

using namespace llvm;
using namespace vitc;

/// Names cannot hold a zero byte in any file that anyone meant.
static std::string getKey(StringRef domain, StringRef name, StringRef overload) {
  return (canonicalDomain(domain) + Twine('\0') + name + Twine('\0') + overload).str();
}

FunctionTable::FunctionTable(const ::onnx::ModelProto &model) {
  for (const ::onnx::FunctionProto &function : model.functions())
    functions[getKey(function.domain(), function.name(), function.overload())] = &function;
}

const ::onnx::FunctionProto *FunctionTable::lookup(const ::onnx::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(getKey(node.domain(), node.op_type(), node.overload()));
}

template <typename T>
static int64_t findOpset(const T &imports, StringRef domain) {
  for (const ::onnx::OperatorSetIdProto &opset : imports)
    if (canonicalDomain(opset.domain()) == canonicalDomain(domain))
      return opset.version();
  return 0;
}

int64_t vitc::getOpset(const ::onnx::ModelProto &model, StringRef domain) {
  return findOpset(model.opset_import(), domain);
}

int64_t vitc::getOpset(const ::onnx::FunctionProto &function, StringRef domain) {
  return findOpset(function.opset_import(), domain);
}

std::string vitc::getQualifiedOpType(const ::onnx::NodeProto &node) {
  StringRef domain = canonicalDomain(node.domain());
  return domain.empty() ? node.op_type() : (domain + "." + node.op_type()).str();
}

std::string vitc::getNodeName(const ::onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  StringRef output = node.output_size() == 0 ? StringRef() : StringRef(node.output(0));
  return (node.op_type() + Twine(output.empty() ? "" : " ") + output).str();
}
