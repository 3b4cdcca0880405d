//===- Other shapes and orders of the same elements; copies of them -------===//

#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

template <typename OpTy>
static FailureOr<Tensor> convertToReshape(OpTy op, Node &node) {
  return node.reshape(node.get(op->getOperand(0)), node.getResultExtents());
}

static FailureOr<Tensor> convertSqueeze(SqueezeOp op, Node &node) {
  Tensor x = node.get(op.getData());
  SmallVector<int64_t> axes;
  if (op.getAxes()) {
    auto values = getIntegers(op.getAxes());
    if (!values)
      return node.refuse("its axes are not constant");
    axes = normalizeAxes(*values, x.getRank());
  } else {
    for (auto [dim, extent] : llvm::enumerate(x.extents))
      if (isExtent(extent, 1))
        axes.push_back(dim);
  }
  if (!llvm::all_of(axes, [&](int64_t axis) { return isExtent(x.extents[axis], 1); }))
    return node.refuse("a dimension that it removes cannot be shown to be 1");
  return node.dropDims(x, axes);
}

static FailureOr<Tensor> convertUnsqueeze(UnsqueezeOp op, Node &node) {
  Tensor x = node.get(op.getData());
  auto axes = getIntegers(op.getAxes());
  if (!axes)
    return node.refuse("its axes are not constant");
  return node.addDims(x, normalizeAxes(*axes, x.getRank() + axes->size()));
}

static FailureOr<Tensor> convertTranspose(TransposeOp op, Node &node) {
  Tensor x = node.get(op.getData());
  SmallVector<int64_t> permutation(op.getPerm());
  if (permutation.empty())
    permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, x.getRank())));
  return node.transpose(x, permutation);
}

static FailureOr<Tensor> convertExpand(ExpandOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Extents extents = node.getResultExtents();
  if (!TensorBuilder::broadcasts({x}, extents))
    return node.refuse("the extents of its operand cannot be shown to broadcast");
  return node.broadcast(x, extents);
}

/// A repetition is a broadcast along a new dimension before each that is repeated.
static FailureOr<Tensor> convertTile(TileOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  auto repeats = getIntegers(op.getRepeats());
  if (!repeats)
    return node.refuse("its repeats are not constant");
  SmallVector<int64_t> added;
  Extents extents;
  for (auto [extent, count] : llvm::zip_equal(x.extents, *repeats)) {
    if (count != 1) {
      added.push_back(extents.size());
      extents.push_back(node.extent(count));
    }
    extents.push_back(extent);
  }
  if (added.empty())
    return x;
  auto copies =
      linalg::BroadcastOp::create(node.builder, node.loc, x.value, node.empty(extents, x.getElementType()), added);
  return node.reshape({copies->getResult(0), extents}, node.getResultExtents());
}

static FailureOr<Tensor> convertConcat(ConcatOp op, Node &node) {
  SmallVector<Tensor> operands = node.get(op.getInputs());
  int64_t rank = operands.front().getRank(), axis = normalizeAxis(op.getAxis(), rank);
  for (const Tensor &operand : operands)
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != axis && operand.extents[dim] != operands.front().extents[dim])
        return node.refuse("the extents of its operands cannot be shown to be equal");
  return node.concat(operands, axis);
}

static FailureOr<Tensor> convertConstantOfShape(ConstantOfShapeOp op, Node &node) {
  Extents extents = node.getResultExtents();
  Type type = node.getResultElementType();
  if (!op.getValue())
    return node.fill(extents, getScalarAttr(0, type));
  ElementsAttr value = convertElements(*op.getValue());
  return node.fill(extents, cast<TypedAttr>(*value.getValues<Attribute>().begin()));
}

static FailureOr<Tensor> convertShape(ShapeOp op, Node &node) {
  Tensor x = node.get(op.getData());
  auto clamp = [&](int64_t position) {
    return std::clamp<int64_t>(normalizeAxis(position, x.getRank()), 0, x.getRank());
  };
  int64_t start = clamp(op.getStart()), end = op.getEnd() ? clamp(*op.getEnd()) : x.getRank();
  SmallVector<Value> extents;
  Type i64 = node.builder.getI64Type();
  for (int64_t dim = start; dim < end; ++dim)
    extents.push_back(arith::IndexCastOp::create(node.builder, node.loc, i64, node.indexValue(x.extents[dim])));
  auto type = RankedTensorType::get({static_cast<int64_t>(extents.size())}, i64);
  return Tensor{tensor::FromElementsOp::create(node.builder, node.loc, type, extents), {node.extent(extents.size())}};
}

static FailureOr<Tensor> convertSize(SizeOp op, Node &node) {
  Type i64 = node.builder.getI64Type();
  Value count = node.indexValue(getProduct(node.get(op.getData()).extents, node.getContext()));
  Value size = arith::IndexCastOp::create(node.builder, node.loc, i64, count);
  return Tensor{tensor::FromElementsOp::create(node.builder, node.loc, RankedTensorType::get({}, i64), size), {}};
}

/// start + i · delta
static FailureOr<Tensor> convertRange(RangeOp op, Node &node) {
  Type type = node.getResultElementType();
  SmallVector<Tensor> operands{node.get(op.getStart()), node.get(op.getDelta())};
  return node.map(operands, node.getResultExtents(), type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value i = arith::IndexCastOp::create(b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, 0));
    if (isa<FloatType>(type)) {
      Value factor = arith::SIToFPOp::create(b, loc, type, i);
      return arith::AddFOp::create(b, loc, args[0], arith::MulFOp::create(b, loc, args[1], factor));
    }
    Value factor = type.isInteger(64) ? i : arith::TruncIOp::create(b, loc, type, i).getResult();
    return arith::AddIOp::create(b, loc, args[0], arith::MulIOp::create(b, loc, args[1], factor));
  });
}

void vitc::onnx::populateReshapePatterns(NodePatterns &patterns) {
  patterns.add(convertConcat);
  patterns.add(convertConstantOfShape);
  patterns.add(convertExpand);
  patterns.add(convertRange);
  patterns.add(convertShape);
  patterns.add(convertSize);
  patterns.add(convertSqueeze);
  patterns.add(convertTile);
  patterns.add(convertToReshape<FlattenOp>);
  patterns.add(convertToReshape<ReshapeOp>);
  patterns.add(convertTranspose);
  patterns.add(convertUnsqueeze);
}
