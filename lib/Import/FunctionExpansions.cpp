// Operators that ONNX defines as functions of others whose bodies depend on attributes, types, or which operands there
// are. Those whose bodies do not are expanded from ONNX's own (StandardFunctions.cpp).

#include "Steps.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc;

static Value makeScalar(OpBuilder &builder, Location loc, Type type, int64_t value) {
  auto shape = RankedTensorType::get({}, type);
  Attribute element = isa<FloatType>(type) ? Attribute(builder.getFloatAttr(type, static_cast<double>(value)))
                                           : Attribute(builder.getIntegerAttr(type, value));
  return onnx::ConstantOp::create(builder, loc, cast<ElementsAttr>(DenseElementsAttr::get(shape, element)));
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

namespace {
/// What both losses are given.
struct Loss {
  Value logProbabilities, target, weight; // (N, C, d..), (N, d..), (C) or null
};
} // namespace

/// −weight[target] · logProbabilities[n, target, d..], reduced; targets that are `ignore_index` count nothing.
static Value computeLoss(Node &node, OpBuilder &builder, Steps &steps, const Loss &loss) {
  auto ignored = steps.get<IntegerAttr>("ignore_index");
  auto reduction = steps.get<StringAttr>("reduction");
  StringRef mode = reduction ? reduction.getValue() : "mean";
  Type floats = getElementTypeOrSelf(loss.logProbabilities), integers = getElementTypeOrSelf(loss.target);
  Value target = loss.target, isIgnored;
  if (ignored) {
    isIgnored = steps.makeOne("Equal", {target, makeScalar(builder, node.loc, integers, ignored.getInt())});
    target = steps.makeOne("Where", {isIgnored, makeScalar(builder, node.loc, integers, 0), target});
  }
  Value axis = steps.integers({1});
  Value chosen = steps.makeOne("GatherElements", {loss.logProbabilities, steps.makeOne("Unsqueeze", {target, axis})},
                               {steps.attribute("axis", builder.getI64IntegerAttr(1))});
  Value result = steps.makeOne("Neg", {steps.makeOne("Squeeze", {chosen, axis})}), weight;
  if (loss.weight)
    weight = steps.makeOne("Gather", {loss.weight, target});
  if (ignored) {
    Value zero = makeScalar(builder, node.loc, floats, 0);
    Value counted = weight ? weight : makeScalar(builder, node.loc, floats, 1);
    weight = steps.makeOne("Where", {isIgnored, zero, counted});
  }
  if (weight)
    result = steps.makeOne("Mul", {result, weight});
  NamedAttribute drop = steps.attribute("keepdims", builder.getBoolAttr(false));
  if (mode == "none")
    return result;
  if (mode == "mean" && !weight)
    return steps.makeOne("ReduceMean", {result}, {drop});
  Value sum = steps.makeOne("ReduceSum", {result}, {drop});
  return mode == "sum" ? sum : steps.makeOne("Div", {sum, steps.makeOne("ReduceSum", {weight}, {drop})});
}

static LogicalResult checkLoss(const Node &node, Steps &steps) {
  if (failed(steps.check(2, 3, {"ignore_index", "reduction"})))
    return failure();
  auto reduction = dyn_cast_or_null<StringAttr>(node.attributes.get("reduction"));
  if (reduction && !llvm::is_contained({"none", "mean", "sum"}, reduction.getValue()))
    return node.emitError() << "expected a reduction none, mean or sum, got " << reduction;
  if (isa<FloatType>(getElementTypeOrSelf(node.inputs[0])) && getElementTypeOrSelf(node.inputs[1]).isInteger())
    return success();
  return node.emitError() << "expected floats and integers, got " << node.inputs[0].getType() << " and "
                          << node.inputs[1].getType();
}

static FailureOr<Outputs> expandNegativeLogLikelihoodLoss(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(checkLoss(node, steps)))
    return failure();
  return steps.finish({computeLoss(node, builder, steps, {node.inputs[0], node.inputs[1], node.getInput(2)})});
}

static FailureOr<Outputs> expandSoftmaxCrossEntropyLoss(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(checkLoss(node, steps)))
    return failure();
  Value logarithms =
      steps.makeOne("LogSoftmax", {node.inputs[0]}, {steps.attribute("axis", builder.getI64IntegerAttr(1))});
  if (!logarithms)
    return failure();
  Value loss = computeLoss(node, builder, steps, {logarithms, node.inputs[1], node.getInput(2)});
  return steps.finish({loss, logarithms});
}

//===----------------------------------------------------------------------===//
// CenterCropPad
//===----------------------------------------------------------------------===//

/// Where the operand is larger than `shape`, its middle; where it is smaller, zeros around it: first the slice, then
/// the padding, each with half of the difference, rounded down, before.
static FailureOr<Outputs> expandCenterCropPad(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 2, {"axes"})))
    return failure();
  Value x = node.inputs[0], target = node.inputs[1], extents = steps.makeOne("Shape", {x}), axes;
  auto given = steps.get<DenseI64ArrayAttr>("axes");
  target = steps.makeOne("Cast", {target}, {steps.attribute("to", TypeAttr::get(builder.getI64Type()))});
  if (given) {
    axes = steps.integers(given.asArrayRef());
    extents = steps.makeOne("Gather", {extents, axes});
  } else {
    Value rank = steps.makeOne("Size", {extents});
    Value zero = makeScalar(builder, node.loc, builder.getI64Type(), 0);
    Value one = makeScalar(builder, node.loc, builder.getI64Type(), 1);
    axes = steps.makeOne("Range", {zero, rank, one});
  }
  Value zero = steps.integers({0}), two = steps.integers({2});
  auto excess = [&](Value a, Value b) { return steps.makeOne("Max", {steps.makeOne("Sub", {a, b}), zero}); };
  Value start = steps.makeOne("Div", {excess(extents, target), two});
  Value cropped = steps.makeOne("Slice", {x, start, steps.makeOne("Add", {start, target}), axes});
  Value missing = excess(target, extents), before = steps.makeOne("Div", {missing, two});
  Value pads = steps.makeOne("Concat", {before, steps.makeOne("Sub", {missing, before})},
                             {steps.attribute("axis", builder.getI64IntegerAttr(0))});
  return steps.finish({steps.makeOne("Pad", {cropped, pads, Value(), axes})});
}

