#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace vitc::vgpu;

unsigned vitc::vgpu::bytesOf(Element element) { return element == Element::BF16 || element == Element::F16 ? 2 : 4; }

int vitc::vgpu::driverTypeOf(Element element) {
  switch (element) {
  case Element::F16:
    return 6;
  case Element::F32:
  case Element::TF32: // copied as they are: what the driver's type for TF32 converts is not documented
    return 7;
  case Element::BF16:
    return 9;
  }
  llvm_unreachable("an element");
}

Swizzle vitc::vgpu::swizzleOf(unsigned rowBytes) {
  switch (rowBytes) {
  case 32:
    return Swizzle::B32;
  case 64:
    return Swizzle::B64;
  case 128:
    return Swizzle::B128;
  default:
    return Swizzle::None;
  }
}

static void add(LaunchPlan &plan, ArgumentPlan argument, unsigned bytes, unsigned alignment) {
  argument.offset = llvm::alignTo(plan.parameterBytes, alignment);
  plan.parameterBytes = argument.offset + bytes;
  plan.arguments.push_back(std::move(argument));
}

void LaunchPlan::addTensorMap(std::string role, TensorMapPlan map) {
  add(*this, {std::move(role), ArgumentPlan::TensorMap, 0, std::move(map)}, 128, 64);
}

void LaunchPlan::addPointer(std::string role) { add(*this, {std::move(role), ArgumentPlan::Pointer, 0, {}}, 8, 8); }

void LaunchPlan::addInt32(std::string role) { add(*this, {std::move(role), ArgumentPlan::Int32, 0, {}}, 4, 4); }
