#include "vitc/Dialect/CPUKernel/Kernels/Exp2.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace vitc::vcpu;

/// 2^f on [−1/2, 1/2], a minimax fit of the relative error (1.9e-9), lowest power first.
static constexpr double coefficients[] = {1.0,
                                          0.6931471824645996,
                                          0.24022646248340607,
                                          0.05550328642129898,
                                          0.0096184890717267990,
                                          0.0013399930903688073,
                                          0.0001534581242594868};

/// a · 2^b for a whole b, with subnormal results: one AVX-512 instruction.
static Value scaleByPower(KernelBuilder &kernel, Value a, Value b) {
  OpBuilder &builder = kernel.builder;
  Value allLanes = arith::ConstantIntOp::create(builder, kernel.loc, builder.getI16Type(), -1);
  Value currentRounding = arith::ConstantIntOp::create(builder, kernel.loc, builder.getI32Type(), 4);
  return LLVM::CallIntrinsicOp::create(builder, kernel.loc, kernel.vectorType,
                                       builder.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                       ValueRange{a, b, a, allLanes, currentRounding})
      .getResult(0);
}

/// a · 2^b for a whole b ≥ −126, by the bits of the exponent.
static Value scaleByExponentBits(KernelBuilder &kernel, Value a, Value b) {
  OpBuilder &builder = kernel.builder;
  auto type = VectorType::get({kernel.lanes}, builder.getI32Type());
  auto constant = [&](int32_t bits) -> Value {
    return arith::ConstantOp::create(builder, kernel.loc, DenseElementsAttr::get(type, bits));
  };
  Value exponent = arith::FPToSIOp::create(builder, kernel.loc, type, b);
  exponent = arith::AddIOp::create(builder, kernel.loc, exponent, constant(127));
  exponent = arith::ShLIOp::create(builder, kernel.loc, exponent, constant(23));
  return kernel.mulf(a, arith::BitcastOp::create(builder, kernel.loc, kernel.vectorType, exponent));
}

Value vitc::vcpu::emitExp2(KernelBuilder &kernel, Value x) {
  bool hasScale = kernel.lanes == 16;
  double lowest = hasScale ? -160.0 : -126.0;
  // A NaN stays; −inf becomes finite, so that x − round(x) is.
  Value bounded = kernel.maxf(kernel.splat(lowest), x);
  Value whole = math::RoundEvenOp::create(kernel.builder, kernel.loc, bounded);
  Value fraction = kernel.subf(bounded, whole);
  Value power = kernel.splat(coefficients[std::size(coefficients) - 1]);
  for (double coefficient : llvm::reverse(ArrayRef(coefficients).drop_back()))
    power = kernel.fma(power, fraction, kernel.splat(coefficient));
  if (hasScale)
    return scaleByPower(kernel, power, whole);
  Value vanishes =
      arith::CmpFOp::create(kernel.builder, kernel.loc, arith::CmpFPredicate::OLT, x, kernel.splat(lowest));
  return kernel.selectLanes(vanishes, kernel.splat(0.0), scaleByExponentBits(kernel, power, whole));
}
