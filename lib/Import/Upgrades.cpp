#include "Node.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc;

//===----------------------------------------------------------------------===//
// Attributes that became operands
//===----------------------------------------------------------------------===//

/// Turns a list of integers into operand `position`. An absent one stays absent.
static LogicalResult intsToInput(Node &node, OpBuilder &builder, StringRef name, unsigned position) {
  Attribute attribute = node.attributes.erase(name);
  if (!attribute)
    return success();
  auto values = dyn_cast<DenseI64ArrayAttr>(attribute);
  if (!values)
    return node.emitError() << "expected a list of integers as attribute '" << name << "', got " << attribute;
  auto type = RankedTensorType::get(values.size(), builder.getI64Type());
  auto elements = DenseElementsAttr::get(type, values.asArrayRef());
  node.setInput(position, onnx::ConstantOp::create(builder, node.loc, elements));
  return success();
}

/// Turns a float into operand `position`, a scalar with the element type of operand 0. An absent one stays absent.
static LogicalResult floatToInput(Node &node, OpBuilder &builder, StringRef name, unsigned position) {
  Attribute attribute = node.attributes.erase(name);
  if (!attribute)
    return success();
  auto value = dyn_cast<FloatAttr>(attribute);
  if (!value)
    return node.emitError() << "expected a float as attribute '" << name << "', got " << attribute;
  auto type = dyn_cast_or_null<FloatType>(node.getInput(0) ? getElementTypeOrSelf(node.getInput(0)) : Type());
  if (!type)
    return node.emitError() << "expected floats as input 0, got "
                            << (node.getInput(0) ? node.getInput(0).getType() : Type(builder.getNoneType()));
  auto elements =
      DenseElementsAttr::get(RankedTensorType::get({}, type), builder.getFloatAttr(type, value.getValueAsDouble()));
  node.setInput(position, onnx::ConstantOp::create(builder, node.loc, cast<ElementsAttr>(elements)));
  return success();
}

static LogicalResult upgradeAxes(Node &node, OpBuilder &builder) { return intsToInput(node, builder, "axes", 1); }

static LogicalResult upgradeClip(Node &node, OpBuilder &builder) {
  return success(succeeded(floatToInput(node, builder, "min", 1)) && succeeded(floatToInput(node, builder, "max", 2)));
}

/// The axis was 1 where nothing said another.
static LogicalResult upgradeDFT(Node &node, OpBuilder &builder) {
  auto axis = dyn_cast_or_null<IntegerAttr>(node.attributes.erase("axis"));
  node.attributes.set("axis", builder.getDenseI64ArrayAttr(axis ? axis.getInt() : 1));
  return intsToInput(node, builder, "axis", 2);
}

static LogicalResult upgradePad(Node &node, OpBuilder &builder) {
  return success(succeeded(intsToInput(node, builder, "pads", 1)) &&
                 succeeded(floatToInput(node, builder, "value", 2)));
}

static LogicalResult upgradeSlice(Node &node, OpBuilder &builder) {
  return success(succeeded(intsToInput(node, builder, "starts", 1)) &&
                 succeeded(intsToInput(node, builder, "ends", 2)) && succeeded(intsToInput(node, builder, "axes", 3)));
}

static LogicalResult upgradeSplit(Node &node, OpBuilder &builder) { return intsToInput(node, builder, "split", 1); }

/// Without lengths, the number of parts was that of the outputs.
static LogicalResult countSplits(Node &node, OpBuilder &builder) {
  if (!node.getInput(1) && !node.attributes.get("num_outputs"))
    node.attributes.set("num_outputs", builder.getI64IntegerAttr(static_cast<int64_t>(node.outputs.size())));
  return success();
}

static LogicalResult upgradeTopK(Node &node, OpBuilder &builder) {
  auto k = dyn_cast_or_null<IntegerAttr>(node.attributes.erase("k"));
  if (!k)
    return node.emitError() << "lacks the attribute 'k'";
  node.attributes.set("k", builder.getDenseI64ArrayAttr(k.getInt()));
  return intsToInput(node, builder, "k", 1);
}

//===----------------------------------------------------------------------===//
// Resize
//===----------------------------------------------------------------------===//

static LogicalResult upgradeUpsampleScales(Node &node, OpBuilder &builder) {
  auto scales = dyn_cast_or_null<DenseF32ArrayAttr>(node.attributes.erase("scales"));
  if (!scales)
    return node.emitError() << "lacks the attribute 'scales'";
  auto type = RankedTensorType::get(scales.size(), builder.getF32Type());
  auto elements = DenseElementsAttr::get(type, scales.asArrayRef());
  node.setInput(1, onnx::ConstantOp::create(builder, node.loc, elements));
  return success();
}

static LogicalResult upgradeUpsample(Node &node, OpBuilder &builder) {
  node.opType = "Resize";
  return success();
}

/// Before opset 11 Resize had scales alone and sampled at output / scale, rounding down, or up where it shrinks (the
/// specification does not say; ONNX Runtime does so).
static LogicalResult upgradeAsymmetricResize(Node &node, OpBuilder &builder) {
  auto scales = dyn_cast_or_null<DenseElementsAttr>(getConstant(node.getInput(1)));
  if (!scales || !scales.getElementType().isF32())
    return node.emitError() << "expected constant scales of type f32";
  bool grows = llvm::any_of(scales.getValues<float>(), [](float scale) { return scale > 1; });
  bool shrinks = llvm::any_of(scales.getValues<float>(), [](float scale) { return scale < 1; });
  if (grows && shrinks)
    return node.emitError() << "grows some dimensions and shrinks others, which is ambiguous before opset 11";
  node.inputs = {node.inputs[0], Value(), node.inputs[1]};
  node.attributes.set("coordinate_transformation_mode", builder.getStringAttr("asymmetric"));
  node.attributes.set("nearest_mode", builder.getStringAttr(shrinks ? "ceil" : "floor"));
  return success();
}

