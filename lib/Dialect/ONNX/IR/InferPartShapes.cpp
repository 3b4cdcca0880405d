// Shapes of parts and copies: Concat, Split, Slice, Gather, Expand, Tile, Pad, Resize.

#include "vitc/Dialect/ONNX/IR/Arguments.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult ConcatOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getInputs().front());
  size_t axis = fromFront(getAxis(), result.size());
  for (Value input : getInputs().drop_front()) {
    SymbolicShape shape = extentsOf(input);
    if (shape.size() != result.size())
      return emitOpError() << "expected operands of one rank, got shapes " << str(result) << " and " << str(shape);
    for (auto [dim, extent] : llvm::enumerate(shape)) {
      if (dim == axis)
        result[dim] = result[dim] + extent;
      else if (!env.requireEqual(*this, result[dim], extent))
        return emitOpError() << "expected extents that agree in dimension " << dim << ", got " << result[dim].str()
                             << " and " << extent.str();
      else if (extent.isConstant())
        result[dim] = extent;
    }
  }
  shapes.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

/// The lengths of the parts: `split`, or ⌈n / parts⌉ with a shorter last one.
static FailureOr<SymbolicShape> getPartLengths(SplitOp op, ShapeEnv &env, const Extent &extent) {
  int64_t parts = op.getNumResults();
  if (op.getSplit()) {
    const SmallTensor *split = env.contents(op.getSplit());
    std::optional<SymbolicShape> lengths = split ? split->asExtents() : std::nullopt;
    if (!lengths || lengths->size() != static_cast<size_t>(parts))
      return op.emitOpError() << "expected a constant or symbolic length for each of " << parts << " parts";
    Extent sum;
    for (const Extent &length : *lengths) {
      if (!env.requireAtLeast(op, length, 0))
        return op.emitOpError() << "expected lengths that are not negative, got " << length.str();
      sum = sum + length;
    }
    if (!env.requireEqual(op, sum, extent))
      return op.emitOpError() << "expected lengths that sum to " << extent.str() << ", got " << sum.str();
    return *lengths;
  }
  Extent length = *(extent + (parts - 1)).floorDiv(parts), last = extent - length * (parts - 1);
  if (!env.requireAtLeast(op, last, 0))
    return op.emitOpError() << "expected an extent that splits into " << parts << " parts, got " << extent.str();
  SymbolicShape lengths(parts, length);
  lengths.back() = last;
  return lengths;
}

LogicalResult SplitOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape input = extentsOf(getInput());
  size_t axis = fromFront(getAxis(), input.size());
  FailureOr<SymbolicShape> lengths = getPartLengths(*this, env, input[axis]);
  if (failed(lengths))
    return failure();
  for (const Extent &length : *lengths) {
    input[axis] = length;
    shapes.push_back(input);
  }
  return success();
}

SmallVector<Value> SplitOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getSplit()}); }

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// The part of one axis as its start and end; none where they depend on data or symbols leave them open.
static std::optional<SliceRange> getRange(const Element &start, const Element &end, int64_t step,
                                          const Extent &extent) {
  bool forward = step > 0;
  Extent last = forward ? extent : extent - 1;
  std::optional<Extent> first = clampIndex(start, extent, 0, last),
                        past = clampIndex(end, extent, forward ? 0 : -1, last);
  if (!first || !past)
    return std::nullopt;
  return SliceRange{*first, *past, step};
}

namespace {
/// What the operands of a slice say about each axis in turn; bounds are null where they depend on data.
struct SliceOperands {
  SmallVector<int64_t> axes, steps;
  const SmallTensor *starts, *ends;

  Element start(size_t entry) const { return starts ? (*starts)[entry] : Element(); }
  Element end(size_t entry) const { return ends ? (*ends)[entry] : Element(); }
};
} // namespace

static FailureOr<SliceOperands> getSliceOperands(SliceOp op, ShapeEnv &env) {
  SliceOperands operands{{}, {}, env.contents(op.getStarts()), env.contents(op.getEnds())};
  std::optional<int64_t> count = extentsOf(op.getStarts()).front().asConstant();
  if (!count || extentsOf(op.getEnds()).front() != Extent(*count))
    return op.emitOpError() << "expected starts and ends of the same static length";
  FailureOr<SmallVector<int64_t>> axes = llvm::to_vector(llvm::seq<int64_t>(0, *count));
  FailureOr<SmallVector<int64_t>> steps = SmallVector<int64_t>(*count, 1);
  if (op.getAxes())
    axes = constantIntegers(op, env, op.getAxes(), "axes");
  if (op.getSteps())
    steps = constantIntegers(op, env, op.getSteps(), "steps");
  if (failed(axes) || failed(steps))
    return failure();
  if (static_cast<int64_t>(axes->size()) != *count || axes->size() != steps->size())
    return op.emitOpError() << "expected starts, ends, axes and steps of the same length";
  int64_t rank = extentsOf(op.getData()).size();
  for (auto [axis, step] : llvm::zip_equal(*axes, *steps)) {
    if (axis < -rank || axis >= rank || step == 0 || step == std::numeric_limits<int64_t>::min())
      return op.emitOpError() << "expected axes in [" << -rank << ", " << rank
                              << ") and steps that are not 0, got axis " << axis << " and step " << step;
    axis = fromFront(axis, rank);
  }
  operands.axes = std::move(*axes);
  operands.steps = std::move(*steps);
  return operands;
}

