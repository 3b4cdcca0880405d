#include "OutputShapes.h"
#include "SizeExpressions.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace vitc;

/// `(batch * 4) floordiv 8`
static std::string printExtent(vit::DimsAttr dims, int64_t dim) {
  std::string text;
  llvm::raw_string_ostream os(text);
  dims.getExtent(dim).print(os);
  std::string named;
  for (size_t at = 0; at < text.size();) {
    StringRef digits = StringRef(text).drop_front(at + 1).take_while(llvm::isDigit);
    if (text[at] == 's' && !digits.empty()) { // a symbol is `s` and its number
      unsigned symbol = 0;
      digits.getAsInteger(10, symbol);
      named += cast<StringAttr>(dims.getSymbols()[symbol]).getValue();
      at += 1 + digits.size();
    } else {
      named += text[at++];
    }
  }
  return named;
}

static LogicalResult checkOutput(func::FuncOp function, unsigned index, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto dims = function.getResultAttrOfType<vit::DimsAttr>(index, "vit.dims");
  auto name = function.getResultAttrOfType<StringAttr>(index, "vit.name");
  if (!dims)
    return success();
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim) && !driver::isRepresentable(dims.getExtent(dim)))
      return emitError(value.getLoc()) << "dimension " << dim << " of the output " << name << " is "
                                       << printExtent(dims, dim)
                                       << "; outputs may have sums, products and quotients by constants of the inputs' "
                                          "named dimensions: fix those with --shape";
  return success();
}

LogicalResult vitc::driver::checkOutputShapes(ModuleOp module) {
  bool known = true;
  for (auto function : module.getOps<func::FuncOp>())
    for (auto [index, value] : llvm::enumerate(function.front().getTerminator()->getOperands()))
      known &= succeeded(checkOutput(function, index, value));
  return success(known);
}
