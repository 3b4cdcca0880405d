#include "RaiseGenerics.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace vitc;

namespace {
/// A scalar of a body over all iterations: one constant, or the elements of a tensor that the loops index through
/// `map`.
struct Spread {
  Attribute constant; ///< null where it is none
  Value tensor;
  AffineMap map;
};

/// Takes a body apart into structured ops of one scalar op each. Every value is computed for the loops that it varies
/// along: what is the same for all columns of a row is computed once a row.
class BodySplitter {
public:
  BodySplitter(linalg::LinalgOp op, PatternRewriter &rewriter) : op(op), rewriter(rewriter) {
    for (Range range : op.createLoopRanges(rewriter, op.getLoc()))
      sizes.push_back(range.size);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.truncate(op.getNumDpsInputs());
    for (auto [argument, operand, map] : llvm::zip_equal(op.getRegionInputArgs(), op.getDpsInputs(), maps))
      spreads[argument] = spreadOperand(operand, map);
  }

  /// What the body yields, over all loops.
  Value split() {
    Value yielded = op.getBlock()->getTerminator()->getOperand(0);
    for (Operation &inner : op.getBlock()->without_terminator())
      spreads[inner.getResult(0)] = emit(inner, /*isLast=*/inner.getResult(0) == yielded);
    return spreads[yielded].tensor;
  }

  /// The op with a body of the ops in `kept` alone, the last of which is yielded, over what the others compute.
  linalg::GenericOp splitAllBut(ArrayRef<Operation *> kept) {
    SmallVector<Value> scalars, inputs;
    SmallVector<AffineMap> maps;
    for (Operation &inner : op.getBlock()->without_terminator())
      if (!llvm::is_contained(kept, &inner))
        spreads[inner.getResult(0)] = emit(inner, /*isLast=*/false);
    for (Operation *inner : kept)
      for (Value operand : inner->getOperands()) {
        if (operand == op.getRegionOutputArgs()[0] || llvm::is_contained(kept, operand.getDefiningOp()))
          continue;
        const Spread &spread = spreadOf(operand);
        scalars.push_back(operand);
        inputs.push_back(spread.constant ? rankZero(spread.constant) : spread.tensor);
        maps.push_back(spread.map);
      }
    scalars.push_back(op.getRegionOutputArgs()[0]);
    maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
    return linalg::GenericOp::create(rewriter, op.getLoc(), op->getResultTypes(), inputs, op.getDpsInits(), maps,
                                     op.getIteratorTypesArray(),
                                     [&](OpBuilder &builder, Location loc, ValueRange arguments) {
                                       IRMapping mapping;
                                       mapping.map(scalars, arguments);
                                       for (Operation *inner : kept)
                                         builder.clone(*inner, mapping);
                                       linalg::YieldOp::create(builder, loc, mapping.lookup(kept.back()->getResult(0)));
                                     });
  }

private:
  Spread spreadOperand(Value operand, AffineMap map) {
    if (isa<RankedTensorType>(operand.getType()))
      return {nullptr, operand, map};
    return spreadScalar(operand);
  }

  /// A scalar from outside of the body.
  Spread spreadScalar(Value scalar) {
    Attribute constant;
    if (matchPattern(scalar, m_Constant(&constant)))
      return {constant, nullptr, scalarMap()};
    Value tensor = tensor::FromElementsOp::create(rewriter, op.getLoc(), RankedTensorType::get({}, scalar.getType()),
                                                  ValueRange(scalar));
    return {nullptr, tensor, scalarMap()};
  }

  AffineMap scalarMap() { return AffineMap::get(op.getNumLoops(), 0, op->getContext()); }

  const Spread &spreadOf(Value value) {
    auto [found, isNew] = spreads.try_emplace(value);
    if (isNew)
      found->second = spreadScalar(value);
    return found->second;
  }

  Spread emit(Operation &inner, bool isLast) {
    if (inner.hasTrait<OpTrait::ConstantLike>())
      return spreadScalar(inner.getResult(0));
    SmallVector<Spread> operands =
        llvm::map_to_vector(inner.getOperands(), [&](Value value) { return spreadOf(value); });
    if (!isLast)
      if (Attribute folded = fold(inner, operands))
        return {folded, nullptr, scalarMap()};

    llvm::SmallBitVector loops(op.getNumLoops(), isLast);
    for (const Spread &operand : operands)
      for (AffineExpr expr : operand.map.getResults())
        loops.set(cast<AffineDimExpr>(expr).getPosition());
    return {nullptr, emit(inner, operands, loops), projectionTo(loops)};
  }

