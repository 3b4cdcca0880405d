#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::vcpu;

namespace {

/// The body, once for each item of the range.
struct ProcedureKernel : KernelOpInterface::ExternalModel<ProcedureKernel, vit::ProcedureOp> {
  OpFoldResult getWorkItems(Operation *op, OpBuilder &builder) const {
    if (Value items = cast<vit::ProcedureOp>(op).getItems())
      return items;
    return builder.getIndexAttr(1);
  }

  LogicalResult emitKernel(Operation *op, OpBuilder &builder, ValueRange arguments) const {
    Location loc = op->getLoc();
    Block &body = cast<vit::ProcedureOp>(op).getBody().front();
    ValueRange buffers = arguments.drop_front(cast<vit::ProcedureOp>(op).getItems() ? 1 : 0);
    IRMapping mapping;
    for (auto [seen, buffer] : llvm::zip(body.getArguments().drop_front(), buffers))
      mapping.map(seen, memref::CastOp::create(builder, loc, seen.getType(), buffer));
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    ValueRange range = arguments.take_back(2);
    scf::ForOp::create(builder, loc, range[0], range[1], one, ValueRange(),
                       [&](OpBuilder &inner, Location, Value item, ValueRange) {
                         mapping.map(body.getArgument(0), item);
                         for (Operation &inside : body)
                           inner.clone(inside, mapping);
                         scf::YieldOp::create(inner, loc);
                       });
    return success();
  }
};

} // namespace

void vitc::vcpu::registerProcedureExternalModels(DialectRegistry &registry) {
  registry.addExtension(
      +[](MLIRContext *context, vit::ViTDialect *) { vit::ProcedureOp::attachInterface<ProcedureKernel>(*context); });
}
