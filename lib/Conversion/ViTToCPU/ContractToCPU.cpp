#include "ContractLoops.h"
#include "Products.h"
#include "Transposes.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

/// A product of two tensors as matrices: C[batch.., m, n] = Σ_k A[batch.., m, k..] · B[batch.., k.., n]. Loops are
/// numbers of the contraction's loops.
struct Product {
  OpOperand *a, *b;
  SmallVector<int64_t> batch; ///< in the order of the result
  std::optional<int64_t> row; ///< m; none where there is one row
  int64_t column;             ///< n, the last dimension of the result
  SmallVector<int64_t> inner; ///< k.., in the order of A: packing B transposes it anyway

  /// Fails, with a reason, where the loops do not form matrices.
  static FailureOr<Product> of(linalg::ContractOp op, PatternRewriter &rewriter);
};

class ContractToCPU final : public OpRewritePattern<linalg::ContractOp> {
public:
  ContractToCPU(MLIRContext *context, const TargetInfo &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    FailureOr<Product> product = Product::of(op, rewriter);
    if (failed(product))
      return failure();
    SmallVector<int64_t> extents = op.getStaticLoopRanges();
    int64_t depth = 1, columns = extents[product->column];
    for (int64_t loop : product->inner)
      depth = ShapedType::isDynamic(extents[loop]) ? 0 : depth * extents[loop];
    if (ShapedType::isDynamic(columns) || columns == 0 || depth == 0)
      return rewriter.notifyMatchFailure(op, "the kernel needs a static number of columns and of products a sum");

    SmallVector<OpFoldResult> sizes = loopSizes(op, rewriter);
    Location loc = op.getLoc();
    PanelFormat format = PanelFormat::chooseForGemm(target, product->b->get(), depth);
    GemmOperands operands{rowsOf(*product, op, sizes, depth, rewriter),
                          panelsOf(*product, op, sizes, depth, format, rewriter),
                          {},
                          {},
                          {}};
    SmallVector<OpFoldResult> shape = select(sizes, product->batch);
    shape.append({product->row ? sizes[*product->row] : rewriter.getIndexAttr(1), sizes[product->column]});
    operands.output = tensor::EmptyOp::create(rewriter, loc, shape, rewriter.getF32Type());
    Gemm gemm = createGemm(rewriter, loc, target, operands, format);
    rewriter.replaceOp(op, inOrderOfResult(*product, op, gemm.result, rewriter));
    return success();
  }

private:
  static SmallVector<OpFoldResult> loopSizes(linalg::ContractOp op, PatternRewriter &rewriter) {
    SmallVector<OpFoldResult> sizes(op.getNumLoops());
    for (OpOperand *operand : op.getDpsInputOperands())
      for (auto [dim, loop] : llvm::enumerate(loopsOf(op.getMatchingIndexingMap(operand))))
        sizes[loop] = tensor::getMixedSize(rewriter, op.getLoc(), operand->get(), dim);
    return sizes;
  }

  static SmallVector<OpFoldResult> select(ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> loops) {
    return llvm::map_to_vector(loops, [&](int64_t loop) { return sizes[loop]; });
  }

  /// The operand's batch loops: all of them or, where it is one matrix for the whole batch, none. An operand that
  /// repeats along a part of the batch is repeated in memory.
  static SmallVector<int64_t> batchOf(const Product &product, linalg::ContractOp op, OpOperand *operand) {
    SmallVector<int64_t> loops = loopsOf(op.getMatchingIndexingMap(operand));
    bool any = llvm::any_of(product.batch, [&](int64_t loop) { return llvm::is_contained(loops, loop); });
    return any ? product.batch : SmallVector<int64_t>();
  }

  /// The operand with its dimensions in the order of `loops`, repeated along those it lacks.
  static Value inOrder(linalg::ContractOp op, OpOperand *operand, ArrayRef<int64_t> loops, ArrayRef<OpFoldResult> sizes,
                       PatternRewriter &rewriter) {
    SmallVector<int64_t> have = loopsOf(op.getMatchingIndexingMap(operand)), kept, missing, permutation;
    for (auto [dim, loop] : llvm::enumerate(loops))
      if (llvm::is_contained(have, loop))
        kept.push_back(loop);
      else
        missing.push_back(dim);
    for (int64_t loop : kept)
      permutation.push_back(std::distance(have.begin(), llvm::find(have, loop)));
    Value value = transpose(rewriter, op.getLoc(), operand->get(), permutation);
    if (missing.empty())
      return value;
    Value init = tensor::EmptyOp::create(rewriter, op.getLoc(), select(sizes, loops), rewriter.getF32Type());
    return linalg::BroadcastOp::create(rewriter, op.getLoc(), value, init, missing)->getResult(0);
  }

