#include "EntryTypes.h"

#include "ElementTypes.h"
#include "onnx.pb.h"
#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace vitc;

namespace {
/// An extent: a number, or a name where that is `kDynamic`.
struct Extent {
  int64_t value;
  std::string symbol;
};

/// An input on its way to a type.
struct Input {
  StringRef name;
  Type elementType;
  /// Absent where the model does not say, and then the options have to.
  std::optional<SmallVector<Extent>> extents;
};

class EntryTypes {
public:
  EntryTypes(const ::onnx::GraphProto &graph, Location loc) : graph(graph), loc(loc) {}

  LogicalResult readInputs();
  LogicalResult apply(const InputShape &shape);
  /// Takes the input out of the list, when its type and shape are those of the value.
  LogicalResult apply(const InputConstant &constant);
  FailureOr<SmallVector<EntryInput>> getTypes() const;

private:
  FailureOr<Input *> find(StringRef name);
  LogicalResult fixShape(StringRef name, ArrayRef<int64_t> shape);
  LogicalResult readInput(const ::onnx::ValueInfoProto &info);
  LogicalResult fix(Extent &extent, int64_t value, StringRef input, unsigned dim);
  FailureOr<EntryInput> getType(const Input &input) const;

  const ::onnx::GraphProto &graph;
  Location loc;
  SmallVector<Input> inputs;
  /// The values that options give to names.
  llvm::StringMap<int64_t> values;
};
} // namespace

LogicalResult EntryTypes::readInput(const ::onnx::ValueInfoProto &info) {
  if (!info.has_type() || !info.type().has_tensor_type())
    return emitError(loc) << "input '" << info.name() << "' is not declared to be a tensor";
  const ::onnx::TypeProto::Tensor &type = info.type().tensor_type();
  Input input{info.name(), getElementType(type.elem_type(), loc.getContext()), std::nullopt};
  if (!input.elementType)
    return emitError(loc) << "input '" << info.name() << "' has elements of type " << getDataTypeName(type.elem_type())
                          << ", which vitc does not support";
  if (static_cast<size_t>(type.shape().dim_size()) > vitc::onnx::mostDimensions)
    return emitError(loc) << "input '" << info.name() << "' has " << type.shape().dim_size()
                          << " dimensions, expected at most " << vitc::onnx::mostDimensions;
  if (type.has_shape()) {
    input.extents.emplace();
    for (auto [i, dim] : llvm::enumerate(type.shape().dim())) {
      // Some exporters write 0 or −1 where they do not know.
      bool isStatic = dim.has_dim_value() && dim.dim_value() > 0;
      bool isNamed = !dim.dim_param().empty() && dim.dim_param() != "?"; // which Paddle's exporter writes for any
      std::string symbol = isNamed ? dim.dim_param() : info.name() + "_dim" + std::to_string(i);
      input.extents->push_back(isStatic ? Extent{dim.dim_value(), ""} : Extent{ShapedType::kDynamic, symbol});
    }
  }
  inputs.push_back(std::move(input));
  return success();
}

LogicalResult EntryTypes::readInputs() {
  llvm::StringSet<> known;
  for (const ::onnx::TensorProto &initializer : graph.initializer())
    known.insert(initializer.name());
  for (const ::onnx::ValueInfoProto &info : graph.input()) {
    if (known.contains(info.name()) && llvm::none_of(inputs, [&](const Input &i) { return i.name == info.name(); }))
      continue; // before IR version 4 every initializer was listed as an input
    if (!known.insert(info.name()).second)
      return emitError(loc) << "two inputs are called '" << info.name() << "'";
    if (failed(readInput(info)))
      return failure();
  }
  return success();
}

LogicalResult EntryTypes::fix(Extent &extent, int64_t value, StringRef input, unsigned dim) {
  if (ShapedType::isDynamic(value))
    return success();
  if (!ShapedType::isDynamic(extent.value)) {
    if (extent.value == value)
      return success();
    return emitError(loc) << "dimension " << dim << " of input '" << input << "' is " << extent.value
                          << " in the model, it cannot be " << value;
  }
  auto [known, inserted] = values.try_emplace(extent.symbol, value);
  if (!inserted && known->second != value)
    return emitError(loc) << "dimension '" << extent.symbol << "' cannot be both " << known->second << " and " << value;
  return success();
}

