#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_MMASYNCGEMM_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_MMASYNCGEMM_H

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

namespace vitc::vgpu {

// Products with `mmaSync`: see GemmConfig.
std::string whyUnsupportedByMmaSync(const GemmConfig &config);
LaunchPlan planMmaSyncGemm(llvm::StringRef name, const GemmConfig &config);
void emitMmaSyncGemm(NVVMEmitter &emitter, const GemmConfig &config);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_MMASYNCGEMM_H
