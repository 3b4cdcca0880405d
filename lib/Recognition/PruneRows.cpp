#include "RowSlices.h"

#include "Recognizer.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/DropValues.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "llvm/ADT/StringExtras.h"

namespace vitc {
#define GEN_PASS_DEF_PRUNEROWS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

/// What became smaller.
struct Pruned {
  SmallVector<std::string> attentions;  ///< the nodes of those that answer fewer queries
  SmallVector<int64_t> rows;            ///< how many fewer, for each
  SmallVector<std::string> projections; ///< the nodes of those to heads of which some are never read

  void add(Location loc, int64_t fewer) {
    attentions.push_back(nodeName(loc));
    rows.push_back(fewer);
  }
};

/// Slices of the rows of what an op computes row by row  ==>  the op on slices
class SinkIntoProducer final : public OpRewritePattern<tensor::ExtractSliceOp> {
public:
  SinkIntoProducer(MLIRContext *context, Pruned &pruned) : OpRewritePattern(context), pruned(pruned) {}

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp slice, PatternRewriter &rewriter) const override {
    auto value = dyn_cast<OpResult>(slice.getSource());
    if (!value)
      return failure();
    for (int64_t dim = 0; dim < slice.getSourceType().getRank(); ++dim) {
      std::optional<Rows> live = findLiveRows(value, dim);
      rewriter.setInsertionPoint(value.getOwner());
      Value fewer = live ? computeRows(value, *live, rewriter) : Value();
      if (!fewer)
        continue;
      if (isQueries(value, dim))
        pruned.add(value.getLoc(), extentOf(value, dim).constant().value_or(0) - live->size);
      readInstead(value, *live, fewer, rewriter);
      return success();
    }
    return failure();
  }

private:
  /// Whether an attention that is not whole answers fewer queries: its softmax, by itself or with the values.
  static bool isQueries(OpResult value, int64_t dim) {
    Operation *op = value.getOwner();
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
      return dim == rank - 2 && static_cast<int64_t>(softmax.getDimension()) == rank - 1;
    auto attend = dyn_cast<vit::AttendOp>(op);
    return attend && !attend.getNormalized();
  }

  Pruned &pruned;
};

/// Slices of the queries of an attention's results  ==>  the attention of those queries
class PruneQueries final : public OpRewritePattern<vit::AttentionOp> {
public:
  PruneQueries(MLIRContext *context, Pruned &pruned) : OpRewritePattern(context), pruned(pruned) {}

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    std::optional<Rows> live = findLiveQueries(op);
    if (!live || op.getCausal())
      return failure();
    Location loc = op.getLoc();
    int64_t tokens = tokenDim(op);
    Value query = takeRows(rewriter, loc, op.getQuery(), {tokens, live->offset, live->size});
    SmallVector<Value> addends = takeQueries(rewriter, loc, op.getAddends(), live->offset, live->size);
    auto typeOf = [&](Value result, int64_t dim) -> Type {
      if (!result || (result.use_empty() && dim != tokens))
        return Type();
      auto type = cast<RankedTensorType>(result.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape[dim] = live->size;
      return type.clone(shape);
    };
    auto fewer =
        vit::AttentionOp::create(rewriter, loc, typeOf(op.getResult(), tokens), typeOf(op.getScores(), tokens + 1),
                                 typeOf(op.getProbs(), tokens + 1), query, op.getKey(), op.getValue(), addends,
                                 op.getScaleAttr(), op.getCausalAttr(), op.getSoftcapAttr(), op.getZeroMaskedAttr());
    pruned.add(loc, extentOf(op.getQuery(), tokens).constant().value_or(0) - live->size);
    readInstead(op.getResult(), *live, fewer.getResult(), rewriter);
    Rows ofMaps{tokens + 1, live->offset, live->size};
    for (auto [whole, part] : {std::pair(op.getScores(), fewer.getScores()), {op.getProbs(), fewer.getProbs()}})
      if (part)
        readInstead(whole, ofMaps, part, rewriter);
    return success();
  }

private:
  /// Where queries stand in the result; in scores and probabilities, heads come first.
  static int64_t tokenDim(vit::AttentionOp op) { return op.getQuery().getType().getRank() - 3; }

  /// The queries between the first and the last of which some result is read; as rows of the result.
  static std::optional<Rows> findLiveQueries(vit::AttentionOp op) {
    std::optional<Rows> live;
    for (Value result : op->getResults()) {
      if (llvm::all_of(result.getUsers(), llvm::IsaPred<tensor::DimOp>))
        continue;
      std::optional<Rows> own = findLiveRows(result, tokenDim(op) + (result == op.getResult() ? 0 : 1));
      if (!own)
        return std::nullopt;
      int64_t begin = live ? std::min(live->offset, own->offset) : own->offset;
      int64_t end = std::max(live ? live->offset + live->size : 0, own->offset + own->size);
      live = Rows{tokenDim(op), begin, end - begin};
    }
    std::optional<int64_t> all = extentOf(op.getQuery(), tokenDim(op)).constant();
    return live && all && 2 * live->size <= *all ? live : std::nullopt;
  }

  Pruned &pruned;
};

/// A slice that drops dimensions  ==>  a slice that does not, and a view without them
struct KeepDims final : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp slice, PatternRewriter &rewriter) const override {
    if (slice.getType().getRank() == slice.getSourceType().getRank())
      return failure();
    std::optional<SmallVector<ReassociationIndices>> groups = getReassociationIndicesForCollapse(
        tensor::ExtractSliceOp::inferResultType(slice.getSourceType(), slice.getMixedSizes()).getShape(),
        slice.getType().getShape());
    if (!groups || slice.getType().getRank() == 0)
      return failure();
    Value whole = tensor::ExtractSliceOp::create(rewriter, slice.getLoc(), slice.getSource(), slice.getMixedOffsets(),
                                                 slice.getMixedSizes(), slice.getMixedStrides());
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(slice, slice.getType(), whole, *groups);
    return success();
  }
};

struct PruneRowsPass final : vitc::impl::PruneRowsBase<PruneRowsPass> {
  using PruneRowsBase::PruneRowsBase;
  explicit PruneRowsPass(Report *report) : report(report) {}

  void runOnOperation() override {
    Pruned pruned;
    int64_t before = countMacs(getOperation());
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkIntoProducer, PruneQueries>(&getContext(), pruned);
    patterns.add<KeepDims>(&getContext());
    populateSplitProjectionPatterns(patterns, pruned.projections);
    vit::populateDropValuesPatterns(patterns); // projections of which are then narrowed
    tensor::ExtractSliceOp::getCanonicalizationPatterns(patterns, &getContext());
    // A slice travels through one op a step, and a block has many.
    GreedyRewriteConfig config;
    config.setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    if (report)
      addTo(*report, pruned, before);
  }

private:
  void addTo(Report &report, const Pruned &pruned, int64_t before) {
    report.finalMacs = countMacs(getOperation());
    report.prunedRows.insert(report.prunedRows.end(), pruned.rows.begin(), pruned.rows.end());
    bool rows = !pruned.attentions.empty();
    if (rows || !pruned.projections.empty())
      report.rewrites.push_back({rows ? "row_liveness" : "unread_heads",
                                 llvm::join(rows ? pruned.attentions : pruned.projections, ", "),
                                 before - report.finalMacs});
  }

  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createPruneRowsPass(Report *report) { return std::make_unique<PruneRowsPass>(report); }