  /// The value of an op on constants; null where it is none.
  static Attribute fold(Operation &inner, ArrayRef<Spread> operands) {
    SmallVector<Attribute> constants =
        llvm::map_to_vector(operands, [](const Spread &operand) { return operand.constant; });
    if (auto truncation = dyn_cast<arith::TruncFOp>(inner))
      if (auto value = dyn_cast_if_present<FloatAttr>(constants[0]))
        return truncate(value, cast<FloatType>(truncation.getType()));
    SmallVector<OpFoldResult> folded;
    if (llvm::is_contained(constants, Attribute()) || failed(inner.fold(constants, folded)) || folded.size() != 1)
      return nullptr;
    return dyn_cast<Attribute>(folded[0]);
  }

  /// Rounds to nearest, as run time does. The op's own folder refuses to round, and torch-mlir has an ε of double
  /// precision.
  static Attribute truncate(FloatAttr value, FloatType type) {
    APFloat number = value.getValue();
    bool losesInfo;
    number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return FloatAttr::get(type, number);
  }

  AffineMap projectionTo(const llvm::SmallBitVector &loops) {
    SmallVector<AffineExpr> exprs;
    for (unsigned loop : loops.set_bits())
      exprs.push_back(rewriter.getAffineDimExpr(loop));
    return AffineMap::get(loops.size(), 0, exprs, op->getContext());
  }

  /// `inner` as a structured op over `loops`.
  Value emit(Operation &inner, ArrayRef<Spread> operands, const llvm::SmallBitVector &loops) {
    Type element = inner.getResult(0).getType();
    SmallVector<OpFoldResult> extents;
    for (unsigned loop : loops.set_bits())
      extents.push_back(sizes[loop]);
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    for (const Spread &operand : operands) {
      inputs.push_back(operand.constant ? rankZero(operand.constant) : operand.tensor);
      maps.push_back(compressDims(operand.map, ~loops));
    }
    maps.push_back(rewriter.getMultiDimIdentityMap(extents.size()));
    Value init = tensor::EmptyOp::create(rewriter, inner.getLoc(), extents, element);
    SmallVector<utils::IteratorType> iterators(extents.size(), utils::IteratorType::parallel);
    return linalg::GenericOp::create(rewriter, inner.getLoc(), TypeRange(init.getType()), inputs, init, maps, iterators,
                                     [&](OpBuilder &builder, Location loc, ValueRange arguments) {
                                       IRMapping mapping;
                                       mapping.map(inner.getOperands(), arguments.drop_back());
                                       linalg::YieldOp::create(builder, loc,
                                                               builder.clone(inner, mapping)->getResults());
                                     })
        .getResult(0);
  }

  Value rankZero(Attribute constant) {
    auto typed = cast<TypedAttr>(constant);
    auto elements = DenseElementsAttr::get(RankedTensorType::get({}, typed.getType()), constant);
    return arith::ConstantOp::create(rewriter, op.getLoc(), elements);
  }

  linalg::LinalgOp op;
  PatternRewriter &rewriter;
  SmallVector<OpFoldResult> sizes; ///< of the loops
  llvm::DenseMap<Value, Spread> spreads;
};

/// Whether the op of a body depends on its operands alone, and these are numbers.
bool isScalarFunction(Operation &inner) {
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  return inner.getNumResults() == 1 && inner.getNumRegions() == 0 && isPure(&inner) && !isa<linalg::IndexOp>(inner) &&
         llvm::all_of(inner.getOperandTypes(), isScalar) && llvm::all_of(inner.getResultTypes(), isScalar);
}

/// A body of several ops  ==>  an op each
struct SplitBody final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (!isForeign(op) || !isParallel(op) || llvm::hasSingleElement(*op.getBlock()))
      return failure();
    OpOperand *init = op.getDpsInitOperand(0);
    if (!op.getMatchingIndexingMap(init).isIdentity() || !op.getRegionOutputArgs()[0].use_empty())
      return rewriter.notifyMatchFailure(op, "the result is transposed, or depends on its destination");
    if (isOfOneOp(op))
      return failure();
    Operation *last = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
    if (!last || last->getBlock() != op.getBlock() || last->hasTrait<OpTrait::ConstantLike>())
      return rewriter.notifyMatchFailure(op, "the body computes nothing");
    if (!llvm::all_of(op.getBlock()->without_terminator(), isScalarFunction))
      return rewriter.notifyMatchFailure(op, "an op of the body is no function of scalars");
    rewriter.replaceOp(op, BodySplitter(op, rewriter).split());
    return success();
  }

