#include "GraphImporter.h"

#include "Attributes.h"
#include "ModelFile.h"
#include "NodeOrder.h"
#include "Outputs.h"
#include "StandardFunctions.h"
#include "Subgraphs.h"
#include "onnx.pb.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Support/PrintableText.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace vitc;

/// Functions that call functions can describe any number of nodes in a few bytes.
static constexpr size_t mostNodes = 1 << 18;
/// The depth of calls; each takes a part of the stack.
static constexpr size_t mostCalls = 128;

GraphImporter::GraphImporter(std::shared_ptr<const ::onnx::ModelProto> model, StringRef path, Location loc,
                             OpBuilder &builder)
    : model(*model), functions(*model), tensors(model, path), loc(loc), builder(builder) {}

template <typename T>
static SmallVector<const ::onnx::NodeProto *> getNodes(const T &owner) {
  return llvm::map_to_vector(owner.node(), [](const ::onnx::NodeProto &node) { return &node; });
}

LogicalResult GraphImporter::importEntry(func::FuncOp entry, ArrayRef<StringRef> inputs,
                                         ArrayRef<InputConstant> constants, ArrayRef<StringRef> outputs) {
  Scope scope{getOpset(model, ""), /*prefix=*/""};
  for (auto [name, argument] : llvm::zip_equal(inputs, entry.getArguments()))
    scope.values[name] = argument;
  builder.setInsertionPointToEnd(&entry.getBody().front());
  for (const InputConstant &constant : constants) {
    Location constantLoc = NameLoc::get(builder.getStringAttr(constant.name));
    scope.values[constant.name] = onnx::ConstantOp::create(builder, constantLoc, constant.value);
  }
  scope.block = &entry.getBody().front();
  if (failed(addInitializers(model.graph(), scope)) || failed(importNodes(getNodes(model.graph()), scope)))
    return failure();
  return createReturn(entry, outputs, scope);
}

LogicalResult GraphImporter::addInitializers(const ::onnx::GraphProto &graph, Scope &scope) {
  if (graph.sparse_initializer_size() != 0)
    return emitError(loc) << "the model has sparse initializers, which vitc does not support";
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    if (!scope.initializers.try_emplace(tensor.name(), &tensor).second)
      return emitError(loc) << "two initializers are called '" << tensor.name() << "'";
  return success();
}

LogicalResult GraphImporter::reportMissingOutput(StringRef name, const Scope &scope) {
  if (llvm::any_of(model.graph().output(), [&](const auto &output) { return output.name() == name; }))
    return emitError(loc) << "the graph's output '" << name << "' is not defined by any node";
  InFlightDiagnostic diagnostic = emitError(loc) << "the model has no tensor '" << name << "'";
  SmallVector<StringRef> known = llvm::to_vector(scope.values.keys());
  llvm::append_range(known, scope.initializers.keys());
  llvm::sort(known);
  known.erase(llvm::unique(known), known.end()); // initializers that were read are values, too
  if (SmallVector<StringRef> close = findCloseNames(name, known); !close.empty()) {
    diagnostic << "; did you mean ";
    llvm::interleave(
        close, [&](StringRef candidate) { diagnostic << "'" << candidate << "'"; }, [&] { diagnostic << " or "; });
    diagnostic << "?";
  }
  return diagnostic;
}

LogicalResult GraphImporter::createReturn(func::FuncOp entry, ArrayRef<StringRef> outputs, Scope &scope) {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (StringRef name : outputs) {
    if (!scope.defines(name))
      return reportMissingOutput(name, scope);
    FailureOr<Value> value = getValue(name, scope);
    if (failed(value))
      return failure();
    if (!isa<TensorType>(value->getType()))
      return emitError(loc) << "output '" << name << "' is a sequence, which vitc does not support";
    results.push_back(*value);
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr("vit.name", builder.getStringAttr(name))));
  }
  func::ReturnOp::create(builder, loc, results);
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), ValueRange(results).getTypes()));
  entry.setAllResultAttrs(attributes);
  return success();
}

/// Reports are JSON: a name that is no UTF-8 is spelled out.
static Location getNameLoc(const std::string &name, OpBuilder &builder) {
  return NameLoc::get(builder.getStringAttr(llvm::json::isUTF8(name) ? name : printable(name)));
}

FailureOr<Value> GraphImporter::getValue(StringRef name, Scope &scope) {
  Scope *owner = &scope;
  while (owner && !owner->owns(name))
    owner = owner->parent;
  if (!owner) // an output of a node that has fewer in its newest form
    return emitError(getNameLoc(scope.prefix + name.str(), builder)) << "is read, but vitc does not compute it";
  auto known = owner->values.find(name);
  if (known != owner->values.end())
    return known->second;
  Location constantLoc = getNameLoc(owner->prefix + name.str(), builder);
  FailureOr<ElementsAttr> elements = tensors.import(*owner->initializers.lookup(name), constantLoc);
  if (failed(elements))
    return failure();
  OpBuilder::InsertionGuard guard(builder);
  if (owner != &scope) // where all readers see it
    builder.setInsertionPointToStart(owner->block);
  Value value = onnx::ConstantOp::create(builder, constantLoc, *elements);
  owner->values[name] = value;
  return value;
}

