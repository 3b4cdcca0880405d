#include "RowSlices.h"

#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

namespace vitc {
#define GEN_PASS_DEF_PRUNEROWS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

/// The dimension of a reassociated tensor that is `dim` before (or after) it, where it stands alone in its group.
static std::optional<int64_t> lonelyDim(ArrayRef<ReassociationIndices> groups, int64_t dim) {
  for (auto [index, group] : llvm::enumerate(groups))
    if (llvm::is_contained(group, dim))
      return group.size() == 1 ? std::optional<int64_t>(index) : std::nullopt;
  return std::nullopt;
}

namespace {

/// What became smaller.
struct Pruned {
  SmallVector<std::string> attentions; ///< the nodes of those that answer fewer queries
  SmallVector<int64_t> rows;           ///< how many fewer, for each
};

/// Slices of the rows of what an op computes row by row  ==>  the op on slices
class SinkIntoProducer final : public OpRewritePattern<tensor::ExtractSliceOp> {
public:
  SinkIntoProducer(MLIRContext *context, Pruned &pruned) : OpRewritePattern(context), pruned(pruned) {}

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp slice, PatternRewriter &rewriter) const override {
    auto value = dyn_cast<OpResult>(slice.getSource());
    std::optional<Rows> live = value ? findLiveRows(value) : std::nullopt;
    if (!live)
      return failure();
    rewriter.setInsertionPoint(value.getOwner());
    Value fewer = computeRows(value, *live, rewriter);
    if (!fewer)
      return failure();
    for (Operation *user : llvm::make_early_inc_range(value.getUsers())) {
      auto reader = dyn_cast<tensor::ExtractSliceOp>(user);
      if (!reader)
        continue;
      Rows rows = *matchRows(reader);
      rewriter.setInsertionPoint(reader);
      bool all = rows.offset == live->offset && rows.size == live->size;
      rows.offset -= live->offset;
      rewriter.replaceOp(reader, all ? fewer : takeRows(rewriter, reader.getLoc(), fewer, rows));
    }
    return success();
  }

private:
  /// The rows of an op's result, computed from rows of its operands; null where the op does not keep rows apart.
  Value computeRows(OpResult value, const Rows &rows, PatternRewriter &rewriter) const {
    Operation *op = value.getOwner();
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    return TypeSwitch<Operation *, Value>(op)
        .Case<vit::GeluOp, vit::HardSwishOp, vit::SiluOp>(
            [&](auto each) { return onRows(each, each.getInputMutable(), rows, rewriter); })
        .Case<vit::LayerNormOp, vit::RmsNormOp, vit::LayerScaleOp>([&](auto each) {
          return rows.dim + 1 < rank ? onRows(each, each.getInputMutable(), rows, rewriter) : Value();
        })
        .Case([&](vit::LinearOp linear) {
          bool plain = rows.dim + 1 < rank && linear.getExtras().empty();
          return plain ? onRows(linear, linear.getInputMutable(), rows, rewriter) : Value();
        })
        .Case([&](vit::AttentionOp attention) { return queriesOf(attention, value, rows, rewriter); })
        .Case([&](tensor::CollapseShapeOp view) { return reshape(view, rows, rewriter); })
        .Case([&](tensor::ExpandShapeOp view) { return reshape(view, rows, rewriter); })
        .Case([&](linalg::LinalgOp structured) { return elementsOf(structured, rows, rewriter); })
        .Default([](Operation *) { return Value(); });
  }

  static Type typeOfRows(Value value, const Rows &rows) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[rows.dim] = rows.size;
    return type.clone(shape);
  }

  static Value onRows(Operation *op, OpOperand &input, const Rows &rows, PatternRewriter &rewriter) {
    Value fewer = takeRows(rewriter, op->getLoc(), input.get(), rows);
    Operation *copy = rewriter.clone(*op);
    copy->setOperand(input.getOperandNumber(), fewer);
    copy->getResult(0).setType(cast<RankedTensorType>(typeOfRows(op->getResult(0), rows)));
    return copy->getResult(0);
  }

