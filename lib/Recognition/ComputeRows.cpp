#include "RowSlices.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

/// The type of rows of a value.
static RankedTensorType typeOfRows(Value value, const Rows &rows) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[rows.dim] = rows.size;
  return type.clone(shape);
}

/// The dimension of a reassociated tensor that is `dim` before (or after) it, where it stands alone in its group.
static std::optional<int64_t> lonelyDim(ArrayRef<ReassociationIndices> groups, int64_t dim) {
  for (auto [index, group] : llvm::enumerate(groups))
    if (llvm::is_contained(group, dim))
      return group.size() == 1 ? std::optional<int64_t>(index) : std::nullopt;
  return std::nullopt;
}

/// An op with one input whose rows those of its result are made of, each of one.
static Value onRows(Operation *op, OpOperand &input, const Rows &rows, PatternRewriter &rewriter) {
  RankedTensorType type = typeOfRows(op->getResult(0), rows);
  Value fewer = takeRows(rewriter, op->getLoc(), input.get(), rows);
  Operation *copy = rewriter.clone(*op);
  copy->setOperand(input.getOperandNumber(), fewer);
  copy->getResult(0).setType(type);
  return copy->getResult(0);
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

/// A slice of features, as of the halves of a gated MLP, that takes these rows as well. Slices of heads are split off
/// their projection instead.
static Value sliceOf(tensor::ExtractSliceOp op, const Rows &rows, PatternRewriter &rewriter) {
  std::optional<Rows> features = matchRows(op);
  if (!features || features->dim + 1 != op.getType().getRank() || rows.dim == features->dim)
    return {};
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets(), sizes = op.getMixedSizes();
  offsets[rows.dim] = rewriter.getIndexAttr(rows.offset);
  sizes[rows.dim] = rewriter.getIndexAttr(rows.size);
  return tensor::ExtractSliceOp::create(rewriter, op.getLoc(), typeOfRows(op, rows), op.getSource(), offsets, sizes,
                                        op.getMixedStrides());
}

/// A destination is made anew, so that the whole one can go.
static Value rowsOfInit(Value init, const Rows &rows, PatternRewriter &rewriter) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    return linalg::FillOp::create(rewriter, fill.getLoc(), fill.getInputs(),
                                  rowsOfInit(fill.getOutputs().front(), rows, rewriter))
        .getResult(0);
  auto empty = init.getDefiningOp<tensor::EmptyOp>();
  if (!empty)
    return takeRows(rewriter, init.getLoc(), init, rows);
  SmallVector<OpFoldResult> sizes = empty.getMixedSizes();
  sizes[rows.dim] = rewriter.getIndexAttr(rows.size);
  return tensor::EmptyOp::create(rewriter, empty.getLoc(), sizes, empty.getType().getElementType());
}

/// An op of loops that counts through its rows with one of them: rows of the operands that this loop indexes.
static Value loopsOver(linalg::LinalgOp op, const Rows &rows, PatternRewriter &rewriter) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 || op.hasIndexSemantics() ||
      !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); }))
    return {};
  AffineExpr loop = op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResult(rows.dim);
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<unsigned> dim = op.getMatchingIndexingMap(&operand).getResultPosition(loop);
    Rows own{dim.value_or(0), rows.offset, rows.size};
    if (!dim)
      operands.push_back(operand.get());
    else if (op.isDpsInit(&operand))
      operands.push_back(rowsOfInit(operand.get(), own, rewriter));
    else
      operands.push_back(takeRows(rewriter, op.getLoc(), operand.get(), own));
  }
  return clone(rewriter, op, typeOfRows(op->getResult(0), rows), operands)->getResult(0);
}

/// A softmax along another dimension than that of the rows.
static Value softmaxOf(linalg::SoftmaxOp op, const Rows &rows, PatternRewriter &rewriter) {
  if (static_cast<int64_t>(op.getDimension()) == rows.dim)
    return {};
  Value input = takeRows(rewriter, op.getLoc(), op.getInput(), rows);
  Value init = rowsOfInit(op.getOutput(), rows, rewriter);
  return linalg::SoftmaxOp::create(rewriter, op.getLoc(), TypeRange(init.getType()), input, init, op.getDimensionAttr())
      .getResult()[0];
}

