#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace mlir::linalg;
using namespace vitc::vcpu;

/// The loop whose iterations are the work items: the longest parallel one that is not the innermost, so that rows stay
/// whole, or else, where the others have one iteration, the innermost. Nothing for an op without parallel loops.
static std::optional<unsigned> chooseParallelLoop(LinalgOp op) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  std::optional<unsigned> chosen;
  int64_t longest = 1;
  for (unsigned loop = 0, count = op.getNumLoops(); loop < count; ++loop) {
    if (iterators[loop] != utils::IteratorType::parallel || (longest > 1 && loop + 1 == count))
      continue;
    int64_t extent = ShapedType::isDynamic(extents[loop]) ? 2 : extents[loop];
    if (!chosen || extent > longest) {
      chosen = loop;
      longest = extent;
    }
  }
  return chosen;
}

/// Whether the op sums up products of two operands: a pooling reads two as well, the second for its window's shape.
static bool sumsProducts(LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.getNumDpsInputs() == 2 &&
         llvm::any_of(*op.getBlock(), [](Operation &inside) { return isa<arith::MulFOp, arith::MulIOp>(inside); });
}

/// The extents of the op's loops, read off its memref operands.
static SmallVector<OpFoldResult> getLoopExtents(OpBuilder &builder, LinalgOp op) {
  SmallVector<Range> ranges = op.createLoopRanges(builder, op.getLoc());
  return llvm::map_to_vector(ranges, [](Range range) { return range.size; });
}

namespace {

template <typename LinalgOpTy>
struct LinalgKernel : KernelOpInterface::ExternalModel<LinalgKernel<LinalgOpTy>, LinalgOpTy> {
  OpFoldResult getWorkItems(Operation *op, OpBuilder &builder) const {
    auto structured = cast<LinalgOp>(op);
    if (std::optional<unsigned> loop = chooseParallelLoop(structured))
      return getLoopExtents(builder, structured)[*loop];
    return builder.getIndexAttr(1);
  }

  OpFoldResult getMacs(Operation *op, OpBuilder &builder) const {
    auto structured = cast<LinalgOp>(op);
    if (!sumsProducts(structured))
      return nullptr;
    SmallVector<OpFoldResult> extents = getLoopExtents(builder, structured);
    AffineExpr macs = builder.getAffineConstantExpr(1);
    for (unsigned loop = 0; loop < extents.size(); ++loop)
      macs = macs * builder.getAffineSymbolExpr(loop);
    AffineMap map = AffineMap::get(0, extents.size(), macs);
    return affine::makeComposedFoldedAffineApply(builder, op->getLoc(), map, extents);
  }

  LogicalResult emitKernel(Operation *op, OpBuilder &builder, ValueRange arguments) const {
    // Operands are replaced by position: one value may stand in several of them.
    auto whole = cast<LinalgOp>(builder.clone(*op));
    whole->setOperands(arguments.take_front(op->getNumOperands()));
    IRRewriter rewriter(builder);
    LinalgOp range = whole;
    if (std::optional<unsigned> loop = chooseParallelLoop(whole)) {
      FailureOr<LinalgOp> restricted = restrictLoop(rewriter, whole, *loop, arguments.take_back(2));
      if (failed(restricted))
        return op->emitOpError("cannot be restricted to a range of loop ") << *loop;
      rewriter.eraseOp(whole);
      range = *restricted;
    } else {
      moveIntoBranch(rewriter, whole, arguments.take_back(2));
    }
    rewriter.setInsertionPoint(range);
    if (failed(linalgOpToLoops(rewriter, range)))
      return op->emitOpError("cannot be lowered to loops");
    rewriter.eraseOp(range);
    return success();
  }

private:
  /// The one item of an op without parallel loops is run by the thread whose range holds it.
  static void moveIntoBranch(RewriterBase &rewriter, LinalgOp op, ValueRange bounds) {
    rewriter.setInsertionPoint(op);
    Value mine = arith::CmpIOp::create(rewriter, op.getLoc(), arith::CmpIPredicate::ult, bounds[0], bounds[1]);
    auto branch = scf::IfOp::create(rewriter, op.getLoc(), mine, /*withElseRegion=*/false);
    rewriter.moveOpBefore(op, branch.thenBlock()->getTerminator());
  }

  /// The op on `bounds` = [first, end) of one loop.
  static FailureOr<LinalgOp> restrictLoop(RewriterBase &rewriter, LinalgOp op, unsigned loop, ValueRange bounds) {
    rewriter.setInsertionPoint(op);
    SmallVector<OpFoldResult> sizes = getLoopExtents(rewriter, op);
    SmallVector<OpFoldResult> offsets(sizes.size(), rewriter.getIndexAttr(0));
    offsets[loop] = bounds[0];
    sizes[loop] = arith::SubIOp::create(rewriter, op.getLoc(), bounds[1], bounds[0]).getResult();
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(op.getOperation()).getTiledImplementation(rewriter, offsets, sizes);
    if (failed(tiled) || tiled->tiledOps.size() != 1)
      return failure();
    return cast<LinalgOp>(tiled->tiledOps.front());
  }
};

template <typename... LinalgOps>
void attach(MLIRContext *context) {
  (LinalgOps::template attachInterface<LinalgKernel<LinalgOps>>(*context), ...);
}

} // namespace

void vitc::vcpu::registerLinalgKernelExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LinalgDialect *) {
    attach<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
  });
}
