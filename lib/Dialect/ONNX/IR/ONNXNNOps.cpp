#include "ONNXVerification.h"

#include "mlir/Dialect/Traits.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult MatMulOp::verify() {
  std::optional<ArrayRef<int64_t>> a = getShape(getA()), b = getShape(getB());
  if ((a && a->empty()) || (b && b->empty())) // mat_mul_c1
    return emitOpError() << "expected operands of rank at least 1, got a scalar";
  if (!a || !b)
    return success();
  int64_t contracted = b->size() == 1 ? b->front() : (*b)[b->size() - 2];
  if (!areCompatible(a->back(), contracted)) // mat_mul_c2
    return emitOpError() << "expected operands that agree in the contracted dimension, got " << a->back() << " and "
                         << contracted;
  SmallVector<int64_t> batch;
  ArrayRef<int64_t> batchA = a->drop_back(std::min<size_t>(2, a->size()));
  ArrayRef<int64_t> batchB = b->drop_back(std::min<size_t>(2, b->size()));
  if (!OpTrait::util::getBroadcastedShape(batchA, batchB, batch)) // mat_mul_c3
    return emitOpError() << "expected batch dimensions that broadcast, got [" << batchA << "] and [" << batchB << "]";
  return success();
}

LogicalResult GemmOp::verify() {
  for (Named matrix : {Named{"a", getA()}, {"b", getB()}, {"y", getY()}})
    if (failed(verifyRank(*this, matrix, 2))) // gemm_c1
      return failure();
  std::optional<ArrayRef<int64_t>> a = getShape(getA()), b = getShape(getB()), c = getShape(getC());
  if (a && b && !areCompatible((*a)[getTransA() ? 0 : 1], (*b)[getTransB() ? 1 : 0])) // gemm_c2
    return emitOpError() << "expected operands that agree in the contracted dimension, got "
                         << (*a)[getTransA() ? 0 : 1] << " and " << (*b)[getTransB() ? 1 : 0];
  if (!c)
    return success();
  int64_t m = a ? (*a)[getTransA() ? 1 : 0] : ShapedType::kDynamic;
  int64_t n = b ? (*b)[getTransB() ? 0 : 1] : ShapedType::kDynamic;
  bool broadcasts = c->size() <= 2 && (c->empty() || c->back() == 1 || areCompatible(c->back(), n)) &&
                    (c->size() < 2 || c->front() == 1 || areCompatible(c->front(), m));
  if (!broadcasts) // gemm_c3
    return emitOpError() << "expected c to broadcast to the result, got " << getC().getType();
  return success();
}

/// The letters of an einsum term that stand before and after its ellipsis; without one, all are before.
static LogicalResult verifyTerm(EinsumOp op, StringRef term, Value input, llvm::SmallDenseMap<char, int64_t> &extents) {
  bool hasEllipsis = term.contains("...");
  auto [before, after] = term.split("...");
  std::optional<ArrayRef<int64_t>> shape = getShape(input);
  size_t letters = before.size() + after.size();
  if (!llvm::all_of(before, llvm::isAlpha) || !llvm::all_of(after, llvm::isAlpha)) // einsum_c1
    return op.emitOpError() << "expected letters in the equation, got '" << term << "'";
  if (shape && (hasEllipsis ? letters > shape->size() : letters != shape->size())) // einsum_c1
    return op.emitOpError() << "expected a term of " << shape->size() << " letters, got '" << term << "'";
  if (!shape)
    return success();
  auto verifyLetters = [&](StringRef letters, ArrayRef<int64_t> shape) -> LogicalResult {
    for (auto [letter, extent] : llvm::zip_equal(letters, shape)) {
      if (extent == 1 || ShapedType::isDynamic(extent))
        continue;
      auto [known, inserted] = extents.try_emplace(letter, extent);
      if (!inserted && known->second != extent) // einsum_c2
        return op.emitOpError() << "expected one extent for '" << StringRef(&letter, 1) << "', got " << known->second
                                << " and " << extent;
    }
    return success();
  };
  return success(succeeded(verifyLetters(before, shape->take_front(before.size()))) &&
                 succeeded(verifyLetters(after, shape->take_back(after.size()))));
}

