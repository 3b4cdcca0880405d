#include "ModelMutator.h"

#include <limits>

using namespace vitc::fuzz;
using namespace onnx;

/// Operators and attributes that a change may bring in; those of the models themselves are more likely.
static const char *const operators[] = {
    "Add",
    "Attention",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "CumSum",
    "DepthToSpace",
    "Div",
    "Einsum",
    "Expand",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Gemm",
    "GridSample",
    "If",
    "LayerNormalization",
    "Loop",
    "MatMul",
    "MaxPool",
    "Mod",
    "Mul",
    "NonZero",
    "OneHot",
    "Pad",
    "Pow",
    "QuantizeLinear",
    "Range",
    "ReduceMean",
    "ReduceSum",
    "Reshape",
    "Resize",
    "RotaryEmbedding",
    "Scan",
    "ScatterElements",
    "ScatterND",
    "Shape",
    "Size",
    "Slice",
    "Softmax",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "TopK",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "RMSNormalization",
    "GroupNormalization",
    "ReduceL2",
    "ArgMax",
};
static const char *const attributes[] = {
    "allowzero",
    "alpha",
    "auto_pad",
    "axes",
    "axis",
    "batch_dims",
    "beta",
    "block_size",
    "body",
    "ceil_mode",
    "dilations",
    "end",
    "epsilon",
    "equation",
    "group",
    "keepdims",
    "mode",
    "num_heads",
    "num_outputs",
    "output_padding",
    "output_shape",
    "p",
    "pads",
    "perm",
    "scales",
    "start",
    "storage_order",
    "strides",
    "then_branch",
    "to",
    "transA",
    "value",
    "kernel_shape",
    "is_causal",
    "scale",
    "value_ints",
    "noop_with_empty_axes",
    "coordinate_transformation_mode",
};

template <typename T, size_t N>
static constexpr size_t lengthOf(T (&)[N]) {
  return N;
}

static int64_t wrapAdd(int64_t lhs, uint64_t rhs) { return static_cast<int64_t>(static_cast<uint64_t>(lhs) + rhs); }

int64_t ModelMutator::drawInteger() {
  static constexpr int64_t edges[] = {0,
                                      1,
                                      -1,
                                      2,
                                      -2,
                                      3,
                                      4,
                                      7,
                                      8,
                                      16,
                                      64,
                                      65536,
                                      int64_t(1) << 31,
                                      (int64_t(1) << 31) - 1,
                                      -(int64_t(1) << 31),
                                      int64_t(1) << 32,
                                      int64_t(1) << 40,
                                      int64_t(1) << 62,
                                      std::numeric_limits<int64_t>::max(),
                                      std::numeric_limits<int64_t>::min(),
                                      std::numeric_limits<int64_t>::min() + 1};
  return chance(2) ? edges[below(lengthOf(edges))] : static_cast<int64_t>(below(12)) - 4;
}

float ModelMutator::drawFloat() {
  static constexpr float edges[] = {0.0f,
                                    -0.0f,
                                    1.0f,
                                    -1.0f,
                                    0.5f,
                                    1e-30f,
                                    1e30f,
                                    1e-5f,
                                    3.4e38f,
                                    std::numeric_limits<float>::quiet_NaN(),
                                    std::numeric_limits<float>::infinity(),
                                    -std::numeric_limits<float>::infinity()};
  return edges[below(lengthOf(edges))];
}

google::protobuf::RepeatedPtrField<NodeProto> *ModelMutator::drawNodes() {
  if (model.functions_size() && chance(3))
    return model.mutable_functions(below(model.functions_size()))->mutable_node();
  auto *nodes = model.mutable_graph()->mutable_node();
  for (unsigned tries = 0; tries < 4 && !nodes->empty() && chance(2); ++tries)
    for (AttributeProto &attribute : *nodes->Mutable(below(nodes->size()))->mutable_attribute())
      if (attribute.has_g())
        return attribute.mutable_g()->mutable_node();
  return nodes;
}

NodeProto *ModelMutator::drawNode() {
  auto *nodes = drawNodes();
  return nodes->empty() ? nullptr : nodes->Mutable(below(nodes->size()));
}

