// Operators of ONNX Runtime: those that its optimizer writes into the models of vision transformers. Each becomes what
// it means in ONNX's own operators. Source: ONNX Runtime's operator documentation, domain com.microsoft, version 1.

#include "Steps.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace vitc;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static FailureOr<Outputs> expandGelu(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(1, 1, {})))
    return failure();
  return steps.finish(steps.makeOne("Gelu", node.inputs[0]));
}

static FailureOr<Outputs> expandBiasGelu(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 2, {})))
    return failure();
  return steps.finish(steps.makeOne("Gelu", steps.add(node.inputs)));
}

/// GELU by tanh, after a bias if there is one.
static FailureOr<Outputs> expandFastGelu(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(1, 2, {})))
    return failure();
  return steps.finish(
      steps.makeOne("Gelu", steps.add(node.inputs), steps.attribute("approximate", builder.getStringAttr("tanh"))));
}

/// x · sigmoid(alpha · x)
static FailureOr<Outputs> expandQuickGelu(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(1, 1, {"alpha"})))
    return failure();
  auto alpha = steps.get<FloatAttr>("alpha");
  return steps.finish(steps.makeOne("Swish", node.inputs[0],
                                    steps.attribute("alpha", alpha ? alpha : builder.getF32FloatAttr(1.702f))));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The letters of an operand (batch.., rows, columns) of a product; `transBatch` puts the rows before the batch.
static std::string getTerm(bool transBatch, bool trans, char rows, char columns) {
  if (trans)
    std::swap(rows, columns);
  return transBatch ? std::string{rows} + "..." + columns : std::string("...") + rows + columns;
}

/// alpha · A' · B', the matrices transposed or not.
static FailureOr<Outputs> expandFusedMatMul(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 2, {"alpha", "trans_a", "trans_b", "trans_batch_a", "trans_batch_b"})))
    return failure();
  Value product;
  if (steps.isSet("trans_a") || steps.isSet("trans_b") || steps.isSet("trans_batch_a") ||
      steps.isSet("trans_batch_b")) {
    std::string equation = getTerm(steps.isSet("trans_batch_a"), steps.isSet("trans_a"), 'm', 'k') + "," +
                           getTerm(steps.isSet("trans_batch_b"), steps.isSet("trans_b"), 'k', 'n') + "->...mn";
    product = steps.makeOne("Einsum", node.inputs, steps.attribute("equation", builder.getStringAttr(equation)));
  } else {
    product = steps.makeOne("MatMul", node.inputs);
  }
  return steps.finish(steps.scale(product, steps.get<FloatAttr>("alpha")));
}

/// The activation that a fused op names; parameters are what its attributes say, in their order.
static FailureOr<Value> applyActivation(Node &node, Steps &steps, Value x, ArrayRef<float> parameters,
                                        OpBuilder &builder) {
  auto name = steps.get<StringAttr>("activation");
  StringRef activation = name ? name.getValue() : "";
  auto parameter = [&](StringRef attribute, size_t i, float otherwise) {
    return steps.attribute(attribute, builder.getF32FloatAttr(i < parameters.size() ? parameters[i] : otherwise));
  };
  if (activation == "Relu" || activation == "Sigmoid" || activation == "Tanh")
    return steps.makeOne(activation, x);
  if (activation == "LeakyRelu")
    return steps.makeOne(activation, x, parameter("alpha", 0, 0.01f));
  if (activation == "HardSigmoid")
    return steps.makeOne(activation, x, {parameter("alpha", 0, 0.2f), parameter("beta", 1, 0.5f)});
  if (activation == "Clip" && parameters.size() == 2) {
    auto bound = [&](float value) -> Value {
      auto elements = DenseElementsAttr::get(RankedTensorType::get({}, builder.getF32Type()), value);
      return onnx::ConstantOp::create(builder, node.loc, cast<ElementsAttr>(elements));
    };
    return steps.makeOne(activation, {x, bound(parameters[0]), bound(parameters[1])});
  }
  return node.emitError() << "has the activation '" << activation
                          << "', expected Relu, Sigmoid, Tanh, LeakyRelu, HardSigmoid, or Clip with two parameters";
}

