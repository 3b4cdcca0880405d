// What Ampere and Ada have in place of TMA and wgmma: asynchronous copies of 16 bytes, matrices loaded from shared
// memory, and products of a warp.
#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace vitc::vgpu;

void NVVMEmitter::copyAsync(Value destination, Value source, Value bytes) {
  asmOp("cp.async.cg.shared.global [$0], [$1], 16, $2;", "r,l,r,~{memory}", {destination, source, bytes});
}
void NVVMEmitter::commitCopies() { asmOp("cp.async.commit_group;", "~{memory}", {}); }
void NVVMEmitter::waitCopies(unsigned pending) {
  asmOp("cp.async.wait_group " + std::to_string(pending) + ";", "~{memory}", {});
}

NVVMEmitter::Values NVVMEmitter::loadMatrices(Value address, bool transpose) {
  return tiedAsm("ldmatrix.sync.aligned.m8n8.x4." + std::string(transpose ? "trans." : "") +
                     "shared.b16 {$0, $1, $2, $3}, [$4];",
                 SmallVector<Type>(4, int32), {}, {address}, ",r,~{memory}");
}

NVVMEmitter::Values NVVMEmitter::mmaSync(Element element, const Values &d, const Values &a, ValueRange b) {
  assert(d.size() == 4 && a.size() == 4 && b.size() == 2 && "m16n8, 32 bytes deep");
  std::string types = element == Element::BF16  ? "k16.row.col.f32.bf16.bf16"
                      : element == Element::F16 ? "k16.row.col.f32.f16.f16"
                                                : "k8.row.col.f32.tf32.tf32";
  Values operands = a;
  llvm::append_range(operands, b);
  return tiedAsm("mma.sync.aligned.m16n8" + types +
                     ".f32 {$0, $1, $2, $3}, {$8, $9, $10, $11}, {$12, $13}, {$0, $1, $2, $3};",
                 SmallVector<Type>(4, float32), d, operands, ",r,r,r,r,r,r");
}

NVVMEmitter::Value NVVMEmitter::roundToTF32(Value value) {
  return tiedAsm("cvt.rna.tf32.f32 $0, $1;", {int32}, {}, {value}, ",f").front();
}
