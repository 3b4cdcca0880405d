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
  /// Kernels in which a spill is an error.
  std::vector<std::string> hotKernels;
};

struct CompiledKernels {
  std::string ptx;
  llvm::SmallVector<char, 0> cubin;       ///< empty where there is no ptxas
  std::string log;                        ///< of ptxas
  std::vector<KernelResources> resources; ///< empty where there is no ptxas
};

/// Where ptxas is, as the options say, or empty.
std::string findPtxas(const PTXOptions &options);

/// Lowers what is left of scf, cf, arith and nvvm in a module, translates it to LLVM IR, optimises it and prints PTX.
/// The module is changed.
llvm::Expected<std::string> compileToPTX(mlir::gpu::GPUModuleOp module, const PTXOptions &options);

/// Assembles PTX in a child process. Fails with a sentence where ptxas refuses it, where it warns of tensor-core
/// products that it had to serialise or of waits and fences that are missing (C75xx), and where a hot kernel spills.
llvm::Error assemble(CompiledKernels &code, const PTXOptions &options);

/// Both: PTX, and a cubin where ptxas is found.
llvm::Expected<CompiledKernels> compileModule(mlir::gpu::GPUModuleOp module, const PTXOptions &options);

} // namespace vitc::target

#endif // VITC_TARGET_PTX_H
