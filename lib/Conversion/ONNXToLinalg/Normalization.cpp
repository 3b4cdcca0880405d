//===- Normalizations -----------------------------------------------------===//
//
// LayerNormalization and RMSNormalization are ops of the vit dialect; BatchNormalization is a product and a sum with
// constants for each channel; the others are computed step by step.
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include <cmath>

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
/// (x − mean) / √(var + ε), and the statistics with the reduced dimensions as 1.
struct Normalized {
  Tensor value, mean, inverseDeviation;
};
} // namespace

/// 1 / √(x + ε)
static Tensor inverseRoot(Node &node, const Tensor &x, double epsilon) {
  Tensor shifted = node.elementwise(ElementwiseKind::add, {x, node.scalar(epsilon, x.getElementType())}, x.extents);
  return node.elementwise(ElementwiseKind::rsqrt, {shifted});
}

static Tensor multiply(Node &node, const Tensor &x, const Tensor &y) {
  return node.elementwise(ElementwiseKind::mul, {x, y}, x.extents);
}

static Tensor add(Node &node, const Tensor &x, const Tensor &y) {
  return node.elementwise(ElementwiseKind::add, {x, y}, x.extents);
}

static Normalized normalize(Node &node, const Tensor &x, ArrayRef<int64_t> axes, double epsilon) {
  Tensor mean = node.addDims(reduceMean(node, x, axes), axes);
  Tensor centered = node.elementwise(ElementwiseKind::sub, {x, mean}, x.extents);
  Tensor variance = reduceMean(node, multiply(node, centered, centered), axes);
  Tensor inverse = node.addDims(inverseRoot(node, variance, epsilon), axes);
  return {multiply(node, centered, inverse), mean, inverse};
}

/// A vector over the channels, dimension 1 of a tensor of `rank` dimensions, as (C, 1, ..).
static Tensor alignChannels(Node &node, const Tensor &vector, int64_t rank) {
  return node.addDims(vector, llvm::to_vector(llvm::seq<int64_t>(1, rank - 1)));
}

/// Σ x / n and Σ (x − mean)² / n over all dimensions but the channels, and what follows of the running statistics.
static SmallVector<Tensor> trainBatchNormalization(BatchNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX());
  SmallVector<int64_t> axes{0};
  llvm::append_range(axes, llvm::seq<int64_t>(2, x.getRank()));
  auto align = [&](const Tensor &vector) { return alignChannels(node, vector, x.getRank()); };
  Tensor mean = reduceMean(node, x, axes);
  Tensor centered = node.elementwise(ElementwiseKind::sub, {x, align(mean)}, x.extents);
  Tensor variance = reduceMean(node, multiply(node, centered, centered), axes);
  Tensor normalized = multiply(node, centered, align(inverseRoot(node, variance, op.getEpsilon().convertToDouble())));
  Tensor y = add(node, multiply(node, normalized, align(node.get(op.getScale()))), align(node.get(op.getB())));

  SmallVector<Tensor> results{y};
  double momentum = op.getMomentum().convertToDouble();
  auto weigh = [&](const Tensor &vector, double weight) {
    return multiply(node, vector, node.scalar(weight, vector.getElementType()));
  };
  auto follow = [&](Value old, const Tensor &now) {
    return add(node, weigh(node.get(old), momentum), weigh(now, 1 - momentum));
  };
  if (op.getRunning().size() > 0)
    results.push_back(follow(op.getInputMean(), mean));
  if (op.getRunning().size() > 1)
    results.push_back(follow(op.getInputVar(), variance));
  return results;
}

