//===- Slice, Split, Pad, CenterCropPad, Trilu ----------------------------===//

#include "DataExtents.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// Elements at offset + i · step along each dimension.
struct Selection {
  Extents offsets, sizes;
  SmallVector<int64_t> steps;
};
} // namespace

/// The first position of a slice, clamped as ONNX says. A start beyond ±2³⁰ means an end of a dimension.
static AffineExpr getOffset(Node &node, AffineExpr size, int64_t start, int64_t step) {
  constexpr int64_t farAway = int64_t(1) << 30;
  if (auto constant = dyn_cast<AffineConstantExpr>(size)) {
    int64_t n = constant.getValue();
    start = start < 0 ? std::max<int64_t>(start, -n - 1) + n : start;
    return node.extent(std::clamp<int64_t>(start, 0, std::max<int64_t>(step > 0 ? n : n - 1, 0)));
  }
  if (start >= 0)
    return step < 0 && start >= farAway ? size - 1 : node.extent(start);
  return start < -farAway ? node.extent(0) : node.symbols.simplify(size + start);
}

static FailureOr<Selection> getRegion(SliceOp op, Node &node) {
  Tensor x = node.get(op.getData());
  auto starts = getIntegers(op.getStarts()), axes = getIntegers(op.getAxes()), steps = getIntegers(op.getSteps());
  if (!starts || (op.getAxes() && !axes) || (op.getSteps() && !steps))
    return node.refuse("its starts, axes or steps are not constant");
  Selection selection{Extents(x.getRank(), node.extent(0)), node.getResultExtents(),
                      SmallVector<int64_t>(x.getRank(), 1)};
  for (auto [index, start] : llvm::enumerate(*starts)) {
    int64_t dim = axes ? normalizeAxis((*axes)[index], x.getRank()) : index;
    selection.steps[dim] = steps ? (*steps)[index] : 1;
    selection.offsets[dim] = getOffset(node, x.extents[dim], start, selection.steps[dim]);
  }
  return selection;
}

namespace {
/// Index arithmetic of a slice whose bounds the run reads.
class RunTimeBounds {
public:
  RunTimeBounds(Node &node, Value extent, int64_t step) : b(node.builder), loc(node.loc), extent(extent), step(step) {}

  /// The start, clamped to the dimension.
  Value clampStart(Value start) { return clamp(start); }

  /// max(0, ⌈(end − start) / step⌉), for a clamped start.
  Value countTo(Value start, Value end) {
    Value distance = step > 0 ? sub(clamp(end), start) : sub(start, clamp(end));
    int64_t stride = step > 0 ? step : -step;
    Value count = arith::CeilDivSIOp::create(b, loc, distance, index(stride));
    return arith::MaxSIOp::create(b, loc, count, index(0));
  }

private:
  Value index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value sub(Value lhs, Value rhs) { return arith::SubIOp::create(b, loc, lhs, rhs); }

  /// A position from the end or outside, as one in [0, extent], or in [−1, extent − 1] for steps back.
  Value clamp(Value position) {
    Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, position, index(0));
    Value wrapped = arith::AddIOp::create(b, loc, position, extent);
    Value fromFront = arith::SelectOp::create(b, loc, isNegative, wrapped, position);
    Value most = step > 0 ? extent : sub(extent, index(1));
    Value bounded = arith::MinSIOp::create(b, loc, fromFront, most);
    return arith::MaxSIOp::create(b, loc, bounded, index(step > 0 ? 0 : -1));
  }

  OpBuilder &b;
  Location loc;
  Value extent;
  int64_t step;
};
} // namespace

/// Entry `entry` of a list of integers, read in the run.
static Value readEntry(Node &node, const Tensor &list, int64_t entry) {
  Value at = arith::ConstantIndexOp::create(node.builder, node.loc, entry);
  Value value = tensor::ExtractOp::create(node.builder, node.loc, list.value, at);
  return arith::IndexCastOp::create(node.builder, node.loc, node.builder.getIndexType(), value);
}

/// Whether dimension `axis` of a type is the extent of this name.
static bool isComputedDim(Type type, int64_t axis, StringAttr name) {
  return (*vitc::onnx::getExtents(type))[axis] == Extent::symbol(name);
}

