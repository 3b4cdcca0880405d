#include "KernelOpDetail.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

void LayerNormOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void SoftmaxOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }

/// What layer_norm and softmax share: an output that is (M, C) like the input.
template <typename RowOp>
static LogicalResult verifyRows(RowOp op, Value input, Value output) {
  if (op.getLanes() < 1 || !llvm::isPowerOf2_64(op.getLanes())) // row_c2
    return op.emitOpError("expects lanes to be a power of two, got ") << op.getLanes();
  if (shapedType(input).getRank() != 2 || !isF32Of(output, shapedType(input).getShape()) ||
      !isF32Of(input, shapedType(output).getShape())) // row_c1
    return op.emitOpError("expects f32 rows (M, C), got ") << input.getType() << " and " << output.getType();
  return verifyContiguousRows(op); // row_c3
}

LogicalResult LayerNormOp::verify() {
  if (getOutputs().size() != 1) // layer_norm_c2
    return emitOpError("expects one output, got ") << getOutputs().size();
  if (failed(verifyRows(*this, getInput(), getOutputs()[0])))
    return failure();
  int64_t columns = shapedType(getInput()).getDimSize(1);
  if (ShapedType::isDynamic(columns) || columns < 1) // layer_norm_c1
    return emitOpError("expects a static, positive number of columns, got ") << getInput().getType();
  for (Value vector : {getScale(), getBias()})
    if (vector && !isF32Of(vector, {columns})) // layer_norm_c1
      return emitOpError("expects scale and bias of shape (") << columns << "), got " << vector.getType();
  return success();
}

LogicalResult SoftmaxOp::verify() { return verifyRows(*this, getInput(), getOutput()); }

OpFoldResult LayerNormOp::getWorkItems(OpBuilder &builder) { return sizeOf(builder, getLoc(), getInput(), 0); }
OpFoldResult SoftmaxOp::getWorkItems(OpBuilder &builder) { return sizeOf(builder, getLoc(), getInput(), 0); }