FailureOr<Input *> EntryTypes::find(StringRef name) {
  auto input = llvm::find_if(inputs, [&](const Input &candidate) { return candidate.name == name; });
  if (input != inputs.end())
    return &*input;
  InFlightDiagnostic diagnostic = emitError(loc) << "the model has no input '" << name << "'; its inputs are ";
  llvm::interleaveComma(inputs, diagnostic, [&](const Input &known) { diagnostic << "'" << known.name << "'"; });
  return diagnostic;
}

LogicalResult EntryTypes::apply(const InputShape &shape) { return fixShape(shape.name, shape.extents); }

LogicalResult EntryTypes::fixShape(StringRef name, ArrayRef<int64_t> shape) {
  FailureOr<Input *> found = find(name);
  if (failed(found))
    return failure();
  Input *input = *found;
  if (!input->extents) {
    input->extents.emplace();
    for (unsigned dim = 0; dim < shape.size(); ++dim)
      input->extents->push_back({ShapedType::kDynamic, (name + "_dim" + Twine(dim)).str()});
  }
  if (input->extents->size() != shape.size())
    return emitError(loc) << "input '" << name << "' has rank " << input->extents->size()
                          << " in the model, the given shape has rank " << shape.size();
  for (auto [dim, extent, value] : llvm::enumerate(*input->extents, shape))
    if (failed(fix(extent, value, input->name, dim)))
      return failure();
  return success();
}

LogicalResult EntryTypes::apply(const InputConstant &constant) {
  FailureOr<Input *> input = find(constant.name);
  if (failed(input))
    return failure();
  ShapedType type = constant.value.getType();
  if (type.getElementType() != (*input)->elementType)
    return emitError(loc) << "input '" << constant.name << "' has elements of type " << (*input)->elementType
                          << " in the model, the given constant of type " << type.getElementType();
  if (failed(fixShape(constant.name, type.getShape())))
    return failure();
  inputs.erase(inputs.begin() + std::distance(inputs.data(), *input));
  return success();
}

FailureOr<EntryInput> EntryTypes::getType(const Input &input) const {
  if (!input.extents)
    return emitError(loc) << "the model does not declare the shape of input '" << input.name << "'; give it one";
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> exprs;
  SmallVector<StringRef> symbols;
  MLIRContext *context = loc.getContext();
  for (const Extent &extent : *input.extents) {
    auto fixed = values.find(extent.symbol);
    int64_t value = ShapedType::isDynamic(extent.value) && fixed != values.end() ? fixed->second : extent.value;
    shape.push_back(value);
    if (!ShapedType::isDynamic(value)) {
      exprs.push_back(getAffineConstantExpr(value, context));
      continue;
    }
    auto symbol = llvm::find(symbols, StringRef(extent.symbol));
    exprs.push_back(getAffineSymbolExpr(std::distance(symbols.begin(), symbol), context));
    if (symbol == symbols.end())
      symbols.push_back(extent.symbol);
  }
  auto map = AffineMapAttr::get(AffineMap::get(0, symbols.size(), exprs, context));
  auto dims = vit::DimsAttr::get(context, Builder(context).getStrArrayAttr(symbols), map);
  auto encoding = symbols.empty() ? Attribute() : Attribute(dims);
  return EntryInput{input.name, RankedTensorType::get(shape, input.elementType, encoding), dims};
}

FailureOr<SmallVector<EntryInput>> EntryTypes::getTypes() const {
  SmallVector<EntryInput> types;
  for (const Input &input : inputs) {
    FailureOr<EntryInput> type = getType(input);
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  return types;
}

FailureOr<SmallVector<EntryInput>> vitc::getEntryInputs(const ::onnx::GraphProto &graph, const ImportOptions &options,
                                                        Location loc) {
  EntryTypes types(graph, loc);
  if (failed(types.readInputs()))
    return failure();
  for (const InputShape &shape : options.shapes)
    if (failed(types.apply(shape)))
      return failure();
  for (const InputConstant &constant : options.constants)
    if (failed(types.apply(constant)))
      return failure();
  return types.getTypes();
}

std::optional<InputShape> vitc::parseInputShape(StringRef text) {
  auto [name, extents] = text.rsplit('=');
  if (name.empty() || name.size() == text.size())
    return std::nullopt;
  InputShape shape{name.str(), {}};
  SmallVector<StringRef> parts;
  if (!extents.empty()) // a scalar has none
    extents.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t extent = ShapedType::kDynamic;
    if (part != "?" && (part.getAsInteger(10, extent) || extent < 0))
      return std::nullopt;
    shape.extents.push_back(extent);
  }
  return shape;
}
