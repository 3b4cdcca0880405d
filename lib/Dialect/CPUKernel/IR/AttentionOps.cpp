#include "KernelOpDetail.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

/// (B.., H, M, N), N dynamic where only the packed keys could tell.
static SmallVector<int64_t> scoresShape(AttentionOp op) {
  ArrayRef<int64_t> query = op.getQueryType().getShape(), value = op.getValueType().getShape();
  SmallVector<int64_t> shape(query.drop_back(3));
  shape.append({op.getHeads(), query.end()[-3], value.end()[-3]});
  return shape;
}

static LogicalResult verifyShapes(AttentionOp op) {
  ArrayRef<int64_t> query = op.getQueryType().getShape();
  int64_t rank = query.size();
  if (rank < 3 || op.getKeyType().getRank() != rank + 1 || op.getValueType().getRank() != rank ||
      op.getOutputs().empty()) // attention_c1
    return op.emitOpError("expected q and v of rank 3 or more, k of one more, and an output");
  bool pairs = op.hasBF16Products();
  if (pairs && op.getKeyType().getShape().back() % 2) // attention_c1
    return op.emitOpError("expected pairs of features of k, got ") << op.getKeyType();
  int64_t head = op.getHeads(), group = op.getKeyHeads(), depth = query.back(), width = op.getPanelWidth();
  int64_t valueDepth = op.getValueType().getShape().back(), keys = op.getValueType().getShape().end()[-3];
  if (ShapedType::isDynamic(width) ||
      llvm::any_of(ArrayRef{head, group, depth, valueDepth}, ShapedType::isDynamic)) // attention_c1
    return op.emitOpError("expected static heads, features and panel width");
  if (group <= 0 || head % group) // attention_c1
    return op.emitOpError("expected the ") << group << " heads of v to divide the " << head << " of q";
  SmallVector<int64_t> key(query.drop_back(3)), value(query.drop_back(3)), out(query.drop_back());
  key.append({group, ceilDivSize(keys, width), ceilDivSize(depth, pairs ? 2 : 1), op.getKeyType().getShape().back()});
  value.append({keys, group, valueDepth});
  out.push_back(valueDepth);
  Type element = pairs ? Type(BFloat16Type::get(op.getContext())) : Float32Type::get(op.getContext());
  if (!isF32Of(op.getQuery(), query) || !isOf(op.getKey(), element, key) || !isF32Of(op.getValue(), value) ||
      !isF32Of(op.getOutputs()[0], out)) // attention_c1
    return op.emitOpError() << "expected f32 q (B.., M, H, D), packed k (B.., G, P, D, nr), v (B.., N, G, E) and out "
                               "(B.., M, H, E), got "
                            << op.getOperandTypes();
  SmallVector<int64_t> panels(query.drop_back(3));
  panels.append({group, ceilDivSize(valueDepth, width), ceilDivSize(keys, 2), 2 * width});
  if (pairs && !isOf(op.getValuePanels(), element, panels)) // attention_c6
    return op.emitOpError() << "expected value panels of " << RankedTensorType::get(panels, element) << ", got "
                            << op.getValuePanels().getType();
  return success();
}

/// Whether the value's shape broadcasts to `shape` from the right.
static bool broadcastsTo(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> own = shapedType(value).getShape();
  return own.size() <= shape.size() && llvm::all_of_zip(own, shape.take_back(own.size()), [](int64_t a, int64_t b) {
           return a == 1 || sizesMatch(a, b);
         });
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  SmallVector<int64_t> scores = scoresShape(*this);
  for (Value addend : getAddends())
    if (!shapedType(addend).getElementType().isF32() || !broadcastsTo(addend, scores)) // attention_c2
      return emitOpError() << "expected addends that broadcast to " << getQueryType().clone(scores) << ", got "
                           << addend.getType();
  size_t outputs = 1 + getStoreScores() + getStoreProbs();
  if (getOutputs().size() != outputs) // attention_c3
    return emitOpError() << "expected " << outputs << " outputs, got " << getOutputs().size();
  for (Value output : getOutputs().drop_front())
    if (!isF32Of(output, scores)) // attention_c3
      return emitOpError() << "expected scores and probs of " << getQueryType().clone(scores) << ", got "
                           << output.getType();
  if (getMr() <= 0) // attention_c4
    return emitOpError() << "expected a positive mr, got " << getMr();
  if (!llvm::isPowerOf2_64(getLanes()) || getPanelWidth() % getLanes()) // attention_c4
    return emitOpError() << "expected lanes, a power of two, to divide the panel width, got " << getLanes();
  return verifyContiguousRows(*this); // attention_c5
}

OpFoldResult AttentionOp::getWorkItems(OpBuilder &builder) {
  AffineExpr items = builder.getAffineConstantExpr(getHeads());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : llvm::seq(getBatchRank() + 1)) {
    sizes.push_back(sizeOf(builder, getLoc(), getQuery(), dim));
    AffineExpr size = builder.getAffineSymbolExpr(dim);
    items = items * (dim == getBatchRank() ? size.ceilDiv(getMr()) : size);
  }
  return foldSizes(builder, getLoc(), items, sizes);
}

OpFoldResult AttentionOp::getMacs(OpBuilder &builder) {
  int64_t features = getQueryType().getShape().back() + getValueType().getShape().back();
  AffineExpr macs = builder.getAffineSymbolExpr(0) * (features * getHeads());
  SmallVector<OpFoldResult> sizes = {sizeOf(builder, getLoc(), getValue(), getBatchRank())};
  for (int64_t dim : llvm::seq(getBatchRank() + 1)) {
    sizes.push_back(sizeOf(builder, getLoc(), getQuery(), dim));
    macs = macs * builder.getAffineSymbolExpr(dim + 1);
  }
  return foldSizes(builder, getLoc(), macs, sizes);
}

int64_t AttentionOp::getQueryRowBytes() { return llvm::alignTo(getQueryType().getShape().back() * 4, 64); }

int64_t AttentionOp::getFixedScratchBytes() { return llvm::alignTo(getMr() * (getQueryRowBytes() + 4), 64); }

OpFoldResult AttentionOp::getScratchBytes(OpBuilder &builder) {
  OpFoldResult panels = sizeOf(builder, getLoc(), getKey(), getBatchRank() + 1);
  AffineExpr scores = builder.getAffineSymbolExpr(0) * (getMr() * getPanelWidth() * 4);
  return foldSizes(builder, getLoc(), scores + getFixedScratchBytes(), panels);
}

void AttentionOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
