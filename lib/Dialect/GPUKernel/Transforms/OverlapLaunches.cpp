#include "vitc/Dialect/GPUKernel/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace vitc::vgpu {
#define GEN_PASS_DEF_OVERLAPLAUNCHESPASS
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vgpu

using namespace mlir;
using namespace vitc::vgpu;

/// Text that clobbers memory: LLVM takes the intrinsics for functions without an effect on it, and moves loads above.
static void writeControl(OpBuilder &builder, Location loc, StringRef action) {
  LLVM::InlineAsmOp::create(builder, loc, TypeRange(), ValueRange(), ("griddepcontrol." + action + ";").str(),
                            "~{memory}", /*has_side_effects=*/true, /*is_align_stack=*/false,
                            LLVM::tailcallkind::TailCallKind::None,
                            LLVM::AsmDialectAttr::get(builder.getContext(), LLVM::AsmDialect::AD_ATT),
                            /*operand_attrs=*/ArrayAttr());
}

namespace {

struct OverlapLaunchesPass final : vitc::vgpu::impl::OverlapLaunchesPassBase<OverlapLaunchesPass> {
  void runOnOperation() override {
    for (auto module : getOperation().getOps<gpu::GPUModuleOp>())
      for (auto kernel : module.getOps<LLVM::LLVMFuncOp>()) {
        if (!kernel->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()) || kernel.isExternal())
          continue;
        auto builder = OpBuilder::atBlockBegin(&kernel.getBody().front());
        writeControl(builder, kernel.getLoc(), "wait");
        writeControl(builder, kernel.getLoc(), "launch_dependents");
      }
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      bool isFirst = true;
      for (auto launch : entry.getOps<LaunchOp>()) {
        launch.setOverlaps(!isFirst);
        isFirst = false;
      }
    }
  }
};

} // namespace