/// An operand with no elements stood for an absent one, and the region only matters where it is cropped.
static LogicalResult dropEmptyResizeInputs(Node &node, OpBuilder &builder) {
  for (Value &input : MutableArrayRef(node.inputs).drop_front(std::min<size_t>(1, node.inputs.size())))
    if (ElementsAttr elements = getConstant(input); elements && elements.getNumElements() == 0)
      input = {};
  auto mode = dyn_cast_or_null<StringAttr>(node.attributes.get("coordinate_transformation_mode"));
  if (node.getInput(1) && (!mode || mode.getValue() != "tf_crop_and_resize"))
    node.setInput(1, {});
  return success();
}

//===----------------------------------------------------------------------===//
// Names that changed
//===----------------------------------------------------------------------===//

static LogicalResult upgradeScatter(Node &node, OpBuilder &builder) {
  node.opType = "ScatterElements";
  return success();
}

/// Interpolation was named after its two dimensions.
static LogicalResult upgradeGridSample(Node &node, OpBuilder &builder) {
  auto mode = dyn_cast_or_null<StringAttr>(node.attributes.get("mode"));
  StringRef word = mode ? mode.getValue() : "";
  if (word.consume_front("bi"))
    node.attributes.set("mode", builder.getStringAttr(word));
  return success();
}

/// Boxes were not moved by half a pixel.
static LogicalResult upgradeRoiAlign(Node &node, OpBuilder &builder) {
  node.attributes.set("coordinate_transformation_mode", builder.getStringAttr("output_half_pixel"));
  return success();
}

//===----------------------------------------------------------------------===//
// Attributes that are gone
//===----------------------------------------------------------------------===//

/// Removes an attribute that says nothing with `value`, and refuses the node if it says something else.
static LogicalResult dropBool(Node &node, StringRef name, bool value, StringRef meaning) {
  auto attribute = dyn_cast_or_null<BoolAttr>(node.attributes.erase(name));
  if (attribute && attribute.getValue() != value)
    return node.emitError() << meaning << ", which vitc does not support";
  return success();
}

/// Before opset 14 nothing said that a node is in training mode but that it had more than one of five outputs, of which
/// the last two were not defined.
static LogicalResult upgradeTraining(Node &node, OpBuilder &builder) {
  auto isNamed = [](StringRef name) { return !name.empty(); };
  if (node.outputs.size() > 1 && llvm::any_of(ArrayRef(node.outputs).drop_front(), isNamed))
    node.attributes.set("training_mode", builder.getBoolAttr(true));
  constexpr size_t defined = 3;
  node.outputs.truncate(std::min(node.outputs.size(), defined));
  return dropBool(node, "spatial", true, "has statistics for each position");
}

/// The momentum is for training alone.
static LogicalResult dropMomentum(Node &node, OpBuilder &builder) {
  auto training = dyn_cast_or_null<BoolAttr>(node.attributes.get("training_mode"));
  if (!training || !training.getValue())
    node.attributes.erase("momentum");
  return success();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

/// The op has all results, read or not.
static LogicalResult completeUnique(Node &node, OpBuilder &builder) {
  constexpr size_t results = 4;
  if (node.outputs.size() < results)
    node.outputs.resize(results);
  return success();
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
struct Upgrade {
  StringRef opType;
  /// The opset from which on it is not needed.
  int64_t since;
  LogicalResult (*apply)(Node &, OpBuilder &);
};
} // namespace

constexpr int64_t always = std::numeric_limits<int64_t>::max();

/// Applied in this order.
static const Upgrade upgrades[] = {
    {"BatchNormalization", 14, upgradeTraining},
    {"BatchNormalization", always, dropMomentum},
    {"Clip", 11, upgradeClip},
    {"DFT", 20, upgradeDFT},
    {"GridSample", 20, upgradeGridSample},
    {"Pad", 11, upgradePad},
    {"ReduceL1", 18, upgradeAxes},
    {"ReduceL2", 18, upgradeAxes},
    {"ReduceLogSum", 18, upgradeAxes},
    {"ReduceLogSumExp", 18, upgradeAxes},
    {"ReduceMax", 18, upgradeAxes},
    {"ReduceMean", 18, upgradeAxes},
    {"ReduceMin", 18, upgradeAxes},
    {"ReduceProd", 18, upgradeAxes},
    {"ReduceSum", 13, upgradeAxes},
    {"ReduceSumSquare", 18, upgradeAxes},
    {"RoiAlign", 16, upgradeRoiAlign},
    {"Scatter", 11, upgradeScatter},
    {"Slice", 10, upgradeSlice},
    {"Split", 13, upgradeSplit},
    {"Split", always, countSplits},
    {"Squeeze", 13, upgradeAxes},
    {"TopK", 10, upgradeTopK},
    {"Unique", always, completeUnique},
    {"Unsqueeze", 13, upgradeAxes},
    {"Upsample", 9, upgradeUpsampleScales},
    {"Upsample", always, upgradeUpsample},
    {"Resize", 11, upgradeAsymmetricResize},
    {"Resize", always, dropEmptyResizeInputs},
};

LogicalResult vitc::upgradeNode(Node &node, OpBuilder &builder) {
  for (const Upgrade &upgrade : upgrades)
    if (node.opType == upgrade.opType && node.opset < upgrade.since && failed(upgrade.apply(node, builder)))
      return failure();
  return success();
}
