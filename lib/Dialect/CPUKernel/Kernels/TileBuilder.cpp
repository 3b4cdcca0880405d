#include "TileBuilder.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace vitc::vcpu;

static constexpr int64_t rowBytes = 64;

Value TileBuilder::shape(int64_t extent) { return arith::ConstantIntOp::create(k.builder, k.loc, extent, 16); }

Value TileBuilder::call(StringRef intrinsic, ValueRange arguments) {
  Type type = LLVM::LLVMX86AMXType::get(k.builder.getContext());
  auto name = k.builder.getStringAttr(intrinsic);
  return LLVM::CallIntrinsicOp::create(k.builder, k.loc, type, name, arguments).getResult(0);
}

std::pair<Value, Value> TileBuilder::locate(Value memref, ValueRange indices) {
  auto metadata = memref::ExtractStridedMetadataOp::create(k.builder, k.loc, memref);
  auto toValue = [&](OpFoldResult value) { return getValueOrCreateConstantIndexOp(k.builder, k.loc, value); };
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  Value element = toValue(metadata.getConstifiedMixedOffset());
  for (auto [index, stride] : llvm::zip(indices, strides))
    element = k.add(element, k.mul(index, toValue(stride)));
  int64_t bytes = cast<MemRefType>(memref.getType()).getElementTypeBitWidth() / 8;
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(k.builder, k.loc, memref);
  auto toInteger = [&](Value index) -> Value {
    return arith::IndexCastOp::create(k.builder, k.loc, k.builder.getI64Type(), index);
  };
  Value address = LLVM::IntToPtrOp::create(k.builder, k.loc, LLVM::LLVMPointerType::get(k.builder.getContext()),
                                           toInteger(k.add(start, k.mul(element, bytes))));
  return {address, toInteger(k.mul(toValue(strides.end()[-2]), bytes))};
}

Value TileBuilder::zero() { return call("llvm.x86.tilezero.internal", {shape(rows), shape(rowBytes)}); }

Value TileBuilder::load(Value memref, ValueRange indices) {
  auto [address, stride] = locate(memref, indices);
  return call("llvm.x86.tileloadd64.internal", {shape(rows), shape(rowBytes), address, stride});
}

void TileBuilder::store(Value tile, Value memref, ValueRange indices) {
  auto [address, stride] = locate(memref, indices);
  LLVM::CallIntrinsicOp::create(k.builder, k.loc, k.builder.getStringAttr("llvm.x86.tilestored64.internal"),
                                ValueRange{shape(rows), shape(rowBytes), address, stride, tile});
}

Value TileBuilder::multiplyPairs(Value sums, Value a, Value b) {
  return call("llvm.x86.tdpbf16ps.internal", {shape(rows), shape(rowBytes), shape(rowBytes), sums, a, b});
}
