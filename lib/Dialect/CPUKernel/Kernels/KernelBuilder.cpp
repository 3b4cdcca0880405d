#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace vitc::vcpu;

Value KernelBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
Value KernelBuilder::add(Value lhs, Value rhs) { return builder.createOrFold<arith::AddIOp>(loc, lhs, rhs); }
Value KernelBuilder::sub(Value lhs, Value rhs) { return builder.createOrFold<arith::SubIOp>(loc, lhs, rhs); }
Value KernelBuilder::mul(Value lhs, Value rhs) { return builder.createOrFold<arith::MulIOp>(loc, lhs, rhs); }
Value KernelBuilder::div(Value lhs, Value rhs) { return builder.createOrFold<arith::DivUIOp>(loc, lhs, rhs); }
Value KernelBuilder::rem(Value lhs, Value rhs) { return builder.createOrFold<arith::RemUIOp>(loc, lhs, rhs); }
Value KernelBuilder::min(Value lhs, Value rhs) { return builder.createOrFold<arith::MinUIOp>(loc, lhs, rhs); }
Value KernelBuilder::max(Value lhs, Value rhs) { return builder.createOrFold<arith::MaxUIOp>(loc, lhs, rhs); }

Value KernelBuilder::ceilDiv(Value lhs, Value rhs) { return div(add(lhs, sub(rhs, index(1))), rhs); }

Value KernelBuilder::less(Value lhs, Value rhs) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, lhs, rhs);
}

Value KernelBuilder::equal(Value lhs, Value rhs) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, lhs, rhs);
}

Value KernelBuilder::select(Value condition, Value whenTrue, Value whenFalse) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, whenTrue, whenFalse);
}

Value KernelBuilder::dim(Value memref, int64_t dimension) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dimension))
    return index(type.getDimSize(dimension));
  return memref::DimOp::create(builder, loc, memref, dimension);
}

Value KernelBuilder::scalar(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(elementType(), value));
}

Value KernelBuilder::splat(double value) {
  auto attribute = DenseElementsAttr::get(vectorType, cast<Attribute>(builder.getFloatAttr(elementType(), value)));
  return arith::ConstantOp::create(builder, loc, attribute);
}

Value KernelBuilder::broadcast(Value scalar) { return vector::BroadcastOp::create(builder, loc, vectorType, scalar); }

Value KernelBuilder::addf(Value lhs, Value rhs) { return arith::AddFOp::create(builder, loc, lhs, rhs); }
Value KernelBuilder::subf(Value lhs, Value rhs) { return arith::SubFOp::create(builder, loc, lhs, rhs); }
Value KernelBuilder::mulf(Value lhs, Value rhs) { return arith::MulFOp::create(builder, loc, lhs, rhs); }
Value KernelBuilder::divf(Value lhs, Value rhs) { return arith::DivFOp::create(builder, loc, lhs, rhs); }
Value KernelBuilder::fma(Value a, Value b, Value c) { return vector::FMAOp::create(builder, loc, a, b, c); }

Value KernelBuilder::dotPairs(Value a, Value b, Value c) { return x86vector::DotBF16Op::create(builder, loc, c, a, b); }

/// The type with other elements.
static VectorType withElements(Value vector, Type element) {
  return cast<VectorType>(vector.getType()).cloneWith(std::nullopt, element);
}

Value KernelBuilder::toBF16(Value vector) {
  auto type = VectorType::get({lanes}, builder.getBF16Type());
  return x86vector::CvtPackedF32ToBF16Op::create(builder, loc, type, vector);
}

Value KernelBuilder::toPairs(Value vector) {
  auto convert = [&](int64_t offset) -> Value {
    return toBF16(vector::ExtractStridedSliceOp::create(builder, loc, vector, {offset}, {lanes}, {1}));
  };
  auto order = llvm::to_vector(llvm::seq(2 * lanes));
  return vector::ShuffleOp::create(builder, loc, convert(0), convert(lanes), order);
}

