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
LogicalResult AssembleOp::verify() { return success(); }
LogicalResult AttentionOp::verify() { return success(); }

#define GET_OP_CLASSES
#include "vitc/Dialect/ViT/IR/ViTOps.cpp.inc"
