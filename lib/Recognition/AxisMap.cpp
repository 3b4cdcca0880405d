#include "vitc/Recognition/AxisMap.h"

#include "vitc/Recognition/Algebra.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace vitc;

Extent vitc::extentOf(ArrayRef<Digit> axis) {
  Extent product;
  for (const Digit &digit : axis)
    product = product * digit.extent;
  return product;
}

void vitc::appendDigit(Axis &axis, const Digit &digit) {
  if (digit.extent.isOne())
    return;
  if (axis.empty() || axis.back().dim != digit.dim ||
      (!digit.isFree() && !(axis.back().stride == digit.extent * digit.stride))) {
    axis.push_back(digit);
    return;
  }
  axis.back() = {axis.back().extent * digit.extent, digit.dim, digit.stride};
}

std::optional<SmallVector<Axis>> vitc::splitAxis(ArrayRef<Digit> axis, ArrayRef<Extent> extents) {
  SmallVector<Digit> rest(axis);
  SmallVector<Axis> parts(extents.size());
  for (auto [part, extent] : llvm::reverse(llvm::zip_equal(parts, extents))) {
    Extent needed = extent;
    SmallVector<Digit> innermostFirst;
    while (!needed.isOne()) {
      if (rest.empty())
        return std::nullopt;
      Digit &last = rest.back();
      if (std::optional<Extent> left = needed.dividedBy(last.extent)) {
        innermostFirst.push_back(rest.pop_back_val());
        needed = *left;
      } else if (std::optional<Extent> outer = last.extent.dividedBy(needed)) {
        innermostFirst.push_back({needed, last.dim, last.stride});
        last = {*outer, last.dim, last.isFree() ? last.stride : last.stride * needed};
        needed = 1;
      } else {
        return std::nullopt;
      }
    }
    for (const Digit &digit : llvm::reverse(innermostFirst))
      appendDigit(part, digit);
  }
  if (!rest.empty())
    return std::nullopt;
  return parts;
}

AxisMap AxisMap::identity(Value value) {
  AxisMap map;
  map.source = value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  map.axes.resize(rank);
  for (int64_t dim = 0; dim < rank; ++dim)
    appendDigit(map.axes[dim], {vitc::extentOf(value, dim), dim, 1});
  map.offsets.assign(rank, 0);
  map.rolls.assign(rank, 0);
  return map;
}

bool AxisMap::isIdentity() const {
  AxisMap identity = AxisMap::identity(source);
  return axes == identity.axes && offsets == identity.offsets && rolls == identity.rolls && scale == 1;
}

AxisMap AxisMap::inLoops(AffineMap indexing, ArrayRef<Extent> loops) const {
  AxisMap map = *this;
  map.axes.assign(loops.size(), {});
  for (auto [loop, extent] : llvm::enumerate(loops))
    appendDigit(map.axes[loop], Digit::free(extent));
  for (auto [dim, expr] : llvm::enumerate(indexing.getResults()))
    map.axes[cast<AffineDimExpr>(expr).getPosition()] = axes[dim];
  return map;
}

/// The part of `axis` that the digit counts through: index / stride % extent.
static std::optional<Axis> selectDigit(ArrayRef<Digit> axis, const Digit &digit) {
  std::optional<Extent> outer = extentOf(axis).dividedBy(digit.extent * digit.stride);
  if (!outer)
    return std::nullopt;
  std::optional<SmallVector<Axis>> parts = splitAxis(axis, {*outer, digit.extent, digit.stride});
  return parts ? std::optional((*parts)[1]) : std::nullopt;
}

