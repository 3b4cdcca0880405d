#include "Node.h"

#include "vitc/Dialect/ONNX/IR/ONNXControl.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc;

/// Fails unless the inputs from `least` to `most` in number are there, sequences where `isSequence` says so.
static LogicalResult checkInputs(const Node &node, size_t least, size_t most) {
  if (node.inputs.size() < least || node.inputs.size() > most)
    return node.emitError() << "expected " << least << " to " << most << " inputs, got " << node.inputs.size();
  for (size_t position = 0; position < least; ++position)
    if (!node.inputs[position])
      return node.emitError() << "lacks input " << position;
  return success();
}

/// As above for an operator whose first input is a sequence.
static LogicalResult checkSequence(const Node &node, size_t least, size_t most) {
  if (failed(checkInputs(node, least, most)))
    return failure();
  if (isa<TupleType>(node.inputs[0].getType()))
    return success();
  return node.emitError() << "expected a sequence as input 0, got " << node.inputs[0].getType();
}

static Type getTensorType(Value sequence) { return cast<TupleType>(sequence.getType()).getType(0); }

static FailureOr<Outputs> expandEmpty(Node &node, OpBuilder &builder) {
  auto type = dyn_cast_or_null<TypeAttr>(node.attributes.get("dtype"));
  Type element = type ? type.getValue() : builder.getF32Type();
  return Outputs{
      onnx::SequenceConstructOp::create(builder, node.loc, Type(onnx::getSequenceType(element)), ValueRange())};
}

static FailureOr<Outputs> expandConstruct(Node &node, OpBuilder &builder) {
  if (failed(checkInputs(node, std::max<size_t>(1, node.inputs.size()), node.inputs.size())))
    return failure();
  Type type = onnx::getSequenceType(getElementTypeOrSelf(node.inputs[0]));
  return Outputs{onnx::SequenceConstructOp::create(builder, node.loc, type, node.inputs)};
}

static FailureOr<Outputs> expandInsert(Node &node, OpBuilder &builder) {
  if (failed(checkSequence(node, 2, 3)))
    return failure();
  return Outputs{onnx::SequenceInsertOp::create(builder, node.loc, node.inputs[0].getType(), node.inputs[0],
                                                node.inputs[1], node.getInput(2))};
}

static FailureOr<Outputs> expandErase(Node &node, OpBuilder &builder) {
  if (failed(checkSequence(node, 1, 2)))
    return failure();
  return Outputs{
      onnx::SequenceEraseOp::create(builder, node.loc, node.inputs[0].getType(), node.inputs[0], node.getInput(1))};
}

static FailureOr<Outputs> expandAt(Node &node, OpBuilder &builder) {
  if (failed(checkSequence(node, 2, 2)))
    return failure();
  return Outputs{
      onnx::SequenceAtOp::create(builder, node.loc, getTensorType(node.inputs[0]), node.inputs[0], node.inputs[1])};
}

static FailureOr<Outputs> expandLength(Node &node, OpBuilder &builder) {
  if (failed(checkSequence(node, 1, 1)))
    return failure();
  Type type = RankedTensorType::get({}, builder.getI64Type());
  return Outputs{onnx::SequenceLengthOp::create(builder, node.loc, type, node.inputs[0])};
}

static int64_t getInteger(const Node &node, StringRef name, int64_t otherwise) {
  auto value = dyn_cast_or_null<IntegerAttr>(node.attributes.get(name));
  return value ? value.getInt() : otherwise;
}

static bool getBool(const Node &node, StringRef name, bool otherwise) {
  auto value = dyn_cast_or_null<BoolAttr>(node.attributes.get(name));
  return value ? value.getValue() : otherwise;
}

static FailureOr<Outputs> expandSplit(Node &node, OpBuilder &builder) {
  if (failed(checkInputs(node, 1, 2)))
    return failure();
  Type type = onnx::getSequenceType(getElementTypeOrSelf(node.inputs[0]));
  return Outputs{onnx::SplitToSequenceOp::create(builder, node.loc, type, node.inputs[0], node.getInput(1),
                                                 getInteger(node, "axis", 0), getBool(node, "keepdims", true))};
}

static FailureOr<Outputs> expandConcat(Node &node, OpBuilder &builder) {
  if (failed(checkSequence(node, 1, 1)))
    return failure();
  return Outputs{onnx::ConcatFromSequenceOp::create(builder, node.loc, getTensorType(node.inputs[0]), node.inputs[0],
                                                    getInteger(node, "axis", 0), getBool(node, "new_axis", false))};
}

/// An optional value is known to be there or not: inputs of models are tensors.
static FailureOr<Outputs> expandHasElement(Node &node, OpBuilder &builder) {
  auto type = RankedTensorType::get({}, builder.getI1Type());
  auto answer = DenseElementsAttr::get(type, static_cast<bool>(node.getInput(0)));
  return Outputs{onnx::ConstantOp::create(builder, node.loc, cast<ElementsAttr>(answer))};
}

static FailureOr<Outputs> expandOptional(Node &node, OpBuilder &builder) {
  if (failed(checkInputs(node, 1, 1)))
    return failure();
  return Outputs{node.inputs[0]};
}

Expansion vitc::getSequenceExpansion(StringRef opType) {
  return llvm::StringSwitch<Expansion>(opType)
      .Case("ConcatFromSequence", expandConcat)
      .Cases({"Optional", "OptionalGetElement"}, expandOptional)
      .Case("OptionalHasElement", expandHasElement)
      .Case("SequenceAt", expandAt)
      .Case("SequenceConstruct", expandConstruct)
      .Case("SequenceEmpty", expandEmpty)
      .Case("SequenceErase", expandErase)
      .Case("SequenceInsert", expandInsert)
      .Case("SequenceLength", expandLength)
      .Case("SplitToSequence", expandSplit)
      .Default(nullptr);
}