LogicalResult EinsumOp::verify() {
  std::string equation = getEquation().str();
  llvm::erase(equation, ' ');
  SmallVector<StringRef> terms;
  StringRef(equation).split("->").first.split(terms, ',');
  if (terms.size() != getInputs().size()) // einsum_c1
    return emitOpError() << "expected " << getInputs().size() << " terms in the equation, got " << terms.size();
  llvm::SmallDenseMap<char, int64_t> extents;
  for (auto [term, input] : llvm::zip_equal(terms, getInputs()))
    if (failed(verifyTerm(*this, term, input, extents)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// The number of spatial dimensions, from whatever tensor has a rank; nothing if none has.
static std::optional<int64_t> getSpatialRank(ArrayRef<Named> tensors) {
  for (Named tensor : tensors)
    if (std::optional<int64_t> rank = getRank(tensor.value))
      return *rank - 2;
  return std::nullopt;
}

/// What convolutions and pools have in common.
template <typename WindowOp>
static LogicalResult verifyWindow(WindowOp op, std::optional<int64_t> spatialRank) {
  if (!spatialRank)
    return success();
  return success(succeeded(verifyValues(op, "kernel_shape", op.getKernelShape(), *spatialRank, 1)) &&
                 succeeded(verifyValues(op, "strides", op.getStrides(), *spatialRank, 1)) &&
                 succeeded(verifyValues(op, "dilations", op.getDilations(), *spatialRank, 1)) &&
                 succeeded(verifyValues(op, "pads", op.getPads(), 2 * *spatialRank, 0)));
}

/// The spatial dimensions of a weight are those of `kernel_shape`, where that is given.
template <typename ConvLikeOp>
static LogicalResult verifyKernel(ConvLikeOp op) {
  std::optional<ArrayRef<int64_t>> w = getShape(op.getW());
  if (!w || op.getKernelShape().empty() || llvm::all_of_zip(w->drop_front(2), op.getKernelShape(), areCompatible))
    return success();
  return op.emitOpError() << "expected w with spatial shape [" << op.getKernelShape() << "], got "
                          << op.getW().getType();
}

template <typename ConvLikeOp>
static LogicalResult verifyConv(ConvLikeOp op) {
  Named tensors[] = {{"x", op.getX()}, {"w", op.getW()}, {"y", op.getY()}};
  if (failed(verifySameRank(op, tensors, 3))) // conv_c1
    return failure();
  int64_t groups = op.getGroup();
  std::optional<ArrayRef<int64_t>> x = getShape(op.getX()), w = getShape(op.getW());
  if (groups < 1 || (w && !ShapedType::isDynamic(w->front()) && w->front() % groups != 0)) // conv_c2
    return op.emitOpError() << "expected a positive group that divides the filters, got " << groups;
  if (x && w && !ShapedType::isDynamic((*w)[1]) && !areCompatible((*x)[1], (*w)[1] * groups)) // conv_c2
    return op.emitOpError() << "expected x with " << (*w)[1] * groups << " channels, got " << (*x)[1];
  return success(succeeded(verifyWindow(op, getSpatialRank(tensors))) && succeeded(verifyKernel(op))); // conv_c4
}

LogicalResult ConvOp::verify() {
  return success(succeeded(verifyConv(*this)) && succeeded(verifyChannels(*this, {"b", getB()}, getW(), 0))); // conv_c3
}

/// A zero point of the element type of what it is of, and a scalar or with an element a filter.
static LogicalResult verifyZeroPoint(Operation *op, Named zero, Value of) {
  if (zero.value && getElementTypeOrSelf(zero.value) != getElementTypeOrSelf(of)) // conv_integer_c2, q_linear_conv_c2
    return op->emitOpError() << "expected " << zero.name << " of type " << getElementTypeOrSelf(of) << ", got "
                             << getElementTypeOrSelf(zero.value);
  return success();
}

LogicalResult ConvIntegerOp::verify() {
  return success(succeeded(verifyConv(*this)) && // conv_integer_c1
                 succeeded(verifyZeroPoint(*this, {"x_zero_point", getXZeroPoint()}, getX())) &&
                 succeeded(verifyZeroPoint(*this, {"w_zero_point", getWZeroPoint()}, getW())));
}

LogicalResult QLinearConvOp::verify() {
  return success(succeeded(verifyConv(*this)) && // q_linear_conv_c1
                 succeeded(verifyZeroPoint(*this, {"x_zero_point", getXZeroPoint()}, getX())) &&
                 succeeded(verifyZeroPoint(*this, {"w_zero_point", getWZeroPoint()}, getW())) &&
                 succeeded(verifyChannels(*this, {"b", getB()}, getW(), 0)) && // q_linear_conv_c3
                 succeeded(verifyScalar(*this, {"y_scale", getYScale()})) &&
                 succeeded(verifyScalar(*this, {"y_zero_point", getYZeroPoint()})));
}

LogicalResult ConvTransposeOp::verify() {
  Named tensors[] = {{"x", getX()}, {"w", getW()}, {"y", getY()}};
  if (failed(verifySameRank(*this, tensors, 3))) // conv_transpose_c1
    return failure();
  int64_t groups = getGroup();
  std::optional<ArrayRef<int64_t>> x = getShape(getX()), w = getShape(getW());
  if (groups < 1 || (w && !ShapedType::isDynamic(w->front()) && w->front() % groups != 0)) // conv_transpose_c2
    return emitOpError() << "expected a positive group that divides the channels, got " << groups;
  if (x && w && !areCompatible((*x)[1], w->front())) // conv_transpose_c2
    return emitOpError() << "expected x with " << w->front() << " channels, got " << (*x)[1];
  int64_t filters = w && !ShapedType::isDynamic((*w)[1]) ? (*w)[1] * groups : ShapedType::kDynamic;
  if (failed(verifyList(*this, {"b", getB()}, filters))) // conv_transpose_c3
    return failure();
  std::optional<int64_t> spatialRank = getSpatialRank(tensors);
  if (failed(verifyWindow(*this, spatialRank)) || failed(verifyKernel(*this))) // conv_transpose_c4
    return failure();
  return success(!spatialRank ||
                 (succeeded(verifyValues(*this, "output_shape", getOutputShape(), *spatialRank, 0)) &&
                  succeeded(verifyValues(*this, "output_padding", getOutputPadding(), *spatialRank, 0))));
}

LogicalResult DeformConvOp::verify() {
  Named tensors[] = {{"x", getX()}, {"w", getW()}, {"offset", getOffset()}, {"mask", getMask()}, {"y", getY()}};
  for (Named tensor : tensors)
    if (failed(verifyRank(*this, tensor, 4))) // deform_conv_c1
      return failure();
  std::optional<ArrayRef<int64_t>> x = getShape(getX()), w = getShape(getW());
  int64_t groups = getGroup(), offsetGroups = getOffsetGroup();
  auto divides = [](int64_t count, std::optional<ArrayRef<int64_t>> shape, unsigned dim) {
    return count > 0 && (!shape || ShapedType::isDynamic((*shape)[dim]) || (*shape)[dim] % count == 0);
  };
  if (!divides(groups, w, 0) || !divides(offsetGroups, x, 1)) // deform_conv_c2
    return emitOpError() << "expected positive groups that divide the filters and the channels, got " << groups
                         << " and " << offsetGroups;
  if (x && w && !ShapedType::isDynamic((*w)[1]) && !areCompatible((*x)[1], (*w)[1] * groups)) // deform_conv_c2
    return emitOpError() << "expected x with " << (*w)[1] * groups << " channels, got " << (*x)[1];
  if (failed(verifyChannels(*this, {"b", getB()}, getW(), 0))) // deform_conv_c3
    return failure();
  if (w && !ShapedType::isDynamic((*w)[2]) && !ShapedType::isDynamic((*w)[3]))
    for (auto [tensor, factor] : {std::pair(getOffset(), 2), std::pair(getMask(), 1)}) {
      std::optional<ArrayRef<int64_t>> shape = getShape(tensor);
      int64_t channels = factor * offsetGroups * (*w)[2] * (*w)[3];
      if (shape && !areCompatible((*shape)[1], channels)) // deform_conv_c3
        return emitOpError() << "expected offset or mask with " << channels << " channels, got " << (*shape)[1];
    }
  return success(succeeded(verifyWindow(*this, 2)) && succeeded(verifyKernel(*this))); // deform_conv_c4
}

template <typename PoolOp>
static LogicalResult verifyPool(PoolOp op) {
  Named tensors[] = {{"x", op.getX()}, {"y", op.getY()}};
  if (failed(verifySameRank(op, tensors, 3))) // pool_c1
    return failure();
  if (op.getKernelShape().empty()) // pool_c2
    return op.emitOpError() << "expected a kernel_shape";
  return verifyWindow(op, getSpatialRank(tensors)); // pool_c2
}

LogicalResult AveragePoolOp::verify() { return verifyPool(*this); }

template <typename NormOp>
static LogicalResult verifyOrder(NormOp op) {
  if (op.getP() >= 1)
    return success();
  return op.emitOpError() << "expected a positive p, got " << op.getP();
}

LogicalResult LpPoolOp::verify() {
  return success(succeeded(verifyPool(*this)) && succeeded(verifyOrder(*this))); // lp_pool_c3
}

LogicalResult MaxPoolOp::verify() {
  if (getStorageOrder() != 0 && getStorageOrder() != 1) // max_pool_c3
    return emitOpError() << "expected storage_order 0 or 1, got " << getStorageOrder();
  return verifyPool(*this);
}

template <typename PoolOp>
static LogicalResult verifyGlobalPool(PoolOp op) {
  if (failed(verifySameRank(op, {{"x", op.getX()}, {"y", op.getY()}}, 2))) // global_pool_c1
    return failure();
  std::optional<ArrayRef<int64_t>> y = getShape(op.getY());
  if (y && !llvm::all_of(y->drop_front(2), [](int64_t extent) { return areCompatible(extent, 1); })) // global_pool_c1
    return op.emitOpError() << "expected y with spatial extents of 1, got " << op.getY().getType();
  return success();
}

LogicalResult GlobalAveragePoolOp::verify() { return verifyGlobalPool(*this); }
LogicalResult GlobalMaxPoolOp::verify() { return verifyGlobalPool(*this); }

LogicalResult GlobalLpPoolOp::verify() {
  return success(succeeded(verifyGlobalPool(*this)) && succeeded(verifyOrder(*this))); // global_lp_pool_c2
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

LogicalResult BatchNormalizationOp::verify() {
  if (failed(verifySameRank(*this, {{"x", getX()}}, 2)) ||
      failed(verifySameShape(*this, {"x", getX()}, {"y", getY()}))) // batch_normalization_c1
    return failure();
  for (Named operand :
       {Named{"scale", getScale()}, {"b", getB()}, {"input_mean", getInputMean()}, {"input_var", getInputVar()}})
    if (failed(verifyChannels(*this, operand, getX(), 1))) // batch_normalization_c2
      return failure();
  size_t most = getTrainingMode() ? 2 : 0;
  if (getRunning().size() > most) // batch_normalization_c3
    return emitOpError() << "expected at most " << most << " running statistics, got " << getRunning().size();
  return success();
}

LogicalResult LRNOp::verify() {
  if (failed(verifySameRank(*this, {{"x", getX()}}, 2)) ||
      failed(verifySameShape(*this, {"x", getX()}, {"y", getY()}))) // lrn_c1
    return failure();
  if (getSize() < 1) // lrn_c2
    return emitOpError() << "expected a positive size, got " << getSize();
  return success();
}

LogicalResult LpNormalizationOp::verify() {
  if (failed(verifySameShape(*this, {"input", getInput()}, {"output", getOutput()})) ||
      failed(verifyAxis(*this, getAxis(), getInput()))) // lp_normalization_c1
    return failure();
  if (getP() != 1 && getP() != 2) // lp_normalization_c2
    return emitOpError() << "expected p of 1 or 2, got " << getP();
  return success();
}

LogicalResult LayerNormalizationOp::verify() {
  if (failed(verifySameShape(*this, {"x", getX()}, {"y", getY()})) ||
      failed(verifyAxis(*this, getAxis(), getX()))) // layer_normalization_c1
    return failure();
  return success(succeeded(verifyBroadcasts(*this, {"scale", getScale()}, {"x", getX()})) &&
                 succeeded(verifyBroadcasts(*this, {"b", getB()}, {"x", getX()}))); // layer_normalization_c2
}

LogicalResult RMSNormalizationOp::verify() {
  if (failed(verifySameShape(*this, {"x", getX()}, {"y", getY()})) ||
      failed(verifyAxis(*this, getAxis(), getX()))) // rms_normalization_c1
    return failure();
  return verifyBroadcasts(*this, {"scale", getScale()}, {"x", getX()}); // rms_normalization_c2
}

LogicalResult InstanceNormalizationOp::verify() {
  if (failed(verifySameRank(*this, {{"input", getInput()}}, 2)) ||
      failed(verifySameShape(*this, {"input", getInput()}, {"output", getOutput()}))) // instance_normalization_c1
    return failure();
  return success(succeeded(verifyChannels(*this, {"scale", getScale()}, getInput(), 1)) &&
                 succeeded(verifyChannels(*this, {"b", getB()}, getInput(), 1))); // instance_normalization_c2
}

LogicalResult GroupNormalizationOp::verify() {
  if (failed(verifySameRank(*this, {{"x", getX()}}, 2)) ||
      failed(verifySameShape(*this, {"x", getX()}, {"y", getY()}))) // group_normalization_c1
    return failure();
  if (failed(verifyChannels(*this, {"scale", getScale()}, getX(), 1)) ||
      failed(verifyChannels(*this, {"bias", getBias()}, getX(), 1))) // group_normalization_c2
    return failure();
  std::optional<ArrayRef<int64_t>> x = getShape(getX());
  bool divides =
      !x || x->size() < 2 || ShapedType::isDynamic((*x)[1]) || (getNumGroups() > 0 && (*x)[1] % getNumGroups() == 0);
  if (getNumGroups() < 1 || !divides) // group_normalization_c3
    return emitOpError() << "expected a positive num_groups that divides the channels, got " << getNumGroups();
  return success();
}