FailureOr<AxisMap> AxisMap::compose(const AxisMap &outer) const {
  AxisMap map = *this;
  map.axes.assign(outer.axes.size(), {});
  map.scale *= outer.scale;
  llvm::append_range(map.path, outer.path);
  for (auto [dim, offset] : llvm::enumerate(outer.offsets)) {
    if (outer.rolls[dim] != 0)
      return failure();
    if (offset == 0)
      continue;
    if (axes[dim].size() != 1)
      return failure();
    const Digit &digit = axes[dim].front();
    if (digit.isFree())
      continue;
    if (!digit.stride.constant())
      return failure();
    map.offsets[digit.dim] += offset * *digit.stride.constant();
  }
  for (auto [axis, outerAxis] : llvm::zip_equal(map.axes, outer.axes))
    for (const Digit &digit : outerAxis) {
      if (digit.isFree()) {
        appendDigit(axis, digit);
        continue;
      }
      // A digit may stop short of the dimension it counts through: a slice.
      ArrayRef<Digit> inner = axes[digit.dim];
      std::optional<Axis> selected;
      if (inner.size() == 1)
        selected = Axis{{digit.extent, inner[0].dim, inner[0].isFree() ? Extent(1) : inner[0].stride * digit.stride}};
      else
        selected = selectDigit(inner, digit);
      if (!selected)
        return failure();
      for (const Digit &part : *selected)
        appendDigit(axis, part);
    }
  return map;
}

namespace {
/// What each viewing op does to a map; every function leaves the map as it was where it fails.
class Applier {
public:
  explicit Applier(AxisMap &map) : map(map) {}

  LogicalResult apply(Operation *op) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<linalg::TransposeOp, linalg::BroadcastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
              tensor::ExtractSliceOp, tensor::ConcatOp>([&](auto view) { return visit(view); })
        .Case([&](tensor::CastOp) { return success(); })
        .Case([&](linalg::LinalgOp view) { return visitElementwise(view); })
        .Default([&](Operation *) { return refuse("the op is not a view"); });
  }

private:
  LogicalResult refuse(const Twine &reason) {
    map.opaque = reason.str();
    return failure();
  }

  LogicalResult visit(linalg::TransposeOp op) {
    auto axes = llvm::map_to_vector(op.getPermutation(), [&](int64_t dim) { return map.axes[dim]; });
    map.axes.assign(axes.begin(), axes.end());
    return success();
  }

  LogicalResult visit(linalg::BroadcastOp op) {
    for (int64_t dim : op.getDimensions()) { // ascending
      map.axes.insert(map.axes.begin() + dim, Axis());
      appendDigit(map.axes[dim], Digit::free(extentOf(op.getResult()[0], dim)));
    }
    return success();
  }

  LogicalResult visit(tensor::CollapseShapeOp op) {
    SmallVector<Axis, 5> axes;
    for (const ReassociationIndices &group : op.getReassociationIndices()) {
      Axis &axis = axes.emplace_back();
      for (int64_t dim : group)
        for (const Digit &digit : map.axes[dim])
          appendDigit(axis, digit);
    }
    map.axes = std::move(axes);
    return success();
  }

