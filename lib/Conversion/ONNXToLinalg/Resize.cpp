//===- Resize: a product with an interpolation matrix for each axis -------===//
//
// Interpolation is linear and separable, and its weights depend on the sizes alone: each axis that changes is a
// linalg.contract with a constant matrix. The nearest element is read, not multiplied, so that infinities stay where
// they are.
//
//===----------------------------------------------------------------------===//

#include "Interpolation.h"
#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
struct ResizedAxis {
  int64_t dim;
  Resampling resampling;
};
} // namespace

/// The one scale of all axes with which an aspect ratio is kept.
static double getCommonScale(ArrayRef<ResizedAxis> axes, ArrayRef<int64_t> sizes, bool notLarger) {
  SmallVector<double> ratios;
  for (auto [axis, size] : llvm::zip_equal(axes, sizes))
    ratios.push_back(static_cast<double>(size) / axis.resampling.inputSize);
  return notLarger ? *llvm::min_element(ratios) : *llvm::max_element(ratios);
}

/// How each axis that the node names is resampled.
static FailureOr<SmallVector<ResizedAxis>> getAxes(ResizeOp op, Node &node) {
  Tensor x = node.get(op.getX());
  Extents extents = node.getResultExtents();
  SmallVector<int64_t> dims =
      llvm::map_to_vector(op.getAxes(), [&](int64_t axis) { return normalizeAxis(axis, x.getRank()); });
  if (dims.empty())
    dims = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  auto scales = getDoubles(op.getScales()), roi = getDoubles(op.getRoi());
  auto sizes = getIntegers(op.getSizes());
  bool needsRoi = op.getCoordinateTransformationMode() == "tf_crop_and_resize";
  if (needsRoi && (!roi || roi->size() != 2 * dims.size()))
    return node.refuse("its region of interest is not constant");
  bool keepsAspect = op.getSizes() && op.getKeepAspectRatioPolicy() != "stretch";
  SmallVector<ResizedAxis> axes;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    int64_t from = getStaticExtent(x.extents[dim]), to = getStaticExtent(extents[dim]);
    if (x.extents[dim] == extents[dim] && !needsRoi && !keepsAspect && (!scales || (*scales)[index] == 1))
      from = to = 1; // not resampled, whatever the extent is
    if (ShapedType::isDynamic(from) || ShapedType::isDynamic(to))
      return node.refuse("it resizes an axis of symbolic extent");
    if (op.getScales() && !scales)
      return node.refuse("its scales are not constant");
    Resampling resampling;
    resampling.inputSize = from;
    resampling.outputSize = to;
    resampling.scale = scales ? (*scales)[index] : 0;
    resampling.coordinates = op.getCoordinateTransformationMode();
    if (needsRoi) {
      resampling.roiBegin = (*roi)[index];
      resampling.roiEnd = (*roi)[index + dims.size()];
    }
    resampling.isCubic = op.getMode() == "cubic";
    resampling.antialias = op.getAntialias();
    resampling.excludeOutside = op.getExcludeOutside();
    resampling.cubicCoefficient = op.getCubicCoeffA().convertToDouble();
    axes.push_back({dim, resampling});
  }
  if (keepsAspect) {
    if (!sizes)
      return node.refuse("its sizes are not constant");
    double scale = getCommonScale(axes, *sizes, op.getKeepAspectRatioPolicy() == "not_larger");
    for (ResizedAxis &axis : axes)
      axis.resampling.scale = scale;
  }
  return axes;
}

/// Reads the nearest element along every axis, by constant tables of positions.
static Tensor readNearest(Node &node, const Tensor &x, ExtentsRef extents, ArrayRef<ResizedAxis> axes,
                          StringRef rounding) {
  SmallVector<Value> tables(x.getRank());
  for (const auto &[dim, resampling] : axes) {
    SmallVector<int64_t> positions;
    for (int64_t i = 0; i < resampling.outputSize; ++i)
      positions.push_back(resampling.getNearest(i, rounding));
    if (x.extents[dim] == extents[dim] && llvm::equal(positions, llvm::seq<int64_t>(0, positions.size())))
      continue;
    tables[dim] = node.table(positions).value;
  }
  if (llvm::none_of(tables, [](Value table) { return bool(table); }))
    return x;
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    for (auto [table, index] : llvm::zip_equal(tables, source))
      if (table)
        index = lookUp(b, loc, table, index);
    return source;
  });
}

/// y[.., i, ..] = Σ_j x[.., j, ..] · weights[i, j]
static Tensor interpolate(Node &node, const Tensor &x, int64_t dim, const Resampling &resampling) {
  std::vector<double> weights = resampling.getWeights();
  Tensor matrix =
      node.constant({resampling.outputSize, resampling.inputSize}, ArrayRef<double>(weights), x.getElementType());
  int64_t rank = x.getRank();
  Extents extents = x.extents;
  extents[dim] = node.extent(resampling.outputSize);
  // Loops: those of the result, then j.
  SmallVector<AffineExpr> read;
  for (int64_t i = 0; i < rank; ++i)
    read.push_back(node.builder.getAffineDimExpr(i == dim ? rank : i));
  AffineExpr out = node.builder.getAffineDimExpr(dim), in = node.builder.getAffineDimExpr(rank);
  MLIRContext *context = node.getContext();
  return node.contract(x, AffineMap::get(rank + 1, 0, read, context), matrix,
                       AffineMap::get(rank + 1, 0, {out, in}, context),
                       AffineMap::getMultiDimIdentityMap(rank + 1, context).dropResult(rank), extents);
}

/// Puts `value` where an axis is read outside the input.
static Tensor extrapolate(Node &node, Tensor y, ArrayRef<ResizedAxis> axes, double value) {
  for (const auto &[dim, resampling] : axes) {
    SmallVector<double> outside;
    for (int64_t i = 0; i < resampling.outputSize; ++i)
      outside.push_back(resampling.isExtrapolated(i));
    if (llvm::is_contained(outside, 1.0)) {
      SmallVector<int64_t> shape(y.getRank() - dim, 1);
      shape[0] = resampling.outputSize;
      Tensor isOutside = node.constant(shape, outside, node.builder.getI1Type());
      y = node.elementwise(linalg::ElementwiseKind::select, {isOutside, node.scalar(value, y.getElementType()), y},
                           y.extents);
    }
  }
  return y;
}

static FailureOr<Tensor> convertResize(ResizeOp op, Node &node) {
  FailureOr<SmallVector<ResizedAxis>> axes = getAxes(op, node);
  if (failed(axes))
    return failure();
  Tensor x = node.get(op.getX());
  double outside = op.getExtrapolationValue().convertToDouble();
  if (op.getMode() == "nearest")
    return extrapolate(node, readNearest(node, x, node.getResultExtents(), *axes, op.getNearestMode()), *axes, outside);
  if (!isa<FloatType>(x.getElementType()))
    return node.refuse("interpolation of integers is not supported");
  for (const auto &[dim, resampling] : *axes)
    if (resampling.inputSize != 1 || resampling.outputSize != 1)
      x = interpolate(node, x, dim, resampling);
  return extrapolate(node, x, *axes, outside);
}

void vitc::onnx::populateResizePatterns(NodePatterns &patterns) { patterns.add(convertResize); }