/// The range where every run has its bounds within the extent.
static std::optional<SliceRange> requireRange(SliceOp op, ShapeEnv &env, const Element &start, const Element &end,
                                              int64_t step, const Extent &extent) {
  Extent least = step > 0 ? 0 : -1, most = step > 0 ? extent : extent - 1;
  std::optional<Extent> first = clampIndex(op, env, start, extent, 0, most);
  std::optional<Extent> last = clampIndex(op, env, end, extent, least, most);
  return first && last ? std::optional<SliceRange>({*first, *last, step}) : std::nullopt;
}

FailureOr<SmallVector<SliceRange>> vitc::onnx::getSliceRanges(SliceOp op, ShapeEnv &env) {
  SymbolicShape data = extentsOf(op.getData());
  SmallVector<SliceRange> ranges;
  for (const Extent &extent : data)
    ranges.push_back({0, extent, 1});
  FailureOr<SliceOperands> operands = getSliceOperands(op, env);
  if (failed(operands))
    return failure();
  std::optional<OpenRange> open = getOpenRange(op, env);
  for (auto [entry, axis, step] : llvm::enumerate(operands->axes, operands->steps)) {
    if (open && open->entry == entry)
      continue;
    Element start = operands->start(entry), end = operands->end(entry);
    std::optional<SliceRange> range = getRange(start, end, step, data[axis]);
    if (!range)
      range = requireRange(op, env, start, end, step, data[axis]);
    if (!range)
      return op.emitOpError() << "cannot tell where the slice of axis " << axis << " lies in its extent "
                              << data[axis].str();
    ranges[axis] = *range;
  }
  return ranges;
}

/// At most how many positions there are from `start` to `end` in `extent`, where constants say so.
static Extent boundLength(const Element &start, const Element &end, int64_t step, const Extent &extent) {
  std::optional<int64_t> first = start.asInteger(), last = end.getUpperBound();
  if (step < 0 || !last || *last < 0 || Extent(*last).isProvablyAtLeast(extent))
    return extent;
  return std::max<int64_t>(*last - std::max<int64_t>(first.value_or(0), 0), 0);
}

std::optional<OpenRange> vitc::onnx::getOpenRange(SliceOp op, ShapeEnv &env) {
  ScopedDiagnosticHandler quiet(op.getContext(), [](Diagnostic &) { return success(); });
  FailureOr<SliceOperands> operands = getSliceOperands(op, env);
  if (failed(operands))
    return std::nullopt;
  SymbolicShape data = extentsOf(op.getData());
  std::optional<OpenRange> open;
  for (auto [entry, axis, step] : llvm::enumerate(operands->axes, operands->steps)) {
    const Extent &extent = data[axis];
    Element start = operands->start(entry), end = operands->end(entry);
    ShapeEnv trial;
    if (getRange(start, end, step, extent) || requireRange(op, trial, start, end, step, extent))
      continue;
    if (open)
      return std::nullopt;
    open = OpenRange{entry, axis, step, boundLength(start, end, step, extent)};
  }
  return open;
}

Extent vitc::onnx::getLength(const SliceRange &range) {
  Extent length = range.step > 0 ? range.end - range.start : range.start - range.end;
  int64_t stride = range.step > 0 ? range.step : -range.step;
  Extent count = *(length + (stride - 1)).floorDiv(stride);
  if (Extent(0).isProvablyAtLeast(count))
    return Extent(0);
  return count;
}

LogicalResult SliceOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SmallVector<SliceRange>> ranges = getSliceRanges(*this, env);
  if (failed(ranges))
    return failure();
  std::optional<OpenRange> open = getOpenRange(*this, env);
  SymbolicShape result;
  for (auto [axis, range] : llvm::enumerate(*ranges)) {
    if (open && open->axis == static_cast<int64_t>(axis)) {
      result.push_back(computeExtent(*this, open->bound));
      continue;
    }
    result.push_back(getLength(range));
  }
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> SliceOp::getShapeOperands() {
  return vitc::onnx::detail::presentOperands({getStarts(), getEnds(), getAxes(), getSteps()});
}

