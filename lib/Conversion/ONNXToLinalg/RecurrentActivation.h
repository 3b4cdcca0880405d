#ifndef VITC_CONVERSION_ONNXTOLINALG_RECURRENTACTIVATION_H
#define VITC_CONVERSION_ONNXTOLINALG_RECURRENTACTIVATION_H

#include "Formula.h"

namespace vitc::onnx {

/// A nonlinearity of a recurrent network, by its name in ONNX in lower case.
struct RecurrentActivation {
  std::string name;
  double alpha, beta;
  /// The bound of the operand's magnitude, where there is one.
  std::optional<double> clip;

  mlir::Value apply(Formula f, mlir::Value x) const;
};

/// The nonlinearities of all directions: those that `names` list, or else, for each direction, `defaults`. Those that
/// have arguments consume `alphas` and `betas` in order.
llvm::SmallVector<RecurrentActivation> getActivations(mlir::ArrayAttr names, llvm::ArrayRef<llvm::StringRef> defaults,
                                                      int64_t directions, llvm::ArrayRef<float> alphas,
                                                      llvm::ArrayRef<float> betas, std::optional<double> clip);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_RECURRENTACTIVATION_H
