#ifndef VITC_TARGET_CODEGEN_H
#define VITC_TARGET_CODEGEN_H

#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace vitc::target {

/// A module in the LLVM dialect, the CPU level to compile it for, and which of the model's shapes it is for.
struct LevelModule {
  mlir::ModuleOp module;
  TargetInfo target;
  unsigned shape = 0;
};

enum class CodeKind { Object, Assembly };

struct CodegenOptions {
  CodeKind kind = CodeKind::Object;
  unsigned threads = 0; ///< 0: as many as the machine has cores
  /// Into how many parts of about equal size a module is cut, to be compiled at the same time. A fixed number, so that
  /// the same input gives the same bytes on every machine.
  unsigned parts = 8;
};

/// The bytes of an ELF object, or the text of an assembly file.
using Code = llvm::SmallVector<char, 0>;

/// The name that a symbol of a level's module has in the library: modules of several levels and shapes define the same
/// names.
std::string symbolOfLevel(llvm::StringRef symbol, llvm::StringRef level, unsigned shape = 0);

/// The machine of a level, position independent, -O3.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const TargetInfo &target);

/// Translates modules to LLVM IR (definitions hidden and renamed by symbolOfLevel), optimises them and emits their
/// code. Failures of the translation are reported at the operation's location as well.
llvm::Expected<std::vector<Code>> compileModules(llvm::ArrayRef<LevelModule> modules, const CodegenOptions &options);

/// Optimises a module (its functions become hidden, with a section each) and emits its code.
Code compileModule(llvm::Module &module, llvm::TargetMachine &machine, CodeKind kind);

/// Cuts a module into `parts` modules in bitcode that may be compiled apart and linked together. Functions are dealt by
/// size; constants that only the module sees are copied to every part that uses them.
std::vector<Code> partitionModule(llvm::Module &module, unsigned parts);

} // namespace vitc::target

#endif // VITC_TARGET_CODEGEN_H