static Tensor inferBatchNormalization(BatchNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX());
  Type type = x.getElementType();
  double epsilon = op.getEpsilon().convertToDouble();
  auto scale = getDoubles(op.getScale()), bias = getDoubles(op.getB()), mean = getDoubles(op.getInputMean()),
       variance = getDoubles(op.getInputVar());
  if (scale && bias && mean && variance) {
    SmallVector<double> factors, shifts;
    for (auto [s, b, m, v] : llvm::zip_equal(*scale, *bias, *mean, *variance)) {
      factors.push_back(s / std::sqrt(v + epsilon));
      shifts.push_back(b - m * factors.back());
    }
    auto channels = static_cast<int64_t>(factors.size());
    Tensor factor = alignChannels(node, node.constant({channels}, factors, type), x.getRank());
    Tensor shift = alignChannels(node, node.constant({channels}, shifts, type), x.getRank());
    return add(node, multiply(node, x, factor), shift);
  }
  auto align = [&](Value vector) { return alignChannels(node, node.get(vector), x.getRank()); };
  Tensor inverse = alignChannels(node, inverseRoot(node, node.get(op.getInputVar()), epsilon), x.getRank());
  Tensor centered = node.elementwise(ElementwiseKind::sub, {x, align(op.getInputMean())}, x.extents);
  return add(node, multiply(node, multiply(node, centered, inverse), align(op.getScale())), align(op.getB()));
}

static FailureOr<SmallVector<Tensor>> convertBatchNormalization(BatchNormalizationOp op, Node &node) {
  if (op.getTrainingMode())
    return trainBatchNormalization(op, node);
  return SmallVector<Tensor>{inferBatchNormalization(op, node)};
}

/// A scale or bias that broadcasts to the dimensions `extents`, as a vector over all of them.
static Tensor flattenAffine(Node &node, const Tensor &x, ExtentsRef extents) {
  Tensor whole = x.getRank() > static_cast<int64_t>(extents.size())
                     ? node.reshape(x, ExtentsRef(x.extents).take_back(extents.size()))
                     : x;
  return node.reshape(node.broadcast(whole, extents), getProduct(extents, node.getContext()));
}

/// Whether a scale or bias depends on the normalized dimensions, from `axis` on, alone.
static bool isAffine(const Tensor &x, int64_t rank, int64_t axis) {
  ExtentsRef leading = ExtentsRef(x.extents).drop_back(std::min(x.getRank(), rank - axis));
  return llvm::all_of(leading, [](AffineExpr extent) { return isExtent(extent, 1); });
}

/// The results that vit.layer_norm does not have, or a scale and bias that it does not take: step by step.
static SmallVector<Tensor> decomposeLayerNormalization(LayerNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto axes = llvm::to_vector(llvm::seq(normalizeAxis(op.getAxis(), x.getRank()), x.getRank()));
  Normalized normalized = normalize(node, x, axes, op.getEpsilon().convertToDouble());
  Tensor y = multiply(node, normalized.value, node.get(op.getScale()));
  if (op.getB())
    y = add(node, y, node.get(op.getB()));
  SmallVector<Tensor> results{y};
  if (op.getMean())
    results.push_back(normalized.mean);
  if (op.getInvStdDev())
    results.push_back(normalized.inverseDeviation);
  return results;
}

static FailureOr<SmallVector<Tensor>> convertLayerNormalization(LayerNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t rank = x.getRank(), axis = normalizeAxis(op.getAxis(), rank);
  for (Value affine : {op.getScale(), op.getB()})
    if (affine && !TensorBuilder::broadcasts({node.get(affine)}, x.extents))
      return node.refuse("the extents of its scale or bias cannot be shown to broadcast");
  bool isPlain =
      isAffine(node.get(op.getScale()), rank, axis) && (!op.getB() || isAffine(node.get(op.getB()), rank, axis));
  auto isRead = [](Value result) { return result && !result.use_empty(); };
  if (!isPlain || isRead(op.getMean()) || isRead(op.getInvStdDev()))
    return decomposeLayerNormalization(op, node);

  ExtentsRef normalized = ExtentsRef(x.extents).drop_front(axis);
  Extents rows(ExtentsRef(x.extents).take_front(axis));
  rows.push_back(getProduct(normalized, node.getContext()));
  Tensor input = node.reshape(x, rows), scale = flattenAffine(node, node.get(op.getScale()), normalized);
  Value bias = op.getB() ? flattenAffine(node, node.get(op.getB()), normalized).value : Value();
  Tensor y{vitc::vit::LayerNormOp::create(node.builder, node.loc, input.value, scale.value, bias, op.getEpsilon()),
           rows};
  SmallVector<Tensor> results{node.reshape(y, x.extents)};
  results.resize(op->getNumResults());
  return results;
}

