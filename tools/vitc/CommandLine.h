#ifndef VITC_TOOLS_VITC_COMMANDLINE_H
#define VITC_TOOLS_VITC_COMMANDLINE_H

#include "vitc/Driver/Driver.h"

#include "llvm/ADT/ArrayRef.h"

namespace vitc::tool {

enum class Action { Help, Version, Info, Batch, Compile };

/// What a command line asks for.
struct Invocation {
  Action action = Action::Compile;
  std::string file;                       ///< the value of `--info` or `--batch`
  llvm::SmallVector<const char *> common; ///< all other words beside `--batch`, for each line of the list
  driver::Options options;                ///< of a compilation
};

/// Reads the words after the name of the program. Nothing where they make no sense, which `err` is told then.
std::optional<Invocation> parseCommandLine(llvm::ArrayRef<const char *> words, llvm::raw_ostream &err);

void printHelp(llvm::raw_ostream &os);

} // namespace vitc::tool

#endif // VITC_TOOLS_VITC_COMMANDLINE_H
