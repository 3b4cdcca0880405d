#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {
/// A dimension of the expanded source. Those that no axis wants have size 1 after slicing and are dropped.
struct Piece {
  int64_t sourceDim;
  Extent extent; ///< before slicing
  Extent size;   ///< after
  int64_t offset = 0;
  std::optional<unsigned> wanted; ///< position in the flattened axes of the result
  bool isSliced() const { return offset != 0 || !(size == extent); }
};

/// Expand, slice, drop, transpose, collapse: what turns a source into the value that a map describes.
class Layout {
public:
  static FailureOr<Layout> plan(const AxisMap &map);
  Value build(OpBuilder &builder, Location loc, Value source) const;
  LayoutCost cost() const;

private:
  LogicalResult cutSource(const AxisMap &map);
  LogicalResult cutDim(const AxisMap &map, int64_t dim);
  void placeUnits();
  SmallVector<int64_t> permutation() const;
  Value expand(OpBuilder &builder, Location loc, Value value) const;
  Value sliceAndDrop(OpBuilder &builder, Location loc, Value value) const;
  Value transpose(OpBuilder &builder, Location loc, Value value) const;
  Value collapse(OpBuilder &builder, Location loc, Value value) const;

  SmallVector<Piece> pieces;              ///< in source order
  SmallVector<unsigned> groups;           ///< how many flattened positions each result dimension holds
  SmallVector<std::optional<Digit>> flat; ///< the digit at each position; none for a dimension of extent 1
  int64_t sourceRank = 0;
};
} // namespace

FailureOr<Layout> Layout::plan(const AxisMap &map) {
  Layout layout;
  layout.sourceRank = map.offsets.size();
  if (layout.sourceRank == 0 || llvm::any_of(map.rolls, [](int64_t roll) { return roll != 0; }))
    return failure();
  for (const Axis &axis : map.axes) {
    layout.groups.push_back(std::max<size_t>(axis.size(), 1));
    if (axis.empty())
      layout.flat.push_back(std::nullopt);
    for (const Digit &digit : axis) {
      if (digit.isFree())
        return failure();
      layout.flat.push_back(digit);
    }
  }
  if (failed(layout.cutSource(map)))
    return failure();
  layout.placeUnits();
  return layout;
}

LogicalResult Layout::cutSource(const AxisMap &map) {
  for (int64_t dim = 0; dim < sourceRank; ++dim)
    if (failed(cutDim(map, dim)))
      return failure();
  return success();
}

/// Cuts a source dimension at the strides of the digits that count through it.
LogicalResult Layout::cutDim(const AxisMap &map, int64_t dim) {
  // Outermost first; strides that do not divide each other are found below.
  auto isOuter = [&](unsigned a, unsigned b) {
    std::optional<Extent> ratio = flat[a]->stride.dividedBy(flat[b]->stride);
    return ratio && !ratio->isOne();
  };
  SmallVector<unsigned> positions;
  for (unsigned position = 0; position < flat.size(); ++position)
    if (flat[position] && flat[position]->dim == dim)
      positions.insert(llvm::upper_bound(positions, position, isOuter), position);

  Extent whole = extentOf(map.source, dim);
  SmallVector<Piece> cut; // innermost first
  Extent below;           // the product of the pieces so far
  int64_t offset = map.offsets[dim];
  // A part of an inner piece must lie within it, or its indices would carry into the next one.
  auto push = [&](Extent extent, Extent size, std::optional<unsigned> wanted, bool outermost) {
    std::optional<int64_t> constant = outermost ? std::nullopt : extent.constant();
    int64_t own = constant ? offset % *constant : offset;
    offset = constant ? offset / *constant : 0;
    bool whole = own == 0 && size == extent;
    bool inside = constant && size.constant() && own + *size.constant() <= *constant;
    if (!whole && !inside && !outermost)
      return failure();
    cut.push_back({dim, extent, size, own, wanted});
    below = below * extent;
    return success();
  };
  for (auto [index, position] : llvm::enumerate(llvm::reverse(positions))) {
    const Digit &digit = *flat[position];
    std::optional<Extent> gap = digit.stride.dividedBy(below);
    if (!gap || (!gap->isOne() && failed(push(*gap, 1, std::nullopt, false))))
      return failure();
    bool outermost = index + 1 == positions.size();
    Extent end = outermost ? whole : flat[positions[positions.size() - 2 - index]]->stride;
    std::optional<Extent> extent = end.dividedBy(digit.stride);
    if (!extent || extent->isOne() || failed(push(*extent, digit.extent, position, outermost)))
      return failure();
  }
  if (positions.empty() && failed(push(whole, 1, std::nullopt, true)))
    return failure();
  llvm::append_range(pieces, llvm::reverse(cut));
  return success();
}

/// Gives every result dimension of extent 1 a piece: one that is there anyway, in order, or a new one.
void Layout::placeUnits() {
  auto next = pieces.begin();
  for (auto [position, digit] : llvm::enumerate(flat)) {
    auto found = llvm::find_if(pieces, [&](const Piece &piece) { return piece.wanted == position; });
    if (digit) {
      next = std::max(next, std::next(found));
      continue;
    }
    if (next != pieces.end() && !next->wanted) {
      (next++)->wanted = position;
      continue;
    }
    int64_t sourceDim = next == pieces.begin() ? 0 : std::prev(next)->sourceDim;
    auto inserted = pieces.insert(next, Piece{sourceDim, 1, 1, 0, static_cast<unsigned>(position)});
    next = std::next(inserted);
  }
}

