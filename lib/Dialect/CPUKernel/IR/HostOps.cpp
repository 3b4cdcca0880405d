#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc::vcpu;

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  if (!type.getLayout().isIdentity()) // buffer_c1
    return emitOpError("expected a contiguous buffer, got ") << type;
  if (static_cast<size_t>(type.getNumDynamicDims()) != getSizes().size()) // buffer_c1
    return emitOpError("expected ") << type.getNumDynamicDims() << " sizes, got " << getSizes().size();
  if (getRegion() == MemoryRegion::weights && getIndex() % 64 != 0)
    return emitOpError("expected a multiple of 64 as offset of weights, got ") << getIndex();
  return success();
}

namespace {

/// memref.dim of a buffer is one of its size operands.
struct DimOfBuffer final : OpRewritePattern<memref::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::DimOp dim, PatternRewriter &rewriter) const override {
    auto buffer = dim.getSource().getDefiningOp<BufferOp>();
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!buffer || !index)
      return rewriter.notifyMatchFailure(dim, "not a known dimension of a buffer");
    auto type = cast<MemRefType>(buffer.getResult().getType());
    if (!type.isDynamicDim(*index))
      return rewriter.notifyMatchFailure(dim, "the dimension is static");
    rewriter.replaceOp(dim, buffer.getSizes()[type.getDynamicDimIndex(*index)]);
    return success();
  }
};

} // namespace

void BufferOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DimOfBuffer>(context);
}
