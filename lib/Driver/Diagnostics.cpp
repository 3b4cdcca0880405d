#include "Diagnostics.h"

#include "vitc/Support/PrintableText.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace vitc::driver;

std::string vitc::driver::getNodeName(Location location) {
  std::string name;
  location->walk([&](Location part) {
    if (auto named = dyn_cast<NameLoc>(part)) {
      name = named.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name;
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, llvm::raw_ostream &os) : ScopedDiagnosticHandler(context) {
  setHandler([this, &os](Diagnostic &diagnostic) {
    print(diagnostic, os);
    return success();
  });
}

/// A name that is longer is cut, so that what is wrong stands near it.
static constexpr size_t mostNameBytes = 512;

static StringRef getSeverity(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
  case DiagnosticSeverity::Remark:
    return "note";
  }
  llvm_unreachable("all severities are handled");
}

void DiagnosticPrinter::print(Diagnostic &diagnostic, llvm::raw_ostream &os) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
    ++errors;
  os << "vitc: " << getSeverity(diagnostic.getSeverity()) << ": ";
  if (std::string node = getNodeName(diagnostic.getLocation()); !node.empty())
    os << printable(node, mostNameBytes) << ": ";
  else if (auto file = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
    os << printable(file.getFilename().getValue()) << ": ";
  os << printable(diagnostic.str()) << '\n';
}