static int64_t typeExtent(const Extent &extent) { return extent.constant().value_or(ShapedType::kDynamic); }

Value Layout::expand(OpBuilder &builder, Location loc, Value value) const {
  if (static_cast<int64_t>(pieces.size()) == sourceRank)
    return value;
  SmallVector<ReassociationIndices> reassociation(sourceRank);
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  for (auto [index, piece] : llvm::enumerate(pieces)) {
    reassociation[piece.sourceDim].push_back(index);
    shape.push_back(typeExtent(piece.extent));
    sizes.push_back(piece.extent.materialize(builder, loc));
  }
  auto type = cast<RankedTensorType>(value.getType()).clone(shape);
  return tensor::ExpandShapeOp::create(builder, loc, type, value, reassociation, sizes);
}

/// Cuts the pieces to size; a slice also drops the pieces that nobody wants, else a collapse does.
Value Layout::sliceAndDrop(OpBuilder &builder, Location loc, Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  bool sliced = llvm::any_of(pieces, [](const Piece &piece) { return piece.isSliced(); });
  if (sliced) {
    SmallVector<OpFoldResult> offsets, sizes, strides(pieces.size(), builder.getIndexAttr(1));
    SmallVector<int64_t> shape;
    for (const Piece &piece : pieces) {
      offsets.push_back(builder.getIndexAttr(piece.offset));
      sizes.push_back(piece.size.materialize(builder, loc));
      if (piece.wanted)
        shape.push_back(typeExtent(piece.size));
    }
    return tensor::ExtractSliceOp::create(builder, loc, type.clone(shape), value, offsets, sizes, strides);
  }
  SmallVector<ReassociationIndices> reassociation;
  ReassociationIndices pending;
  for (auto [index, piece] : llvm::enumerate(pieces)) {
    pending.push_back(index);
    if (!piece.wanted)
      continue;
    reassociation.push_back(pending);
    pending.clear();
  }
  if (reassociation.size() == pieces.size())
    return value;
  if (!reassociation.empty())
    llvm::append_range(reassociation.back(), pending);
  return tensor::CollapseShapeOp::create(builder, loc, value, reassociation);
}

SmallVector<int64_t> Layout::permutation() const {
  SmallVector<int64_t> permutation(flat.size());
  int64_t kept = 0;
  for (const Piece &piece : pieces)
    if (piece.wanted)
      permutation[*piece.wanted] = kept++;
  return permutation;
}

Value Layout::transpose(OpBuilder &builder, Location loc, Value value) const {
  SmallVector<int64_t> permutation = this->permutation();
  if (llvm::is_sorted(permutation))
    return value;
  SmallVector<const Piece *> kept;
  for (const Piece &piece : pieces)
    if (piece.wanted)
      kept.push_back(&piece);
  SmallVector<OpFoldResult> sizes;
  for (int64_t from : permutation)
    sizes.push_back(kept[from]->size.materialize(builder, loc));
  Value init = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(value));
  return linalg::TransposeOp::create(builder, loc, value, init, permutation)->getResult(0);
}

Value Layout::collapse(OpBuilder &builder, Location loc, Value value) const {
  if (groups.size() == flat.size())
    return value;
  SmallVector<ReassociationIndices> reassociation;
  int64_t position = 0;
  for (unsigned count : groups) {
    ReassociationIndices &group = reassociation.emplace_back();
    for (unsigned i = 0; i < count; ++i)
      group.push_back(position++);
  }
  return tensor::CollapseShapeOp::create(builder, loc, value, reassociation);
}

Value Layout::build(OpBuilder &builder, Location loc, Value source) const {
  Value expanded = expand(builder, loc, source);
  Value sliced = sliceAndDrop(builder, loc, expanded);
  return collapse(builder, loc, transpose(builder, loc, sliced));
}

LayoutCost Layout::cost() const {
  LayoutCost cost;
  cost.transposes = llvm::is_sorted(permutation()) ? 0 : 1;
  bool drops = llvm::any_of(pieces, [](const Piece &piece) { return piece.isSliced() || !piece.wanted; });
  cost.ops =
      cost.transposes + (static_cast<int64_t>(pieces.size()) != sourceRank) + drops + (groups.size() != flat.size());
  return cost;
}

FailureOr<LayoutCost> vitc::materializationCost(const AxisMap &map) {
  FailureOr<Layout> layout = Layout::plan(map);
  if (failed(layout))
    return failure();
  return layout->cost();
}

bool vitc::isMaterializable(const AxisMap &map) { return succeeded(Layout::plan(map)); }

FailureOr<Value> vitc::materialize(OpBuilder &builder, Location loc, const AxisMap &map) {
  FailureOr<Layout> layout = Layout::plan(map);
  if (failed(layout))
    return failure();
  return layout->build(builder, loc, map.source);
}
