#include "KernelOpDetail.h"

#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;
using namespace vitc::vcpu::detail;

/// The shape that packing gives, from the input's sizes.
static SmallVector<int64_t> packedShape(PackOp op) {
  ArrayRef<int64_t> shape = op.getInputType().getShape();
  ArrayRef<int64_t> permutation = op.getPermutation();
  SmallVector<int64_t> packed;
  for (int64_t dim : permutation.take_front(op.getBatchRank()))
    packed.push_back(shape[dim]);
  packed.push_back(ceilDivSize(shape[permutation.back()], op.getPanelWidth()));
  int64_t rows = 1;
  for (int64_t dim : permutation.drop_front(op.getBatchRank()).drop_back())
    rows = ShapedType::isDynamic(rows) || ShapedType::isDynamic(shape[dim]) ? ShapedType::kDynamic : rows * shape[dim];
  packed.push_back(ceilDivSize(rows, op.getInterleave()));
  packed.push_back(op.getOutputType().getShape().back());
  return packed;
}

LogicalResult PackOp::verify() {
  int64_t rank = getInputType().getRank();
  SmallVector<int64_t> sorted = llvm::to_vector(getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(rank))) // pack_c1
    return emitOpError() << "expected a permutation of " << rank << " dimensions, got [" << getPermutation() << "]";
  if (getOutputType().getRank() < 3 || getOutputType().getRank() > rank + 1) // pack_c1
    return emitOpError() << "expected an output of rank 3 to " << rank + 1 << ", got " << getOutputType();
  int64_t width = getOutputType().getShape().back();
  if (ShapedType::isDynamic(width)) // pack_c2
    return emitOpError() << "expected a static panel width, got " << getOutputType();
  bool pairs = getInterleave() == 2 && getOutputType().getElementType().isBF16() && width % 2 == 0;
  if (getInterleave() != 1 && !pairs) // pack_c6
    return emitOpError() << "expected to interleave 1 row, or 2 of bf16, got " << getInterleave() << " and "
                         << getOutputType();
  if (SmallVector<int64_t> shape = packedShape(*this);
      !llvm::all_of_zip(shape, getOutputType().getShape(), sizesMatch)) // pack_c2
    return emitOpError() << "expected an output of " << getInputType().clone(shape) << ", got " << getOutputType();
  Type from = getInputType().getElementType(), to = getOutputType().getElementType();
  if (from != to && !(from.isF32() && to.isBF16())) // pack_c3
    return emitOpError() << "expected elements of one type, or f32 and bf16, got " << getInputType() << " and "
                         << getOutputType();
  if (!llvm::isPowerOf2_64(getLanes())) // pack_c4
    return emitOpError() << "expected a power of two as lanes, got " << getLanes();
  auto buffer = dyn_cast<MemRefType>(getOutputType());
  if (buffer && !buffer.areTrailingDimsContiguous(1)) // pack_c5
    return emitOpError() << "expected an output whose last dimension has stride 1, got " << buffer;
  return success();
}

OpFoldResult PackOp::getWorkItems(OpBuilder &builder) {
  AffineExpr items = builder.getAffineConstantExpr(1);
  SmallVector<OpFoldResult> sizes;
  int64_t rows = getBatchRank() + 1;
  for (int64_t dim : llvm::seq(rows + 1)) {
    sizes.push_back(sizeOf(builder, getLoc(), getOutput(), dim));
    AffineExpr size = builder.getAffineSymbolExpr(dim);
    items = items * (dim == rows ? size.ceilDiv(tileRows) : size);
  }
  items = items * llvm::divideCeilSigned(getPanelWidth(), tileColumns);
  return foldSizes(builder, getLoc(), items, sizes);
}