TensorProto *ModelMutator::drawTensor() {
  GraphProto &graph = *model.mutable_graph();
  if (NodeProto *node = chance(2) ? drawNode() : nullptr)
    for (AttributeProto &attribute : *node->mutable_attribute())
      if (attribute.has_t())
        return attribute.mutable_t();
  return graph.initializer_size() ? graph.mutable_initializer(below(graph.initializer_size())) : nullptr;
}

ValueInfoProto *ModelMutator::drawValueInfo() {
  GraphProto &graph = *model.mutable_graph();
  auto *list = chance(2) ? graph.mutable_input() : chance(2) ? graph.mutable_output() : graph.mutable_value_info();
  return list->empty() ? nullptr : list->Mutable(below(list->size()));
}

std::string ModelMutator::drawName() {
  const GraphProto &graph = model.graph();
  if (graph.input_size() && chance(6))
    return graph.input(below(graph.input_size())).name();
  if (graph.initializer_size() && chance(4))
    return graph.initializer(below(graph.initializer_size())).name();
  const NodeProto *node = drawNode();
  return node && node->output_size() ? node->output(below(node->output_size())) : "";
}

void ModelMutator::changeEdge() {
  NodeProto *node = drawNode();
  if (!node)
    return;
  if (node->input_size() == 0 || chance(8))
    node->add_input(drawName());
  else if (chance(8))
    node->mutable_input()->DeleteSubrange(below(node->input_size()), 1);
  else if (node->input_size() > 1 && chance(6))
    node->mutable_input()->SwapElements(0, below(node->input_size()));
  else
    *node->mutable_input(below(node->input_size())) = chance(10) ? "" : drawName();
  if (chance(20))
    node->add_output(chance(3) ? drawName() : chance(2) ? "" : "extra");
  else if (node->output_size() && chance(20))
    node->mutable_output()->RemoveLast();
}

void ModelMutator::changeOperator() {
  NodeProto *node = drawNode();
  const NodeProto *other = drawNode();
  if (!node)
    return;
  node->set_op_type(other && chance(3) ? other->op_type() : operators[below(lengthOf(operators))]);
  if (chance(10))
    node->set_domain(chance(2) ? "com.microsoft" : "");
}

void ModelMutator::changeNodeList() {
  auto *nodes = drawNodes();
  if (nodes->empty())
    return;
  size_t index = below(nodes->size());
  switch (below(4)) {
  case 0:
    nodes->DeleteSubrange(index, 1);
    return;
  case 1: {
    NodeProto copy = nodes->Get(index);
    for (std::string &output : *copy.mutable_output())
      output += chance(8) ? "" : "'";
    *nodes->Add() = copy;
    return;
  }
  case 2:
    nodes->SwapElements(index, below(nodes->size()));
    return;
  default: { // a node whose result takes the place of its first input's
    NodeProto &added = *nodes->Add();
    added.set_op_type(operators[below(lengthOf(operators))]);
    for (size_t i = 0, count = 1 + below(3); i < count; ++i)
      added.add_input(drawName());
    added.add_output("added" + std::to_string(nodes->size()));
    if (NodeProto *reader = drawNode(); reader && reader->input_size())
      *reader->mutable_input(below(reader->input_size())) = added.output(0);
    return;
  }
  }
}

void ModelMutator::setAttribute(AttributeProto &attribute) {
  switch (below(7)) {
  case 0:
  case 1:
    attribute.set_type(AttributeProto::INT);
    attribute.set_i(drawInteger());
    return;
  case 2:
    attribute.set_type(AttributeProto::FLOAT);
    attribute.set_f(drawFloat());
    return;
  case 3:
    attribute.set_type(AttributeProto::INTS);
    attribute.clear_ints();
    for (size_t i = 0, count = below(6); i < count; ++i)
      attribute.add_ints(drawInteger());
    return;
  case 4: {
    static const char *const words[] = {"",           "SAME_UPPER", "linear", "reflect", "bij,bjk->bik",
                                        "...ij,...j", "tanh",       "max"};
    attribute.set_type(AttributeProto::STRING);
    attribute.set_s(words[below(lengthOf(words))]);
    return;
  }
  case 5:
    attribute.set_type(AttributeProto::FLOATS);
    for (size_t i = 0, count = below(4); i < count; ++i)
      attribute.add_floats(drawFloat());
    return;
  default:
    if (const TensorProto *tensor = drawTensor(); tensor && tensor->ByteSizeLong() < 1000) {
      attribute.set_type(AttributeProto::TENSOR);
      *attribute.mutable_t() = TensorProto(*tensor);
    }
  }
}

