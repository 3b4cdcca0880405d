#include "vitc/Recognition/Constants.h"

#include "vitc/Recognition/Algebra.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cmath>
#include <cstring>
#include <limits>

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

/// The elements of a constant of single precision or of truth values; a splat has one.
static std::optional<SmallVector<double>> constantElements(Value value) {
  if (std::optional<double> splat = matchSplat(value))
    return SmallVector<double>{*splat};
  Type element = getElementTypeOrSelf(value);
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : nullptr;
      elements && element.isInteger(1))
    return llvm::to_vector(llvm::map_range(elements.getValues<bool>(), [](bool each) { return double(each); }));
  std::optional<ArrayRef<char>> data = constantData(value);
  if (!data || !element.isF32() || data->size() % sizeof(float) != 0)
    return std::nullopt;
  SmallVector<double> values;
  for (ArrayRef<char> rest = *data; !rest.empty(); rest = rest.drop_front(sizeof(float))) {
    float each;
    std::memcpy(&each, rest.data(), sizeof(float));
    values.push_back(each);
  }
  return values;
}

std::optional<double> vitc::largestMagnitude(Value value, bool besidesMinusInfinity) {
  std::optional<SmallVector<double>> elements = constantElements(value);
  if (!elements)
    return std::nullopt;
  double largest = 0;
  for (double element : *elements) {
    if (besidesMinusInfinity && element == -std::numeric_limits<double>::infinity())
      continue;
    if (!std::isfinite(element))
      return std::nullopt;
    largest = std::max(largest, std::abs(element));
  }
  return largest;
}

bool vitc::everyLineHas(Value value, int64_t dim, function_ref<bool(double)> isWanted) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  std::optional<SmallVector<double>> elements = constantElements(value);
  if (!type || !elements)
    return false;
  if (elements->size() == 1)
    return isWanted(elements->front());
  if (!type.hasStaticShape() || static_cast<int64_t>(elements->size()) != type.getNumElements())
    return false;
  int64_t extent = type.getDimSize(dim), inner = computeProduct(type.getShape().drop_front(dim + 1));
  for (int64_t first = 0; first < type.getNumElements(); ++first) {
    if (first / inner % extent != 0)
      continue;
    auto line = llvm::seq<int64_t>(0, extent);
    if (llvm::none_of(line, [&](int64_t index) { return isWanted((*elements)[first + index * inner]); }))
      return false;
  }
  return true;
}
