#include "vitc/Dialect/CPUKernel/Transforms/PackConstant.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace vitc::vcpu;

static SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

static std::optional<ConstantView> viewOf(arith::ConstantOp constant) {
  auto attribute = dyn_cast<ElementsAttr>(constant.getValue());
  if (!attribute || !attribute.getElementType().isIntOrFloat() ||
      attribute.getElementType().getIntOrFloatBitWidth() % 8)
    return std::nullopt;
  ConstantView view;
  view.attribute = attribute;
  view.elementBytes = attribute.getElementType().getIntOrFloatBitWidth() / 8;
  view.shape = llvm::to_vector(attribute.getShapedType().getShape());
  view.strides = rowMajorStrides(view.shape);
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    view.data = dense.getRawData();
    if (dense.isSplat())
      view.strides.assign(view.shape.size(), 0);
    return view;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attribute);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || static_cast<int64_t>(blob->getData().size()) != attribute.getNumElements() * view.elementBytes)
    return std::nullopt;
  view.data = blob->getData();
  return view;
}

static std::optional<ConstantView> slice(ConstantView view, tensor::ExtractSliceOp op) {
  if (!op.getType().hasStaticShape() || llvm::any_of(op.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(op.getStaticStrides(), ShapedType::isDynamic))
    return std::nullopt;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  ConstantView result = view;
  result.shape.clear(), result.strides.clear();
  for (size_t dim = 0; dim < view.shape.size(); ++dim) {
    result.offset += op.getStaticOffsets()[dim] * view.strides[dim];
    if (dropped.test(dim))
      continue;
    result.shape.push_back(op.getStaticSizes()[dim]);
    result.strides.push_back(view.strides[dim] * op.getStaticStrides()[dim]);
  }
  return result;
}

/// Only a contiguous view, or one of a splat, can be seen in another shape.
static std::optional<ConstantView> reshape(ConstantView view, ArrayRef<int64_t> shape) {
  bool splat = llvm::all_of(view.strides, [](int64_t stride) { return stride == 0; });
  if (ShapedType::isDynamicShape(shape) || (!splat && view.strides != rowMajorStrides(view.shape)))
    return std::nullopt;
  view.shape = llvm::to_vector(shape);
  view.strides = splat ? SmallVector<int64_t>(shape.size(), 0) : rowMajorStrides(shape);
  return view;
}

std::optional<ConstantView> ConstantView::get(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto from = [&](Value source, auto transform) -> std::optional<ConstantView> {
    std::optional<ConstantView> view = get(source);
    return view ? transform(std::move(*view)) : std::nullopt;
  };
  auto reshaped = [&](ConstantView view) {
    return reshape(std::move(view), cast<ShapedType>(value.getType()).getShape());
  };
  return llvm::TypeSwitch<Operation *, std::optional<ConstantView>>(op)
      .Case([](arith::ConstantOp constant) { return viewOf(constant); })
      .Case([&](tensor::ExtractSliceOp slicing) {
        return from(slicing.getSource(), [&](ConstantView view) { return slice(std::move(view), slicing); });
      })
      .Case([&](tensor::ExpandShapeOp expand) { return from(expand.getSrc(), reshaped); })
      .Case([&](tensor::CollapseShapeOp collapse) { return from(collapse.getSrc(), reshaped); })
      .Default(std::nullopt);
}

/// Offsets of all elements of the given dimensions, row-major.
static SmallVector<int64_t> elementOffsets(ArrayRef<int64_t> dims, const ConstantView &view) {
  SmallVector<int64_t> offsets = {0};
  for (int64_t dim : dims) {
    SmallVector<int64_t> next;
    for (int64_t offset : offsets)
      for (int64_t index = 0; index < view.shape[dim]; ++index)
        next.push_back(offset + index * view.strides[dim]);
    offsets = std::move(next);
  }
  return offsets;
}

namespace {

/// One panel: `width` columns, of which the first `columns` are copied and the rest zeros. `interleave` rows are one
/// row of the target.
struct Panel {
  const char *source;
  char *target;
  ArrayRef<int64_t> rows; ///< offset of each row
  int64_t columnStride, columns, width, interleave;

  int64_t targetElements() const { return llvm::divideCeil(rows.size(), interleave) * interleave * width; }
};

/// The bits of a bf16: those of the nearest f32, ties to even. A NaN stays one.
struct BFloat {
  uint16_t bits;
  BFloat() = default;
  explicit BFloat(float value) {
    auto wide = llvm::bit_cast<uint32_t>(value);
    bool isNaN = (wide & 0x7FFFFFFF) > 0x7F800000;
    bits = static_cast<uint16_t>(isNaN ? (wide >> 16) | 0x40 : (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16);
  }
};

} // namespace

/// Blocks of 16 rows: where columns are far apart, a cache line of each serves them all.
template <typename From, typename To>
static void copyPanel(const Panel &panel) {
  auto source = reinterpret_cast<const From *>(panel.source);
  auto target = reinterpret_cast<To *>(panel.target);
  int64_t count = panel.rows.size();
  if (panel.columns < panel.width || count % panel.interleave)
    std::memset(panel.target, 0, panel.targetElements() * sizeof(To));
  auto rowOf = [&](int64_t row) {
    return target + row / panel.interleave * panel.interleave * panel.width + row % panel.interleave;
  };
  for (int64_t first = 0; first < count; first += 16) {
    int64_t last = std::min(first + 16, count);
    if (std::is_same_v<From, To> && panel.columnStride == 1 && panel.interleave == 1) {
      for (int64_t row = first; row < last; ++row)
        std::memcpy(rowOf(row), source + panel.rows[row], panel.columns * sizeof(To));
      continue;
    }
    for (int64_t column = 0; column < panel.columns; ++column)
      for (int64_t row = first; row < last; ++row)
        rowOf(row)[column * panel.interleave] = static_cast<To>(source[panel.rows[row] + column * panel.columnStride]);
  }
}

static void copyPanel(const Panel &panel, int64_t sourceBytes, int64_t targetBytes) {
  if (sourceBytes != targetBytes) // as vcpu.pack has it
    return copyPanel<float, BFloat>(panel);
  switch (sourceBytes) {
  case 1:
    return copyPanel<uint8_t, uint8_t>(panel);
  case 2:
    return copyPanel<uint16_t, uint16_t>(panel);
  case 4:
    return copyPanel<uint32_t, uint32_t>(panel);
  default:
    return copyPanel<uint64_t, uint64_t>(panel);
  }
}

DenseResourceElementsAttr vitc::vcpu::packConstant(const ConstantView &view, ArrayRef<int64_t> permutation,
                                                   RankedTensorType packed, int64_t interleave) {
  int64_t batchRank = packed.getRank() - 3, bytes = packed.getElementTypeBitWidth() / 8;
  int64_t panels = packed.getDimSize(batchRank), width = packed.getShape().back() / interleave;
  int64_t columns = view.shape[permutation.back()];
  SmallVector<int64_t> batches = elementOffsets(permutation.take_front(batchRank), view);
  SmallVector<int64_t> rows = elementOffsets(permutation.drop_front(batchRank).drop_back(), view);

  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(packed.getNumElements() * bytes, /*align=*/64);
  char *target = blob.getMutableData().data();
  parallelFor(packed.getContext(), 0, batches.size() * panels, [&](size_t index) {
    int64_t stride = view.strides[permutation.back()], first = index % panels * width;
    int64_t from = view.offset + batches[index / panels] + first * stride;
    Panel panel{view.data.data() + from * view.elementBytes,
                nullptr,
                rows,
                stride,
                std::min(width, columns - first),
                width,
                interleave};
    panel.target = target + index * panel.targetElements() * bytes;
    copyPanel(panel, view.elementBytes, bytes);
  });
  return DenseResourceElementsAttr::get(packed, "packed", std::move(blob));
}
