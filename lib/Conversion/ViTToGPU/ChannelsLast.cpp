#include "ChannelsLast.h"

#include "../ViTToCPU/Transposes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace vitc;

/// Where channels go when they come last, and back.
static constexpr int64_t toLast[] = {0, 2, 3, 1}, toFirst[] = {0, 3, 1, 2};

Value vitc::putChannelsLast(OpBuilder &builder, Location loc, Value image) {
  auto made = image.getDefiningOp<linalg::TransposeOp>();
  if (made && made.getPermutation() == ArrayRef<int64_t>(toFirst))
    return made.getInput();
  return transpose(builder, loc, image, toLast);
}

Value vitc::putChannelsFirst(OpBuilder &builder, Location loc, Value image) {
  return transpose(builder, loc, image, toFirst);
}

EpilogueParts vitc::withChannelsLast(OpBuilder &builder, Location loc, EpilogueParts epilogue) {
  epilogue.bias = Value();
  MLIRContext *context = builder.getContext();
  for (auto [extra, map] : llvm::zip(epilogue.extras, epilogue.maps)) {
    if (map.isIdentity()) {
      extra = putChannelsLast(builder, loc, extra);
      continue;
    }
    SmallVector<AffineExpr> dims(4);
    for (auto [last, first] : llvm::enumerate(toLast))
      dims[first] = getAffineDimExpr(last, context);
    map = map.replaceDimsAndSymbols(dims, {}, 4, 0);
  }
  return epilogue;
}