LogicalResult SymbolicSliceOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!isa<RankedTensorType>(getOutput().getType()))
    return emitOpError() << "expected a result type that states the sizes";
  shapes.push_back(extentsOf(getOutput()));
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getData()), indices = extentsOf(getIndices());
  size_t axis = fromFront(getAxis(), result.size());
  result.erase(result.begin() + axis);
  result.insert(result.begin() + axis, indices.begin(), indices.end());
  shapes.push_back(std::move(result));
  return success();
}

/// (b.., i.., length) indices into (b.., j.., k..) data give (b.., i.., k..).
LogicalResult GatherNDOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape data = extentsOf(getData()), indices = extentsOf(getIndices());
  size_t batch = getBatchDims();
  std::optional<int64_t> length = indices.empty() ? std::nullopt : indices.back().asConstant();
  if (!length || *length < 1 || batch + *length > data.size() || batch >= indices.size())
    return emitOpError() << "expected index vectors of a constant length for data " << str(data) << ", got "
                         << str(indices);
  for (size_t dim = 0; dim < batch; ++dim)
    if (data[dim] != indices[dim])
      return emitOpError() << "expected the same batch extents, got " << data[dim].str() << " and "
                           << indices[dim].str();
  SymbolicShape result(ArrayRef(indices).drop_back());
  llvm::append_range(result, ArrayRef(data).drop_front(batch + *length));
  shapes.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Expand, Tile, Pad
//===----------------------------------------------------------------------===//

LogicalResult ExpandOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!getShape())
    return keepResultShape(*this, shapes);
  const SmallTensor *target = env.contents(getShape());
  std::optional<SymbolicShape> extents = target ? target->asExtents() : std::nullopt;
  if (!extents)
    return emitOpError() << "expected a shape of constants and extents, got one that depends on data";
  FailureOr<SymbolicShape> result = broadcastShapes(*this, env, {extentsOf(getInput()), *extents});
  if (failed(result))
    return failure();
  shapes.push_back(std::move(*result));
  return success();
}

SmallVector<Value> ExpandOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getShape()}); }

LogicalResult TileOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape input = extentsOf(getInput());
  const SmallTensor *contents = env.contents(getRepeats());
  std::optional<SymbolicShape> repeats = contents ? contents->asExtents() : std::nullopt;
  if (!repeats || repeats->size() != input.size())
    return emitOpError() << "expected a constant or symbolic repeat for each of " << input.size() << " dimensions";
  for (auto [extent, repeat] : llvm::zip_equal(input, *repeats))
    extent = extent * repeat;
  shapes.push_back(std::move(input));
  return success();
}

SmallVector<Value> TileOp::getShapeOperands() { return {getRepeats()}; }

FailureOr<Pads> vitc::onnx::readPads(PadOp op, ShapeEnv &env) {
  int64_t rank = extentsOf(op.getData()).size();
  const SmallTensor *contents = env.contents(op.getPads());
  std::optional<SymbolicShape> pads = contents ? contents->asExtents() : std::nullopt;
  if (!pads)
    return op.emitOpError() << "expected constant or symbolic pads, got values that depend on data";
  FailureOr<SmallVector<int64_t>> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (op.getAxes())
    axes = constantIntegers(op, env, op.getAxes(), "axes");
  if (failed(axes))
    return failure();
  if (pads->size() != 2 * axes->size())
    return op.emitOpError() << "expected " << 2 * axes->size() << " pads, got " << pads->size();
  Pads result{SymbolicShape(rank), SymbolicShape(rank)};
  for (auto [index, axis] : llvm::enumerate(*axes)) {
    if (axis < -rank || axis >= rank)
      return op.emitOpError() << "expected axes in [" << -rank << ", " << rank << "), got " << axis;
    result.before[fromFront(axis, rank)] = (*pads)[index];
    result.after[fromFront(axis, rank)] = (*pads)[axes->size() + index];
  }
  return result;
}

/// Negative pads remove what there is; symbolic ones are not negative, nor are those beside them.
LogicalResult PadOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getData());
  FailureOr<Pads> pads = readPads(*this, env);
  if (failed(pads))
    return failure();
  auto isConstant = [](const Extent &pad) { return pad.isConstant(); };
  bool areConstant = llvm::all_of(pads->before, isConstant) && llvm::all_of(pads->after, isConstant);
  for (auto [extent, before, after] : llvm::zip_equal(result, pads->before, pads->after)) {
    Extent left = extent;
    for (const Extent &pad : {before, after}) {
      if (areConstant)
        left = left + std::min<int64_t>(*pad.asConstant(), 0);
      else if (!env.requireAtLeast(*this, pad, 0))
        return emitOpError() << "expected pads that are not negative where some are symbolic, got " << pad.str();
    }
    bool repeatsElements = getMode() != "constant" && !(before == Extent(0) && after == Extent(0));
    if (!env.requireAtLeast(*this, left, repeatsElements))
      return emitOpError() << "expected pads that leave elements of " << extent.str() << ", got " << before.str()
                           << " and " << after.str();
    extent = extent + before + after;
  }
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> PadOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getPads(), getAxes()}); }

