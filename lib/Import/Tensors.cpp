#include "Tensors.h"

#include "ElementTypes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "onnx.pb.h"
#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc;
using ::onnx::TensorProto;

/// Floats from this size on stay where they are.
static constexpr int64_t resourceBytes = 1024;

static StringRef getName(const TensorProto &tensor) {
  return tensor.name().empty() ? StringRef("constant") : StringRef(tensor.name());
}

/// The type of a tensor, and a sentence where it has none that vitc knows.
static FailureOr<RankedTensorType> getType(const TensorProto &tensor, Location loc) {
  Type elementType = getElementType(tensor.data_type(), loc.getContext());
  if (!elementType)
    return emitError(loc) << "tensor '" << getName(tensor) << "' has elements of type "
                          << getDataTypeName(tensor.data_type()) << ", which vitc does not support";
  if (static_cast<size_t>(tensor.dims_size()) > vitc::onnx::mostDimensions)
    return emitError(loc) << "tensor '" << getName(tensor) << "' has " << tensor.dims_size()
                          << " dimensions, expected at most " << vitc::onnx::mostDimensions;
  int64_t bytes = std::max(elementType.getIntOrFloatBitWidth() / 8, 1u); // at most one a small element
  for (int64_t extent : tensor.dims())
    if (extent < 0 || llvm::MulOverflow(bytes, std::max<int64_t>(extent, 1), bytes))
      return emitError(loc) << "tensor '" << getName(tensor) << "' has an impossible extent, " << extent;
  return RankedTensorType::get(ArrayRef<int64_t>(tensor.dims().data(), tensor.dims_size()), elementType);
}

/// The bytes of a typed field, as they are where the field has the elements' own size.
template <typename T>
static ArrayRef<char> asBytes(const google::protobuf::RepeatedField<T> &field) {
  return {reinterpret_cast<const char *>(field.data()), static_cast<size_t>(field.size()) * sizeof(T)};
}

/// The bytes of a field whose elements are wider than the tensor's, narrowed to `width` bytes each.
template <typename T>
static SharedBytes narrow(const google::protobuf::RepeatedField<T> &field, unsigned width) {
  auto bytes = std::make_shared<std::vector<char>>(static_cast<size_t>(field.size()) * width);
  for (auto [i, value] : llvm::enumerate(field))
    std::memcpy(bytes->data() + i * width, &value, width); // little endian
  return {ArrayRef<char>(*bytes), bytes};
}

/// The bytes of a tensor that is not external, in the layout of raw data.
static SharedBytes getEmbeddedBytes(const TensorProto &tensor, std::shared_ptr<const void> model) {
  if (tensor.has_raw_data())
    return {ArrayRef<char>(tensor.raw_data().data(), tensor.raw_data().size()), model};
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return {asBytes(tensor.float_data()), model};
  case TensorProto::DOUBLE:
    return {asBytes(tensor.double_data()), model};
  case TensorProto::INT64:
    return {asBytes(tensor.int64_data()), model};
  case TensorProto::UINT64:
    return {asBytes(tensor.uint64_data()), model};
  case TensorProto::UINT32:
    return narrow(tensor.uint64_data(), 4);
  case TensorProto::INT32:
    return {asBytes(tensor.int32_data()), model};
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return narrow(tensor.int32_data(), 2);
  default: // bool and bytes
    return narrow(tensor.int32_data(), 1);
  }
}

FailureOr<SharedBytes> TensorImporter::getBytes(const TensorProto &tensor, int64_t expected, Location loc) {
  FailureOr<SharedBytes> data = tensor.data_location() == TensorProto::EXTERNAL
                                    ? externalData.read(tensor, loc)
                                    : FailureOr(getEmbeddedBytes(tensor, model));
  if (failed(data))
    return failure();
  if (static_cast<int64_t>(data->bytes.size()) != expected)
    return emitError(loc) << "tensor '" << getName(tensor) << "' should have " << expected << " bytes of data, got "
                          << data->bytes.size();
  return data;
}

/// A resource that refers to the data and keeps its owner alive.
static ElementsAttr makeResource(RankedTensorType type, StringRef name, const SharedBytes &data) {
  unsigned alignment = type.getElementTypeBitWidth() / 8;
  bool aligned = llvm::isAddrAligned(llvm::Align(alignment), data.bytes.data());
  auto keep = [owner = data.owner](void *, size_t, size_t) mutable { owner.reset(); };
  AsmResourceBlob blob = aligned ? UnmanagedAsmResourceBlob::allocateWithAlign(data.bytes, alignment, std::move(keep))
                                 : HeapAsmResourceBlob::allocateAndCopyWithAlign(data.bytes, alignment, false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

/// The elements of a type of two or four bits: several a byte in the file, the first in the lowest bits; each in the
/// low bits of one in an attribute.
static ElementsAttr unpack(RankedTensorType type, ArrayRef<char> packed) {
  unsigned width = type.getElementTypeBitWidth(), perByte = 8 / width;
  SmallVector<char> bytes(type.getNumElements());
  for (auto [i, byte] : llvm::enumerate(bytes))
    byte = static_cast<char>(static_cast<uint8_t>(packed[i / perByte]) >> (i % perByte * width) & ((1 << width) - 1));
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

FailureOr<ElementsAttr> TensorImporter::import(const TensorProto &tensor, Location loc) {
  FailureOr<RankedTensorType> type = getType(tensor, loc);
  if (failed(type))
    return failure();
  Type elementType = type->getElementType();
  bool isBool = elementType.isInteger(1);
  unsigned width = isBool ? 8 : elementType.getIntOrFloatBitWidth();
  // The bits of what has a possible number of bytes may still be too many to count.
  int64_t size = type->getNumElements() / 8 * width + llvm::divideCeil(type->getNumElements() % 8 * width, 8);
  FailureOr<SharedBytes> data = getBytes(tensor, size, loc);
  if (failed(data))
    return failure();
  if (width < 8)
    return unpack(*type, data->bytes);
  if (size >= resourceBytes && isa<FloatType>(elementType))
    return makeResource(*type, getName(tensor), *data);
  if (isBool) {
    SmallVector<bool> values = llvm::map_to_vector(data->bytes, [](char byte) { return byte != 0; });
    return ElementsAttr(DenseElementsAttr::get(*type, values));
  }
  if (size == 0)
    return ElementsAttr(DenseElementsAttr::get(*type, ArrayRef<Attribute>()));
  return ElementsAttr(DenseElementsAttr::getFromRawBuffer(*type, data->bytes));
}