//===----------------------------------------------------------------------===//
// MaxUnpool
//===----------------------------------------------------------------------===//

/// The elements put back where MaxPool says that it found them, in zeros of the extents that its input had, and these
/// before more zeros where `output_shape` is larger.
static FailureOr<Outputs> expandMaxUnpool(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 3, {"kernel_shape", "pads", "strides"})))
    return failure();
  auto kernel = steps.get<DenseI64ArrayAttr>("kernel_shape"), strides = steps.get<DenseI64ArrayAttr>("strides"),
       pads = steps.get<DenseI64ArrayAttr>("pads");
  size_t rank = kernel ? kernel.size() : 0;
  auto arePossible = [](DenseI64ArrayAttr extents) {
    return !extents || llvm::all_of(extents.asArrayRef(), [](int64_t extent) { return llvm::isUInt<31>(extent); });
  };
  if (rank == 0 || (strides && static_cast<size_t>(strides.size()) != rank) ||
      (pads && static_cast<size_t>(pads.size()) != 2 * rank) || !arePossible(kernel) || !arePossible(strides) ||
      !arePossible(pads))
    return node.emitError() << "expected a kernel_shape, and strides and pads of its length, from 0 to 2^31 - 1";
  Type type = getElementTypeOrSelf(node.inputs[0]);
  TypedAttr none = type.isIntOrFloat() ? builder.getZeroAttr(type) : TypedAttr();
  if (!none)
    return node.emitError() << "expected an input of numbers, got elements of " << type;
  // extent = stride · (pooled − 1) + kernel − pads: a product and a sum that leave the first two extents as they are.
  SmallVector<int64_t> factors(2, 1), terms(2, 0);
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t stride = strides ? strides[dim] : 1, padding = pads ? pads[dim] + pads[dim + rank] : 0;
    factors.push_back(stride);
    terms.push_back(kernel[dim] - stride - padding);
  }
  Value product = steps.makeOne("Mul", {steps.makeOne("Shape", {node.inputs[0]}), steps.integers(factors)});
  Value extents = steps.makeOne("Add", {product, steps.integers(terms)}), flat = steps.integers({-1});
  auto flatten = [&](Value value) { return steps.makeOne("Reshape", {value, flat}); };
  Attribute zero = DenseElementsAttr::get(RankedTensorType::get({1}, type), Attribute(none));
  Value zeros =
      steps.makeOne("ConstantOfShape", {steps.makeOne("ReduceProd", {extents})}, {steps.attribute("value", zero)});
  Value filled = steps.makeOne("ScatterElements", {zeros, flatten(node.inputs[1]), flatten(node.inputs[0])});
  Value whole = steps.makeOne("Reshape", {filled, extents});
  if (node.getInput(2)) {
    Value missing = steps.makeOne("Sub", {node.inputs[2], extents});
    Value after = steps.makeOne("Concat", {steps.integers(SmallVector<int64_t>(rank + 2, 0)), missing},
                                {steps.attribute("axis", builder.getI64IntegerAttr(0))});
    whole = steps.makeOne("Pad", {whole, after});
  }
  return steps.finish({whole});
}

//===----------------------------------------------------------------------===//
// GroupNormalization
//===----------------------------------------------------------------------===//

/// Before opset 21 there was a scale and a bias for each group, which its channels share.
static FailureOr<Outputs> expandGroupScales(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(3, 3, {"epsilon", "num_groups"})))
    return failure();
  auto groups = steps.get<IntegerAttr>("num_groups");
  if (!groups || groups.getInt() < 1)
    return node.emitError() << "expected a positive num_groups";
  Value shape = steps.makeOne("Shape", {node.inputs[0]});
  Value count =
      steps.makeOne("Div", {steps.makeOne("Gather", {shape, steps.integers({1})}), steps.integers({groups.getInt()})});
  Value spread = steps.makeOne("Concat", {steps.integers({groups.getInt()}), count},
                               {steps.attribute("axis", builder.getI64IntegerAttr(0))});
  for (Value &vector : MutableArrayRef(node.inputs).drop_front()) {
    Value columns = steps.makeOne("Unsqueeze", {vector, steps.integers({1})});
    vector = steps.makeOne("Reshape", {steps.makeOne("Expand", {columns, spread}), steps.integers({-1})});
    if (!vector)
      return failure();
  }
  return buildOp(node, builder);
}

Expansion vitc::getFunctionExpansion(StringRef opType, int64_t opset) {
  if (opType == "GroupNormalization" && opset < 21)
    return expandGroupScales;
  return llvm::StringSwitch<Expansion>(opType)
      .Case("CenterCropPad", expandCenterCropPad)
      .Case("MaxUnpool", expandMaxUnpool)
      .Case("NegativeLogLikelihoodLoss", expandNegativeLogLikelihoodLoss)
      .Case("SoftmaxCrossEntropyLoss", expandSoftmaxCrossEntropyLoss)
      .Default(nullptr);
}