void ModelMutator::changeAttribute() {
  NodeProto *node = drawNode();
  if (!node || node->attribute_size() == 0)
    return addAttribute();
  AttributeProto &attribute = *node->mutable_attribute(below(node->attribute_size()));
  if (attribute.ints_size() && !chance(8))
    return changeDims(*attribute.mutable_ints());
  if (attribute.type() == AttributeProto::INT && !chance(8))
    return attribute.set_i(chance(4) ? wrapAdd(attribute.i(), 1) : drawInteger());
  if (attribute.type() == AttributeProto::FLOAT && !chance(8))
    return attribute.set_f(drawFloat());
  switch (below(4)) {
  case 0:
    return setAttribute(attribute);
  case 1:
    return attribute.set_name(attributes[below(lengthOf(attributes))]);
  case 2:
    return node->mutable_attribute()->RemoveLast();
  default:
    return attribute.set_type(static_cast<AttributeProto::AttributeType>(below(15)));
  }
}

void ModelMutator::addAttribute() {
  NodeProto *node = drawNode();
  if (!node)
    return;
  AttributeProto &attribute = *node->add_attribute();
  attribute.set_name(attributes[below(lengthOf(attributes))]);
  if (model.functions_size() && chance(8))
    attribute.set_ref_attr_name(attributes[below(lengthOf(attributes))]);
  else
    setAttribute(attribute);
}

void ModelMutator::changeDims(google::protobuf::RepeatedField<int64_t> &dims) {
  if (dims.empty() || chance(10))
    return dims.Add(drawInteger());
  if (chance(10))
    return dims.RemoveLast();
  if (chance(6))
    return dims.SwapElements(0, below(dims.size()));
  int64_t &dim = *dims.Mutable(below(dims.size()));
  dim = chance(3) ? wrapAdd(dim, chance(2) ? 1 : -1) : drawInteger();
}

void ModelMutator::changeExtent() {
  ValueInfoProto *info = drawValueInfo();
  if (!info || chance(2)) {
    if (TensorProto *tensor = drawTensor())
      changeDims(*tensor->mutable_dims());
    return;
  }
  auto &dims = *info->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim();
  if (dims.empty() || chance(8))
    dims.Add()->set_dim_value(drawInteger());
  else if (chance(8))
    dims.RemoveLast();
  else if (chance(3))
    dims.Mutable(below(dims.size()))->set_dim_param(chance(2) ? "batch" : chance(2) ? "height" : "");
  else
    dims.Mutable(below(dims.size()))->set_dim_value(drawInteger());
}

/// Shapes, axes and indices are small tensors of integers: the numbers that decide most.
void ModelMutator::changeIntegers() {
  for (unsigned tries = 0; tries < 16; ++tries) {
    TensorProto *tensor = drawTensor();
    if (!tensor || tensor->data_type() != TensorProto::INT64)
      continue;
    if (tensor->int64_data_size())
      return tensor->set_int64_data(below(tensor->int64_data_size()), drawInteger());
    std::string &bytes = *tensor->mutable_raw_data();
    if (bytes.size() < 8)
      continue;
    int64_t value = drawInteger();
    memcpy(bytes.data() + 8 * below(bytes.size() / 8), &value, 8);
    return;
  }
}

void ModelMutator::changeData() {
  TensorProto *tensor = drawTensor();
  if (!tensor)
    return;
  std::string &bytes = *tensor->mutable_raw_data();
  if (!bytes.empty() && chance(2))
    bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
  else
    bytes.resize(chance(2) ? bytes.size() / 2 : std::min<size_t>(bytes.size() + 1 + below(8), 1 << 16));
}

