#ifndef VITC_DRIVER_INPUTCONSTANTS_H
#define VITC_DRIVER_INPUTCONSTANTS_H

#include "vitc/Import/Import.h"
#include "llvm/Support/Error.h"

namespace vitc::driver {

/// Reads what `--constant` names: `NAME=FILE.npy`, or a .npz file of arrays with names.
llvm::Expected<llvm::SmallVector<InputConstant>> readConstants(llvm::ArrayRef<std::string> arguments,
                                                               mlir::MLIRContext *context);

} // namespace vitc::driver

#endif // VITC_DRIVER_INPUTCONSTANTS_H
