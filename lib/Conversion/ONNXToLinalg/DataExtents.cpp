//===- NonZero, Compress: positions that data chooses ---------------------===//

#include "DataExtents.h"
#include "Procedure.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::onnx;

using Values = ProcedureBuilder::Values;

LogicalResult vitc::onnx::defineExtent(Operation *op, Node &node, Value value) {
  std::optional<ComputedExtent> extent = getComputedExtent(op);
  if (!extent)
    return success(); // the count is known
  Extents bound = node.symbols.getExtents(getTensorType({extent->bound}, node.builder.getI64Type()));
  if (!bound.front())
    return node.refuse("the bound of its extent is not known");
  Value named = vit::ExtentOp::create(node.builder, node.loc, node.builder.getIndexType(), extent->name, value,
                                      node.indexValue(bound.front()));
  node.defineSymbol(extent->name, named);
  return success();
}

Value vitc::onnx::readIndex(Node &node, const Tensor &scalar) {
  Value zero = arith::ConstantIndexOp::create(node.builder, node.loc, 0);
  SmallVector<Value> position(scalar.getRank(), zero);
  Value value = tensor::ExtractOp::create(node.builder, node.loc, scalar.value, position);
  return arith::IndexCastOp::create(node.builder, node.loc, node.builder.getIndexType(), value);
}

/// The number of elements of `x` that are not zero, as a tensor of rank 0.
static Tensor countNonZero(Node &node, const Tensor &x) {
  std::pair<Extents, Type> scalar{{}, node.builder.getI64Type()};
  return buildProcedure(node, {}, x, scalar, [](ProcedureBuilder &p, Value, ValueRange buffers) {
    Value count = p.walk(buffers[0], p.index(0), [&](ValueRange position, ValueRange carried) {
      Value chosen = p.isNonZero(p.load(buffers[0], position));
      return Values{p.add(carried[0], p.select(chosen, p.index(1), p.index(0)))};
    })[0];
    p.store(p.toI64(count), buffers[1]);
  })[0];
}

/// The positions of the elements of `x` that are not zero, (rank, extents[1]): no more than fit, whatever the data has
/// become since they were counted.
static Tensor findNonZero(Node &node, const Tensor &x, ExtentsRef extents) {
  std::pair<Extents, Type> positions{Extents(extents), node.builder.getI64Type()};
  return buildProcedure(node, {}, x, positions, [](ProcedureBuilder &p, Value, ValueRange buffers) {
    Value most = p.dim(buffers[1], 1);
    p.walk(buffers[0], p.index(0), [&](ValueRange position, ValueRange carried) {
      Value chosen = p.isNonZero(p.load(buffers[0], position));
      Value fits = p.logicalAnd(chosen, p.less(carried[0], most));
      p.branch(fits, [&] {
        for (auto [dim, at] : llvm::enumerate(position))
          p.store(p.toI64(at), buffers[1], {p.index(dim), carried[0]});
      });
      return Values{p.add(carried[0], p.select(fits, p.index(1), p.index(0)))};
    });
  })[0];
}

static FailureOr<Tensor> convertNonZero(NonZeroOp op, Node &node) {
  Tensor x = node.get(op.getX());
  if (failed(defineExtent(op, node, readIndex(node, countNonZero(node, x)))))
    return failure();
  return findNonZero(node, x, node.getResultExtents());
}

/// The slices at the positions where the condition holds.
static FailureOr<Tensor> convertCompress(CompressOp op, Node &node) {
  Tensor x = node.get(op.getInput()), condition = node.get(op.getCondition());
  if (!op.getAxis())
    x = node.reshape(x, getProduct(x.extents, node.getContext()));
  int64_t axis = op.getAxis() ? normalizeAxis(*op.getAxis(), x.getRank()) : 0;
  if (getComputedExtent(op) && failed(defineExtent(op, node, readIndex(node, countNonZero(node, condition)))))
    return failure();
  Extents extents = node.getResultExtents();
  Tensor positions = findNonZero(node, condition, {node.extent(1), extents[axis]});
  Value size = node.indexValue(x.extents[axis]);
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value chosen = tensor::ExtractOp::create(b, loc, positions.value, ValueRange{zero, position[axis]});
    source[axis] = getPosition(b, loc, chosen, size);
    return source;
  });
}

void vitc::onnx::populateDataExtentPatterns(NodePatterns &patterns) {
  patterns.add(convertNonZero);
  patterns.add(convertCompress);
}
