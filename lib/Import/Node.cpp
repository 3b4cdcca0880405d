#include "Node.h"

#include "mlir/IR/Diagnostics.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc;

InFlightDiagnostic Node::emitError() const { return mlir::emitError(loc) << opType << " (opset " << opset << ") "; }

void Node::setInput(unsigned position, Value value) {
  if (inputs.size() <= position)
    inputs.resize(position + 1);
  inputs[position] = value;
}

static std::string getOpName(StringRef opType) { return ("onnx." + opType).str(); }

ElementsAttr vitc::getConstant(Value value) {
  auto constant = value ? value.getDefiningOp<onnx::ConstantOp>() : nullptr;
  return constant ? constant.getValue() : nullptr;
}

bool vitc::isSupported(StringRef opType, int64_t opset, MLIRContext *context) {
  bool isUpsample = opType == "Upsample" && opset < 10; // an older Resize
  bool isScatter = opType == "Scatter" && opset < 11;   // an older ScatterElements
  if (isUpsample || isScatter || getExpansion(opType, opset) || isControlFlow(opType))
    return true;
  std::optional<RegisteredOperationName> name = RegisteredOperationName::lookup(getOpName(opType), context);
  return name && name->hasInterface<onnx::NodeOpInterface>();
}

FailureOr<Outputs> vitc::buildNode(Node &node, OpBuilder &builder) {
  if (failed(upgradeNode(node, builder)))
    return failure();
  if (Expansion expand = getExpansion(node.opType, node.opset))
    return expand(node, builder);
  return buildOp(node, builder);
}

/// Adds the operands that are present, and which these are where the op wants to know.
static LogicalResult addOperands(const Node &node, onnx::NodeOpInterface::Concept &schema, OperationState &state) {
  SmallVector<Value> inputs = node.inputs;
  while (!inputs.empty() && !inputs.back())
    inputs.pop_back();
  std::optional<unsigned> positions = schema.getNumInputPositions();
  if (positions && inputs.size() > *positions)
    return node.emitError() << "expected at most " << *positions << " inputs, got " << inputs.size();
  SmallVector<int32_t> segments(positions.value_or(0), 0);
  for (auto [position, input] : llvm::enumerate(inputs)) {
    if (!positions && !input)
      return node.emitError() << "lacks input " << position;
    if (positions)
      segments[position] = input ? 1 : 0;
    if (input)
      state.addOperands(input);
  }
  if (positions)
    state.addAttribute("operandSegmentSizes", DenseI32ArrayAttr::get(state.getContext(), segments));
  return success();
}

/// The positions of the outputs that the op computes: those with a name, and the first, which is never absent.
static FailureOr<SmallVector<unsigned>> addOutputs(const Node &node, onnx::NodeOpInterface::Concept &schema,
                                                   OperationState &state) {
  std::optional<unsigned> positions = schema.getNumOutputPositions();
  if (positions && node.outputs.size() > *positions)
    return node.emitError() << "expected at most " << *positions << " outputs, got " << node.outputs.size();
  unsigned count = node.outputs.size();
  if (state.name.hasTrait<OpTrait::AtLeastNResults<1>::Impl>()) // the others are optional
    while (count > 1 && node.outputs[count - 1].empty())
      --count;
  SmallVector<unsigned> present;
  SmallVector<int32_t> segments(positions.value_or(0), 0);
  for (unsigned position = 0; position < std::max(count, 1u); ++position) {
    if (positions && position > 0 && node.outputs[position].empty())
      continue;
    present.push_back(position);
    if (positions)
      segments[position] = 1;
  }
  if (positions)
    state.addAttribute("resultSegmentSizes", DenseI32ArrayAttr::get(state.getContext(), segments));
  return present;
}

/// An attribute that says an element type: by a value of it (`value`), or as one (`to`, `dtype`, …). Null where it is
/// of another kind, which the op's verifier refuses.
static Attribute getTypeStatement(const Node &node, StringRef name) {
  Attribute attribute = node.attributes.get(name);
  bool states = name == "value" ? isa_and_nonnull<ElementsAttr>(attribute) : isa_and_nonnull<TypeAttr>(attribute);
  return states ? attribute : nullptr;
}

/// The types of the results: of unknown rank, of the element types that the schema gives.
static LogicalResult addResultTypes(const Node &node, onnx::NodeOpInterface::Concept &schema,
                                    ArrayRef<unsigned> positions, OperationState &state) {
  SmallVector<Type> inputs =
      llvm::map_to_vector(node.inputs, [](Value input) { return input ? getElementTypeOrSelf(input) : Type(); });
  for (unsigned position : positions) {
    Type type = schema.inferElementType(state.getContext(), position, inputs,
                                        [&](StringRef name) { return getTypeStatement(node, name); });
    if (!type)
      return node.emitError() << "lacks the input or attribute that output " << position << " has its type from";
    state.addTypes(UnrankedTensorType::get(type));
  }
  return success();
}

FailureOr<Outputs> vitc::buildOp(const Node &node, OpBuilder &builder) {
  OperationState state(node.loc, getOpName(node.opType));
  if (!state.name.hasInterface<onnx::NodeOpInterface>())
    return node.emitError() << "is not supported";
  onnx::NodeOpInterface::Concept &schema = *state.name.getInterface<onnx::NodeOpInterface>();
  ArrayRef<StringAttr> known = state.name.getAttributeNames();
  for (NamedAttribute attribute : node.attributes)
    if (!llvm::is_contained(known, attribute.getName()))
      return node.emitError() << "has an unknown attribute, '" << attribute.getName().getValue() << "'";
  if (failed(addOperands(node, schema, state)))
    return failure();
  FailureOr<SmallVector<unsigned>> positions = addOutputs(node, schema, state);
  if (failed(positions) || failed(addResultTypes(node, schema, *positions, state)))
    return failure();
  state.addAttributes(node.attributes.getAttrs());

  Operation *op = builder.create(state);
  for (NamedAttribute attribute : node.attributes)
    if (op->getAttr(attribute.getName()) != attribute.getValue())
      return node.emitError() << "has an attribute '" << attribute.getName().getValue() << "' of a wrong kind, "
                              << attribute.getValue();
  Outputs outputs(std::max<size_t>(node.outputs.size(), positions->size()));
  for (auto [position, result] : llvm::zip_equal(*positions, op->getResults()))
    outputs[position] = result;
  return outputs;
}