void ModelMutator::changeType() {
  int type = below(24);
  ValueInfoProto *info = drawValueInfo();
  if (info && chance(2))
    info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  else if (TensorProto *tensor = drawTensor())
    tensor->set_data_type(type);
}

void ModelMutator::changeInterface() {
  GraphProto &graph = *model.mutable_graph();
  switch (below(4)) {
  case 0: // any value as an output: what is computed for it is not dead any more
    graph.add_output()->set_name(drawName());
    return;
  case 1:
    if (graph.output_size())
      graph.mutable_output(below(graph.output_size()))->set_name(drawName());
    return;
  case 2: // a weight becomes an input
    if (graph.initializer_size()) {
      size_t index = below(graph.initializer_size());
      ValueInfoProto &input = *graph.add_input();
      const TensorProto &tensor = graph.initializer(index);
      input.set_name(tensor.name());
      input.mutable_type()->mutable_tensor_type()->set_elem_type(tensor.data_type());
      for (int64_t dim : tensor.dims())
        input.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
      if (!chance(4))
        graph.mutable_initializer()->DeleteSubrange(index, 1);
    }
    return;
  default:
    if (graph.input_size() && chance(3))
      graph.mutable_input()->RemoveLast();
  }
}

void ModelMutator::changeOpset() {
  if (model.opset_import_size())
    model.mutable_opset_import(below(model.opset_import_size()))
        ->set_version(chance(8) ? drawInteger() : 7 + below(22));
}

/// Some nodes as a function, which one node calls; where that is one of them, the function calls itself.
void ModelMutator::addFunction() {
  auto *nodes = drawNodes();
  if (nodes->empty() || model.functions_size() > 4)
    return;
  FunctionProto &function = *model.add_functions();
  function.set_name("F" + std::to_string(model.functions_size()));
  function.set_domain("local");
  for (const OperatorSetIdProto &opset : model.opset_import())
    *function.add_opset_import() = opset;
  size_t index = below(nodes->size());
  NodeProto body = nodes->Get(index);
  NodeProto &call = *nodes->Mutable(index);
  call.set_op_type(function.name());
  call.set_domain("local");
  model.add_opset_import()->set_domain("local");
  for (const std::string &input : body.input())
    function.add_input(input);
  for (const std::string &output : body.output())
    function.add_output(output);
  *function.add_node() = chance(6) ? call : body;
}

void ModelMutator::nestGraph() {
  NodeProto *node = drawNode();
  if (!node || model.ByteSizeLong() > 20000)
    return;
  static const char *const names[] = {"then_branch", "else_branch", "body"};
  GraphProto nested = model.graph();
  nested.clear_initializer();
  AttributeProto &attribute = *node->add_attribute();
  attribute.set_name(names[below(3)]);
  attribute.set_type(AttributeProto::GRAPH);
  if (chance(2)) {
    while (nested.node_size() > 3)
      nested.mutable_node()->RemoveLast();
    nested.clear_input();
    nested.clear_output();
    if (nested.node_size() && nested.node(nested.node_size() - 1).output_size())
      nested.add_output()->set_name(nested.node(nested.node_size() - 1).output(0));
  }
  *attribute.mutable_g() = nested;
  if (chance(2))
    node->set_op_type(attribute.name() == "body" ? "Loop" : "If");
}

void ModelMutator::makeExternal() {
  TensorProto *tensor = drawTensor();
  if (!tensor)
    return;
  static const char *const places[] = {"weights", "../weights", "/dev/zero", "/proc/self/mem", ".", ""};
  tensor->clear_raw_data();
  tensor->set_data_location(TensorProto::EXTERNAL);
  StringStringEntryProto &location = *tensor->add_external_data();
  location.set_key("location");
  location.set_value(places[below(lengthOf(places))]);
  StringStringEntryProto &offset = *tensor->add_external_data();
  offset.set_key(chance(2) ? "offset" : "length");
  offset.set_value(std::to_string(drawInteger()));
}

