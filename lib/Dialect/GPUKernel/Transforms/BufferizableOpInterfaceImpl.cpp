#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Transforms/ExternalModels.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace vitc::vgpu;

/// Whether kernels can read a buffer where it is: elements of rows are adjacent, and rows begin at multiples of 16
/// bytes, which TMA and wide loads ask for.
static bool isAligned(Value buffer) {
  constexpr int64_t alignment = 16;
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || ShapedType::isDynamic(offset))
    return false;
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  if (strides.empty())
    return true;
  bool ofOneRow = llvm::all_of(type.getShape().drop_back(), [](int64_t extent) { return extent == 1; });
  return strides.back() == 1 && offset * bytes % alignment == 0 &&
         (ofOneRow || llvm::all_of(ArrayRef(strides).drop_back(), [&](int64_t stride) {
            return !ShapedType::isDynamic(stride) && stride * bytes % alignment == 0;
          }));
}

namespace {

template <typename KernelOp>
struct KernelBufferization : DstBufferizableOpInterfaceExternalModel<KernelBufferization<KernelOp>, KernelOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto kernel = cast<DestinationStyleOpInterface>(op);
    auto taken = cast<vitc::vgpu::KernelOpInterface>(op);
    if (kernel.hasPureBufferSemantics())
      return success();
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands, written;
    for (OpOperand &operand : op->getOpOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      bool isOutput = kernel.isDpsInit(&operand);
      if (isOutput)
        written.push_back(*buffer);
      bool isReady = taken.isDense(operand.get()) ? cast<MemRefType>(buffer->getType()).getLayout().isIdentity()
                                                  : isAligned(*buffer);
      operands.push_back(isReady ? *buffer : copyOf(rewriter, op->getLoc(), *buffer, /*isRead=*/!isOutput));
    }
    OperationState onBuffers(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
    onBuffers.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(onBuffers);
    for (auto [number, output] : llvm::enumerate(written)) {
      Value copy = operands[kernel.getDpsInitOperand(number)->getOperandNumber()];
      if (copy != output)
        memref::CopyOp::create(rewriter, op->getLoc(), copy, output);
    }
    replaceOpWithBufferizedValues(rewriter, op, written);
    return success();
  }

private:
  /// A new buffer of the same shape, with the same contents where they are read.
  static Value copyOf(RewriterBase &rewriter, Location loc, Value buffer, bool isRead) {
    auto type = cast<MemRefType>(buffer.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(rewriter, loc, buffer, dim));
    Value copy = memref::AllocOp::create(rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
    if (isRead)
      memref::CopyOp::create(rewriter, loc, buffer, copy);
    return copy;
  }
};

} // namespace

void vitc::vgpu::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, GPUKernelDialect *) {
    AttendOp::attachInterface<KernelBufferization<AttendOp>>(*context);
    AttentionOp::attachInterface<KernelBufferization<AttentionOp>>(*context);
    BatchGemmOp::attachInterface<KernelBufferization<BatchGemmOp>>(*context);
    ConvOp::attachInterface<KernelBufferization<ConvOp>>(*context);
    DepthwiseConvOp::attachInterface<KernelBufferization<DepthwiseConvOp>>(*context);
    GemmOp::attachInterface<KernelBufferization<GemmOp>>(*context);
    LayerNormOp::attachInterface<KernelBufferization<LayerNormOp>>(*context);
  });
}
