#include "Steps.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc;

static Outputs makeConstant(Node &node, OpBuilder &builder, ElementsAttr elements) {
  return {onnx::ConstantOp::create(builder, node.loc, elements)};
}

/// A Constant node has exactly one of several attributes.
static FailureOr<Outputs> expandConstant(Node &node, OpBuilder &builder) {
  if (node.attributes.getAttrs().size() != 1)
    return node.emitError() << "expected one attribute, got " << node.attributes.getAttrs().size();
  NamedAttribute attribute = node.attributes.getAttrs().front();
  StringRef name = attribute.getName().getValue();
  auto scalar = [](Type type) { return RankedTensorType::get({}, type); };
  if (auto elements = dyn_cast<ElementsAttr>(attribute.getValue()); elements && name == "value")
    return makeConstant(node, builder, elements);
  if (auto value = dyn_cast<FloatAttr>(attribute.getValue()); value && name == "value_float")
    return makeConstant(node, builder, DenseElementsAttr::get(scalar(value.getType()), Attribute(value)));
  if (auto value = dyn_cast<IntegerAttr>(attribute.getValue()); value && name == "value_int")
    return makeConstant(node, builder, DenseElementsAttr::get(scalar(value.getType()), Attribute(value)));
  if (auto values = dyn_cast<DenseF32ArrayAttr>(attribute.getValue()); values && name == "value_floats")
    return makeConstant(
        node, builder,
        DenseElementsAttr::get(RankedTensorType::get(values.size(), builder.getF32Type()), values.asArrayRef()));
  if (auto values = dyn_cast<DenseI64ArrayAttr>(attribute.getValue()); values && name == "value_ints")
    return makeConstant(
        node, builder,
        DenseElementsAttr::get(RankedTensorType::get(values.size(), builder.getI64Type()), values.asArrayRef()));
  return node.emitError() << "has a value that vitc does not support, '" << name << "'";
}

static FailureOr<Outputs> expandIdentity(Node &node, OpBuilder &builder) {
  if (node.inputs.size() != 1 || !node.inputs[0])
    return node.emitError() << "expected one input, got " << node.inputs.size();
  return Outputs{node.inputs[0]};
}

/// Whether training is asked for. Before opset 12 nothing could ask for it.
static FailureOr<bool> isTraining(const Node &node) {
  Value mode = node.getInput(2);
  if (!mode)
    return false;
  auto elements = dyn_cast_or_null<DenseElementsAttr>(getConstant(mode));
  if (!elements || !elements.getElementType().isInteger(1) || elements.getNumElements() != 1)
    return node.emitError() << "expected a constant bool as training_mode";
  return *elements.value_begin<bool>();
}

/// In inference Dropout is the identity, and its mask true everywhere.
static FailureOr<Outputs> expandDropout(Node &node, OpBuilder &builder) {
  if (!node.getInput(0))
    return node.emitError() << "lacks input 0";
  FailureOr<bool> training = isTraining(node);
  if (failed(training))
    return failure();
  if (*training)
    return node.emitError() << "is in training mode, which vitc does not support";
  Outputs outputs = {node.inputs[0]};
  if (node.outputs.size() < 2 || node.outputs[1].empty())
    return outputs;
  Value shape = onnx::ShapeOp::create(builder, node.loc, UnrankedTensorType::get(builder.getI64Type()), node.inputs[0],
                                      /*start=*/0, /*end=*/IntegerAttr());
  auto yes = DenseElementsAttr::get(RankedTensorType::get({1}, builder.getI1Type()), true);
  outputs.push_back(onnx::ConstantOfShapeOp::create(builder, node.loc, UnrankedTensorType::get(builder.getI1Type()),
                                                    shape, cast<ElementsAttr>(yes)));
  return outputs;
}

/// The sum of any number of operands, as additions.
static FailureOr<Outputs> expandSum(Node &node, OpBuilder &builder) {
  if (node.inputs.empty() || !llvm::all_of(node.inputs, [](Value input) { return static_cast<bool>(input); }))
    return node.emitError() << "expected at least one input, and none absent";
  Value sum = node.inputs[0];
  for (Value input : llvm::drop_begin(node.inputs))
    sum = onnx::AddOp::create(builder, node.loc, UnrankedTensorType::get(getElementTypeOrSelf(sum)), sum, input);
  return Outputs{sum};
}

/// The sum of the inputs by their number.
static FailureOr<Outputs> expandMean(Node &node, OpBuilder &builder) {
  FailureOr<Outputs> sum = expandSum(node, builder);
  if (failed(sum) || node.inputs.size() == 1)
    return sum;
  auto type = dyn_cast<FloatType>(getElementTypeOrSelf(sum->front()));
  if (!type)
    return node.emitError() << "expected floats, got " << node.inputs[0].getType();
  auto count = DenseElementsAttr::get(RankedTensorType::get({}, type),
                                      Attribute(builder.getFloatAttr(type, static_cast<double>(node.inputs.size()))));
  Value divisor = onnx::ConstantOp::create(builder, node.loc, cast<ElementsAttr>(count));
  return Outputs{onnx::DivOp::create(builder, node.loc, UnrankedTensorType::get(type), sum->front(), divisor)};
}

