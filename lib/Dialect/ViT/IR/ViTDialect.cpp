#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "vitc/Dialect/ViT/IR/CostInterface.cpp.inc"
#include "vitc/Dialect/ViT/IR/ViTDialect.cpp.inc"
#include "vitc/Dialect/ViT/IR/ViTEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "vitc/Dialect/ViT/IR/ViTAttributes.cpp.inc"

LogicalResult vitc::vit::DimsAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayAttr symbols,
                                          AffineMapAttr map) {
  if (!llvm::all_of(symbols, llvm::IsaPred<StringAttr>))
    return emitError() << "expected names as symbols, got " << symbols;
  if (map.getValue().getNumDims() != 0 || map.getValue().getNumSymbols() != symbols.size())
    return emitError() << "expected a map from no dimensions and " << symbols.size() << " symbols, got " << map;
  return success();
}

LogicalResult vitc::vit::RequirementAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr text,
                                                 StringAttr kind, DimsAttr value) {
  if (kind.getValue() != "zero" && kind.getValue() != "non_negative")
    return emitError() << "expected \"zero\" or \"non_negative\", got " << kind;
  if (value.getMap().getValue().getNumResults() != 1)
    return emitError() << "expected one expression, got " << value;
  return success();
}

void vitc::vit::ViTDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "vitc/Dialect/ViT/IR/ViTAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/ViT/IR/ViTOps.cpp.inc"
      >();
}