  LogicalResult visit(tensor::ExpandShapeOp op) {
    SmallVector<Axis, 5> axes;
    for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
      auto extents = llvm::map_to_vector(group, [&](int64_t to) { return extentOf(op.getResult(), to); });
      std::optional<SmallVector<Axis>> parts = splitAxis(map.axes[dim], extents);
      if (!parts) {
        std::string reason;
        llvm::raw_string_ostream os(reason);
        os << "a reshape cuts a dimension of extents ";
        llvm::interleave(map.axes[dim], os, [&](const Digit &digit) { os << digit.extent; }, "x");
        os << " into ";
        llvm::interleave(extents, os, [&](const Extent &extent) { os << extent; }, "x");
        return refuse(reason);
      }
      llvm::append_range(axes, *parts);
    }
    if (op.getSrcType().getRank() == 0) // dimensions of one element come from nothing
      axes.assign(op.getResultType().getRank(), Axis());
    map.axes = std::move(axes);
    return success();
  }

  /// Cuts `axis` down to indices offset, offset + step, .. (`size` of them).
  LogicalResult slice(Axis &axis, OpFoldResult offset, Extent size, OpFoldResult step) {
    std::optional<int64_t> first = getConstantIntValue(offset), by = getConstantIntValue(step);
    if (!first || !by)
      return refuse("a slice starts at an offset that is not constant");
    if (*first == 0 && *by == 1 && size == extentOf(axis))
      return success();
    if (size.isOne())
      return fix(axis, *first);
    if (axis.empty())
      return refuse("a slice keeps as much of one element as only the run knows");
    Extent inner = extentOf(ArrayRef<Digit>(axis).drop_front());
    std::optional<Extent> count = size.dividedBy(inner);
    bool aligned =
        inner.isOne() || (*by == 1 && (*first == 0 || (inner.constant() && *first % *inner.constant() == 0)));
    if (!count || !aligned)
      return refuse("a slice cuts through a dimension of several digits");
    Digit &outer = axis.front();
    if (!outer.isFree()) {
      if (failed(shift(outer, *first == 0 ? 0 : *first / *inner.constant())))
        return failure();
      outer.stride = outer.stride * *by;
    }
    outer.extent = *count;
    if (outer.extent.isOne())
      axis.erase(axis.begin());
    return success();
  }

  /// Adds `index` counts of the digit to the offset.
  LogicalResult shift(const Digit &digit, int64_t index) {
    if (digit.isFree() || index == 0)
      return success();
    if (!digit.stride.constant())
      return refuse("a slice starts within a dimension of symbolic stride");
    map.offsets[digit.dim] += index * *digit.stride.constant();
    return success();
  }

  /// Fixes the axis at `index`.
  LogicalResult fix(Axis &axis, int64_t index) {
    for (const Digit &digit : llvm::reverse(axis)) {
      std::optional<int64_t> extent = digit.extent.constant();
      if (!extent && index != 0 && &digit != axis.begin())
        return refuse("a slice picks an index of a dimension of symbolic extents");
      bool outermost = &digit == axis.begin();
      if (failed(shift(digit, outermost || !extent ? index : index % *extent)))
        return failure();
      index = outermost || !extent ? 0 : index / *extent;
    }
    axis.clear();
    return success();
  }

  LogicalResult visit(tensor::ExtractSliceOp op) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    AxisMap before = map;
    SmallVector<Axis, 5> axes;
    for (auto [dim, axis] : llvm::enumerate(map.axes)) {
      if (failed(
              slice(axis, op.getMixedOffsets()[dim], extentOf(op.getMixedSizes()[dim]), op.getMixedStrides()[dim]))) {
        before.opaque = map.opaque;
        map = before;
        return failure();
      }
      if (!dropped.test(dim))
        axes.push_back(axis);
    }
    map.axes = std::move(axes);
    return success();
  }

  LogicalResult visit(tensor::ConcatOp op) {
    Axis &axis = map.axes[op.getDim()];
    auto tail = op.getInputs()[0].getDefiningOp<tensor::ExtractSliceOp>();
    std::optional<int64_t> by = getConstantIntValue(tail.getMixedOffsets()[op.getDim()]);
    bool whole = axis.size() == 1 && !axis[0].isFree() && axis[0].stride.isOne() && map.offsets[axis[0].dim] == 0 &&
                 axis[0].extent == extentOf(map.source, axis[0].dim);
    if (!whole)
      return refuse("a roll over a part of a dimension");
    map.rolls[axis[0].dim] += *by;
    return success();
  }

  /// A product with a scalar, or a structured op that copies through a permutation or a broadcast.
  LogicalResult visitElementwise(linalg::LinalgOp op) {
    OpOperand *viewed = nullptr;
    double factor = 1;
    if (std::optional<Scaled> scaled = matchScaled(op)) {
      viewed = scaled->operand;
      factor = scaled->factor;
    } else {
      viewed = op.getDpsInputOperand(0);
    }
    SmallVector<Extent> loops;
    for (int64_t dim = 0; dim < op.getNumLoops(); ++dim)
      loops.push_back(extentOf(op->getResult(0), dim));
    map = map.inLoops(op.getMatchingIndexingMap(viewed), loops);
    map.scale *= factor;
    return success();
  }

  AxisMap &map;
};
} // namespace

