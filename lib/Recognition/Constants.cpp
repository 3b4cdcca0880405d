#include "vitc/Recognition/Constants.h"

#include "vitc/Recognition/Algebra.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace vitc;

/// The elements of a constant as they lie in memory, the last dimension contiguous; a splat has one. nullopt where the
/// value is no constant, or a resource without data.
static std::optional<ArrayRef<char>> constantData(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return std::nullopt;
  if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()))
    return elements.getRawData();
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? std::optional(blob->getData()) : std::nullopt;
}

bool vitc::repeatsAlong(Value value, int64_t dim) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::optional<ArrayRef<char>> data = constantData(value);
  if (!type || !data || !isa<FloatType>(type.getElementType()) || type.getElementTypeBitWidth() % 8 != 0)
    return false;
  size_t element = type.getElementTypeBitWidth() / 8;
  if (data->size() == element)
    return true; // a splat
  if (data->size() != type.getNumElements() * element)
    return false;
  size_t extent = type.getDimSize(dim), inner = element;
  for (int64_t size : type.getShape().drop_front(dim + 1))
    inner *= size;
  for (ArrayRef<char> rest = *data; !rest.empty(); rest = rest.drop_front(extent * inner))
    for (size_t index = 1; index < extent; ++index)
      if (std::memcmp(rest.data(), rest.data() + index * inner, inner) != 0)
        return false;
  return true;
}

std::optional<double> vitc::largestMagnitude(Value value) {
  if (std::optional<double> splat = matchSplat(value))
    return std::isfinite(*splat) ? std::optional(std::abs(*splat)) : std::nullopt;
  std::optional<ArrayRef<char>> data = constantData(value);
  if (!data || !getElementTypeOrSelf(value).isF32() || data->size() % sizeof(float) != 0)
    return std::nullopt;
  double largest = 0;
  for (ArrayRef<char> rest = *data; !rest.empty(); rest = rest.drop_front(sizeof(float))) {
    float element;
    std::memcpy(&element, rest.data(), sizeof(float));
    if (!std::isfinite(element))
      return std::nullopt;
    largest = std::max<double>(largest, std::abs(element));
  }
  return largest;
}