Value KernelBuilder::toF32(Value vector) {
  return arith::ExtFOp::create(builder, loc, withElements(vector, builder.getF32Type()), vector);
}

Value KernelBuilder::bitcast(Value vector, Type element) {
  auto type = cast<VectorType>(vector.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  auto target = VectorType::get({bits / element.getIntOrFloatBitWidth()}, element);
  return vector::BitCastOp::create(builder, loc, target, vector);
}

Value KernelBuilder::maxf(Value lhs, Value rhs) {
  Value greater = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(builder, loc, greater, lhs, rhs);
}

/// Halves the vector until one lane is left: log2(lanes) steps on every target, where a reduction that keeps the
/// program's order would take `lanes`.
static Value reduceHalves(KernelBuilder &kernel, Value vector, function_ref<Value(Value, Value)> combine) {
  int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
  while (width > 1) {
    width /= 2;
    auto slice = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(kernel.builder, kernel.loc, vector, {offset}, {width}, {1});
    };
    vector = combine(slice(0), slice(width));
  }
  return vector::ExtractOp::create(kernel.builder, kernel.loc, vector, ArrayRef<int64_t>{0});
}

Value KernelBuilder::reduceAdd(Value vector) {
  return reduceHalves(*this, vector, [&](Value lhs, Value rhs) { return addf(lhs, rhs); });
}

Value KernelBuilder::reduceMax(Value vector) {
  return reduceHalves(*this, vector,
                      [&](Value lhs, Value rhs) -> Value { return arith::MaximumFOp::create(builder, loc, lhs, rhs); });
}

Value KernelBuilder::constantMask(int64_t valid) {
  if (valid == lanes)
    return {};
  auto type = VectorType::get({lanes}, builder.getI1Type());
  return vector::ConstantMaskOp::create(builder, loc, type, ArrayRef<int64_t>{valid});
}

Value KernelBuilder::dynamicMask(Value valid) {
  return vector::CreateMaskOp::create(builder, loc, VectorType::get({lanes}, builder.getI1Type()), valid);
}

Value KernelBuilder::selectLanes(Value mask, Value vector, Value otherwise) {
  return mask ? arith::SelectOp::create(builder, loc, mask, vector, otherwise) : vector;
}

Value KernelBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(builder, loc, memref, indices);
}

Value KernelBuilder::loadVector(Value memref, ValueRange indices, Value mask) {
  if (!mask)
    return vector::LoadOp::create(builder, loc, vectorType, memref, indices);
  return vector::MaskedLoadOp::create(builder, loc, vectorType, memref, indices, mask, splat(0.0));
}

Value KernelBuilder::loadPairs(Value memref, ValueRange indices) {
  return vector::LoadOp::create(builder, loc, VectorType::get({2 * lanes}, builder.getBF16Type()), memref, indices);
}

Value KernelBuilder::loadPair(Value memref, ValueRange indices) {
  Value pair = vector::LoadOp::create(builder, loc, VectorType::get({2}, builder.getBF16Type()), memref, indices);
  return vector::ExtractOp::create(builder, loc, bitcast(pair, builder.getI32Type()), ArrayRef<int64_t>{0});
}

void KernelBuilder::storeVector(Value vector, Value memref, ValueRange indices, Value mask) {
  if (!mask)
    vector::StoreOp::create(builder, loc, vector, memref, indices);
  else
    vector::MaskedStoreOp::create(builder, loc, memref, indices, mask, vector);
}

void KernelBuilder::prefetch(Value memref, ValueRange indices, int64_t locality) {
  memref::PrefetchOp::create(builder, loc, memref, indices, /*isWrite=*/false, locality, /*isDataCache=*/true);
}

Value KernelBuilder::scratchView(Value scratch, int64_t byteOffset, ArrayRef<int64_t> shape, ValueRange dynamicSizes,
                                 Type element) {
  auto type = MemRefType::get(shape, element ? element : elementType());
  return memref::ViewOp::create(builder, loc, type, scratch, index(byteOffset), dynamicSizes);
}

