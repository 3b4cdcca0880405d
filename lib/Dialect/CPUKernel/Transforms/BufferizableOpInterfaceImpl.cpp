#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace vitc::vcpu;

namespace {

/// A kernel op writes all of its outputs and reads nothing of what they held before.
template <typename KernelOp>
struct KernelBufferization : DstBufferizableOpInterfaceExternalModel<KernelBufferization<KernelOp>, KernelOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto kernel = cast<DestinationStyleOpInterface>(op);
    if (kernel.hasPureBufferSemantics())
      return success();
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    OperationState onBuffers(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
    onBuffers.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions()) {
      auto moved = std::make_unique<Region>();
      moved->takeBody(region);
      onBuffers.addRegion(std::move(moved));
    }
    Operation *replaced = rewriter.create(onBuffers);
    SmallVector<Value> results;
    for (OpResult result : op->getResults())
      results.push_back(replaced->getOperand(kernel.getTiedOpOperand(result)->getOperandNumber()));
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};

template <typename... KernelOps>
void attach(MLIRContext *context) {
  (KernelOps::template attachInterface<KernelBufferization<KernelOps>>(*context), ...);
}

} // namespace

void vitc::vcpu::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, CPUKernelDialect *) {
    attach<AttentionOp, ConvOp, DepthwiseConvOp, GemmOp, LayerNormOp, PackOp, PadOp, PatchifyOp, SoftmaxOp>(context);
  });
}
