#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vit;

#define GET_OP_CLASSES
#include "vitc/Dialect/ViT/IR/ViTOps.cpp.inc"
