#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/IR/Builders.h"

namespace vitc::vcpu {
#define GEN_PASS_DEF_PROTECTINPUTSPASS
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

using namespace mlir;

namespace {

struct ProtectInputsPass final : vitc::vcpu::impl::ProtectInputsPassBase<ProtectInputsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isPublic())
      return;
    for (unsigned i = 0, count = function.getNumArguments(); i < count; ++i)
      function.setArgAttr(i, bufferization::BufferizationDialect::kWritableAttrName,
                          BoolAttr::get(function.getContext(), false));
  }
};

} // namespace
