#ifndef VITC_TARGET_PTX_H
#define VITC_TARGET_PTX_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir::gpu {
class GPUModuleOp;
}

namespace vitc::target {

/// What ptxas says of one kernel.
struct KernelResources {
  std::string name;
  unsigned registers = 0;                    ///< a thread
  unsigned spilledBytes = 0, stackBytes = 0; ///< a thread; spilled: stores and loads
  unsigned sharedBytes = 0;                  ///< known when it was compiled
};

struct PTXOptions {
  std::string chip = "sm_90a"; ///< as LLVM's NVPTX backend names it
  std::string version = "83";  ///< of the PTX language, times ten; 83 is CUDA 12.3's
  /// The assembler; empty: VITC_PTXAS, CUDA_HOME, CUDA_PATH and PATH are searched.
  std::string ptxas;
};

/// Why a kernel on tensor cores is slower than it was written to be: right, but not what its schedule was chosen for.
struct KernelWarning {
  std::string kernel;
  std::string reason; ///< "it spills 32 bytes a thread"
};

struct CompiledKernels {
  std::string ptx;
  llvm::SmallVector<char, 0> cubin;       ///< empty where there is no ptxas
  std::string log;                        ///< of ptxas
  std::vector<KernelResources> resources; ///< empty where there is no ptxas
  std::vector<KernelWarning> warnings;    ///< about spills, and products that are not overlapped
};

/// Where ptxas is, as the options say, or empty.
std::string findPtxas(const PTXOptions &options);

/// Lowers what is left of scf, cf, arith and nvvm in a module, translates it to LLVM IR, optimises it and prints PTX.
/// The module is changed.
llvm::Expected<std::string> compileToPTX(mlir::gpu::GPUModuleOp module, const PTXOptions &options);

/// Assembles PTX in a child process. Fails with a sentence where ptxas refuses it, and where it tells of waits and
/// fences that tensor-core products lack (C75xx). What costs such a kernel time alone is a warning.
llvm::Error assemble(CompiledKernels &code, const PTXOptions &options);

/// Both: PTX, and a cubin where ptxas is found.
llvm::Expected<CompiledKernels> compileModule(mlir::gpu::GPUModuleOp module, const PTXOptions &options);

} // namespace vitc::target

#endif // VITC_TARGET_PTX_H
