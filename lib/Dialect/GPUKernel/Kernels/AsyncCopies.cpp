// Barriers, clusters and the tensor memory accelerator.
#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace vitc::vgpu;

void NVVMEmitter::syncThreads() { intrinsic("llvm.nvvm.barrier.cta.sync.aligned.all", i32(0)); }
void NVVMEmitter::syncNamed(Value id, unsigned threads) {
  intrinsic("llvm.nvvm.barrier.cta.sync.aligned.count", {id, i32(threads)});
}

void NVVMEmitter::barrierInit(Value barrier, unsigned arrivals) {
  asmOp("mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}", {barrier, i32(arrivals)});
}
void NVVMEmitter::fenceBarrierInit() { asmOp("fence.mbarrier_init.release.cluster;", "~{memory}", {}); }
void NVVMEmitter::arrive(Value barrier) { asmOp("mbarrier.arrive.shared::cta.b64 _, [$0];", "r,~{memory}", barrier); }
void NVVMEmitter::arriveExpect(Value barrier, unsigned bytes) {
  asmOp("mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r,~{memory}", {barrier, i32(bytes)});
}
void NVVMEmitter::wait(Value barrier, Value parity) {
  asmOp("{\n.reg .pred done;\nWAIT:\nmbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1;\n@!done bra WAIT;\n}",
        "r,r,~{memory}", {barrier, parity});
}

void NVVMEmitter::syncCluster() {
  asmOp("barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;", "~{memory}", {});
}
Value NVVMEmitter::remote(Value pointer, Value rank) {
  return asmOp("mapa.shared::cluster.u32 $0, $1, $2;", "=r,r,r", {pointer, rank}, int32);
}
void NVVMEmitter::storeRemote(const Values &quad, Value address, unsigned offset) {
  Values operands{address};
  operands.append(quad);
  asmOp("st.shared::cluster.v4.f32 [$0+" + std::to_string(offset) + "], {$1, $2, $3, $4};", "r,f,f,f,f,~{memory}",
        operands);
}

/// "{$3, $4}" for two coordinates from operand 3 on.
static std::string coordinateList(unsigned first, size_t count) {
  std::string text = "{";
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return text + "}";
}
static std::string repeat(StringRef text, size_t count) {
  std::string all;
  while (count--)
    all += text;
  return all;
}

void NVVMEmitter::loadTile(Value destination, Value tensorMap, Value barrier, ValueRange coordinates) {
  Values operands{destination, tensorMap, barrier};
  llvm::append_range(operands, coordinates);
  asmOp("cp.async.bulk.tensor." + std::to_string(coordinates.size()) +
            "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [$0], [$1, " +
            coordinateList(3, coordinates.size()) + "], [$2];",
        "r,l,r" + repeat(",r", coordinates.size()) + ",~{memory}", operands);
}
void NVVMEmitter::storeTile(Value tensorMap, Value source, ValueRange coordinates) {
  Values operands{tensorMap, source};
  llvm::append_range(operands, coordinates);
  asmOp("cp.async.bulk.tensor." + std::to_string(coordinates.size()) + "d.global.shared::cta.tile.bulk_group [$0, " +
            coordinateList(2, coordinates.size()) + "], [$1];",
        "l,r" + repeat(",r", coordinates.size()) + ",~{memory}", operands);
}
void NVVMEmitter::commitStores() { asmOp("cp.async.bulk.commit_group;", "~{memory}", {}); }
void NVVMEmitter::waitStores(unsigned pending, bool readOnly) {
  asmOp((readOnly ? "cp.async.bulk.wait_group.read " : "cp.async.bulk.wait_group ") + std::to_string(pending) + ";",
        "~{memory}", {});
}
void NVVMEmitter::fenceAsync() { asmOp("fence.proxy.async.shared::cta;", "~{memory}", {}); }