LogicalResult PatchifyOp::verify() {
  ArrayRef<int64_t> patch = getPatch();
  ShapedType image = getInputType();
  auto statics = [](ArrayRef<int64_t> shape) { return llvm::none_of(shape, ShapedType::isDynamic); };
  if (image.getRank() != 4 || !image.getElementType().isF32() || !statics(image.getShape().drop_front())) // patchify_c1
    return emitOpError() << "expected an f32 image (B, C, H, W) with static C, H, W, got " << image;
  if (patch.size() != 2 || llvm::any_of(patch, [](int64_t size) { return size <= 0; }) ||
      image.getDimSize(2) % patch[0] || image.getDimSize(3) % patch[1]) // patchify_c1
    return emitOpError() << "expected a patch that divides the image, got [" << patch << "]";
  int64_t patches = image.getDimSize(2) / patch[0] * (image.getDimSize(3) / patch[1]);
  SmallVector<int64_t> shape = {image.getDimSize(0), patches, image.getDimSize(1) * patch[0] * patch[1]};
  if (!isF32Of(getOutput(), shape)) // patchify_c2
    return emitOpError() << "expected an output of " << image.clone(shape) << ", got " << getOutputType();
  return verifyContiguousRows(*this); // patchify_c3
}

OpFoldResult PatchifyOp::getWorkItems(OpBuilder &builder) {
  OpFoldResult batch = sizeOf(builder, getLoc(), getInput(), 0);
  int64_t rows = getInputType().getDimSize(2) / getPatch()[0];
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * rows, batch);
}

LogicalResult GatherRowsOp::verify() {
  ShapedType input = getInputType(), rows = shapedType(getRows());
  if (input.getRank() != 3 || !input.getElementType().isF32() || ShapedType::isDynamic(input.getDimSize(2)) ||
      rows.getRank() != 1 || !rows.getElementType().isInteger(32)) // gather_rows_c1
    return emitOpError() << "expected f32 (B, R, C) with static C and i32 indices (T), got " << input << " and "
                         << rows;
  SmallVector<int64_t> shape = {input.getDimSize(0), rows.getDimSize(0), input.getDimSize(2)};
  if (!isF32Of(getOutput(), shape)) // gather_rows_c2
    return emitOpError() << "expected an output of " << input.clone(shape) << ", got " << getOutputType();
  return verifyContiguousRows(*this); // gather_rows_c3
}

OpFoldResult GatherRowsOp::getWorkItems(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes = {sizeOf(builder, getLoc(), getOutput(), 0),
                                     sizeOf(builder, getLoc(), getOutput(), 1)};
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * builder.getAffineSymbolExpr(1), sizes);
}

LogicalResult PadOp::verify() {
  ShapedType input = getInputType(), output = getOutputType();
  Type element = output.getElementType();
  if (input.getRank() != 4 || ShapedType::isDynamic(input.getDimSize(3)) || !input.getElementType().isF32() ||
      (!element.isF32() && !element.isBF16()) ||
      !isOf(getOutput(), element,
            {input.getDimSize(0), ShapedType::kDynamic, ShapedType::kDynamic, input.getDimSize(3)})) // pad_c1
    return emitOpError() << "expected f32 (B, H, W, C) and f32 or bf16 (B, H', W', C) with static C, got " << input
                         << " and " << output;
  ArrayRef<int64_t> low = getLow();
  if (low.size() != 2 || low[0] < 0 || low[1] < 0) // pad_c2
    return emitOpError() << "expected two paddings that are not negative, got [" << low << "]";
  for (int64_t axis : {0, 1}) {
    int64_t size = input.getDimSize(axis + 1), padded = output.getDimSize(axis + 1);
    if (ShapedType::isStatic(size) && ShapedType::isStatic(padded) && padded < size + low[axis]) // pad_c2
      return emitOpError() << "expected at least " << size + low[axis] << " elements along dimension " << axis + 1
                           << ", got " << output;
  }
  return verifyContiguousRows(*this); // pad_c3
}

OpFoldResult PadOp::getWorkItems(OpBuilder &builder) {
  SmallVector<OpFoldResult> sizes = {sizeOf(builder, getLoc(), getOutput(), 0),
                                     sizeOf(builder, getLoc(), getOutput(), 1)};
  return foldSizes(builder, getLoc(), builder.getAffineSymbolExpr(0) * builder.getAffineSymbolExpr(1), sizes);
}

void PackOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void PatchifyOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void GatherRowsOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
void PadOp::getEffects(Effects &effects) { addKernelEffects(*this, effects); }