void KernelBuilder::forEach(Value begin, Value end, Value step, function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

KernelBuilder::Values KernelBuilder::loop(Value begin, Value end, Value step, ValueRange inits,
                                          function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, step, inits,
                                 [&](OpBuilder &, Location, Value iv, ValueRange carried) {
                                   OpBuilder::InsertionGuard guard(builder);
                                   builder.setInsertionPointToEnd(iv.getParentBlock());
                                   scf::YieldOp::create(builder, loc, body(iv, carried));
                                 });
  return llvm::to_vector_of<Value>(loop.getResults());
}

KernelBuilder::Values KernelBuilder::choose(Value condition, function_ref<Values()> then,
                                            function_ref<Values()> otherwise) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? then() : otherwise();
  auto fill = [&](function_ref<Values()> body) {
    return [&, body](OpBuilder &, Location) { scf::YieldOp::create(builder, loc, body()); };
  };
  auto op = scf::IfOp::create(builder, loc, condition, fill(then), fill(otherwise));
  return llvm::to_vector_of<Value>(op.getResults());
}

void KernelBuilder::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto withoutValues = [](function_ref<void()> body) {
    return [body] {
      if (body)
        body();
      return Values();
    };
  };
  choose(condition, withoutValues(then), withoutValues(otherwise));
}

void KernelBuilder::switchOn(Value index, int64_t first, int64_t last, function_ref<void(int64_t)> body) {
  if (std::optional<int64_t> known = getConstantIntValue(index))
    return body(*known);
  if (first == last)
    return body(first);
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq(first, last));
  auto op = scf::IndexSwitchOp::create(builder, loc, TypeRange(), index, cases, cases.size());
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Region &region, int64_t value) {
    builder.createBlock(&region);
    body(value);
    scf::YieldOp::create(builder, loc);
  };
  for (auto [region, value] : llvm::zip(op.getCaseRegions(), cases))
    fill(region, value);
  fill(op.getDefaultRegion(), last);
}

KernelBuilder::Values KernelBuilder::sweep(Value extent, ValueRange inits,
                                           function_ref<Values(Value, Value, ValueRange)> body) {
  Value tail = rem(extent, index(lanes)), whole = sub(extent, tail);
  Values carried = loop(index(0), whole, index(lanes), inits,
                        [&](Value offset, ValueRange carried) { return body(offset, {}, carried); });
  if (std::optional<int64_t> known = getConstantIntValue(tail))
    return *known ? body(whole, constantMask(*known), carried) : carried;
  return choose(less(index(0), tail), [&] { return body(whole, dynamicMask(tail), carried); }, [&] { return carried; });
}

RowBlocks::RowBlocks(KernelBuilder &kernel, Value rows, int64_t mr) : mr(mr) {
  // No rows make no blocks; the divisor is kept from being zero.
  blocks = kernel.ceilDiv(rows, kernel.index(mr));
  Value divisor = kernel.max(blocks, kernel.index(1));
  base = kernel.div(rows, divisor);
  larger = kernel.rem(rows, divisor);
}

Value RowBlocks::firstRow(KernelBuilder &kernel, Value block) const {
  return kernel.add(kernel.mul(block, base), kernel.min(block, larger));
}

Value RowBlocks::size(KernelBuilder &kernel, Value block) const {
  return kernel.select(kernel.less(block, larger), kernel.add(base, 1), base);
}

void RowBlocks::dispatch(KernelBuilder &kernel, Value block, function_ref<void(int64_t)> body) const {
  std::optional<int64_t> knownBase = getConstantIntValue(base), knownLarger = getConstantIntValue(larger);
  if (!knownBase || !knownLarger)
    return kernel.switchOn(size(kernel, block), 1, mr, body);
  if (*knownLarger == 0)
    return body(*knownBase);
  kernel.branch(kernel.less(block, larger), [&] { body(*knownBase + 1); }, [&] { body(*knownBase); });
}