/// x / √(mean(x²) + ε) · scale, for a scale that vit.rms_norm does not take.
static Tensor decomposeRMSNormalization(RMSNormalizationOp op, Node &node, int64_t axis) {
  Tensor x = node.get(op.getX());
  auto axes = llvm::to_vector(llvm::seq(axis, x.getRank()));
  Tensor meanSquare = reduceMean(node, node.elementwise(ElementwiseKind::square, {x}), axes);
  Tensor inverse = node.addDims(inverseRoot(node, meanSquare, op.getEpsilon().convertToDouble()), axes);
  return multiply(node, multiply(node, x, inverse), node.get(op.getScale()));
}

static FailureOr<Tensor> convertRMSNormalization(RMSNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX()), scale = node.get(op.getScale());
  int64_t axis = normalizeAxis(op.getAxis(), x.getRank());
  if (!TensorBuilder::broadcasts({scale}, x.extents))
    return node.refuse("the extents of its scale cannot be shown to broadcast");
  if (!isAffine(scale, x.getRank(), axis) || scale.getElementType() != x.getElementType())
    return decomposeRMSNormalization(op, node, axis);
  ExtentsRef normalized = ExtentsRef(x.extents).drop_front(axis);
  Extents rows(ExtentsRef(x.extents).take_front(axis));
  rows.push_back(getProduct(normalized, node.getContext()));
  Tensor y{vitc::vit::RmsNormOp::create(node.builder, node.loc, node.reshape(x, rows).value,
                                        flattenAffine(node, scale, normalized).value, op.getEpsilon()),
           rows};
  return node.reshape(y, x.extents);
}

static FailureOr<Tensor> convertInstanceNormalization(InstanceNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(2, x.getRank()));
  Tensor normalized = normalize(node, x, spatial, op.getEpsilon().convertToDouble()).value;
  Tensor scaled = multiply(node, normalized, alignChannels(node, node.get(op.getScale()), x.getRank()));
  return add(node, scaled, alignChannels(node, node.get(op.getB()), x.getRank()));
}

/// Statistics over (B, groups, channels of a group · space).
static FailureOr<Tensor> convertGroupNormalization(GroupNormalizationOp op, Node &node) {
  Tensor x = node.get(op.getX());
  int64_t channels = getStaticExtent(x.extents[1]), groups = op.getNumGroups();
  if (ShapedType::isDynamic(channels))
    return node.refuse("its number of channels is not static");
  SmallVector<AffineExpr> inGroup{node.extent(channels / groups)};
  llvm::append_range(inGroup, ExtentsRef(x.extents).drop_front(2));
  Tensor grouped = node.reshape(x, {x.extents[0], node.extent(groups), getProduct(inGroup, node.getContext())});
  Tensor normalized = normalize(node, grouped, {2}, op.getEpsilon().convertToDouble()).value;
  Tensor scaled =
      multiply(node, node.reshape(normalized, x.extents), alignChannels(node, node.get(op.getScale()), x.getRank()));
  return add(node, scaled, alignChannels(node, node.get(op.getBias()), x.getRank()));
}

void vitc::onnx::populateNormalizationPatterns(NodePatterns &patterns) {
  patterns.add(convertBatchNormalization);
  patterns.add(convertGroupNormalization);
  patterns.add(convertInstanceNormalization);
  patterns.add(convertLayerNormalization);
  patterns.add(convertRMSNormalization);
}
