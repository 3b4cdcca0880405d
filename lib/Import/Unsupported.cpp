#include "Unsupported.h"

#include "Functions.h"
#include "ModelFile.h"
#include "Node.h"
#include "StandardFunctions.h"
#include "Subgraphs.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "onnx.pb.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace vitc;

namespace {
/// The nodes of one operator that vitc does not have.
struct Missing {
  std::string firstNode;
  unsigned count = 0;
};

class OperatorCheck {
public:
  OperatorCheck(const ::onnx::ModelProto &model, MLIRContext *context) : model(model), table(model), context(context) {}

  /// The missing operators in the order of their first nodes.
  llvm::MapVector<StringAttr, Missing> run() {
    for (const ::onnx::NodeProto &node : model.graph().node())
      visit(node, [&](StringRef domain) { return getOpset(model, domain); });
    for (size_t i = 0; i < called.size(); ++i) // grows as functions call functions
      for (const ::onnx::NodeProto &node : called[i]->node())
        visit(node, [&](StringRef domain) { return getOpset(*called[i], domain); });
    return std::move(missing);
  }

private:
  /// Whether an operator of ONNX is one of vitc's, or a function of others, which are looked at in turn.
  bool isStandard(const ::onnx::NodeProto &node, int64_t opset) {
    if (opset > newestOpset || (opset < oldestOpset && !isUnchanged(node.op_type(), opset)))
      return false;
    if (isSupported(node.op_type(), opset, context))
      return true;
    const ::onnx::FunctionProto *function = findStandardFunction(node.op_type(), opset);
    if (function)
      called.insert(function);
    return function != nullptr;
  }

  bool isContrib(const ::onnx::NodeProto &node, StringRef domain, int64_t opset) {
    return domain == "com.microsoft" && opset == contribOpset && isSupported(getQualifiedOpType(node), opset, context);
  }

  void visit(const ::onnx::NodeProto &node, llvm::function_ref<int64_t(StringRef)> opsetOf) {
    for (const ::onnx::GraphProto *graph : getSubgraphs(node))
      for (const ::onnx::NodeProto &inner : graph->node())
        visit(inner, opsetOf); // as deep as protobuf lets messages nest
    if (const ::onnx::FunctionProto *function = table.lookup(node)) {
      called.insert(function);
      return;
    }
    StringRef domain = canonicalDomain(node.domain());
    int64_t opset = opsetOf(domain);
    if (domain.empty() ? isStandard(node, opset) : isContrib(node, domain, opset))
      return;
    std::string description = node.op_type() + " (";
    if (!domain.empty())
      description += "domain " + domain.str() + ", ";
    description += opset ? "opset " + std::to_string(opset) + ")" : "of an opset that is not imported)";
    Missing &entry = missing[StringAttr::get(context, description)];
    if (entry.count++ == 0)
      entry.firstNode = getNodeName(node);
  }

  const ::onnx::ModelProto &model;
  FunctionTable table;
  MLIRContext *context;
  llvm::SetVector<const ::onnx::FunctionProto *> called;
  llvm::MapVector<StringAttr, Missing> missing;
};
} // namespace

LogicalResult vitc::checkOperators(const ::onnx::ModelProto &model, Location loc) {
  llvm::MapVector<StringAttr, Missing> missing = OperatorCheck(model, loc.getContext()).run();
  if (missing.empty())
    return success();
  InFlightDiagnostic diagnostic = emitError(loc) << "unsupported operators: ";
  llvm::interleave(
      missing,
      [&](const auto &item) {
        const Missing &entry = item.second;
        diagnostic << item.first.getValue() << " in " << entry.count
                   << (entry.count == 1 ? " node, '" : " nodes, the first '") << entry.firstNode << "'";
      },
      [&] { diagnostic << "; "; });
  return diagnostic;
}
