#include "vitc/Dialect/GPUKernel/Kernels/Activation.h"

using namespace mlir;
using namespace vitc::vgpu;

/// In the order of the enumeration.
static constexpr llvm::StringLiteral names[] = {"none", "relu",       "gelu",      "gelu_tanh",
                                                "silu", "quick_gelu", "hard_swish"};

StringRef vitc::vgpu::nameOf(Activation activation) { return names[static_cast<size_t>(activation)]; }

std::optional<Activation> vitc::vgpu::parseActivation(StringRef name) {
  const auto *found = llvm::find(names, name);
  return found == std::end(names) ? std::nullopt : std::optional(static_cast<Activation>(found - names));
}

/// x · Φ(x) with Φ(x) = sat(½ + x · q(x²)): q is a minimax polynomial for |x| ≤ 4.4 whose error is weighted by x², and
/// beyond that x · q(x²) grows past ±½, so that saturation gives 0 and 1 exactly.
static Value emitGelu(NVVMEmitter &e, Value x) {
  constexpr double q[] = {0.3987618386745453,     -0.06607688963413239,   0.00964332278817892,
                          -0.0010550832375884056, 8.430831076111645e-05,  -4.72635747428285e-06,
                          1.7416824960037047e-07, -3.756551958389309e-09, 3.5725322006241456e-11};
  Value square = e.fmul(x, x), sum = e.f32(q[8]);
  for (int power = 7; power >= 0; --power)
    sum = e.fma(sum, square, e.f32(q[power]));
  return e.fmul(x, e.fmaSaturate(x, sum, e.f32(0.5)));
}

/// x · σ(y), where `scaled` is −y · log2(e).
static Value emitGate(NVVMEmitter &e, Value x, Value scaled) {
  return e.fmul(x, e.reciprocal(e.fadd(e.exp2(scaled), e.f32(1))));
}

Value vitc::vgpu::emitActivation(NVVMEmitter &e, Activation activation, Value x) {
  constexpr double log2e = 1.4426950408889634;
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return e.maximum(x, e.f32(0));
  case Activation::Gelu:
    return emitGelu(e, x);
  case Activation::GeluTanh: { // ½ x (1 + tanh(y)) = x · σ(2y), y = √(2/π) (x + 0.044715 x³)
    constexpr double scale = -2 * 0.7978845608028654 * log2e;
    return emitGate(e, x, e.fmul(x, e.fma(e.fmul(x, x), e.f32(scale * 0.044715), e.f32(scale))));
  }
  case Activation::Silu:
    return emitGate(e, x, e.fmul(x, e.f32(-log2e)));
  case Activation::QuickGelu:
    return emitGate(e, x, e.fmul(x, e.f32(-1.702 * log2e)));
  case Activation::HardSwish:
    return e.fmul(x, e.fmaSaturate(x, e.f32(1.0 / 6), e.f32(0.5)));
  }
  llvm_unreachable("an activation");
}
