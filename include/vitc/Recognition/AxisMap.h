#ifndef VITC_RECOGNITION_AXISMAP_H
#define VITC_RECOGNITION_AXISMAP_H

#include "vitc/Recognition/Extent.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Operation.h"
#include <string>

namespace vitc {

/// A part of a source dimension: index / `stride` % `extent` of `dim`, or of no dimension where the value is broadcast.
struct Digit {
  Extent extent;
  int64_t dim;
  Extent stride;

  static constexpr int64_t kFree = -1;
  static Digit free(Extent extent) { return {extent, kFree, 1}; }
  bool isFree() const { return dim == kFree; }
  bool operator==(const Digit &) const = default;
};

/// A dimension as a mixed-radix number: digits, the outermost first. A dimension of extent 1 has none.
using Axis = llvm::SmallVector<Digit, 2>;

/// The number of indices of an axis.
Extent extentOf(llvm::ArrayRef<Digit> axis);

/// Cuts an axis into axes of the given extents (outermost first); nullopt where a digit would be cut unevenly.
std::optional<llvm::SmallVector<Axis>> splitAxis(llvm::ArrayRef<Digit> axis, llvm::ArrayRef<Extent> extents);

/// Appends `digit` to `axis`, as one digit with the last where the two count through one dimension without a gap.
void appendDigit(Axis &axis, const Digit &digit);

/// Which ops a trace looks through besides reshapes, transposes, slices and broadcasts.
struct TraceOptions {
  bool scales = true; ///< products and quotients with one constant
  bool rolls = false; ///< concat(x[k:], x[:k]); only for questions: `materialize` does not rebuild them
};

/// Where every element of a value comes from. The element at (i0, i1, ..) is `scale` times the source's element at
/// c[d] = (offsets[d] + Σ digits of dimension d, times their strides + rolls[d]) mod the source's extent.
/// It is an equality of values that holds for every extent; what does not divide evenly stops the trace.
struct AxisMap {
  mlir::Value source;
  llvm::SmallVector<Axis, 5> axes;       ///< one a dimension of the value
  llvm::SmallVector<int64_t, 5> offsets; ///< one a dimension of the source
  llvm::SmallVector<int64_t, 5> rolls;   ///< one a dimension of the source
  double scale = 1;
  llvm::SmallVector<mlir::Operation *> path; ///< ops looked through, the one nearest to the source first
  std::string opaque;                        ///< why the op that defines the source was not looked through

  static AxisMap identity(mlir::Value value);
  bool isIdentity() const;

  /// The map of `op`'s result, given that this is the map of the operand it views.
  mlir::LogicalResult apply(mlir::Operation *op);

  /// The map in the iteration space of a structured op that reads the value through `indexing`: a projected
  /// permutation. Loops that do not index the value are free.
  AxisMap inLoops(mlir::AffineMap indexing, llvm::ArrayRef<Extent> loops) const;

  /// The map after `outer`, which is the map of a value over the one this map is about. Fails where digits do not
  /// divide.
  mlir::FailureOr<AxisMap> compose(const AxisMap &outer) const;
};

/// The dimension of the map's source that `axis` is, as a whole; nullopt where it is a part of one, several, or none.
std::optional<int64_t> matchWholeDim(const AxisMap &map, llvm::ArrayRef<Digit> axis);

/// Follows `value` back to a value that no view defines.
AxisMap trace(mlir::Value value, TraceOptions options = {});

/// The operand that `op` is a view of; null where it is none.
mlir::Value viewedOperand(mlir::Operation *op, TraceOptions options = {});

/// Builds what the map describes, scale left out, from its source: at most one expand_shape, one extract_slice, one
/// transpose and one collapse_shape. Fails, before anything is built, for broadcast or rolled digits, and for digits
/// that overlap.
mlir::FailureOr<mlir::Value> materialize(mlir::OpBuilder &builder, mlir::Location loc, const AxisMap &map);

/// Whether `materialize` would succeed.
bool isMaterializable(const AxisMap &map);

/// What `materialize` builds.
struct LayoutCost {
  unsigned transposes = 0;
  unsigned ops = 0;
  auto operator<=>(const LayoutCost &) const = default;
};
mlir::FailureOr<LayoutCost> materializationCost(const AxisMap &map);

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const AxisMap &map);

} // namespace vitc

#endif // VITC_RECOGNITION_AXISMAP_H
