#include "vitc/Dialect/ONNX/IR/SmallTensor.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <cmath>

using namespace mlir;
using namespace vitc::onnx;

static constexpr int64_t maxIntegers = 65536;
static constexpr int64_t maxFloats = 256;

//===--------------------------------------------------------------------===//
// Elements
//===--------------------------------------------------------------------===//

/// The integer that a double holds exactly.
static std::optional<int64_t> asExactInteger(double number) {
  if (!(std::abs(number) < 0x1p62) || number != std::trunc(number))
    return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<Extent> Element::asExtent() const {
  if (const auto *integer = std::get_if<Extent>(&value))
    return *integer;
  if (const auto *number = std::get_if<double>(&value))
    if (std::optional<int64_t> integer = asExactInteger(*number))
      return Extent(*integer);
  return std::nullopt;
}

std::optional<double> Element::asNumber() const {
  if (const auto *number = std::get_if<double>(&value))
    return *number;
  if (std::optional<int64_t> integer = asInteger())
    return static_cast<double>(*integer);
  return std::nullopt;
}

std::optional<int64_t> Element::asInteger() const {
  std::optional<Extent> extent = asExtent();
  return extent ? extent->asConstant() : std::nullopt;
}

std::optional<int64_t> Element::getUpperBound() const {
  if (const auto *upper = std::get_if<UpperBound>(&value))
    return upper->bound;
  return asInteger();
}

/// A constant integer stored in `width` bits, sign-extended again; a boolean is 0 or 1.
static int64_t wrapToWidth(int64_t integer, unsigned width) {
  if (width == 1)
    return integer & 1;
  return APInt(64, integer, /*isSigned=*/true).trunc(width).getSExtValue();
}

static double roundTo(double number, FloatType type) {
  APFloat value(number);
  bool losesInfo;
  value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

/// Towards zero; the nearest integer of the type where it lacks that, and 0 for NaN.
static int64_t truncate(double number, IntegerType type) {
  APSInt integer(type.getWidth(), type.isUnsigned());
  bool isExact;
  APFloat(number).convertToInteger(integer, APFloat::rmTowardZero, &isExact); // which saturates
  return std::isnan(number) ? 0 : integer.isUnsigned() ? integer.getZExtValue() : integer.getSExtValue();
}

Element Element::castTo(Type type) const {
  if (isUnknown())
    return type.isInteger(32) || type.isInteger(64) ? *this : Element();
  std::optional<double> number = asNumber();
  if (auto floatType = dyn_cast<FloatType>(type))
    return number ? Element(roundTo(*number, floatType)) : *this;
  if (type.isInteger(1))
    return number ? Element(int64_t(*number != 0)) : Element();
  if (const auto *real = std::get_if<double>(&value))
    return Element(truncate(*real, cast<IntegerType>(type)));
  if (std::optional<int64_t> integer = asInteger())
    return Element(wrapToWidth(*integer, type.getIntOrFloatBitWidth()));
  return *this;
}

//===--------------------------------------------------------------------===//
// Tensors
//===--------------------------------------------------------------------===//

bool SmallTensor::admits(RankedTensorType type) {
  if (!type || !type.hasStaticShape())
    return false;
  int64_t limit;
  if (type.getElementType().isSignlessInteger() && type.getElementTypeBitWidth() <= 64)
    limit = maxIntegers;
  else if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type.getElementType()))
    limit = maxFloats;
  else
    return false;
  int64_t count = 1;
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(count, size, count))
      return false;
  return count <= limit;
}

std::optional<SmallTensor> SmallTensor::fromAttribute(Attribute attribute) {
  auto constant = dyn_cast_or_null<ElementsAttr>(attribute);
  auto type = constant ? dyn_cast<RankedTensorType>(constant.getType()) : RankedTensorType();
  if (!type || !admits(type))
    return std::nullopt;
  std::vector<Element> elements;
  elements.reserve(type.getNumElements());
  if (isa<FloatType>(type.getElementType())) {
    auto values = constant.tryGetValues<APFloat>();
    if (!values)
      return std::nullopt;
    for (APFloat value : *values) {
      bool losesInfo;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
      elements.emplace_back(value.convertToDouble());
    }
    return SmallTensor(type, std::move(elements));
  }
  auto values = constant.tryGetValues<APInt>();
  if (!values)
    return std::nullopt;
  for (const APInt &value : *values)
    elements.emplace_back(wrapToWidth(value.getSExtValue(), value.getBitWidth()));
  return SmallTensor(type, std::move(elements));
}

ElementsAttr SmallTensor::toAttribute() const {
  if (auto floatType = dyn_cast<FloatType>(getElementType())) {
    SmallVector<APFloat> values;
    for (const Element &element : elements) {
      std::optional<double> number = element.asNumber();
      if (!number)
        return {};
      bool losesInfo;
      values.emplace_back(*number).convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    }
    return DenseElementsAttr::get(type, values);
  }
  SmallVector<APInt> values;
  for (const Element &element : elements) {
    std::optional<int64_t> integer = element.asInteger();
    if (!integer)
      return {};
    values.push_back(APInt(64, *integer, /*isSigned=*/true).trunc(type.getElementTypeBitWidth()));
  }
  return DenseElementsAttr::get(type, values);
}

SmallVector<int64_t> vitc::onnx::getRowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride *= shape[dim];
  }
  return strides;
}

SmallTensor SmallTensor::view(RankedTensorType resultType, int64_t offset, ArrayRef<int64_t> strides) const {
  ArrayRef<int64_t> shape = resultType.getShape();
  int64_t count = resultType.getNumElements();
  std::vector<Element> result;
  result.reserve(count);
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    result.push_back(elements[offset]);
    for (size_t dim = shape.size(); dim-- > 0;) {
      offset += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
  return SmallTensor(resultType, std::move(result));
}

SmallTensor SmallTensor::broadcast(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> strides(shape.size(), 0), own = getRowMajorStrides(getShape());
  size_t added = shape.size() - own.size();
  for (size_t dim = 0; dim < own.size(); ++dim)
    if (getShape()[dim] != 1)
      strides[added + dim] = own[dim];
  return view(RankedTensorType::get(shape, getElementType()), 0, strides);
}

std::optional<SymbolicShape> SmallTensor::asExtents() const {
  SymbolicShape extents;
  for (const Element &element : elements) {
    std::optional<Extent> extent = element.asExtent();
    if (!extent)
      return std::nullopt;
    extents.push_back(std::move(*extent));
  }
  return extents;
}

std::optional<SmallVector<int64_t>> SmallTensor::asIntegers() const {
  SmallVector<int64_t> integers;
  for (const Element &element : elements) {
    std::optional<int64_t> integer = element.asInteger();
    if (!integer)
      return std::nullopt;
    integers.push_back(*integer);
  }
  return integers;
}

std::optional<SmallVector<double>> SmallTensor::asNumbers() const {
  SmallVector<double> numbers;
  for (const Element &element : elements) {
    std::optional<double> number = element.asNumber();
    if (!number)
      return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}
