#ifndef VITC_DRIVER_DIAGNOSTICS_H
#define VITC_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace vitc::driver {

/// The ONNX node (or file) a location names; empty where it names none.
std::string getNodeName(mlir::Location location);

/// Prints diagnostics as `vitc: error: node 'NAME': message`, for users who know their graph and not our IR.
class DiagnosticPrinter : public mlir::ScopedDiagnosticHandler {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::raw_ostream &os);
  bool hasError() const { return errors > 0; }

private:
  void print(mlir::Diagnostic &diagnostic, llvm::raw_ostream &os);
  int errors = 0;
};

} // namespace vitc::driver

#endif // VITC_DRIVER_DIAGNOSTICS_H
