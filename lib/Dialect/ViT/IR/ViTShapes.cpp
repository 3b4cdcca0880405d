// Result shapes of the vit ops in terms of their operands' (ReifyRankedShapedTypeOpInterface).
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc::vit;

/// Scores and probabilities are (B.., H, M, N): heads stand third from last there, second from last in the query.
static OperandExtent pairwiseExtent(Value query, Value key, int64_t rank, int64_t dim) {
  if (dim == rank - 1)
    return {key, rank - 3};
  if (dim == rank - 2)
    return {query, rank - 3};
  return dim == rank - 3 ? OperandExtent{query, rank - 2} : OperandExtent{query, dim};
}

std::optional<OperandExtent> vitc::vit::findOperandExtent(OpResult result, int64_t dim) {
  using Source = std::optional<OperandExtent>;
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  return TypeSwitch<Operation *, Source>(result.getOwner())
      .Case<GeluOp, HardSwishOp, SiluOp, LayerNormOp, RmsNormOp, LayerScaleOp>(
          [&](auto op) { return OperandExtent{op.getInput(), dim}; })
      .Case([&](LinearOp op) {
        return dim == rank - 1 ? OperandExtent{op.getWeight(), op.getTransposed() ? 0 : 1}
                               : OperandExtent{op.getInput(), dim};
      })
      .Case([&](ConvOp op) -> Source {
        if (dim > 1)
          return std::nullopt;
        return dim == 0 ? OperandExtent{op.getInput(), 0} : OperandExtent{op.getWeight(), op.getTransposed() ? 1 : 0};
      })
      .Case([&](PatchEmbedOp op) -> Source {
        if (dim == 1)
          return std::nullopt;
        return dim == 0 ? OperandExtent{op.getImage(), 0} : OperandExtent{op.getWeight(), 0};
      })
      .Case([&](PatchifyOp op) { return dim == 0 ? Source({op.getImage(), 0}) : std::nullopt; })
      .Case([&](GatherRowsOp op) { return OperandExtent{dim == 1 ? op.getRows() : op.getInput(), dim == 1 ? 0 : dim}; })
      .Case([&](ScatterOp op) { return OperandExtent{op.getData(), dim}; })
      .Case([&](TopKOp op) { return dim == rank - 1 ? std::nullopt : Source({op.getX(), dim}); })
      .Case([&](AssembleOp op) { return dim == 1 ? std::nullopt : Source({op.getPatches(), dim}); })
      .Case([&](AttentionOp op) {
        if (result != op.getResult())
          return pairwiseExtent(op.getQuery(), op.getKey(), rank, dim);
        return dim == rank - 1 ? OperandExtent{op.getValue(), dim} : OperandExtent{op.getQuery(), dim};
      })
      .Case([&](ScoresOp op) { return pairwiseExtent(op.getQuery(), op.getKey(), rank, dim); })
      .Case([&](AttendOp op) {
        if (result != op.getResult())
          return OperandExtent{op.getScores(), dim};
        return dim == rank - 3 ? OperandExtent{op.getScores(), rank - 2} : OperandExtent{op.getValue(), dim};
      })
      .Case([&](InheritOp op) {
        if (dim == rank - 1 && op.getTheta())
          return OperandExtent{op.getTheta(), 0};
        return dim == rank - 2 && op.getPsi() ? OperandExtent{op.getPsi(), 0} : OperandExtent{op.getScores(), dim};
      })
      .Case([&](ScoreDownOp op) { return dim == 0 ? Source({op.getScores(), 0}) : std::nullopt; })
      .Case([&](ReattendOp op) {
        return dim == rank - 3 ? OperandExtent{op.getTheta(), 0} : OperandExtent{op.getProbs(), dim};
      })
      .Case([&](TokenizeOp op) {
        if (dim == rank - 2)
          return OperandExtent{op.getWeights(), cast<RankedTensorType>(op.getWeights().getType()).getRank() - 2};
        if (dim == rank - 1 && result == op.getMaps())
          return OperandExtent{op.getX(), rank - 2};
        return OperandExtent{dim == rank - 1 && op.getValues() ? op.getValues() : op.getX(), dim};
      })
      .Case([&](ProjectOp op) {
        bool isTokens = result == op.getMaps() && dim == rank - 1;
        return isTokens ? OperandExtent{op.getKey(), rank - 2} : OperandExtent{op.getX(), dim};
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// The extents of every result: static ones from its type, dynamic ones from operands. Builds nothing where it fails.
static LogicalResult reify(Operation *op, OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  auto forEachExtent = [&](function_ref<bool(OpResult, int64_t)> visit) {
    return llvm::all_of(op->getResults(), [&](OpResult result) {
      return llvm::all_of(llvm::seq(cast<RankedTensorType>(result.getType()).getRank()),
                          [&](int64_t dim) { return visit(result, dim); });
    });
  };
  auto isDynamic = [](OpResult result, int64_t dim) {
    return cast<RankedTensorType>(result.getType()).isDynamicDim(dim);
  };
  if (!forEachExtent([&](OpResult result, int64_t dim) {
        return !isDynamic(result, dim) || findOperandExtent(result, dim).has_value();
      }))
    return failure();
  shapes.resize(op->getNumResults());
  forEachExtent([&](OpResult result, int64_t dim) {
    OpFoldResult size = builder.getIndexAttr(cast<RankedTensorType>(result.getType()).getDimSize(dim));
    if (isDynamic(result, dim)) {
      OperandExtent source = *findOperandExtent(result, dim);
      size = tensor::getMixedSize(builder, op->getLoc(), source.operand, source.dim);
    }
    shapes[result.getResultNumber()].push_back(size);
    return true;
  });
  return success();
}

LogicalResult LayerNormOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult RmsNormOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult LayerScaleOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult PatchEmbedOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult PatchifyOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult GatherRowsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ScatterOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult AssembleOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ScoresOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult AttendOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult InheritOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ReattendOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ScoreDownOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult TokenizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}

LogicalResult ProjectOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reify(*this, builder, shapes);
}
