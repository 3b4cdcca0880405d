#include "GemmProduct.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmTuning.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace vitc;

GemmProduct::GemmProduct(const KernelTarget &target, const EpilogueParts &epilogue, int64_t rank, int64_t channel,
                         int64_t rows, int64_t n, int64_t k, int64_t period, const vgpu::GemmWindows &windows)
    : epilogue(epilogue), period(n % 2 ? 0 : period) { // kernels read pairs of a table's columns
  config.windows = windows;
  if (!epilogue.region->empty() && !readEpilogue(rank, channel)) {
    residual = table = scale = Value();
    activation = last = "none";
    whole = false;
  }
  configure(target, rows, n, k);
}

GemmProduct::GemmProduct(const KernelTarget &target, const EpilogueParts &epilogue, int64_t rows, int64_t n, int64_t k,
                         StringRef activation)
    : epilogue(epilogue), period(0), activation(activation) {
  config.epilogue.gated = true;
  configure(target, rows, n, k);
}

void GemmProduct::configure(const KernelTarget &target, int64_t givenRows, int64_t n, int64_t k) {
  config.n = n;
  config.k = k;
  config.epilogue.output = vgpu::Element::F32;
  config.epilogue.bias = !!epilogue.bias;
  config.epilogue.residual = !!residual;
  config.epilogue.scale = !!scale;
  config.epilogue.tableRows = table ? period : 0;
  config.epilogue.activation = *vgpu::parseActivation(activation);
  config.epilogue.last = *vgpu::parseActivation(last);
  config.element = target.kernelElement();
  config.mmaSync = target.multipliesByWarps();
  std::optional<int64_t> known = ShapedType::isDynamic(givenRows) ? std::nullopt : std::optional(givenRows);
  rows = known.value_or(vgpu::openRows);
  gpu = vgpu::Multiprocessors::ofCapability(target.capability);
  vgpu::chooseSchedule(config, rows, gpu);
  expected = config;
  if (!target.tuning || config.windows)
    return;
  // What has no kernel counts as not there: the driver has refused it.
  if (const Tuning::Schedule *measured = target.tuning->find(vgpu::tuningKey(target.capability, config, known)))
    (void)vgpu::applySchedule(config, *measured);
}

double GemmProduct::estimate(bool gathers) const {
  double gathered = gathers ? vgpu::estimateGatherClocks(expected, rows, gpu) : 0;
  return gathered + vgpu::estimateClocks(expected, rows, gpu);
}

int64_t vitc::countRows(ShapedType type) {
  ArrayRef<int64_t> outer = type.getShape().drop_back();
  return ShapedType::isDynamicShape(outer) ? ShapedType::kDynamic : ShapedType::getNumElements(outer);
}

StringRef vitc::nameActivation(Operation *function) {
  if (auto gelu = dyn_cast<vit::GeluOp>(function))
    return gelu.getApproximate() == vit::GeluApproximate::tanh ? "gelu_tanh" : "gelu";
  if (auto silu = dyn_cast<vit::SiluOp>(function)) {
    float beta = silu.getBeta().convertToFloat();
    return beta == 1.0f ? "silu" : beta == 1.702f ? "quick_gelu" : "";
  }
  if (isa<vit::HardSwishOp>(function))
    return "hard_swish";
  if (auto maximum = dyn_cast<arith::MaximumFOp>(function))
    return matchPattern(maximum.getRhs(), m_AnyZeroFloat()) ? "relu" : "";
  return "";
}