  /// A as (batch.., M, K).
  static Value rowsOf(const Product &product, linalg::ContractOp op, ArrayRef<OpFoldResult> sizes, int64_t depth,
                      PatternRewriter &rewriter) {
    SmallVector<int64_t> loops = batchOf(product, op, product.a);
    int64_t batch = loops.size();
    if (product.row)
      loops.push_back(*product.row);
    llvm::append_range(loops, product.inner);
    Value value = inOrder(op, product.a, loops, sizes, rewriter);
    // One row, or several dimensions that are summed over: the same elements as a matrix.
    int64_t given = loops.size(), wanted = batch + 2;
    if (given == wanted)
      return value;
    SmallVector<OpFoldResult> shape = select(sizes, ArrayRef(loops).take_front(batch));
    shape.append({product.row ? sizes[*product.row] : rewriter.getIndexAttr(1), rewriter.getIndexAttr(depth)});
    int64_t lead = batch + (product.row ? 1 : 0);
    if (given > lead + 1) {
      SmallVector<ReassociationIndices> groups;
      for (int64_t dim = 0; dim < lead; ++dim)
        groups.push_back({dim});
      groups.push_back(llvm::to_vector(llvm::seq(lead, given)));
      value = tensor::CollapseShapeOp::create(rewriter, op.getLoc(), value, groups);
    }
    if (product.row)
      return value;
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < batch; ++dim)
      groups.push_back({dim});
    groups.push_back({batch, batch + 1});
    SmallVector<int64_t> staticShape(cast<RankedTensorType>(value.getType()).getShape());
    staticShape.insert(staticShape.end() - 1, 1);
    return tensor::ExpandShapeOp::create(
        rewriter, op.getLoc(), RankedTensorType::get(staticShape, rewriter.getF32Type()), value, groups, shape);
  }

  /// B as (batch.., ⌈N / nr⌉, K, nr).
  Value panelsOf(const Product &product, linalg::ContractOp op, ArrayRef<OpFoldResult> sizes, int64_t depth,
                 PanelFormat format, PatternRewriter &rewriter) const {
    SmallVector<int64_t> batch = batchOf(product, op, product.b), loops = batch;
    llvm::append_range(loops, product.inner);
    loops.push_back(product.column);
    SmallVector<int64_t> have = loopsOf(op.getMatchingIndexingMap(product.b)), permutation;
    Value value = product.b->get();
    if (have.size() == loops.size()) // packing transposes by itself
      for (int64_t loop : loops)
        permutation.push_back(std::distance(have.begin(), llvm::find(have, loop)));
    else {
      value = inOrder(op, product.b, loops, sizes, rewriter);
      permutation = llvm::to_vector(llvm::seq<int64_t>(0, loops.size()));
    }
    return packPanels(rewriter, op.getLoc(), target, value,
                      {select(sizes, batch), rewriter.getIndexAttr(depth), sizes[product.column]}, permutation, format);
  }

  /// (batch.., M, N) with the dimensions of the contraction's result.
  static Value inOrderOfResult(const Product &product, linalg::ContractOp op, Value matrices,
                               PatternRewriter &rewriter) {
    SmallVector<int64_t> loops = product.batch;
    if (product.row) {
      loops.push_back(*product.row);
    } else {
      SmallVector<ReassociationIndices> groups;
      int64_t rank = cast<RankedTensorType>(matrices.getType()).getRank();
      for (int64_t dim = 0; dim < rank - 2; ++dim)
        groups.push_back({dim});
      groups.push_back({rank - 2, rank - 1});
      matrices = tensor::CollapseShapeOp::create(rewriter, op.getLoc(), matrices, groups);
    }
    loops.push_back(product.column);
    SmallVector<int64_t> permutation;
    for (int64_t loop : loopsOf(op.getMatchingIndexingMap(op.getDpsInitOperand(0))))
      permutation.push_back(std::distance(loops.begin(), llvm::find(loops, loop)));
    return transpose(rewriter, op.getLoc(), matrices, permutation);
  }

  TargetInfo target;
};

} // namespace

FailureOr<Product> Product::of(linalg::ContractOp op, PatternRewriter &rewriter) {
  auto refuse = [&](const Twine &why) -> FailureOr<Product> { return rewriter.notifyMatchFailure(op, why); };
  if (!op.hasPureTensorSemantics() ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) { return getElementTypeOrSelf(type).isF32(); }))
    return refuse("only f32 tensors are supported");
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return refuse("the sums do not start from zero");

  SmallVector<int64_t> result = loopsOf(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  Product product{op.getDpsInputOperand(0), op.getDpsInputOperand(1), {}, std::nullopt, -1, {}};
  auto indexes = [&](OpOperand *operand, int64_t loop) {
    return llvm::is_contained(loopsOf(op.getMatchingIndexingMap(operand)), loop);
  };
  if (result.empty())
    return refuse("the result is one number");
  product.column = result.back();
  if (!indexes(product.b, product.column))
    std::swap(product.a, product.b);
  if (indexes(product.a, product.column))
    return refuse("the last dimension of the result indexes both operands");
  for (int64_t loop : ArrayRef(result).drop_back())
    if (indexes(product.a, loop) && !indexes(product.b, loop))
      product.row = loop;
  for (int64_t loop : ArrayRef(result).drop_back())
    if (loop != product.row)
      product.batch.push_back(loop);
  for (int64_t loop : loopsOf(op.getMatchingIndexingMap(product.a)))
    if (!llvm::is_contained(result, loop))
      product.inner.push_back(loop);
  if (product.inner.empty() || !llvm::all_of(product.inner, [&](int64_t loop) { return indexes(product.b, loop); }) ||
      product.batch.size() + product.inner.size() + (product.row ? 2 : 1) != op.getNumLoops())
    return refuse("the loops that are summed over do not index both operands");
  return product;
}

void vitc::populateContractToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<ContractToCPU>(patterns.getContext(), target);
}
