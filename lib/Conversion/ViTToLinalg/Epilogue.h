#ifndef VITC_CONVERSION_VITTOLINALG_EPILOGUE_H
#define VITC_CONVERSION_VITTOLINALG_EPILOGUE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace vitc {

/// What follows a product, as `vit.linear` and `vit.conv` have it.
struct EpilogueParts {
  mlir::Value bias;                      ///< null where there is none
  mlir::SmallVector<mlir::Value> extras; ///< what the region reads, each by a map from the loops over the sums
  mlir::SmallVector<mlir::AffineMap> maps;
  mlir::Region *region; ///< empty: the sums themselves

  template <typename ProductOp>
  static EpilogueParts of(ProductOp op) {
    auto maps = op.getExtraMaps().template getAsValueRange<mlir::AffineMapAttr>();
    return {op.getBias(), llvm::to_vector(op.getExtras()), {maps.begin(), maps.end()}, &op.getEpilogue()};
  }

  /// What the loops of an extra operand read must be a projection: linalg has no constant positions in its maps'
  /// shapes.
  bool readsProjections() const;
};

/// epilogue(sums + bias, extras..) as one linalg.generic; `channel` is the dimension that the bias runs along. The sums
/// themselves where there is nothing to do.
mlir::Value applyEpilogue(mlir::OpBuilder &builder, mlir::Location loc, const EpilogueParts &epilogue, mlir::Value sums,
                          int64_t channel);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOLINALG_EPILOGUE_H
