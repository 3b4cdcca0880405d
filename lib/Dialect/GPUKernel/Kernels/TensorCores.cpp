// Warpgroup matrix products: descriptors of operands in shared memory, products, waits.
#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Matrix descriptors (PTX ISA, "Matrix Descriptor Format"): addresses and distances in units of 16 bytes, the swizzle
/// in the two uppermost bits. Eight rows are one pattern of the swizzle, and the stride is the distance of patterns.
Value NVVMEmitter::descriptor(Value pointer, unsigned rowBytes, unsigned leading) {
  uint64_t swizzle = rowBytes == 128 ? 1 : rowBytes == 64 ? 2 : 3;
  uint64_t layout = swizzle << 62 | uint64_t(8 * rowBytes / 16) << 32 | uint64_t(leading / 16) << 16;
  Value address = LLVM::PtrToIntOp::create(builder, loc, int32, pointer);
  return LLVM::OrOp::create(builder, loc, zext64(bitAnd(lshr(address, 4), 0x3FFF)), i64(layout));
}
Value NVVMEmitter::advance(Value descriptor, int64_t bytes) {
  return bytes == 0 ? descriptor : add(descriptor, i64(bytes / 16));
}

NVVMEmitter::Values NVVMEmitter::mmaFence(const Values &values) {
  if (values.empty())
    return intrinsic("llvm.nvvm.wgmma.fence.sync.aligned", {}), values;
  return tiedAsm("wgmma.fence.sync.aligned;", llvm::to_vector(ValueRange(values).getTypes()), values, {}, "");
}
void NVVMEmitter::mmaCommit() { intrinsic("llvm.nvvm.wgmma.commit_group.sync.aligned", {}); }

static std::string registerList(size_t first, size_t count) {
  std::string text = "{";
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}

/// NVVM's op has neither a form with A in registers nor one without a sum to add to: PTX, with sums tied to results.
NVVMEmitter::Values NVVMEmitter::mma(Element element, unsigned n, const Values &d, const Values &a, Value b,
                                     bool transposeB) {
  bool inRegisters = a.size() == 4;
  size_t sums = n / 2, next = sums + d.size();
  std::string types = element == Element::BF16  ? "k16.f32.bf16.bf16 "
                      : element == Element::F16 ? "k16.f32.f16.f16 "
                                                : "k8.f32.tf32.tf32 ";
  std::string text = "wgmma.mma_async.sync.aligned.m64n" + std::to_string(n) + types + registerList(0, sums) + ", " +
                     (inRegisters ? registerList(next, 4) : "$" + std::to_string(next)) + ", $" +
                     std::to_string(next + a.size()) + ", " + (d.empty() ? "0" : "1") + ", 1, 1";
  if (bytesOf(element) == 2) // operands of four bytes are K-major
    text += std::string(inRegisters ? "" : ", 0") + (transposeB ? ", 1" : ", 0");
  Values operands = a;
  operands.push_back(b);
  return tiedAsm(text + ";", SmallVector<Type>(sums, float32), d, operands, inRegisters ? ",r,r,r,r,l" : ",l,l");
}

/// The wait as an op of LLVM has no operands, and what reads the sums may be moved above it.
NVVMEmitter::Values NVVMEmitter::mmaWait(unsigned pending, const Values &values) {
  std::string text = "wgmma.wait_group.sync.aligned " + std::to_string(pending) + ";";
  if (!values.empty())
    return tiedAsm(text, llvm::to_vector(ValueRange(values).getTypes()), values, {}, ",~{memory}");
  asmOp(text, "~{memory}", {});
  return {};
}

void NVVMEmitter::storeMatrices(Value address, const Values &pairs) {
  assert(pairs.size() == 4);
  Values operands{address};
  operands.append(pairs);
  asmOp("stmatrix.sync.aligned.m8n8.x4.shared.b16 [$0], {$1, $2, $3, $4};", "r,r,r,r,r,~{memory}", operands);
}
