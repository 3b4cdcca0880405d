#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vit;

LogicalResult LayerNormOp::verify() { return success(); }
LogicalResult LayerScaleOp::verify() { return success(); }
LogicalResult LinearOp::verify() { return success(); }
LogicalResult ConvOp::verify() { return success(); }
LogicalResult PatchEmbedOp::verify() { return success(); }
LogicalResult PatchifyOp::verify() {
  RankedTensorType image = getImage().getType(), result = getResult().getType();
  ArrayRef<int64_t> patch = getPatch();
  if (image.getRank() != 4 || patch.size() != 2 ||
      llvm::is_contained(image.getShape().drop_front(), ShapedType::kDynamic) || image.getDimSize(2) % patch[0] != 0 ||
      image.getDimSize(3) % patch[1] != 0) // patchify_c1
    return emitOpError("expected an image (B, C, H, W) that patches of ") << patch << " divide, got " << image;
  int64_t patches = image.getDimSize(2) / patch[0] * (image.getDimSize(3) / patch[1]);
  SmallVector<int64_t> expected{image.getDimSize(0), patches, image.getDimSize(1) * patch[0] * patch[1]};
  if (result.getShape() != ArrayRef<int64_t>(expected)) // patchify_c2
    return emitOpError("expected a result of shape ") << expected << ", got " << result;
  return success();
}
LogicalResult AssembleOp::verify() { return success(); }
LogicalResult AttentionOp::verify() { return success(); }

#define GET_OP_CLASSES
#include "vitc/Dialect/ViT/IR/ViTOps.cpp.inc"
