#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_GEMMSCHEDULE_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_GEMMSCHEDULE_H

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

namespace vitc::vgpu {

/// What the schedule of a product is chosen by: multiprocessors, Hopper's unless said otherwise, in clocks (H100 white
/// paper; the rate of reading is what tuned kernels without multicast reach).
struct Multiprocessors {
  /// Of a GPU with this compute capability (80, 89 or 90).
  static Multiprocessors ofCapability(int64_t capability);

  int64_t count = 132;
  double macsPerClock = 2048;   ///< of 16-bit elements; half as many of tf32
  double bytesPerClock = 32;    ///< that each reads from the second-level cache while all do
  double storedPerClock = 32;   ///< bytes of results, or of a split's sums to another block of the cluster
  double startClocks = 1500;    ///< until the first tile is there
  double exchangeClocks = 1000; ///< a cluster's barrier, for splits
  double gatheredPerClock = 3;  ///< elements of windows that loops write: some forty instructions each
};

/// Clocks that C (rows, N) takes with the tiles and splits of `config`: waves of tiles over the multiprocessors, where
/// a tile takes what its products or its reads take, whichever is longer, and the way of its results to memory.
double estimateClocks(const GemmConfig &config, int64_t rows, const Multiprocessors &gpu = {});

/// Clocks in which loops write A (rows, K), the windows of images, for a product that reads them as a matrix.
double estimateGatherClocks(const GemmConfig &config, int64_t rows, const Multiprocessors &gpu = {});

/// The number of rows that an open one is taken for: those of 64 images of 196 patches and a class token.
constexpr int64_t openRows = 64 * 197;

/// All tiles and splits that there is a kernel for, the least estimate first; larger tiles first where estimates agree,
/// as they read less.
llvm::SmallVector<GemmConfig> listSchedules(GemmConfig config, int64_t rows, const Multiprocessors &gpu = {});

/// Sets tiles and splits to the first of them, if there is any.
void chooseSchedule(GemmConfig &config, int64_t rows, const Multiprocessors &gpu = {});

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_GEMMSCHEDULE_H