/// False where it has another form.
bool GemmProduct::readEpilogue(int64_t rank, int64_t channel) {
  Block &block = epilogue.region->front();
  Value value = block.getTerminator()->getOperand(0);
  if (Operation *function = value.getDefiningOp(); function && !nameActivation(function).empty()) {
    Value inner = function->getOperand(0);
    if (inner != block.getArgument(0)) {
      last = nameActivation(function);
      value = inner;
    }
  }
  while (auto sum = value.getDefiningOp<arith::AddFOp>())
    if (!takeTerm(sum.getLhs(), sum.getRhs(), rank, channel, value) &&
        !takeTerm(sum.getRhs(), sum.getLhs(), rank, channel, value))
      return false;
  if (auto product = value.getDefiningOp<arith::MulFOp>())
    if (!takeScale(product.getLhs(), product.getRhs(), rank, channel, value) &&
        !takeScale(product.getRhs(), product.getLhs(), rank, channel, value))
      return false;
  if (Operation *function = value.getDefiningOp()) {
    activation = nameActivation(function);
    if (activation.empty())
      return false;
    value = function->getOperand(0);
  }
  return value == block.getArgument(0);
}

/// The extra operand that a scalar of the region is read from, and how.
Value GemmProduct::findExtra(Value scalar, AffineMap &map) const {
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (!argument || argument.getArgNumber() == 0)
    return Value();
  unsigned index = argument.getArgNumber() - 1;
  map = epilogue.maps[index];
  return epilogue.extras[index];
}

/// `term` as the residual or the table, with `rest` to be read on.
bool GemmProduct::takeTerm(Value rest, Value term, int64_t rank, int64_t channel, Value &value) {
  AffineMap map;
  Value extra = findExtra(term, map);
  if (!extra)
    return false;
  bool isOfRows = channel == rank - 1 && rank >= 3 && period > 0 &&
                  map == AffineMap::getMinorIdentityMap(rank, 2, map.getContext());
  if (map.isIdentity() && !residual)
    residual = extra;
  else if (isOfRows && !table)
    table = extra;
  else
    return false;
  value = rest;
  return true;
}

bool GemmProduct::takeScale(Value rest, Value factor, int64_t rank, int64_t channel, Value &value) {
  AffineMap map;
  Value extra = findExtra(factor, map);
  if (!extra || map != AffineMap::get(rank, 0, getAffineDimExpr(channel, map.getContext())))
    return false;
  scale = extra;
  value = rest;
  return true;
}

Value GemmProduct::create(OpBuilder &builder, Location loc, Value a, Value w) const {
  Value init = tensor::EmptyOp::create(
      builder, loc,
      ArrayRef<OpFoldResult>{tensor::getMixedSize(builder, loc, a, 0),
                             builder.getIndexAttr(config.epilogue.gated ? config.n / 2 : config.n)},
      builder.getF32Type());
  auto integer = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  auto unit = [&](bool is) { return is ? builder.getUnitAttr() : UnitAttr(); };
  return vgpu::GemmOp::create(builder, loc, init.getType(), a, w, epilogue.bias, scale, table, residual, init,
                              builder.getStringAttr(activation), builder.getStringAttr(last), integer(config.tileM),
                              integer(config.tileN), integer(config.splits), integer(config.stages),
                              unit(config.epilogue.gated), unit(config.mmaSync))
      .getResult();
}

Value GemmProduct::createOfWindows(OpBuilder &builder, Location loc, Value image, Value filters) const {
  const vgpu::GemmWindows &windows = config.windows;
  SmallVector<OpFoldResult> sizes{tensor::getMixedSize(builder, loc, image, 0)};
  for (int64_t size : {windows.extents[0], windows.extents[1], config.n})
    sizes.push_back(builder.getIndexAttr(size));
  Value init = tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  auto integer = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  auto integers = [&](ArrayRef<int64_t> values) { return builder.getDenseI64ArrayAttr(values); };
  return vgpu::ConvOp::create(builder, loc, init.getType(), image, filters, epilogue.bias, scale, residual, init,
                              builder.getStringAttr(activation), builder.getStringAttr(last), integers(windows.taps),
                              integers(windows.strides), integers(windows.pads), integers(windows.dilations),
                              integers(windows.rectangle), integer(config.tileM), integer(config.tileN),
                              integer(config.splits), config.mmaSync ? builder.getUnitAttr() : UnitAttr())
      .getResult();
}
