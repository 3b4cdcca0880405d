#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Transforms/ExternalModels.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace vitc::vgpu;

/// Whether the elements of a buffer follow each other, row by row.
static bool isContiguous(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  int64_t expected = 1;
  for (auto [extent, stride] : llvm::zip_equal(llvm::reverse(shape), llvm::reverse(strides))) {
    if (extent != 1 && (ShapedType::isDynamic(expected) || stride != expected))
      return false;
    bool isKnown = !ShapedType::isDynamic(extent) && !ShapedType::isDynamic(expected);
    expected = isKnown ? expected * extent : ShapedType::kDynamic;
  }
  return true;
}

/// Whether a kernel can take a buffer where it is: it begins at a multiple of 16 bytes, which TMA and wide loads ask
/// for, and its elements follow each other (`isDense`), or those of a row do and rows begin at such multiples, too.
static bool isReady(Value buffer, bool isDense) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getLayout().isIdentity() && (isDense || type.getRank() == 0))
    return true;
  SmallVector<int64_t> strides;
  int64_t offset, bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  auto isAligned = [&](int64_t elements) { return !ShapedType::isDynamic(elements) && elements * bytes % 16 == 0; };
  if (failed(type.getStridesAndOffset(strides, offset)) || !isAligned(offset))
    return false;
  if (isDense || strides.empty())
    return isContiguous(type.getShape(), strides);
  bool ofOneRow = llvm::all_of(type.getShape().drop_back(), [](int64_t extent) { return extent == 1; });
  return strides.back() == 1 && (ofOneRow || llvm::all_of(ArrayRef(strides).drop_back(), isAligned));
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
      operands.push_back(isReady(*buffer, taken.isDense(operand.get()))
                             ? *buffer
                             : copyOf(rewriter, op->getLoc(), *buffer, /*isRead=*/!isOutput));
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
