#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace vitc {
#define GEN_PASS_DEF_CONVERTCPUKERNELTOLLVMPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc::vcpu;

namespace {

/// The fields of vitc_frame, in order: pointers and integers of 64 bits.
enum FrameField { Inputs, Outputs, Buffers, Weights, Symbols, Scratch, ScratchStride, Member, FirstPass, LastPass };

/// Reads the frame.
class FrameReader {
public:
  FrameReader(ConversionPatternRewriter &rewriter, Location loc, Value frame)
      : rewriter(rewriter), loc(loc), frame(frame), pointer(LLVM::LLVMPointerType::get(rewriter.getContext())) {}

  Value loadPointer(FrameField field) { return LLVM::LoadOp::create(rewriter, loc, pointer, getAddress(field)); }
  Value loadInteger(FrameField field) {
    return LLVM::LoadOp::create(rewriter, loc, rewriter.getI64Type(), getAddress(field));
  }
  /// Element `index` of the array of `type` that `field` points to.
  Value loadElement(FrameField field, Type type, int64_t index) {
    return LLVM::LoadOp::create(rewriter, loc, type, getElementAddress(field, type, index));
  }
  /// The address of that element.
  Value getElementAddress(FrameField field, Type type, int64_t index) {
    return LLVM::GEPOp::create(rewriter, loc, pointer, type, loadPointer(field),
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  Value addBytes(Value base, Value bytes) {
    return LLVM::GEPOp::create(rewriter, loc, pointer, rewriter.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
  }

private:
  Value getAddress(FrameField field) {
    return LLVM::GEPOp::create(rewriter, loc, pointer, pointer, frame,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(field)});
  }

  ConversionPatternRewriter &rewriter;
  Location loc;
  Value frame;
  Type pointer;
};

struct ConvertBuffer final : ConvertOpToLLVMPattern<BufferOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(BufferOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getResult().getType());
    Value base = getBase(op, adaptor.getFrame(), rewriter);
    if (Value offset = adaptor.getOffset())
      base = FrameReader(rewriter, loc, adaptor.getFrame()).addBytes(base, offset);
    SmallVector<Value> sizes, strides;
    Value bytes;
    getMemRefDescriptorSizes(loc, type, adaptor.getSizes(), rewriter, sizes, strides, bytes);
    rewriter.replaceOp(op, {createMemRefDescriptor(loc, type, base, base, sizes, strides, rewriter)});
    return success();
  }

private:
  static Value getBase(BufferOp op, Value frame, ConversionPatternRewriter &rewriter) {
    FrameReader reader(rewriter, op.getLoc(), frame);
    Type pointer = LLVM::LLVMPointerType::get(rewriter.getContext());
    switch (op.getRegion()) {
    case MemoryRegion::input:
      return reader.loadElement(Inputs, pointer, op.getIndex());
    case MemoryRegion::output:
      return reader.loadElement(Outputs, pointer, op.getIndex());
    case MemoryRegion::arena:
      return reader.loadElement(Buffers, pointer, op.getIndex());
    case MemoryRegion::weights:
      Value offset = LLVM::ConstantOp::create(rewriter, op.getLoc(), rewriter.getI64Type(), op.getIndex());
      return reader.addBytes(reader.loadPointer(Weights), offset);
    }
    llvm_unreachable("all regions are handled");
  }
};

struct ConvertSymbol final : ConvertOpToLLVMPattern<SymbolOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(SymbolOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    FrameReader reader(rewriter, op.getLoc(), adaptor.getFrame());
    rewriter.replaceOp(op, reader.loadElement(Symbols, rewriter.getI64Type(), op.getIndex()));
    return success();
  }
};

struct ConvertPasses final : ConvertOpToLLVMPattern<PassesOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(PassesOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    FrameReader reader(rewriter, op.getLoc(), adaptor.getFrame());
    rewriter.replaceOp(op, {reader.loadInteger(FirstPass), reader.loadInteger(LastPass)});
    return success();
  }
};

