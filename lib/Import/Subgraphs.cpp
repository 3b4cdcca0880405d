#include "Subgraphs.h"

#include "GraphImporter.h"
#include "onnx.pb.h"
#include "vitc/Dialect/ONNX/IR/ONNXControl.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace vitc;

bool vitc::isControlFlow(StringRef opType) { return opType == "If" || opType == "Loop" || opType == "Scan"; }

SmallVector<const ::onnx::GraphProto *> vitc::getSubgraphs(const ::onnx::NodeProto &node) {
  SmallVector<const ::onnx::GraphProto *> graphs;
  for (const ::onnx::AttributeProto &attribute : node.attribute())
    if (attribute.has_g())
      graphs.push_back(&attribute.g());
  return graphs;
}

const ::onnx::GraphProto *vitc::getSubgraph(const ::onnx::NodeProto &node, StringRef name) {
  for (const ::onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name && attribute.has_g())
      return &attribute.g();
  return nullptr;
}

void vitc::visitReads(const ::onnx::NodeProto &node, llvm::function_ref<void(StringRef)> visit) {
  for (const std::string &input : node.input())
    visit(input);
  for (const ::onnx::GraphProto *graph : getSubgraphs(node)) {
    llvm::StringSet<> own;
    for (const ::onnx::ValueInfoProto &input : graph->input())
      own.insert(input.name());
    for (const ::onnx::TensorProto &initializer : graph->initializer())
      own.insert(initializer.name());
    for (const ::onnx::NodeProto &inner : graph->node())
      for (const std::string &output : inner.output())
        own.insert(output);
    auto visitOuter = [&](StringRef name) {
      if (!own.contains(name))
        visit(name);
    };
    for (const ::onnx::NodeProto &inner : graph->node())
      visitReads(inner, visitOuter); // as deep as protobuf lets messages nest
    for (const ::onnx::ValueInfoProto &output : graph->output())
      visitOuter(output.name());
  }
}

//===----------------------------------------------------------------------===//
// Import
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::importSubgraph(const ::onnx::GraphProto &graph, Scope &outer, Block &block,
                                            ValueRange arguments) {
  Scope scope{outer.opset, outer.prefix};
  scope.parent = &outer;
  scope.block = &block;
  for (auto [input, argument] : llvm::zip_equal(graph.input(), arguments))
    scope.values[input.name()] = argument;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&block);
  SmallVector<const ::onnx::NodeProto *> nodes =
      llvm::map_to_vector(graph.node(), [](const ::onnx::NodeProto &node) { return &node; });
  if (failed(addInitializers(graph, scope)) || failed(importNodes(nodes, scope)))
    return failure();
  SmallVector<Value> outputs;
  for (const ::onnx::ValueInfoProto &output : graph.output()) {
    if (!scope.defines(output.name()))
      return emitError(loc) << "the subgraph's output '" << output.name() << "' is not defined by any node";
    FailureOr<Value> value = getValue(output.name(), scope);
    if (failed(value))
      return failure();
    if (!*value)
      return emitError(loc) << "the subgraph's output '" << output.name() << "' is absent";
    outputs.push_back(*value);
  }
  onnx::YieldOp::create(builder, loc, outputs);
  return success();
}

/// The type of a value that shape inference will know: a tensor of unknown rank, or a sequence.
static Type getOpenType(Value value) {
  if (isa<TupleType>(value.getType()))
    return value.getType();
  return UnrankedTensorType::get(getElementTypeOrSelf(value));
}

static SmallVector<Type> getOpenTypes(ValueRange values) { return llvm::map_to_vector(values, getOpenType); }

FailureOr<Outputs> GraphImporter::importIf(const ::onnx::NodeProto &proto, Scope &scope, const Node &node) {
  if (node.inputs.size() != 1 || !node.inputs[0])
    return node.emitError() << "expected one input";
  static constexpr StringRef names[] = {"then_branch", "else_branch"};
  Region branches[2];
  for (auto [name, region] : llvm::zip_equal(names, branches)) {
    const ::onnx::GraphProto *graph = getSubgraph(proto, name);
    if (!graph)
      return node.emitError() << "lacks the attribute '" << name << "'";
    if (graph->input_size() != 0)
      return node.emitError() << "expected branches without inputs, got " << graph->input_size();
    if (failed(importSubgraph(*graph, scope, region.emplaceBlock(), {})))
      return failure();
  }
  auto types = getOpenTypes(branches[0].front().getTerminator()->getOperands());
  auto op = onnx::IfOp::create(builder, node.loc, types, node.inputs[0]);
  op.getThenBranch().takeBody(branches[0]);
  op.getElseBranch().takeBody(branches[1]);
  return Outputs(op.getOutputs());
}