/// Queries of scores (.., H, M, N).
static Value queriesOf(vit::ScoresOp op, const Rows &rows, PatternRewriter &rewriter) {
  int64_t rank = op.getResult().getType().getRank();
  if (rows.dim != rank - 2)
    return {};
  Value query = takeRows(rewriter, op.getLoc(), op.getQuery(), {rank - 3, rows.offset, rows.size});
  SmallVector<Value> addends = takeQueries(rewriter, op.getLoc(), op.getAddends(), rows.offset, rows.size);
  return vit::ScoresOp::create(rewriter, op.getLoc(), typeOfRows(op.getResult(), rows), query, op.getKey(), addends,
                               op.getScaleAttr());
}

/// Maps (.., H, M, N) are mixed one query and one key at a time.
static Value queriesOf(vit::ReattendOp op, const Rows &rows, PatternRewriter &rewriter) {
  int64_t rank = op.getResult().getType().getRank();
  return rows.dim < rank - 2 ? Value() : onRows(op, op.getProbsMutable(), rows, rewriter);
}

/// Θ mixes keys alone, and Ψ makes each query of its own weights: rows of Ψ, where there is one.
static Value queriesOf(vit::InheritOp op, const Rows &rows, PatternRewriter &rewriter) {
  if (rows.dim != op.getResult().getType().getRank() - 2)
    return {};
  Location loc = op.getLoc();
  Rows weights{0, rows.offset, rows.size};
  Value psi = op.getPsi() ? takeRows(rewriter, loc, op.getPsi(), weights) : Value();
  Value bias = op.getPsiBias() ? takeRows(rewriter, loc, op.getPsiBias(), weights) : Value();
  Value scores = op.getPsi() ? op.getScores() : takeRows(rewriter, loc, op.getScores(), rows);
  return vit::InheritOp::create(rewriter, loc, typeOfRows(op.getResult(), rows), scores, op.getTheta(),
                                op.getThetaBias(), psi, bias, op.getStageAttr());
}

/// What rows (.., M, H, E) of scores (.., H, M, N) choose.
static Value queriesOf(vit::AttendOp op, Value value, const Rows &rows, PatternRewriter &rewriter) {
  int64_t rank = op.getResult().getType().getRank();
  if (value != op.getResult() || rows.dim != rank - 3 || (op.getProbs() && !op.getProbs().use_empty()))
    return {};
  Value scores = takeRows(rewriter, op.getLoc(), op.getScores(), {rank - 2, rows.offset, rows.size});
  SmallVector<Value> addends = takeQueries(rewriter, op.getLoc(), op.getAddends(), rows.offset, rows.size);
  return vit::AttendOp::create(rewriter, op.getLoc(), typeOfRows(value, rows), Type(), scores, op.getValue(), addends,
                               op.getNormalizedAttr())
      .getResult();
}

Value vitc::computeRows(OpResult value, const Rows &rows, PatternRewriter &rewriter) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return TypeSwitch<Operation *, Value>(value.getOwner())
      .Case<vit::GeluOp, vit::HardSwishOp, vit::SiluOp>(
          [&](auto each) { return onRows(each, each.getInputMutable(), rows, rewriter); })
      .Case<vit::LayerNormOp, vit::RmsNormOp, vit::LayerScaleOp>([&](auto each) {
        return rows.dim + 1 < rank ? onRows(each, each.getInputMutable(), rows, rewriter) : Value();
      })
      .Case([&](vit::LinearOp linear) {
        bool plain = rows.dim + 1 < rank && linear.getExtras().empty();
        return plain ? onRows(linear, linear.getInputMutable(), rows, rewriter) : Value();
      })
      .Case<vit::ScoresOp, vit::ReattendOp, vit::InheritOp>([&](auto op) { return queriesOf(op, rows, rewriter); })
      .Case([&](vit::AttendOp attend) { return queriesOf(attend, value, rows, rewriter); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp>([&](auto view) { return reshape(view, rows, rewriter); })
      .Case([&](tensor::ExtractSliceOp slice) { return sliceOf(slice, rows, rewriter); })
      .Case([&](linalg::SoftmaxOp softmax) { return softmaxOf(softmax, rows, rewriter); })
      .Case([&](linalg::LinalgOp structured) { return loopsOver(structured, rows, rewriter); })
      .Default([](Operation *) { return Value(); });
}
