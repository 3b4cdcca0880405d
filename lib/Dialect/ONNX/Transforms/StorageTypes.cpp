#include "vitc/Dialect/ONNX/Transforms/StorageTypes.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"

#include <array>
#include <cmath>
#include <numbers>

using namespace mlir;

bool vitc::onnx::isStorageType(Type element) { return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32; }

static APFloat convert(APFloat value, const llvm::fltSemantics &semantics) {
  bool losesInfo;
  value.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return value;
}

/// Shifts exponent and fraction into place and corrects the exponent's bias by a product, which normalises subnormal
/// numbers; infinities and NaN get the highest exponent.
static float halfToFloat(uint16_t bits) {
  uint32_t magnitude = uint32_t(bits & 0x7fff) << 13, sign = uint32_t(bits & 0x8000) << 16;
  uint32_t scaled = llvm::bit_cast<uint32_t>(llvm::bit_cast<float>(magnitude) * 0x1p112f);
  uint32_t special = (bits & 0x7c00) == 0x7c00 ? 0x7f800000 : 0;
  return llvm::bit_cast<float>(sign | scaled | special);
}

static float bfloatToFloat(uint16_t bits) { return llvm::bit_cast<float>(uint32_t(bits) << 16); }

/// The numbers of stored elements as `widen` computes them from bits.
template <typename BitsT>
static AsmResourceBlob widenBlob(ArrayRef<char> stored, function_ref<float(BitsT)> widen) {
  size_t count = stored.size() / sizeof(BitsT);
  AsmResourceBlob wide = HeapAsmResourceBlob::allocate(count * sizeof(float), /*align=*/64);
  for (size_t i = 0; i < count; ++i) {
    BitsT bits;
    std::memcpy(&bits, stored.data() + i * sizeof(bits), sizeof(bits));
    float value = widen(bits);
    std::memcpy(wide.getMutableData().data() + i * sizeof(value), &value, sizeof(value));
  }
  return wide;
}

/// As below for many elements at once, without a number of its own for each.
static AsmResourceBlob widenBlob(ArrayRef<char> stored, FloatType type) {
  if (type.isF16())
    return widenBlob<uint16_t>(stored, halfToFloat);
  if (type.isBF16())
    return widenBlob<uint16_t>(stored, bfloatToFloat);
  std::array<float, 256> table;
  for (unsigned bits = 0; bits < table.size(); ++bits)
    table[bits] = convert(APFloat(type.getFloatSemantics(), APInt(8, bits)), APFloat::IEEEsingle()).convertToFloat();
  return widenBlob<uint8_t>(stored, [&](uint8_t bits) { return table[bits]; });
}

/// The constant of an activation that `stored` is the rounding of, or `stored` itself. Fewer bits than 16 do not tell
/// one constant from others.
static APFloat restoreConstant(const APFloat &stored) {
  const double sqrtTwoOverPi = std::sqrt(2 * std::numbers::inv_pi);
  for (double known : {std::numbers::sqrt2, std::numbers::sqrt2 / 2, sqrtTwoOverPi, 0.044715, 1.0 / 6, 1.702})
    if (convert(APFloat(known), stored.getSemantics()).bitwiseIsEqual(stored))
      return APFloat(known);
  return stored;
}

ElementsAttr vitc::onnx::widenElements(ElementsAttr value) {
  auto f32 = Float32Type::get(value.getContext());
  bool mayBeKnown = value.getNumElements() == 1 && value.getElementType().getIntOrFloatBitWidth() == 16;
  auto widen = [&](const APFloat &stored) {
    return convert(mayBeKnown ? restoreConstant(stored) : stored, APFloat::IEEEsingle()).bitcastToAPInt();
  };
  if (auto dense = dyn_cast<DenseFPElementsAttr>(value))
    return dense.mapValues(f32, widen);
  auto resource = cast<DenseResourceElementsAttr>(value);
  auto type = RankedTensorType::get(value.getShapedType().getShape(), f32);
  return DenseResourceElementsAttr::get(
      type, resource.getRawHandle().getKey(),
      widenBlob(resource.getRawHandle().getBlob()->getData(), cast<FloatType>(value.getElementType())));
}
