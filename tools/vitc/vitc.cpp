#include "Batch.h"
#include "CommandLine.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace vitc::driver;
using namespace vitc::tool;

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  std::optional<Invocation> invocation = parseCommandLine(ArrayRef(argv + 1, argv + argc), errs());
  if (!invocation)
    return Usage;
  switch (invocation->action) {
  case Action::Help:
    printHelp(outs());
    return Done;
  case Action::Version:
    outs() << "vitc " VITC_VERSION "\n";
    return Done;
  case Action::Info:
    return printInfo(invocation->file, outs(), errs());
  case Action::Batch:
    return runBatch(*invocation);
  case Action::Compile:
    return compile(invocation->options, outs(), errs());
  }
  llvm_unreachable("all actions are handled");
}
