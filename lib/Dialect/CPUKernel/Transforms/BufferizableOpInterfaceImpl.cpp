#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace vitc::vcpu;

/// Whether neighbours in the last dimension are neighbours in memory, as kernels want them.
static bool hasContiguousRows(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return type.getRank() == 0 || (succeeded(type.getStridesAndOffset(strides, offset)) && strides.back() == 1);
}

/// A new buffer of the same shape.
static Value allocateLike(RewriterBase &rewriter, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(rewriter, loc, buffer, dim));
  return memref::AllocOp::create(rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
}

namespace {

/// Whether a kernel op updates its output, which it reads at any stride; the others write all of their outputs and read
/// nothing of what they held before.
template <typename KernelOp>
constexpr bool kUpdates = std::is_same_v<KernelOp, ScatterOp>;

template <typename KernelOp>
struct KernelBufferization : DstBufferizableOpInterfaceExternalModel<KernelBufferization<KernelOp>, KernelOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return kUpdates<KernelOp> || !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
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
    SmallVector<std::pair<Value, Value>> copiesBack;
    if constexpr (!kUpdates<KernelOp> && !std::is_same_v<KernelOp, vitc::vit::ProcedureOp>) // which takes any strides
      copiesBack = makeRowsContiguous(kernel, operands, rewriter);
    OperationState onBuffers(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
    onBuffers.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions()) {
      auto moved = std::make_unique<Region>();
      moved->takeBody(region);
      onBuffers.addRegion(std::move(moved));
    }
    rewriter.create(onBuffers);
    SmallVector<Value> results;
    for (OpResult result : op->getResults())
      results.push_back(operands[kernel.getTiedOpOperand(result)->getOperandNumber()]);
    for (auto [copy, original] : copiesBack) {
      memref::CopyOp::create(rewriter, op->getLoc(), copy, original);
      llvm::replace(results, copy, original);
    }
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }

private:
  /// Puts copies in place of operands with strided rows; gives those of outputs with where they have to go.
  static SmallVector<std::pair<Value, Value>>
  makeRowsContiguous(DestinationStyleOpInterface kernel, SmallVectorImpl<Value> &operands, RewriterBase &rewriter) {
    SmallVector<std::pair<Value, Value>> copiesBack;
    for (OpOperand &operand : kernel->getOpOperands()) {
      Value &buffer = operands[operand.getOperandNumber()];
      if (!isa<MemRefType>(buffer.getType()) || hasContiguousRows(buffer))
        continue;
      Value copy = allocateLike(rewriter, kernel.getLoc(), buffer);
      if (kernel.isDpsInit(&operand))
        copiesBack.push_back({copy, buffer});
      else
        memref::CopyOp::create(rewriter, kernel.getLoc(), buffer, copy);
      buffer = copy;
    }
    return copiesBack;
  }
};

template <typename... KernelOps>
void attach(MLIRContext *context) {
  (KernelOps::template attachInterface<KernelBufferization<KernelOps>>(*context), ...);
}

} // namespace

void vitc::vcpu::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, CPUKernelDialect *) {
    attach<AttentionOp, ConvOp, DepthwiseConvOp, WinogradConvOp, GatherRowsOp, GemmOp, LayerNormOp, PackOp, PadOp,
           PatchifyOp, ScatterOp, SoftmaxOp, StrassenGemmOp, StrassenRowsOp, TopKOp>(context);
  });
  registry.addExtension(
      +[](MLIRContext *context, vitc::vit::ViTDialect *) { attach<vitc::vit::ProcedureOp>(context); });
}
