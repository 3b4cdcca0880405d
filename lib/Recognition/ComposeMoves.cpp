#include "ApplyRewrite.h"
#include "RowTable.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace vitc {
#define GEN_PASS_DEF_COMPOSEMOVES
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

/// Dimensions [0, first), then those up to the last one, then that.
static SmallVector<ReassociationIndices> groupMiddle(int64_t first, int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < first; ++dim)
    groups.push_back({dim});
  groups.push_back(llvm::to_vector(llvm::seq<int64_t>(first, rank - 1)));
  groups.push_back({rank - 1});
  return groups;
}

namespace {

/// A chain of slices, concatenations, transposes and reshapes that moves rows  ==>  vit.gather_rows
class ComposeChain final : public RewritePattern {
public:
  ComposeChain(MLIRContext *context, SmallVectorImpl<std::string> &places)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), places(places) {}

  LogicalResult matchAndRewrite(Operation *last, PatternRewriter &rewriter) const override {
    if (!isMove(last) || llvm::all_of(last->getUsers(), isMove))
      return failure();
    llvm::SetVector<Operation *> chain;
    Value source = findSource(last->getResult(0), chain);
    if (!source || !isWorthIt(last, chain))
      return failure();
    FailureOr<RowTable> table = RowTable::of(last->getResult(0), source);
    if (failed(table))
      return rewriter.notifyMatchFailure(last, "it does not move whole rows of a picture");
    Location loc = last->getLoc();
    auto type = RankedTensorType::get({static_cast<int64_t>(table->rows.size())}, rewriter.getI32Type());
    Value rows = arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, ArrayRef(table->rows)));
    Value tokens = viewAsTokens(rewriter, loc, source, table->picturesStride);
    auto tokenType = cast<RankedTensorType>(tokens.getType());
    auto result = RankedTensorType::get({tokenType.getDimSize(0), type.getDimSize(0), tokenType.getDimSize(2)},
                                        tokenType.getElementType());
    Value gathered = vit::GatherRowsOp::create(rewriter, loc, result, tokens, rows);
    places.push_back(nodeName(loc));
    rewriter.replaceOp(last, viewAs(rewriter, loc, gathered, last->getResult(0), table->shape));
    return success();
  }