struct ConvertExtent final : ConvertOpToLLVMPattern<ExtentOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(ExtentOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    FrameReader reader(rewriter, loc, adaptor.getFrame());
    Type type = rewriter.getI64Type();
    Value zero = LLVM::ConstantOp::create(rewriter, loc, type, 0);
    Value least = LLVM::SMaxOp::create(rewriter, loc, adaptor.getValue(), zero);
    Value clamped = LLVM::SMinOp::create(rewriter, loc, least, adaptor.getBound());
    Value address = reader.getElementAddress(Symbols, type, op.getIndex());
    // All threads store the same.
    LLVM::StoreOp::create(rewriter, loc, clamped, address, /*alignment=*/8, /*isVolatile=*/false,
                          /*isNonTemporal=*/false, /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic);
    rewriter.replaceOp(op, clamped);
    return success();
  }
};

struct ConvertScratch final : ConvertOpToLLVMPattern<ScratchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(ScratchOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    FrameReader reader(rewriter, op.getLoc(), adaptor.getFrame());
    Value stride = reader.loadInteger(ScratchStride);
    Value offset = LLVM::MulOp::create(rewriter, op.getLoc(), adaptor.getThread(), stride);
    Value base = reader.addBytes(reader.loadPointer(Scratch), offset);
    Value one = LLVM::ConstantOp::create(rewriter, op.getLoc(), rewriter.getI64Type(), 1);
    rewriter.replaceOp(op, {createMemRefDescriptor(op.getLoc(), cast<MemRefType>(op.getResult().getType()), base, base,
                                                   {stride}, {one}, rewriter)});
    return success();
  }
};

struct ConvertClaim final : ConvertOpToLLVMPattern<ClaimOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(ClaimOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    MLIRContext *context = rewriter.getContext();
    Type integer = rewriter.getI64Type();
    auto range = LLVM::LLVMStructType::getLiteral(context, {integer, integer});
    FailureOr<LLVM::LLVMFuncOp> claim =
        LLVM::lookupOrCreateFn(rewriter, op->getParentOfType<ModuleOp>(), "vitc_claim",
                               {LLVM::LLVMPointerType::get(context), integer, integer, integer, integer}, range);
    if (failed(claim))
      return failure();
    Location loc = op.getLoc();
    Value least = LLVM::ConstantOp::create(rewriter, loc, integer, op.getLeast());
    auto call = LLVM::CallOp::create(
        rewriter, loc, *claim,
        {adaptor.getFrame(), adaptor.getThread(), adaptor.getThreads(), adaptor.getItems(), least});
    auto field = [&](int64_t index) -> Value {
      return LLVM::ExtractValueOp::create(rewriter, loc, call.getResult(), index);
    };
    rewriter.replaceOp(op, {field(0), field(1)});
    return success();
  }
};

struct ConvertBarrier final : ConvertOpToLLVMPattern<BarrierOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(BarrierOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Type pointer = LLVM::LLVMPointerType::get(rewriter.getContext());
    FailureOr<LLVM::LLVMFuncOp> barrier =
        LLVM::lookupOrCreateFn(rewriter, op->getParentOfType<ModuleOp>(), "vitc_barrier", {pointer},
                               LLVM::LLVMVoidType::get(rewriter.getContext()));
    if (failed(barrier))
      return failure();
    rewriter.replaceOpWithNewOp<LLVM::CallOp>(op, *barrier, adaptor.getFrame());
    return success();
  }
};

struct ConvertCPUKernelToLLVMPass final : vitc::impl::ConvertCPUKernelToLLVMPassBase<ConvertCPUKernelToLLVMPass> {
  void runOnOperation() override {
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    patterns
        .add<ConvertBuffer, ConvertSymbol, ConvertPasses, ConvertExtent, ConvertScratch, ConvertClaim, ConvertBarrier>(
            converter);
    LLVMConversionTarget target(getContext());
    target.addIllegalDialect<CPUKernelDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