/// activation(conv(X, W) + B + Z)
static FailureOr<Outputs> expandFusedConv(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  constexpr StringRef ofConv[] = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};
  SmallVector<StringRef> known(std::begin(ofConv), std::end(ofConv));
  known.append({"activation", "activation_params"});
  if (failed(steps.check(2, 4, known)))
    return failure();
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : node.attributes)
    if (llvm::is_contained(ofConv, attribute.getName().getValue()))
      attributes.push_back(attribute);
  Value conv = steps.makeOne("Conv", {node.inputs[0], node.inputs[1], node.getInput(2)}, attributes);
  Value sum = steps.add({conv, node.getInput(3)});
  auto parameters = steps.get<DenseF32ArrayAttr>("activation_params");
  FailureOr<Value> y =
      applyActivation(node, steps, sum, parameters ? parameters.asArrayRef() : ArrayRef<float>(), builder);
  return failed(y) ? FailureOr<Outputs>() : steps.finish(*y);
}

/// activation(alpha · A' · B' + beta · C)
static FailureOr<Outputs> expandFusedGemm(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  constexpr StringRef ofGemm[] = {"alpha", "beta", "trans_a", "trans_b"};
  SmallVector<StringRef> known(std::begin(ofGemm), std::end(ofGemm));
  known.append({"activation", "activation_alpha", "activation_beta", "activation_gamma"});
  if (failed(steps.check(2, 3, known)))
    return failure();
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : node.attributes)
    if (llvm::is_contained(ofGemm, attribute.getName().getValue()))
      attributes.push_back(attribute);
  SmallVector<float> parameters;
  for (StringRef name : {"activation_alpha", "activation_beta"})
    if (auto parameter = steps.get<FloatAttr>(name))
      parameters.push_back(static_cast<float>(parameter.getValueAsDouble()));
  FailureOr<Value> y =
      applyActivation(node, steps, steps.makeOne("Gemm", node.inputs, attributes), parameters, builder);
  return failed(y) ? FailureOr<Outputs>() : steps.finish(*y);
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// The norm of a sum, `operator` being LayerNormalization or RMSNormalization; the sum is the fourth output. The
/// statistics, outputs of training, are not computed.
static FailureOr<Outputs> expandSkipNorm(Node &node, OpBuilder &builder, StringRef opType, bool hasBeta) {
  Steps steps(node, builder);
  if (failed(steps.check(3, hasBeta ? 5 : 4, {"epsilon"})))
    return failure();
  constexpr float defaultEpsilon = 1e-12f;
  auto epsilon = steps.get<FloatAttr>("epsilon");
  Value sum = steps.add({node.inputs[0], node.inputs[1], node.getInput(hasBeta ? 4 : 3)});
  SmallVector<Value> operands{sum, node.inputs[2]};
  if (hasBeta)
    operands.push_back(node.getInput(3));
  Value norm = steps.makeOne(opType, operands,
                             steps.attribute("epsilon", epsilon ? epsilon : builder.getF32FloatAttr(defaultEpsilon)));
  return steps.finish({norm, Value(), Value(), sum});
}

static FailureOr<Outputs> expandSkipLayerNorm(Node &node, OpBuilder &builder) {
  return expandSkipNorm(node, builder, "LayerNormalization", /*hasBeta=*/true);
}
static FailureOr<Outputs> expandSkipSimplifiedLayerNorm(Node &node, OpBuilder &builder) {
  return expandSkipNorm(node, builder, "RMSNormalization", /*hasBeta=*/false);
}

