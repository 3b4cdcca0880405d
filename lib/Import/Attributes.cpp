#include "Attributes.h"

#include "ElementTypes.h"
#include "mlir/IR/Builders.h"
#include "onnx.pb.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace vitc;
using ::onnx::AttributeProto;

/// Integers that mean yes or no; a name means the same in all operators.
static const llvm::StringSet<> &getBoolNames() {
  static const llvm::StringSet<> names = {
      "align_corners",
      "allowzero",
      "antialias",
      "ceil_mode",
      "count_include_pad",
      "detect_negative",
      "detect_positive",
      "do_rotary",
      "exclude_outside",
      "exclusive",
      "fmod",
      "input_forget",
      "interleaved",
      "inverse",
      "is_causal",
      "keepdims",
      "largest",
      "linear_before_reset",
      "onesided",
      "past_present_share_buffer",
      "reverse",
      "saturate",
      "sorted",
      "new_axis",
      "noop_with_empty_axes",
      "select_last_index",
      "spatial",
      "training_mode",
      "trans_a",
      "trans_b",
      "trans_batch_a",
      "trans_batch_b",
      "unidirectional",
      "upper",
  };
  return names;
}

/// Integers that stand for data types.
static bool isTypeName(StringRef name) {
  return llvm::is_contained({"to", "dtype", "stash_type", "softmax_precision", "output_dtype", "precision"}, name);
}

std::string vitc::getAttributeName(StringRef name) {
  std::string result;
  for (auto [i, c] : llvm::enumerate(name)) {
    if (i != 0 && llvm::isUpper(c) && !llvm::isUpper(name[i - 1]))
      result += '_';
    result += llvm::toLower(c);
  }
  return result;
}

static FailureOr<Attribute> importInteger(StringRef name, int64_t value, Location loc) {
  Builder builder(loc.getContext());
  if (getBoolNames().contains(name)) {
    if (value == 0 || value == 1)
      return Attribute(builder.getBoolAttr(value == 1));
    return emitError(loc) << "expected 0 or 1 as attribute '" << name << "', got " << value;
  }
  if (isTypeName(name) && value == 0)
    return Attribute(); // undefined: as if it were not there
  if (!isTypeName(name))
    return Attribute(builder.getI64IntegerAttr(value));
  if (Type type = getElementType(static_cast<int32_t>(value), loc.getContext()))
    return Attribute(TypeAttr::get(type));
  return emitError(loc) << "attribute '" << name << "' is type " << getDataTypeName(static_cast<int32_t>(value))
                        << ", which vitc does not support";
}

/// The type of an attribute; files before 2017 leave it out where a field says it.
static AttributeProto::AttributeType getType(const AttributeProto &attribute) {
  if (attribute.type() != AttributeProto::UNDEFINED)
    return attribute.type();
  if (attribute.has_f())
    return AttributeProto::FLOAT;
  if (attribute.has_i())
    return AttributeProto::INT;
  if (attribute.has_s())
    return AttributeProto::STRING;
  if (attribute.has_t())
    return AttributeProto::TENSOR;
  return attribute.floats_size() ? AttributeProto::FLOATS : AttributeProto::INTS;
}

FailureOr<Attribute> vitc::importAttribute(StringRef name, const AttributeProto &attribute, TensorImporter &tensors,
                                           Location loc) {
  Builder builder(loc.getContext());
  switch (getType(attribute)) {
  case AttributeProto::INT:
    return importInteger(name, attribute.i(), loc);
  case AttributeProto::INTS:
    return Attribute(builder.getDenseI64ArrayAttr(
        ArrayRef<int64_t>(attribute.ints().data(), static_cast<size_t>(attribute.ints_size()))));
  case AttributeProto::FLOAT:
    return Attribute(builder.getF32FloatAttr(attribute.f()));
  case AttributeProto::FLOATS:
    return Attribute(builder.getDenseF32ArrayAttr(
        ArrayRef<float>(attribute.floats().data(), static_cast<size_t>(attribute.floats_size()))));
  case AttributeProto::STRINGS:
    return Attribute(builder.getStrArrayAttr(
        llvm::map_to_vector(attribute.strings(), [](const std::string &text) { return StringRef(text); })));
  case AttributeProto::STRING:
    return Attribute(builder.getStringAttr(attribute.s()));
  case AttributeProto::TENSOR: {
    FailureOr<ElementsAttr> elements = tensors.import(attribute.t(), loc);
    if (failed(elements))
      return failure();
    return Attribute(*elements);
  }
  default:
    return emitError(loc) << "attribute '" << name << "' is of a kind that vitc does not support ("
                          << AttributeProto::AttributeType_Name(attribute.type()) << ")";
  }
}