  /// Queries are rows of the result; keys and values are needed whole.
  Value queriesOf(vit::AttentionOp op, Value value, const Rows &rows, PatternRewriter &rewriter) const {
    int64_t rank = op.getQuery().getType().getRank(), tokens = rank - 3;
    bool others = llvm::any_of(op->getResults(), [&](Value other) { return other != value && !other.use_empty(); });
    if (rows.dim != tokens || value != op.getResult() || others || op.getCausal())
      return {};
    SmallVector<Value> addends;
    for (Value addend : op.getAddends()) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(addend.getType()).getShape();
      int64_t dim = static_cast<int64_t>(shape.size()) - 2;
      bool varies = dim >= 0 && shape[dim] != 1;
      addends.push_back(varies ? takeRows(rewriter, op.getLoc(), addend, {dim, rows.offset, rows.size}) : addend);
    }
    pruned.attentions.push_back(nodeName(op.getLoc()));
    pruned.rows.push_back(extentOf(op.getQuery(), tokens).constant().value_or(0) - rows.size);
    Value query = takeRows(rewriter, op.getLoc(), op.getQuery(), rows);
    return vit::AttentionOp::create(rewriter, op.getLoc(), typeOfRows(value, rows), Type(), Type(), query, op.getKey(),
                                    op.getValue(), addends, op.getScaleAttr(), op.getCausalAttr(), op.getSoftcapAttr(),
                                    op.getZeroMaskedAttr())
        .getResult();
  }

  static Value reshape(tensor::CollapseShapeOp op, const Rows &rows, PatternRewriter &rewriter) {
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    if (groups[rows.dim].size() != 1)
      return {};
    Rows before{groups[rows.dim].front(), rows.offset, rows.size};
    return tensor::CollapseShapeOp::create(rewriter, op.getLoc(), takeRows(rewriter, op.getLoc(), op.getSrc(), before),
                                           groups);
  }

  static Value reshape(tensor::ExpandShapeOp op, const Rows &rows, PatternRewriter &rewriter) {
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    std::optional<int64_t> dim = lonelyDim(groups, rows.dim);
    if (!dim)
      return {};
    SmallVector<OpFoldResult> shape = op.getMixedOutputShape();
    shape[rows.dim] = rewriter.getIndexAttr(rows.size);
    return tensor::ExpandShapeOp::create(rewriter, op.getLoc(), typeOfRows(op, rows),
                                         takeRows(rewriter, op.getLoc(), op.getSrc(), {*dim, rows.offset, rows.size}),
                                         groups, shape);
  }

  /// An elementwise op (any number of operands, through projected permutations).
  static Value elementsOf(linalg::LinalgOp op, const Rows &rows, PatternRewriter &rewriter) {
    if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 || op.getNumLoops() != op.getNumParallelLoops() ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() || op.hasIndexSemantics() ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); }))
      return {};
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      std::optional<unsigned> dim =
          op.getMatchingIndexingMap(&operand).getResultPosition(rewriter.getAffineDimExpr(rows.dim));
      operands.push_back(dim ? rowsOf(operand, {*dim, rows.offset, rows.size}, rewriter) : operand.get());
    }
    return clone(rewriter, op, typeOfRows(op->getResult(0), rows), operands)->getResult(0);
  }

  /// A destination is made anew, so that the whole one can go.
  static Value rowsOf(OpOperand &operand, const Rows &rows, PatternRewriter &rewriter) {
    auto empty = operand.get().getDefiningOp<tensor::EmptyOp>();
    if (!empty)
      return takeRows(rewriter, operand.getOwner()->getLoc(), operand.get(), rows);
    SmallVector<OpFoldResult> sizes = empty.getMixedSizes();
    sizes[rows.dim] = rewriter.getIndexAttr(rows.size);
    return tensor::EmptyOp::create(rewriter, empty.getLoc(), sizes, empty.getType().getElementType());
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
    patterns.add<SinkIntoProducer>(&getContext(), pruned);
    patterns.add<KeepDims>(&getContext());
    populateSplitProjectionPatterns(patterns);
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
    if (!pruned.attentions.empty())
      report.rewrites.push_back({"row_liveness", llvm::join(pruned.attentions, ", "), before - report.finalMacs});
  }

  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createPruneRowsPass(Report *report) { return std::make_unique<PruneRowsPass>(report); }