/// One axis has bounds that the run reads; its count is an extent that the run computes.
static FailureOr<Tensor> sliceAtRunTime(SliceOp op, Node &node) {
  Tensor x = node.get(op.getData());
  auto axes = getIntegers(op.getAxes()), steps = getIntegers(op.getSteps());
  if ((op.getAxes() && !axes) || (op.getSteps() && !steps))
    return node.refuse("its axes or steps are not constant");
  Tensor starts = node.get(op.getStarts()), ends = node.get(op.getEnds());
  StringAttr name = getComputedExtent(op)->name;
  SmallVector<OpFoldResult> offsets(x.getRank(), node.builder.getIndexAttr(0)),
      strides(x.getRank(), node.builder.getIndexAttr(1));
  std::optional<int64_t> back;
  Value first;
  for (int64_t entry = 0, count = getStaticExtent(starts.extents[0]); entry < count; ++entry) {
    int64_t axis = axes ? normalizeAxis((*axes)[entry], x.getRank()) : entry, step = steps ? (*steps)[entry] : 1;
    RunTimeBounds bounds(node, node.indexValue(x.extents[axis]), step);
    Value start = bounds.clampStart(readEntry(node, starts, entry));
    if (isComputedDim(op.getType(), axis, name)) {
      if (failed(defineExtent(op, node, bounds.countTo(start, readEntry(node, ends, entry)))))
        return failure();
      if (step < 0) {
        back = axis;
        first = start;
        strides[axis] = node.builder.getIndexAttr(step);
        continue;
      }
    } else if (step < 0) {
      return node.refuse("beside an axis whose bounds depend on data, it steps back along another one");
    }
    offsets[axis] = start;
    strides[axis] = node.builder.getIndexAttr(step);
  }
  Extents extents = node.getResultExtents();
  if (back) {
    int64_t step = *getConstantIntValue(strides[*back]);
    return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
      SmallVector<Value> source;
      for (auto [dim, i] : llvm::enumerate(position)) {
        bool isBack = static_cast<int64_t>(dim) == *back;
        Value stride = arith::ConstantIndexOp::create(b, loc, isBack ? step : *getConstantIntValue(strides[dim]));
        Value offset = isBack ? first : getValueOrCreateConstantIndexOp(b, loc, offsets[dim]);
        source.push_back(arith::AddIOp::create(b, loc, offset, arith::MulIOp::create(b, loc, i, stride)));
      }
      return source;
    });
  }
  Value value = tensor::ExtractSliceOp::create(node.builder, node.loc, node.getType(extents, x.getElementType()),
                                               x.value, offsets, node.indices(extents), strides);
  return Tensor{value, extents};
}

static Tensor select(Node &node, const Tensor &x, const Selection &selection) {
  if (llvm::all_of(selection.steps, [](int64_t step) { return step > 0; }))
    return node.slice(x, selection.offsets, selection.sizes, selection.steps);
  SmallVector<Value> offsets =
      llvm::map_to_vector(selection.offsets, [&](AffineExpr offset) { return node.indexValue(offset); });
  return node.gather(x, selection.sizes, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source;
    for (auto [offset, step, i] : llvm::zip_equal(offsets, selection.steps, position)) {
      Value distance = arith::MulIOp::create(b, loc, i, arith::ConstantIndexOp::create(b, loc, step));
      source.push_back(arith::AddIOp::create(b, loc, offset, distance));
    }
    return source;
  });
}

static FailureOr<Tensor> convertSlice(SliceOp op, Node &node) {
  if (getComputedExtent(op))
    return sliceAtRunTime(op, node);
  FailureOr<Selection> selection = getRegion(op, node);
  if (failed(selection))
    return failure();
  return select(node, node.get(op.getData()), *selection);
}

/// The offsets of what is sliced or padded symbolically.
template <typename OpTy>
static FailureOr<Extents> getOffsets(OpTy op, Node &node) {
  auto dims = vitc::vit::DimsAttr::get(node.getContext(), op.getSymbols(), op.getOffsetsAttr());
  Extents offsets = node.symbols.getExtents(dims);
  if (llvm::is_contained(offsets, AffineExpr()))
    return node.refuse("its offsets are not made of the inputs' named dimensions");
  return offsets;
}

