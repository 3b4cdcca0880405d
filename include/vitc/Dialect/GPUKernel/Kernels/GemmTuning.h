#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_GEMMTUNING_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_GEMMTUNING_H

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"
#include "vitc/Support/Tuning.h"

#include <optional>

namespace vitc::vgpu {

/// What tuning files call a product: the GPU, the element, the parts of its epilogue and M × K × N, M "?" where it is
/// open: "cuda-sm_90 bf16 gemm+bias+gelu+residual 12608x768x3072".
std::string tuningKey(int64_t capability, const GemmConfig &config, std::optional<int64_t> rows);

/// What a tuning file says of a product: tile_m, tile_n, splits, and stages where they are not as many as fit.
Tuning::Schedule describeSchedule(const GemmConfig &config);

/// Sets tiles, splits and stages to those of an entry. Returns why there is no kernel of them, and then changes
/// nothing; empty where there is one. nanoseconds and expected_nanoseconds, which were measured, may be there too.
std::string applySchedule(GemmConfig &config, const Tuning::Schedule &entry);

/// Why an entry of a tuning file cannot be used for a GPU: its key is none, or there is no such kernel; else empty.
std::string whyUnusable(llvm::StringRef key, const Tuning::Schedule &entry);

/// The schedules worth measuring, the least estimate first: those of listSchedules but for tiles that are larger than
/// the result where smaller ones hold it, and for splits where there is a tile for each multiprocessor without.
llvm::SmallVector<GemmConfig> listAlternatives(const GemmConfig &config, int64_t rows, int64_t capability);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_GEMMTUNING_H