/// The slices along `axis` (elements in row-major order without one) where a condition holds: those that a constant one
/// names, which have a known number.
static FailureOr<Outputs> expandCompress(Node &node, OpBuilder &builder) {
  if (!node.getInput(0))
    return node.emitError() << "lacks input 0";
  auto condition = dyn_cast_or_null<DenseElementsAttr>(getConstant(node.getInput(1)));
  if (!condition || !condition.getElementType().isInteger(1))
    return buildOp(node, builder);
  SmallVector<int64_t> kept;
  for (auto [index, holds] : llvm::enumerate(condition.getValues<bool>()))
    if (holds)
      kept.push_back(index);
  auto list = [&](ArrayRef<int64_t> values) -> Value {
    auto type = RankedTensorType::get(values.size(), builder.getI64Type());
    return onnx::ConstantOp::create(builder, node.loc, DenseElementsAttr::get(type, values));
  };
  Type type = UnrankedTensorType::get(getElementTypeOrSelf(node.inputs[0]));
  auto axis = dyn_cast_or_null<IntegerAttr>(node.attributes.get("axis"));
  Value data = node.inputs[0];
  if (!axis)
    data = onnx::ReshapeOp::create(builder, node.loc, type, data, list({-1}));
  return Outputs{onnx::GatherOp::create(builder, node.loc, type, data, list(kept), axis ? axis.getInt() : 0)};
}

/// A cast to the type of another tensor.
static FailureOr<Outputs> expandCastLike(Node &node, OpBuilder &builder) {
  if (!node.getInput(0) || !node.getInput(1))
    return node.emitError() << "expected two inputs";
  Node cast = node;
  cast.opType = "Cast";
  cast.inputs.resize(1);
  cast.attributes.set("to", TypeAttr::get(getElementTypeOrSelf(node.inputs[1])));
  return buildOp(cast, builder);
}

/// 1 at the first maximum along `axis`: where the operand is the maximum and one maximum is counted so far.
static FailureOr<Outputs> expandHardmax(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(1, 1, {"axis"})))
    return failure();
  auto axis = steps.get<IntegerAttr>("axis");
  Value x = node.inputs[0], axes = steps.integers({axis ? axis.getInt() : -1});
  auto as = [&](Value value, Type type) {
    return steps.makeOne("Cast", {value}, {steps.attribute("to", TypeAttr::get(type))});
  };
  Value isMaximum = steps.makeOne("Equal", {x, steps.makeOne("ReduceMax", {x, axes})});
  Value count = steps.makeOne("CumSum", {as(isMaximum, builder.getI32Type()), axes});
  auto one = DenseElementsAttr::get(RankedTensorType::get({}, builder.getI32Type()), int32_t(1));
  Value isFirst = steps.makeOne("Equal", {count, onnx::ConstantOp::create(builder, node.loc, cast<ElementsAttr>(one))});
  return steps.finish({as(steps.makeOne("And", {isMaximum, isFirst}), getElementTypeOrSelf(x))});
}

/// Before opset 13 softmax saw its operand as a matrix of the dimensions before `axis` (by default 1) by the others.
static FailureOr<Outputs> expandFlatSoftmax(Node &node, OpBuilder &builder) {
  auto axis = dyn_cast_or_null<IntegerAttr>(node.attributes.get("axis"));
  if (axis && axis.getInt() == -1)
    return node.opType == "Hardmax" ? expandHardmax(node, builder) : buildOp(node, builder);
  if (!node.getInput(0))
    return node.emitError() << "lacks input 0";
  Type type = UnrankedTensorType::get(getElementTypeOrSelf(node.inputs[0]));
  Type shapeType = UnrankedTensorType::get(builder.getI64Type());
  Value shape = onnx::ShapeOp::create(builder, node.loc, shapeType, node.inputs[0], 0, IntegerAttr());
  Node flat = node;
  flat.inputs = {onnx::FlattenOp::create(builder, node.loc, type, node.inputs[0], axis ? axis.getInt() : 1)};
  flat.attributes.set("axis", builder.getI64IntegerAttr(1));
  FailureOr<Outputs> outputs = node.opType == "Hardmax" ? expandHardmax(flat, builder) : buildOp(flat, builder);
  if (failed(outputs))
    return failure();
  return Outputs{onnx::ReshapeOp::create(builder, node.loc, type, outputs->front(), shape)};
}

Expansion vitc::getExpansion(StringRef opType, int64_t opset) {
  bool isFlat = opset < 13 && (opType == "Softmax" || opType == "LogSoftmax" || opType == "Hardmax");
  if (isFlat)
    return expandFlatSoftmax;
  for (Expansion expansion : {getSequenceExpansion(opType), getFunctionExpansion(opType, opset)})
    if (expansion)
      return expansion;
  return llvm::StringSwitch<Expansion>(opType)
      .Case("CastLike", expandCastLike)
      .Case("Compress", expandCompress)
      .Case("Constant", expandConstant)
      .Case("Dropout", expandDropout)
      .Case("Hardmax", expandHardmax)
      .Case("Identity", expandIdentity)
      .Case("Mean", expandMean)
      .Case("Sum", expandSum)
      .Default(getContribExpansion(opType));
}