/// A block with the arguments of a loop's body: the number of the iteration, the condition, what is carried.
static Block &addLoopBlock(Region &region, ValueRange initial, Location loc, OpBuilder &builder) {
  Block &block = region.emplaceBlock();
  block.addArgument(RankedTensorType::get({}, builder.getI64Type()), loc);
  block.addArgument(RankedTensorType::get({}, builder.getI1Type()), loc);
  for (Type type : getOpenTypes(initial))
    block.addArgument(type, loc);
  return block;
}

static LogicalResult checkBody(const ::onnx::GraphProto *graph, const Node &node, int64_t inputs, int64_t outputs) {
  if (!graph)
    return node.emitError() << "lacks the attribute 'body'";
  if (graph->input_size() != inputs || graph->output_size() < outputs)
    return node.emitError() << "expected a body of " << inputs << " inputs and at least " << outputs << " outputs, got "
                            << graph->input_size() << " and " << graph->output_size();
  return success();
}

FailureOr<Outputs> GraphImporter::importLoop(const ::onnx::NodeProto &proto, Scope &scope, const Node &node) {
  ValueRange inputs = node.inputs;
  ValueRange initial = inputs.drop_front(std::min<size_t>(2, inputs.size()));
  if (!llvm::all_of(initial, [](Value value) { return static_cast<bool>(value); }))
    return node.emitError() << "lacks an initial value";
  const ::onnx::GraphProto *graph = getSubgraph(proto, "body");
  auto carried = static_cast<int64_t>(initial.size());
  if (failed(checkBody(graph, node, carried + 2, carried + 1)))
    return failure();
  Region body;
  Block &block = addLoopBlock(body, initial, node.loc, builder);
  if (failed(importSubgraph(*graph, scope, block, block.getArguments())))
    return failure();
  auto types = getOpenTypes(block.getTerminator()->getOperands().drop_front());
  ArrayRef<int64_t> none;
  auto op = onnx::LoopOp::create(builder, node.loc, types, node.getInput(0), node.getInput(1), initial, none, none);
  op.getBody().takeBody(body);
  return Outputs(op.getOutputs());
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> getIntegers(const ::onnx::NodeProto &proto, StringRef name, size_t count) {
  SmallVector<int64_t> values;
  for (const ::onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      values.assign(attribute.ints().begin(), attribute.ints().end());
  values.resize(count); // absent ones are 0
  return values;
}

static Value makeScalar(OpBuilder &builder, Location loc, int64_t value) {
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return vitc::onnx::ConstantOp::create(builder, loc, DenseIntElementsAttr::get(type, value));
}

/// The slices of a Scan's inputs that an iteration of a loop reads; the last one first where `directions` say 1.
static SmallVector<Value> readSlices(OpBuilder &builder, Location loc, ValueRange scanned, Value iteration,
                                     ArrayRef<int64_t> axes, ArrayRef<int64_t> directions) {
  auto integers = UnrankedTensorType::get(builder.getI64Type());
  SmallVector<Value> slices;
  for (auto [input, axis, direction] : llvm::zip_equal(scanned, axes, directions)) {
    Value index = iteration;
    if (direction == 1) // positions may count from the end
      index = vitc::onnx::SubOp::create(builder, loc, Type(integers), makeScalar(builder, loc, -1), iteration);
    slices.push_back(
        vitc::onnx::GatherOp::create(builder, loc, getOpenType(input), input, index, builder.getI64IntegerAttr(axis)));
  }
  return slices;
}

/// The extent of a dimension of `value`, a scalar.
static Value readExtent(OpBuilder &builder, Location loc, Value value, int64_t dim) {
  auto integers = UnrankedTensorType::get(builder.getI64Type());
  Value shape = vitc::onnx::ShapeOp::create(builder, loc, integers, value, 0, IntegerAttr());
  return vitc::onnx::GatherOp::create(builder, loc, Type(integers), shape, makeScalar(builder, loc, dim),
                                      builder.getI64IntegerAttr(0));
}

/// Scan is a Loop that reads a slice of each scanned input in an iteration.
FailureOr<Outputs> GraphImporter::importScan(const ::onnx::NodeProto &proto, Scope &scope, const Node &node) {
  int64_t count = 0;
  for (const ::onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == "num_scan_inputs")
      count = attribute.i();
  ValueRange inputs = node.inputs;
  bool isComplete = llvm::all_of(inputs, [](Value value) { return static_cast<bool>(value); });
  if (count < 1 || count > static_cast<int64_t>(inputs.size()) || !isComplete)
    return node.emitError() << "expected at least one scanned input, and none absent";
  ValueRange initial = inputs.drop_back(count), scanned = inputs.take_back(count);
  const ::onnx::GraphProto *graph = getSubgraph(proto, "body");
  if (failed(checkBody(graph, node, inputs.size(), initial.size())))
    return failure();
  Region body;
  Block &block = addLoopBlock(body, initial, node.loc, builder);
  SmallVector<int64_t> axes = getIntegers(proto, "scan_input_axes", count);
  SmallVector<int64_t> directions = getIntegers(proto, node.opset < 9 ? "directions" : "scan_input_directions", count);
  SmallVector<Value> arguments(block.getArguments().drop_front(2));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block);
    llvm::append_range(arguments, readSlices(builder, node.loc, scanned, block.getArgument(0), axes, directions));
  }
  if (failed(importSubgraph(*graph, scope, block, arguments)))
    return failure();
  auto types = getOpenTypes(block.getTerminator()->getOperands());
  block.getTerminator()->insertOperands(0, block.getArgument(1)); // it never ends before its count
  Value length = readExtent(builder, node.loc, scanned.front(), axes.front());
  size_t collected = types.size() - initial.size();
  auto op = onnx::LoopOp::create(builder, node.loc, types, length, Value(), initial,
                                 getIntegers(proto, "scan_output_axes", collected),
                                 getIntegers(proto, "scan_output_directions", collected));
  op.getBody().takeBody(body);
  return Outputs(op.getOutputs());
}