private:
  /// Whether there is nothing to split: one op, of elements of tensors alone.
  static bool isOfOneOp(linalg::LinalgOp op) {
    auto isElement = [&](Value value) {
      auto argument = dyn_cast<BlockArgument>(value);
      return argument && argument.getOwner() == op.getBlock() &&
             isa<RankedTensorType>(op.getDpsInputOperand(argument.getArgNumber())->get().getType());
    };
    return llvm::hasNItems(*op.getBlock(), 2) && llvm::all_of(op.getBlock()->front().getOperands(), isElement);
  }
};

/// out + exp(a) · b, out + (a − m)², …  ==>  a contraction or a reduction of what is computed before
struct SplitReductionBody final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (!isForeign(op) || isParallel(op) || !isa<linalg::GenericOp>(op))
      return failure();
    Block *body = op.getBlock();
    BlockArgument sum = op.getRegionOutputArgs()[0];
    Operation *combiner = body->getTerminator()->getOperand(0).getDefiningOp();
    if (!combiner || combiner->getBlock() != body || combiner->getNumOperands() != 2 || !sum.hasOneUse() ||
        *sum.user_begin() != combiner || !llvm::all_of(body->without_terminator(), isScalarFunction))
      return rewriter.notifyMatchFailure(op, "the body does not combine functions of scalars");
    Value term = combiner->getOperand(combiner->getOperand(0) == sum ? 1 : 0);
    SmallVector<Operation *> kept;
    SmallVector<Value> computed{term};
    auto product = term.getDefiningOp<arith::MulFOp>();
    if (product && isa<arith::AddFOp>(combiner) && isContraction(op, product)) {
      kept.push_back(product);
      computed.assign({product.getLhs(), product.getRhs()});
    }
    kept.push_back(combiner);
    if (llvm::hasNItems(*body, kept.size() + 1) || (kept.size() == 1 && !term.getDefiningOp()))
      return failure(); // nothing to split
    AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    llvm::SmallBitVector known = loopsOf(op, term);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (!known[loop] && !result.isFunctionOfDim(loop))
        return rewriter.notifyMatchFailure(op, "the combined values are the same along a dimension");
    if (!llvm::all_of(computed, [&](Value scalar) { return isCovered(op, loopsOf(op, scalar)); }))
      return rewriter.notifyMatchFailure(op, "what is combined would be larger than any operand");
    rewriter.replaceOp(op, BodySplitter(op, rewriter).splitAllBut(kept));
    return success();
  }

private:
  /// Whether the factors vary along other loops: their products would be more numbers than they are.
  static bool isContraction(linalg::LinalgOp op, arith::MulFOp product) {
    llvm::SmallBitVector lhs = loopsOf(op, product.getLhs()), rhs = loopsOf(op, product.getRhs());
    return !lhs.all() || !rhs.all();
  }

  /// Whether one operand varies along all of `loops`.
  static bool isCovered(linalg::LinalgOp op, const llvm::SmallBitVector &loops) {
    return llvm::any_of(op.getRegionInputArgs(), [&](BlockArgument argument) {
      return !loops.test(loopsOf(op, argument)); // none that the operand lacks
    });
  }

  /// The loops that a scalar of the body varies along.
  static llvm::SmallBitVector loopsOf(linalg::LinalgOp op, Value scalar) {
    llvm::SmallBitVector loops(op.getNumLoops());
    auto argument = dyn_cast<BlockArgument>(scalar);
    if (argument && argument.getOwner() == op.getBlock()) {
      AffineMap map = op.getMatchingIndexingMap(&op->getOpOperand(argument.getArgNumber()));
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        loops[loop] = map.isFunctionOfDim(loop);
    } else if (Operation *inner = scalar.getDefiningOp(); inner && inner->getBlock() == op.getBlock()) {
      for (Value operand : inner->getOperands())
        loops |= loopsOf(op, operand);
    }
    return loops;
  }
};
} // namespace

void vitc::populateSplitBodiesPatterns(RewritePatternSet &patterns) {
  patterns.add<SplitBody, SplitReductionBody>(patterns.getContext());
}