/// RMSNormalization before ONNX had it; its second output, a statistic, is not computed.
static FailureOr<Outputs> expandSimplifiedLayerNorm(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 2, {"axis", "epsilon", "stash_type"})))
    return failure();
  return steps.finish(steps.makeOne("RMSNormalization", node.inputs, node.attributes.getAttrs()));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Queries, keys and values by one product with packed weights, and attention over them.
static FailureOr<Outputs> expandAttention(Node &node, OpBuilder &builder) {
  Steps steps(node, builder);
  if (failed(steps.check(2, 7,
                         {"do_rotary", "mask_filter_value", "num_heads", "past_present_share_buffer",
                          "qkv_hidden_sizes", "rotary_embedding_dim", "scale", "unidirectional"})))
    return failure();
  if (steps.isSet("do_rotary"))
    return node.emitError() << "has do_rotary, which vitc does not support";
  if (steps.isSet("past_present_share_buffer") || node.getInput(6))
    return node.emitError() << "shares a buffer between past and present, which vitc does not support";
  Value packed = steps.add({steps.makeOne("MatMul", {node.inputs[0], node.inputs[1]}), node.getInput(2)});
  SmallVector<Value> operands{packed};
  SmallVector<NamedAttribute> split{steps.attribute("axis", builder.getI64IntegerAttr(-1))};
  if (auto sizes = steps.get<DenseI64ArrayAttr>("qkv_hidden_sizes"))
    operands.push_back(steps.integers(sizes.asArrayRef()));
  else
    split.push_back(steps.attribute("num_outputs", builder.getI64IntegerAttr(3)));
  Outputs parts = steps.make("Split", operands, split, 3);

  Value past = node.getInput(4);
  auto take = [&](int64_t index) -> Value {
    return past ? steps.makeOne("Squeeze", {steps.makeOne("Gather", {past, steps.integers(index)},
                                                          steps.attribute("axis", builder.getI64IntegerAttr(0))),
                                            steps.integers(0)})
                : Value();
  };
  SmallVector<NamedAttribute> attributes;
  for (NamedAttribute attribute : node.attributes)
    if (llvm::is_contained({"num_heads", "mask_filter_value", "scale", "unidirectional"},
                           attribute.getName().getValue()))
      attributes.push_back(attribute);
  bool hasPresent = node.outputs.size() > 1 && !node.outputs[1].empty();
  Outputs attended =
      steps.make("com.microsoft.MultiHeadAttention",
                 {parts[0], parts[1], parts[2], Value(), node.getInput(3), node.getInput(5), take(0), take(1)},
                 attributes, hasPresent ? 3 : 1);
  if (!hasPresent)
    return steps.finish(attended);
  auto stack = [&](Value x) { return steps.makeOne("Unsqueeze", {x, steps.integers(0)}); };
  Value present = steps.makeOne("Concat", {stack(attended[1]), stack(attended[2])},
                                steps.attribute("axis", builder.getI64IntegerAttr(0)));
  return steps.finish({attended[0], present});
}

Expansion vitc::getContribExpansion(StringRef opType) {
  return llvm::StringSwitch<Expansion>(opType)
      .Case("SimplifiedLayerNormalization", expandSimplifiedLayerNorm) // in ONNX's own domain
      .Case("com.microsoft.Attention", expandAttention)
      .Case("com.microsoft.BiasGelu", expandBiasGelu)
      .Case("com.microsoft.FastGelu", expandFastGelu)
      .Case("com.microsoft.FusedConv", expandFusedConv)
      .Case("com.microsoft.FusedGemm", expandFusedGemm)
      .Case("com.microsoft.FusedMatMul", expandFusedMatMul)
      .Case("com.microsoft.Gelu", expandGelu)
      .Case("com.microsoft.QuickGelu", expandQuickGelu)
      .Case("com.microsoft.SkipLayerNormalization", expandSkipLayerNorm)
      .Case("com.microsoft.SkipSimplifiedLayerNormalization", expandSkipSimplifiedLayerNorm)
      .Default(nullptr);
}