/// Before opset 9 everything had a first dimension more, the batch: a Loop over it, of a Scan each.
FailureOr<Outputs> GraphImporter::importBatchedScan(const ::onnx::NodeProto &proto, Scope &scope, const Node &node) {
  if (node.getInput(0))
    return node.emitError() << "has sequence_lens, which vitc does not support";
  SmallVector<Value> inputs(ArrayRef(node.inputs).drop_front(std::min<size_t>(1, node.inputs.size())));
  if (inputs.empty() || !llvm::all_of(inputs, [](Value value) { return static_cast<bool>(value); }))
    return node.emitError() << "expected at least one scanned input, and none absent";
  Region body;
  Block &block = addLoopBlock(body, {}, node.loc, builder);
  SmallVector<Value> yielded{block.getArgument(1)};
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block);
    SmallVector<int64_t> first(inputs.size(), 0);
    Node each = node;
    each.inputs = readSlices(builder, node.loc, inputs, block.getArgument(0), first, first);
    FailureOr<Outputs> results = importScan(proto, scope, each);
    if (failed(results))
      return failure();
    llvm::append_range(yielded, *results);
    onnx::YieldOp::create(builder, node.loc, yielded);
  }
  auto types = getOpenTypes(ArrayRef(yielded).drop_front());
  SmallVector<int64_t> axes(types.size(), 0);
  auto op = onnx::LoopOp::create(builder, node.loc, types, readExtent(builder, node.loc, inputs.front(), 0), Value(),
                                 ValueRange(), axes, axes);
  op.getBody().takeBody(body);
  return Outputs(op.getOutputs());
}

FailureOr<Outputs> GraphImporter::importControlFlow(const ::onnx::NodeProto &proto, Scope &scope, const Node &node) {
  if (node.opType == "If")
    return importIf(proto, scope, node);
  if (node.opType == "Loop")
    return importLoop(proto, scope, node);
  return node.opset < 9 ? importBatchedScan(proto, scope, node) : importScan(proto, scope, node);
}