LogicalResult SymbolicPadOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!isa<RankedTensorType>(getOutput().getType()))
    return emitOpError() << "expected a result type that states the sizes";
  shapes.push_back(extentsOf(getOutput()));
  return success();
}

SmallVector<Value> TriluOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getK()}); }

//===----------------------------------------------------------------------===//
// Resize
//===----------------------------------------------------------------------===//

/// ⌊extent · scale⌋ in single precision, as ONNX defines it; symbolic extents scale by whole factors or their inverses.
static std::optional<Extent> scaleExtent(const Extent &extent, double scale) {
  if (std::optional<int64_t> constant = extent.asConstant()) {
    float scaled = std::floor(static_cast<float>(*constant) * static_cast<float>(scale));
    return scaled >= 0 && scaled < 0x1p40f ? std::optional<Extent>(static_cast<int64_t>(scaled)) : std::nullopt;
  }
  if (scale >= 1 && scale < 0x1p20 && scale == std::trunc(scale))
    return extent * static_cast<int64_t>(scale);
  double inverse = 1 / scale;
  if (inverse > 1 && inverse < 0x1p20 && inverse == std::trunc(inverse) && scale * inverse == 1)
    return extent.floorDiv(static_cast<int64_t>(inverse));
  return std::nullopt;
}

/// `sizes` bound the result without changing its aspect ratio: the least or the greatest of their scales serves all.
static FailureOr<SymbolicShape> keepAspectRatio(ResizeOp op, ArrayRef<Extent> extents, ArrayRef<Extent> sizes) {
  bool notLarger = op.getKeepAspectRatioPolicy() == "not_larger";
  std::optional<double> scale;
  for (auto [extent, size] : llvm::zip_equal(extents, sizes)) {
    if (!extent.isConstant() || !size.isConstant() || *extent.asConstant() <= 0)
      return op.emitOpError() << "expected constant extents where the aspect ratio is kept, got " << extent.str()
                              << " to " << size.str();
    double own = static_cast<double>(*size.asConstant()) / static_cast<double>(*extent.asConstant());
    scale = !scale ? own : notLarger ? std::min(*scale, own) : std::max(*scale, own);
  }
  return SymbolicShape(llvm::map_range(extents, [&](const Extent &extent) {
    return Extent(static_cast<int64_t>(std::floor(static_cast<double>(*extent.asConstant()) * *scale + 0.5)));
  }));
}

LogicalResult ResizeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!getScales() && !getSizes()) {
    if (!isa<RankedTensorType>(getY().getType()))
      return emitOpError() << "expected either scales or sizes, got none"; // resize_c1
    shapes.push_back(extentsOf(getY()));
    return success();
  }
  SymbolicShape result = extentsOf(getX());
  int64_t rank = result.size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (!getAxes().empty())
    axes = llvm::map_to_vector(getAxes(), [&](int64_t axis) { return fromFront(axis, rank); });
  const SmallTensor *steer = env.contents(getSizes() ? getSizes() : getScales());
  if (!steer || steer->size() != axes.size())
    return emitOpError() << "expected " << axes.size() << " constant " << (getSizes() ? "sizes" : "scales");

  SymbolicShape resized = llvm::map_to_vector<4>(axes, [&](int64_t axis) { return result[axis]; });
  if (getSizes()) {
    std::optional<SymbolicShape> sizes = steer->asExtents();
    if (!sizes)
      return emitOpError() << "expected sizes of constants and extents, got some that depend on data";
    FailureOr<SymbolicShape> kept = getKeepAspectRatioPolicy() == "stretch" ? FailureOr<SymbolicShape>(*sizes)
                                                                            : keepAspectRatio(*this, resized, *sizes);
    if (failed(kept))
      return failure();
    resized = *kept;
  } else {
    for (auto [extent, scale] : llvm::zip_equal(resized, steer->getElements())) {
      std::optional<Extent> scaled = scale.asNumber() ? scaleExtent(extent, *scale.asNumber()) : std::nullopt;
      if (!scaled)
        return emitOpError() << "cannot tell the extent that " << extent.str() << " scales to";
      extent = *scaled;
    }
  }
  for (auto [axis, extent] : llvm::zip_equal(axes, resized))
    result[axis] = extent;
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> ResizeOp::getShapeOperands() {
  return vitc::onnx::detail::presentOperands({getRoi(), getScales(), getSizes()});
}
