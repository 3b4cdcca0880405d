#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/PackConstant.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <map>

namespace vitc::vcpu {
#define GEN_PASS_DEF_FOLDCONSTANTPACKSPASS
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

using namespace mlir;
using namespace vitc::vcpu;

namespace {

struct FoldConstantPacksPass final : vitc::vcpu::impl::FoldConstantPacksPassBase<FoldConstantPacksPass> {
  void runOnOperation() override {
    SmallVector<PackOp> packs;
    getOperation()->walk([&](PackOp op) { packs.push_back(op); });
    for (PackOp op : packs)
      if (op.getResult() && op.getResult().getType().hasStaticShape())
        fold(op);
  }

private:
  void fold(PackOp op);
  /// Erases the chain of slices, reshapes and constants that nothing reads any more.
  static void eraseUnused(Operation *op);

  /// By what tells packed constants apart.
  std::map<std::vector<int64_t>, DenseResourceElementsAttr> packed;
};

} // namespace

/// The constant, the view of it, and the packing.
static std::vector<int64_t> keyOf(const ConstantView &view, PackOp op) {
  auto asInteger = [](const void *pointer) { return static_cast<int64_t>(reinterpret_cast<intptr_t>(pointer)); };
  std::vector<int64_t> key = {asInteger(view.attribute.getAsOpaquePointer()),
                              asInteger(op.getResult().getType().getAsOpaquePointer()), view.offset,
                              static_cast<int64_t>(op.getInterleave())};
  key.insert(key.end(), view.shape.begin(), view.shape.end());
  key.insert(key.end(), view.strides.begin(), view.strides.end());
  key.insert(key.end(), op.getPermutation().begin(), op.getPermutation().end());
  return key;
}

void FoldConstantPacksPass::fold(PackOp op) {
  std::optional<ConstantView> view = ConstantView::get(op.getInput());
  if (!view)
    return;
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto [entry, isNew] = packed.try_emplace(keyOf(*view, op));
  if (isNew)
    entry->second = packConstant(*view, op.getPermutation(), type, op.getInterleave());
  OpBuilder builder(op);
  auto constant = arith::ConstantOp::create(builder, op.getLoc(), entry->second);
  op.getResult().replaceAllUsesWith(constant);
  Operation *input = op.getInput().getDefiningOp(), *output = op.getOutput().getDefiningOp();
  op.erase();
  eraseUnused(input);
  if (output && output != input)
    eraseUnused(output);
}

void FoldConstantPacksPass::eraseUnused(Operation *op) {
  while (op && isOpTriviallyDead(op)) {
    Operation *source = op->getNumOperands() ? op->getOperand(0).getDefiningOp() : nullptr;
    op->erase();
    op = source;
  }
}
