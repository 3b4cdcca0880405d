#include "KernelOpDetail.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

void ScatterOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void TopKOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }

LogicalResult ScatterOp::verify() {
  ShapedType output = shapedType(getOutput()), indices = shapedType(getIndices()), updates = shapedType(getUpdates());
  int64_t rank = output.getRank(), length = indices.getRank() ? indices.getShape().back() : 0;
  bool isIndex = indices.getElementType().isInteger(32) || indices.getElementType().isInteger(64);
  bool isUpdate = rank > 0 && updates.getElementType() == output.getElementType();
  bool fits = getAxis()
                  ? *getAxis() < static_cast<uint64_t>(rank) && indices.getRank() == rank && updates.getRank() == rank
                  : length >= 1 && length <= rank && updates.getRank() == indices.getRank() - 1 + rank - length;
  if (!isIndex || !isUpdate || !fits) // scatter_c1
    return emitOpError("expects indices and updates that fit ") << output << ", got " << indices << " and " << updates;
  return success();
}

OpFoldResult ScatterOp::getWorkItems(OpBuilder &builder) { return sizeOf(builder, getLoc(), getOutput(), 0); }

LogicalResult TopKOp::verify() {
  ShapedType input = shapedType(getInput());
  if (getOutputs().size() != 2 || input.getRank() != 2) // top_k_c1
    return emitOpError("expects rows (M, N) and two outputs, got ") << input << " and " << getOutputs().size();
  ShapedType values = shapedType(getOutputs()[0]), indices = shapedType(getOutputs()[1]);
  bool areRows = values.getRank() == 2 && indices.getRank() == 2 && !values.isDynamicDim(1) &&
                 values.getDimSize(1) == indices.getDimSize(1) &&
                 sizesMatch(values.getDimSize(0), input.getDimSize(0)) &&
                 sizesMatch(indices.getDimSize(0), input.getDimSize(0));
  if (!areRows || values.getElementType() != input.getElementType() ||
      !indices.getElementType().isInteger(64)) // top_k_c1
    return emitOpError("expects values and i64 indices (M, K) of ")
           << input << ", got " << values << " and " << indices;
  return success();
}

OpFoldResult TopKOp::getWorkItems(OpBuilder &builder) { return sizeOf(builder, getLoc(), getInput(), 0); }

/// Two lists of N indices.
OpFoldResult TopKOp::getScratchBytes(OpBuilder &builder) {
  constexpr int64_t bytes = 2 * sizeof(int64_t);
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * bytes, sizeOf(builder, getLoc(), getInput(), 1));
}