static FailureOr<Tensor> convertSymbolicSlice(SymbolicSliceOp op, Node &node) {
  FailureOr<Extents> offsets = getOffsets(op, node);
  if (failed(offsets))
    return failure();
  return select(node, node.get(op.getData()), {*offsets, node.getResultExtents(), llvm::to_vector(op.getSteps())});
}

static FailureOr<SmallVector<Tensor>> convertSplit(SplitOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  SmallVector<Tensor> parts;
  AffineExpr offset = node.extent(0);
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    AffineExpr size = node.getResultExtents(i)[axis];
    parts.push_back(node.sliceDim(x, axis, offset, size));
    offset = node.symbols.simplify(offset + size);
  }
  return parts;
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

namespace {
struct Padding {
  SmallVector<int64_t> low, high;
};
} // namespace

static FailureOr<Padding> getPadding(PadOp op, Node &node) {
  int64_t rank = node.get(op.getData()).getRank();
  auto pads = getIntegers(op.getPads()), axes = getIntegers(op.getAxes());
  if (!pads || (op.getAxes() && !axes))
    return node.refuse("its pads or axes are not constant");
  SmallVector<int64_t> dims = axes ? llvm::map_to_vector(*axes, [&](int64_t axis) { return normalizeAxis(axis, rank); })
                                   : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  Padding padding{SmallVector<int64_t>(rank, 0), SmallVector<int64_t>(rank, 0)};
  for (auto [index, dim] : llvm::enumerate(dims)) {
    padding.low[dim] = (*pads)[index];
    padding.high[dim] = (*pads)[index + dims.size()];
  }
  return padding;
}

/// Removes the elements that negative padding does; what is left is not negative.
static Tensor crop(Node &node, const Tensor &x, Padding &padding) {
  Extents offsets(x.getRank(), node.extent(0)), sizes = x.extents;
  for (int64_t dim = 0; dim < x.getRank(); ++dim) {
    int64_t before = std::max<int64_t>(-padding.low[dim], 0), after = std::max<int64_t>(-padding.high[dim], 0);
    offsets[dim] = node.extent(before);
    sizes[dim] = node.symbols.simplify(x.extents[dim] - before - after);
    padding.low[dim] += before;
    padding.high[dim] += after;
  }
  return node.slice(x, offsets, sizes, SmallVector<int64_t>(x.getRank(), 1));
}

/// i modulo n, never negative.
static Value wrap(OpBuilder &b, Location loc, Value i, Value n) {
  Value remainder = arith::RemSIOp::create(b, loc, i, n);
  Value isNegative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, remainder, arith::ConstantIndexOp::create(b, loc, 0));
  return arith::SelectOp::create(b, loc, isNegative, arith::AddIOp::create(b, loc, remainder, n), remainder);
}

/// Where padding reads position `i` of a dimension of `size` elements; `i` may lie outside.
static Value getPaddedSource(OpBuilder &b, Location loc, StringRef mode, Value i, Value size) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  Value last = arith::SubIOp::create(b, loc, size, constant(1));
  if (mode == "wrap")
    return wrap(b, loc, i, size);
  if (mode == "edge")
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, i, constant(0)), last);
  // Reflection is periodic: 0, 1, …, last, …, 1. One element is its own reflection.
  Value period = arith::MaxSIOp::create(b, loc, arith::MulIOp::create(b, loc, last, constant(2)), constant(1));
  Value position = wrap(b, loc, i, period);
  Value mirrored = arith::SubIOp::create(b, loc, period, position);
  return arith::MinSIOp::create(b, loc, arith::MinSIOp::create(b, loc, position, mirrored), last);
}

/// What a Pad of mode "constant" adds.
template <typename OpTy>
static Value getPadValue(OpTy op, Node &node, Type element) {
  if (!op.getConstantValue())
    return arith::ConstantOp::create(node.builder, node.loc, getScalarAttr(0, element));
  Tensor value = node.get(op.getConstantValue());
  if (ElementsAttr constant = getConstantValue(value.value))
    return arith::ConstantOp::create(node.builder, node.loc, cast<TypedAttr>(*constant.getValues<Attribute>().begin()));
  return tensor::ExtractOp::create(node.builder, node.loc, node.reshape(value, {}).value, ValueRange());
}