private:
  /// Longer chains stay as they are: models have about ten moves in one.
  static constexpr size_t kMostMoves = 256;

  /// The value that all moves up to `value` start from; null where there are several, or too many moves.
  static Value findSource(Value value, llvm::SetVector<Operation *> &chain) {
    Value source;
    SmallVector<Value> worklist{value};
    while (!worklist.empty()) {
      Value next = worklist.pop_back_val();
      Operation *op = next.getDefiningOp();
      if (op && isMove(op)) {
        if (chain.insert(op))
          llvm::append_range(worklist, movedOperands(op));
      } else if (source && next != source) {
        return {};
      } else {
        source = next;
      }
      if (chain.size() > kMostMoves)
        return {};
    }
    return source;
  }

  /// Two copies or more, one of them a roll, become one: whatever copies is read by the chain alone.
  static bool isWorthIt(Operation *last, const llvm::SetVector<Operation *> &chain) {
    auto copies = [](Operation *op) { return isa<tensor::ConcatOp, linalg::TransposeOp>(op); };
    auto isInside = [&](Operation *user) { return chain.contains(user) || isa<tensor::DimOp>(user); };
    for (Operation *op : chain)
      if (op != last && copies(op) && !llvm::all_of(op->getUsers(), isInside))
        return false;
    return llvm::any_of(chain, llvm::IsaPred<tensor::ConcatOp>) && llvm::count_if(chain, copies) > 1;
  }

  /// (pictures · stride, .., C) → (pictures, R, C); all rows are of one picture where `stride` is 0.
  static Value viewAsTokens(PatternRewriter &rewriter, Location loc, Value value, int64_t stride) {
    auto type = cast<RankedTensorType>(value.getType());
    int64_t rank = type.getRank();
    if (stride == 0) {
      Value rows = rank == 2 ? value : tensor::CollapseShapeOp::create(rewriter, loc, value, groupMiddle(0, rank));
      auto flat = cast<RankedTensorType>(rows.getType());
      return tensor::ExpandShapeOp::create(rewriter, loc, flat.clone({1, flat.getDimSize(0), flat.getDimSize(1)}), rows,
                                           ArrayRef<ReassociationIndices>{{0, 1}, {2}});
    }
    if (stride > 1)
      value = splitPictures(rewriter, loc, value, stride);
    rank = cast<RankedTensorType>(value.getType()).getRank();
    return rank == 3 ? value : tensor::CollapseShapeOp::create(rewriter, loc, value, groupMiddle(1, rank)).getResult();
  }

  /// (pictures · stride, ..) → (pictures, stride, ..).
  static Value splitPictures(PatternRewriter &rewriter, Location loc, Value value, int64_t stride) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
    AffineExpr whole = rewriter.getAffineSymbolExpr(0);
    OpFoldResult pictures =
        affine::makeComposedFoldedAffineApply(rewriter, loc, AffineMap::get(0, 1, whole.floorDiv(stride)), {sizes[0]});
    sizes[0] = rewriter.getIndexAttr(stride);
    sizes.insert(sizes.begin(), pictures);
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = stride;
    shape.insert(shape.begin(), ShapedType::kDynamic);
    SmallVector<ReassociationIndices> groups{{0, 1}};
    for (int64_t dim = 2; dim <= type.getRank(); ++dim)
      groups.push_back({dim});
    return tensor::ExpandShapeOp::create(rewriter, loc, type.clone(shape), value, groups, sizes);
  }

  /// (pictures, T, C) → the type of `like`, whose rows of a picture have `shape`.
  static Value viewAs(PatternRewriter &rewriter, Location loc, Value tokens, Value like, ArrayRef<int64_t> shape) {
    auto type = cast<RankedTensorType>(like.getType()), from = cast<RankedTensorType>(tokens.getType());
    int64_t rank = type.getRank();
    if (!type.isDynamicDim(0)) {
      Value rows = tensor::CollapseShapeOp::create(rewriter, loc, tokens, ArrayRef<ReassociationIndices>{{0, 1}, {2}});
      return rank == 2 ? rows
                       : tensor::ExpandShapeOp::create(rewriter, loc, type, rows, groupMiddle(0, rank)).getResult();
    }
    // (pictures, shape[0], shape[1].., C), then the first two as one.
    if (shape.front() == 1)
      shape = shape.drop_front();
    SmallVector<int64_t> split{ShapedType::kDynamic};
    split.append(shape.begin(), shape.end());
    split.push_back(type.getShape().back());
    int64_t splitRank = split.size();
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, tokens, 0)};
    for (int64_t extent : ArrayRef(split).drop_front())
      sizes.push_back(rewriter.getIndexAttr(extent));
    if (splitRank > 3)
      tokens =
          tensor::ExpandShapeOp::create(rewriter, loc, from.clone(split), tokens, groupMiddle(1, splitRank), sizes);
    if (splitRank == rank)
      return tokens;
    SmallVector<ReassociationIndices> groups{{0, 1}};
    for (int64_t dim = 2; dim < splitRank; ++dim)
      groups.push_back({dim});
    return tensor::CollapseShapeOp::create(rewriter, loc, type, tokens, groups);
  }

  SmallVectorImpl<std::string> &places;
};

struct ComposeMovesPass final : vitc::impl::ComposeMovesBase<ComposeMovesPass> {
  using ComposeMovesBase::ComposeMovesBase;
  explicit ComposeMovesPass(Report *report) : report(report) {}

  void runOnOperation() override {
    SmallVector<std::string> places;
    RewritePatternSet patterns(&getContext());
    patterns.add<ComposeChain>(&getContext(), places);
    if (failed(applyRewrite(getOperation(), std::move(patterns), "compose_moves", places, report)))
      signalPassFailure();
  }

private:
  Report *report = nullptr;
};

} // namespace

std::unique_ptr<Pass> vitc::createComposeMovesPass(Report *report) {
  return std::make_unique<ComposeMovesPass>(report);
}
