#ifndef VITC_DIALECT_ONNX_IR_SMALLTENSOR_H
#define VITC_DIALECT_ONNX_IR_SMALLTENSOR_H

#include "vitc/Dialect/ONNX/IR/Extent.h"

#include <variant>
#include <vector>

namespace vitc::onnx {

/// One element of a small tensor: an integer (booleans are 0 and 1), possibly symbolic; a floating-point number; or
/// unknown, perhaps with an upper bound. A floating-point tensor may hold symbolic integers too: exporters divide
/// extents as floats.
class Element {
public:
  Element() = default;
  Element(Extent integer) : value(std::move(integer)) {}
  Element(int64_t integer) : value(Extent(integer)) {}
  Element(double number) : value(number) {}

  /// An unknown integer that is not greater than `bound`.
  static Element atMost(int64_t bound) {
    Element element;
    element.value = UpperBound{bound};
    return element;
  }

  bool isUnknown() const {
    return std::holds_alternative<std::monostate>(value) || std::holds_alternative<UpperBound>(value);
  }
  /// A constant that this integer is not greater than, where one is known.
  std::optional<int64_t> getUpperBound() const;
  /// The integer that this is; an integral floating-point number is one.
  std::optional<Extent> asExtent() const;
  /// The constant number that this is.
  std::optional<double> asNumber() const;
  /// The constant integer that this is.
  std::optional<int64_t> asInteger() const;

  /// This element stored as `type`: integers wrap to their width, floats round to theirs, casts truncate to zero.
  Element castTo(mlir::Type type) const;
  bool operator==(const Element &other) const = default;

private:
  struct UpperBound {
    int64_t bound;
    bool operator==(const UpperBound &other) const = default;
  };

  std::variant<std::monostate, UpperBound, Extent, double> value;
};

/// The elements of a tensor that is small enough to compute at compile time, in row-major order: shapes, axes, scales,
/// masks; never weights.
class SmallTensor {
public:
  SmallTensor(mlir::RankedTensorType type, std::vector<Element> elements) : type(type), elements(std::move(elements)) {}

  /// Whether tensors of this type are computed at compile time: static, of a common element type, and at most 65,536
  /// integers or 256 floating-point numbers.
  static bool admits(mlir::RankedTensorType type);
  static std::optional<SmallTensor> fromAttribute(mlir::Attribute attribute);
  /// The constant; null where an element is unknown or symbolic.
  mlir::ElementsAttr toAttribute() const;

  mlir::RankedTensorType getType() const { return type; }
  mlir::Type getElementType() const { return type.getElementType(); }
  llvm::ArrayRef<int64_t> getShape() const { return type.getShape(); }
  int64_t getRank() const { return type.getRank(); }
  size_t size() const { return elements.size(); }
  const Element &operator[](size_t index) const { return elements[index]; }
  llvm::ArrayRef<Element> getElements() const { return elements; }

  /// result[i..] = this[offset + Σ iₖ · stridesₖ]: slices, transposes, broadcasts and reshapes are such views.
  SmallTensor view(mlir::RankedTensorType resultType, int64_t offset, llvm::ArrayRef<int64_t> strides) const;
  SmallTensor reshape(mlir::RankedTensorType resultType) const { return SmallTensor(resultType, elements); }
  /// Repeats what has an extent of 1, and adds leading dimensions.
  SmallTensor broadcast(llvm::ArrayRef<int64_t> shape) const;

  /// All elements as integers, possibly symbolic; none where one is unknown.
  std::optional<SymbolicShape> asExtents() const;
  std::optional<llvm::SmallVector<int64_t>> asIntegers() const;
  std::optional<llvm::SmallVector<double>> asNumbers() const;

private:
  mlir::RankedTensorType type;
  std::vector<Element> elements;
};

/// Row-major strides of a static shape.
llvm::SmallVector<int64_t> getRowMajorStrides(llvm::ArrayRef<int64_t> shape);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_SMALLTENSOR_H
