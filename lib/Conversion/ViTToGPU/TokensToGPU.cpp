#include "HeadProducts.h"
#include "IndexBuilder.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

static ArrayRef<int64_t> shapeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape(); }

/// (B, H, K, N) rounded, with zeros behind N up to rows of multiples of 16 bytes.
static Value padRows(FloatType element, OpBuilder &builder, Location loc, Value matrices) {
  int64_t columns = shapeOf(matrices)[3];
  if (columns == paddedDepth(columns))
    return roundTo(element, builder, loc, matrices);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, matrices);
  sizes[3] = builder.getIndexAttr(paddedDepth(columns));
  return generate(builder, loc, sizes, element, [&](const IndexBuilder &index) -> Value {
    Value column = index.loop(3), inside = index.isBelow(column, columns);
    Value value =
        index.readInside(matrices, {index.loop(0), index.loop(1), index.loop(2), index.orZero(inside, column)}, inside);
    return value.getType() == element ? value : arith::TruncFOp::create(index.builder, index.loc, element, value);
  });
}

namespace {

/// Linear maps of tokens, the same for all heads: Ψ of `vit.inherit`, of scores (batch, head, query, key), or of the
/// queries and keys (batch, token, head, feature) that it was moved to.
struct TokensToGPU final : KernelPattern<linalg::ContractOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    bool isOfScores = isHeadProduct(op, {{2, 4}, {0, 1, 4, 3}, {0, 1, 2, 3}});
    if (!isOfScores && !isHeadProduct(op, {{1, 4}, {0, 4, 2, 3}, {0, 1, 2, 3}}))
      return rewriter.notifyMatchFailure(op, "not a matrix times tokens");
    Value matrix = op.getInputs()[0], tokens = op.getInputs()[1];
    if (!isStaticF32(matrix) || !isStaticF32(tokens) || ShapedType::isDynamic(shapeOf(matrix)[0]))
      return rewriter.notifyMatchFailure(op, "expected f32 and static numbers of tokens, heads and features");
    // All heads of queries are the columns of one product; each head's scores are one.
    ArrayRef<int64_t> shape = shapeOf(tokens);
    int64_t heads = isOfScores ? shape[1] : 1, columns = isOfScores ? shape[3] : shape[2] * shape[3];
    vgpu::GemmConfig config;
    config.element = target.kernelElement();
    config.n = paddedDepth(columns);
    config.k = paddedDepth(shapeOf(matrix)[1]);
    config.transposedW = true;
    config.mmaSync = target.multipliesTokensByWarps();
    config.tileM = shapeOf(matrix)[0] <= 64 ? 64 : 128;
    config.tileN = chooseColumns(config);
    config.batch = {heads, vgpu::GemmBatch::OfAll, vgpu::GemmBatch::Own};
    config.epilogue.output = vgpu::Element::F32;
    if (std::string reason = whyUnsupported(config); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    if (!isOfScores)
      tokens = joinHeads(rewriter, loc, tokens);
    Value result = create(rewriter, loc, matrix, tokens, config);
    if (!isOfScores)
      result = tensor::ExpandShapeOp::create(
          rewriter, loc, op.getResult(0).getType(),
          tensor::CollapseShapeOp::create(rewriter, loc, result, SmallVector<ReassociationIndices>{{0, 1}, {2}, {3}}),
          SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}},
          tensor::getMixedSizes(rewriter, loc, op.getDpsInits()[0]));
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Of a tile: equal parts of all columns; in rows of 64, which TMA takes at once, where there are so many.
  static int64_t chooseColumns(const vgpu::GemmConfig &config) {
    if (config.mmaSync)
      return config.n <= 64 ? 64 : 128;
    int64_t parts = llvm::divideCeil(config.n, 256), width = llvm::divideCeil(config.n, parts);
    return llvm::alignTo(width, width <= 64 ? 16 : 64);
  }

  /// (B, N, H, D) → (B, 1, N, H · D)
  static Value joinHeads(OpBuilder &builder, Location loc, Value tokens) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tokens);
    ArrayRef<int64_t> shape = shapeOf(tokens);
    SmallVector<int64_t> joined{shape[0], 1, shape[1], shape[2] * shape[3]};
    SmallVector<OpFoldResult> joinedSizes{sizes[0], builder.getIndexAttr(1), sizes[1], builder.getIndexAttr(joined[3])};
    Value rows =
        tensor::CollapseShapeOp::create(builder, loc, tokens, SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}});
    return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(joined, builder.getF32Type()), rows,
                                         SmallVector<ReassociationIndices>{{0, 1}, {2}, {3}}, joinedSizes);
  }

  /// matrix (M, K) times tokens (B, H, K, N), without what rows are padded with.
  Value create(OpBuilder &builder, Location loc, Value matrix, Value tokens, const vgpu::GemmConfig &config) const {
    Value a = padDepth(builder, loc, roundWeight(target, builder, loc, matrix)),
          w = padRows(target.stored(), builder, loc, tokens);
    auto type = cast<RankedTensorType>(a.getType());
    a = tensor::ExpandShapeOp::create(builder, loc, type.clone({1, 1, type.getDimSize(0), type.getDimSize(1)}), a,
                                      SmallVector<ReassociationIndices>{{0, 1, 2}, {3}});
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, w);
    sizes[2] = builder.getIndexAttr(type.getDimSize(0));
    Value init = tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
    Value result =
        vgpu::BatchGemmOp::create(builder, loc, init.getType(), a, w, init, config.tileM, config.tileN, config.mmaSync)
            .getResult();
    if (shapeOf(tokens)[3] == config.n)
      return result;
    sizes[3] = builder.getIndexAttr(shapeOf(tokens)[3]);
    SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0)), strides(4, builder.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(builder, loc, result, offsets, sizes, strides);
  }
};

} // namespace

void vitc::populateTokensToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<TokensToGPU>(patterns.getContext(), target);
}