LogicalResult GraphImporter::importNodes(ArrayRef<const ::onnx::NodeProto *> nodes, Scope &scope) {
  numNodes += nodes.size();
  if (numNodes > mostNodes)
    return emitError(loc) << "the model has more than " << mostNodes << " nodes";
  auto order = orderNodes(
      nodes, [&](StringRef name) { return scope.owns(name); }, [&](StringRef name) { return scope.defines(name); },
      loc);
  if (failed(order))
    return failure();
  for (const ::onnx::NodeProto *node : *order)
    if (failed(importNode(*node, scope)))
      return failure();
  return success();
}

LogicalResult GraphImporter::importAttributes(const ::onnx::NodeProto &proto, Scope &scope, Node &node) {
  for (const ::onnx::AttributeProto &attribute : proto.attribute()) {
    const ::onnx::AttributeProto *source = &attribute;
    if (!attribute.ref_attr_name().empty())
      source = scope.getAttribute(attribute.ref_attr_name());
    if (!source)
      continue; // an optional parameter of the function that the call does not give
    std::string name = getAttributeName(attribute.name());
    FailureOr<Attribute> value = importAttribute(name, *source, tensors, node.loc);
    if (failed(value))
      return failure();
    if (*value && node.attributes.set(name, *value))
      return node.emitError() << "has two attributes '" << name << "'";
  }
  return success();
}

/// A function of the model's own, or the one that ONNX defines an operator by where vitc has no op for that.
const ::onnx::FunctionProto *GraphImporter::findFunction(const ::onnx::NodeProto &proto, int64_t opset) {
  if (const ::onnx::FunctionProto *function = functions.lookup(proto))
    return function;
  bool isOp = !canonicalDomain(proto.domain()).empty() || isSupported(proto.op_type(), opset, builder.getContext());
  return isOp ? nullptr : findStandardFunction(proto.op_type(), opset);
}

LogicalResult GraphImporter::importNode(const ::onnx::NodeProto &proto, Scope &scope) {
  Location nodeLoc = getNameLoc(scope.prefix + getNodeName(proto), builder);
  const ::onnx::FunctionProto *function = findFunction(proto, scope.opset);
  std::string opType = function ? proto.op_type() : getQualifiedOpType(proto);
  bool isContrib = !function && !canonicalDomain(proto.domain()).empty();
  Node node{opType, isContrib ? contribOpset : scope.opset, nodeLoc};
  for (const std::string &input : proto.input()) {
    FailureOr<Value> value = input.empty() ? Value() : getValue(input, scope);
    if (failed(value))
      return failure();
    node.inputs.push_back(*value);
  }
  node.outputs = llvm::map_to_vector(proto.output(), [](const std::string &name) { return StringRef(name); });

  FailureOr<Outputs> outputs = failure();
  if (function)
    outputs = importCall(proto, *function, scope, node);
  else if (isControlFlow(opType))
    outputs = importControlFlow(proto, scope, node);
  else if (succeeded(importAttributes(proto, scope, node)))
    outputs = buildNode(node, builder);
  if (failed(outputs))
    return failure();
  for (auto [position, name] : llvm::enumerate(node.outputs)) {
    if (name.empty())
      continue;
    if (position >= outputs->size() || !(*outputs)[position])
      return node.emitError() << "has an output '" << name << "' that vitc does not compute";
    scope.values[name] = (*outputs)[position];
  }
  return success();
}

FailureOr<Outputs> GraphImporter::importCall(const ::onnx::NodeProto &proto, const ::onnx::FunctionProto &function,
                                             Scope &scope, const Node &node) {
  if (llvm::is_contained(callStack, &function))
    return node.emitError() << "calls itself";
  if (callStack.size() >= mostCalls)
    return node.emitError() << "is called through " << mostCalls << " functions; expected fewer";
  if (node.inputs.size() > static_cast<size_t>(function.input_size()))
    return node.emitError() << "expected at most " << function.input_size() << " inputs, got " << node.inputs.size();
  Scope inner{getOpset(function, ""), cast<NameLoc>(node.loc).getName().str() + "/"};
  inner.block = builder.getInsertionBlock();
  for (auto [position, name] : llvm::enumerate(function.input()))
    inner.values[name] = node.getInput(position);
  for (const ::onnx::AttributeProto &attribute : function.attribute_proto())
    inner.attributes[attribute.name()] = &attribute;
  for (const ::onnx::AttributeProto &attribute : proto.attribute()) {
    bool isReference = !attribute.ref_attr_name().empty();
    inner.attributes[attribute.name()] = isReference ? scope.getAttribute(attribute.ref_attr_name()) : &attribute;
  }

  callStack.push_back(&function);
  LogicalResult imported = importNodes(getNodes(function), inner);
  callStack.pop_back();
  if (failed(imported))
    return failure();
  Outputs outputs;
  for (const std::string &name : function.output()) {
    if (!inner.defines(name))
      return node.emitError() << "is a function that does not define its output '" << name << "'";
    outputs.push_back(inner.values.lookup(name));
  }
  return outputs;
}