/// concat(x[k:], x[:k]) along one dimension: the x.
static Value rolledValue(tensor::ConcatOp op) {
  if (op.getInputs().size() != 2)
    return nullptr;
  auto tail = op.getInputs()[0].getDefiningOp<tensor::ExtractSliceOp>();
  auto head = op.getInputs()[1].getDefiningOp<tensor::ExtractSliceOp>();
  if (!tail || !head || tail.getSource() != head.getSource() || tail.getSourceType() != op.getResultType() ||
      !tail.hasUnitStride() || !head.hasUnitStride() || !tail.getDroppedDims().none() || !head.getDroppedDims().none())
    return nullptr;
  for (int64_t dim = 0; dim < op.getResultType().getRank(); ++dim) {
    bool rolled = dim == static_cast<int64_t>(op.getDim());
    std::optional<int64_t> from = getConstantIntValue(tail.getMixedOffsets()[dim]);
    std::optional<int64_t> start = getConstantIntValue(head.getMixedOffsets()[dim]);
    Extent whole = extentOf(op.getResult(), dim), size = extentOf(head.getMixedSizes()[dim]);
    if (start != 0 || !from ||
        (rolled ? !(size == Extent(*from)) || whole.constant() == std::nullopt : *from != 0 || !(size == whole)))
      return nullptr;
  }
  return tail.getSource();
}

Value vitc::viewedOperand(Operation *op, TraceOptions options) {
  if (op->getNumResults() != 1 || !isa<RankedTensorType>(op->getResult(0).getType()))
    return nullptr; // on buffers, or no value at all
  return TypeSwitch<Operation *, Value>(op)
      .Case<linalg::TransposeOp, linalg::BroadcastOp>([](auto view) { return view.getInput(); })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>([](auto view) { return view.getSrc(); })
      .Case<tensor::ExtractSliceOp>([](auto view) { return view.getSource(); })
      .Case<tensor::CastOp>(
          [](auto view) { return isa<RankedTensorType>(view.getSource().getType()) ? view.getSource() : Value(); })
      .Case<tensor::ConcatOp>([&](auto view) { return options.rolls ? rolledValue(view) : nullptr; })
      .Case<linalg::LinalgOp>([&](linalg::LinalgOp view) -> Value {
        if (isCopy(view))
          return view.getDpsInputOperand(0)->get();
        std::optional<Scaled> scaled = options.scales ? matchScaled(view) : std::nullopt;
        return scaled ? scaled->operand->get() : Value();
      })
      .Default([](Operation *) { return Value(); });
}

LogicalResult AxisMap::apply(Operation *op) {
  if (failed(Applier(*this).apply(op)))
    return failure();
  path.push_back(op);
  return success();
}

std::optional<int64_t> vitc::matchWholeDim(const AxisMap &map, ArrayRef<Digit> axis) {
  if (axis.size() != 1 || axis[0].isFree() || !axis[0].stride.isOne() ||
      !(axis[0].extent == extentOf(map.source, axis[0].dim)))
    return std::nullopt;
  return axis[0].dim;
}

AxisMap vitc::trace(Value value, TraceOptions options) {
  // No model has as many views in a row; every op of a longer chain is traced, each time all the way.
  static constexpr size_t kMostViews = 64;
  SmallVector<Operation *> views; // the last one first
  Value source = value;
  while (Operation *op = views.size() < kMostViews ? source.getDefiningOp() : nullptr) {
    Value viewed = viewedOperand(op, options);
    if (!viewed)
      break;
    views.push_back(op);
    source = viewed;
  }
  AxisMap map = AxisMap::identity(source);
  for (Operation *op : llvm::reverse(views)) {
    if (succeeded(map.apply(op)))
      continue;
    std::string opaque = map.opaque;
    map = AxisMap::identity(op->getResult(0));
    map.opaque = opaque;
  }
  return map;
}

llvm::raw_ostream &vitc::operator<<(llvm::raw_ostream &os, const AxisMap &map) {
  os << "[";
  llvm::interleaveComma(map.axes, os, [&](const Axis &axis) {
    if (axis.empty())
      os << "1";
    llvm::interleave(
        axis, os,
        [&](const Digit &digit) {
          os << digit.extent << "@";
          if (digit.isFree())
            os << "free";
          else
            os << digit.dim;
          if (!digit.stride.isOne())
            os << "/" << digit.stride;
        },
        "·");
  });
  os << "]";
  auto list = [&](StringRef name, ArrayRef<int64_t> values) {
    if (llvm::all_of(values, [](int64_t value) { return value == 0; }))
      return;
    os << " " << name << " [";
    llvm::interleaveComma(values, os);
    os << "]";
  };
  list("offsets", map.offsets);
  list("rolls", map.rolls);
  if (map.scale != 1)
    os << llvm::format(" scale %.6g", map.scale);
  return os;
}