void ModelMutator::changeString() {
  NodeProto *node = drawNode();
  if (!node)
    return;
  static const char *const texts[] = {"\1\n\t\"'", "\xff\xfe\x80", "{0}%s%n", "", "/../", "onnx.Add"};
  std::string text = chance(4) ? std::string(1 << 12, 'n') : texts[below(lengthOf(texts))];
  if (chance(2))
    node->set_name(text);
  else if (node->output_size())
    node->set_output(below(node->output_size()), text);
}

void ModelMutator::changeOnce() {
  using Change = void (ModelMutator::*)();
  using M = ModelMutator;
  static constexpr Change changes[] = {
      &M::changeEdge,     &M::changeEdge,     &M::changeEdge,      &M::changeOperator,  &M::changeOperator,
      &M::changeNodeList, &M::changeNodeList, &M::changeAttribute, &M::changeAttribute, &M::changeAttribute,
      &M::addAttribute,   &M::changeExtent,   &M::changeExtent,    &M::changeIntegers,  &M::changeIntegers,
      &M::changeIntegers, &M::changeData,     &M::changeType,      &M::changeInterface, &M::changeOpset,
      &M::addFunction,    &M::nestGraph,      &M::makeExternal,    &M::changeString};
  (this->*changes[below(lengthOf(changes))])();
}

void ModelMutator::mutate() {
  for (unsigned changes = 0; changes == 0 || (changes < 5 && chance(3)); ++changes)
    changeOnce();
}

void ModelMutator::cross(const ModelProto &other) {
  GraphProto &graph = *model.mutable_graph();
  const GraphProto &from = other.graph();
  size_t first = below(from.node_size()), count = std::min<size_t>(from.node_size() - first, 1 + below(12));
  std::string joined = drawName();
  auto rename = [](std::string &name) { name = name.empty() ? "" : name + "~"; };
  for (size_t i = first; i < first + count; ++i) {
    NodeProto &node = *graph.add_node();
    node = from.node(i);
    for (std::string &input : *node.mutable_input())
      if (i == first && chance(2))
        input = joined;
      else
        rename(input);
    for (std::string &output : *node.mutable_output())
      rename(output);
    if (i + 1 == first + count && node.output_size())
      graph.add_output()->set_name(node.output(0));
  }
  for (const TensorProto &tensor : from.initializer())
    if (tensor.ByteSizeLong() < 4096) {
      TensorProto &copy = *graph.add_initializer();
      copy = tensor;
      rename(*copy.mutable_name());
    }
  for (const ValueInfoProto &input : from.input()) {
    ValueInfoProto &copy = *graph.add_input();
    copy = input;
    rename(*copy.mutable_name());
  }
}

/// The bytes of an element of the types that weights have; 0 for others.
static int64_t elementBytes(int type) {
  switch (type) {
  case TensorProto::FLOAT:
    return 4;
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  default:
    return 0;
  }
}

/// Floats from -1 to 1 that are all different.
static std::string drawnFloats() {
  std::string bytes;
  for (int i = 0; i < 1021; ++i) {
    float value = static_cast<float>(i * 611 % 1021 - 510) / 511;
    bytes.append(reinterpret_cast<const char *>(&value), sizeof(value));
  }
  return bytes;
}

void vitc::fuzz::fillWeights(ModelProto &model) {
  static constexpr int64_t most = 1 << 20;
  static const std::string pattern = drawnFloats();
  for (TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    int64_t bytes = elementBytes(tensor.data_type());
    if (bytes == 0 || tensor.has_raw_data() || tensor.data_location() == TensorProto::EXTERNAL ||
        tensor.float_data_size() || tensor.int32_data_size())
      continue;
    for (int64_t dim : tensor.dims())
      bytes = dim > 0 && dim < most && bytes <= most ? bytes * dim : most + 1;
    if (bytes > most)
      continue;
    std::string &data = *tensor.mutable_raw_data();
    while (static_cast<int64_t>(data.size()) < bytes)
      data.append(pattern, 0, bytes - data.size());
  }
}