/// `x` at `offsets` within the result; what is around it repeats its elements.
static Tensor repeat(Node &node, const Tensor &x, ExtentsRef offsets, StringRef mode) {
  Extents extents = node.getResultExtents();
  auto toValues = [&](ExtentsRef exprs) {
    return llvm::map_to_vector(exprs, [&](AffineExpr expr) { return node.indexValue(expr); });
  };
  SmallVector<Value> sizes = toValues(x.extents), low = toValues(offsets);
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    for (int64_t dim = 0; dim < x.getRank(); ++dim) {
      if (extents[dim] == x.extents[dim])
        continue;
      Value i = arith::SubIOp::create(b, loc, position[dim], low[dim]);
      source[dim] = getPaddedSource(b, loc, mode, i, sizes[dim]);
    }
    return source;
  });
}

static FailureOr<Tensor> convertPad(PadOp op, Node &node) {
  FailureOr<Padding> padding = getPadding(op, node);
  if (failed(padding))
    return failure();
  Tensor x = crop(node, node.get(op.getData()), *padding);
  if (op.getMode() == "constant")
    return node.pad(x, padding->low, padding->high, getPadValue(op, node, x.getElementType()));
  Extents offsets = llvm::map_to_vector(padding->low, [&](int64_t low) { return node.extent(low); });
  return repeat(node, x, offsets, op.getMode());
}

static FailureOr<Tensor> convertSymbolicPad(SymbolicPadOp op, Node &node) {
  FailureOr<Extents> offsets = getOffsets(op, node);
  if (failed(offsets))
    return failure();
  Tensor x = node.get(op.getData());
  if (op.getMode() == "constant")
    return node.pad(x, *offsets, node.getResultExtents(), getPadValue(op, node, x.getElementType()));
  return repeat(node, x, *offsets, op.getMode());
}

/// Positive padding adds zeros, negative padding removes elements; of an odd number the end has one more.
static FailureOr<Tensor> convertCenterCropPad(CenterCropPadOp op, Node &node) {
  Tensor x = node.get(op.getInputData());
  Padding padding{SmallVector<int64_t>(x.getRank(), 0), SmallVector<int64_t>(x.getRank(), 0)};
  for (auto [dim, from, to] : llvm::enumerate(x.extents, node.getResultExtents())) {
    int64_t change = getStaticExtent(node.symbols.simplify(to - from));
    if (ShapedType::isDynamic(change))
      return node.refuse("it gives a symbolic extent another size");
    padding.low[dim] = change / 2; // towards zero
    padding.high[dim] = change - padding.low[dim];
  }
  x = crop(node, x, padding);
  return node.pad(x, padding.low, padding.high, getScalarAttr(0, x.getElementType()));
}

/// Keeps the elements with column − row at least k (at most k for the lower triangle).
static FailureOr<Tensor> convertTrilu(TriluOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  std::optional<double> diagonal = op.getK() ? getScalar(op.getK()) : std::optional<double>(0);
  if (!diagonal)
    return node.refuse("its diagonal is not constant");
  constexpr double farAway = 0x1p40; // beyond every matrix
  auto offset = static_cast<int64_t>(std::clamp(*diagonal, -farAway, farAway));
  int64_t rank = x.getRank();
  return node.map({x}, x.extents, x.getElementType(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value row = linalg::IndexOp::create(b, loc, rank - 2), column = linalg::IndexOp::create(b, loc, rank - 1);
    Value distance = arith::SubIOp::create(b, loc, column, row);
    Value k = arith::ConstantIndexOp::create(b, loc, offset);
    auto order = op.getUpper() ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
    Value isKept = arith::CmpIOp::create(b, loc, order, distance, k);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(x.getElementType()));
    return arith::SelectOp::create(b, loc, isKept, args[0], zero);
  });
}

void vitc::onnx::populateSlicePatterns(NodePatterns &patterns) {
  patterns.add(convertCenterCropPad);
  patterns.add(convertPad);
  patterns.add(convertSlice);
  patterns.add(convertSymbolicPad);
  patterns.add(convertSymbolicSlice);
  patterns.add(convertSplit);
  patterns.add(convertTrilu);
}
