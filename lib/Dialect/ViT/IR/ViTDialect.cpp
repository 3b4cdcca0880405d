#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;

#include "vitc/Dialect/ViT/IR/ViTDialect.cpp.inc"
#include "vitc/Dialect/ViT/IR/ViTEnums.cpp.inc"

void vitc::vit::ViTDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/ViT/IR/ViTOps.cpp.inc"
      >();
}
