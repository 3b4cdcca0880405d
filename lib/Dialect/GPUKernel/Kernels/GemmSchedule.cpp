#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace vitc::vgpu;

/// Blocks of a cluster run at the same time; those of Hopper's processing clusters hold 16 multiprocessors, some 18.
static constexpr int64_t multiprocessorsOfCluster = 16;

/// The white papers of the A100 and of Ada (L40S).
Multiprocessors Multiprocessors::ofCapability(int64_t capability) {
  Multiprocessors gpu;
  if (capability < 90) {
    gpu.count = capability < 89 ? 108 : 142;
    gpu.macsPerClock = capability < 89 ? 1024 : 512;
  }
  return gpu;
}

double vitc::vgpu::estimateClocks(const GemmConfig &config, int64_t rows, const Multiprocessors &gpu) {
  const double bytes = bytesOf(config.element), height = config.tileM, width = config.tileN;
  int64_t padded = config.k; // what tensor cores multiply: a stage has channels of one tap
  if (config.windows) {
    const int64_t images = static_cast<int64_t>(llvm::divideCeil(rows, config.windows.countWindows()));
    if (!config.mmaSync)
      rows = config.windows.countRectangles(images) * 64;
    const int64_t columns = (config.mmaSync ? 64 : 128) / bytesOf(config.element);
    padded = config.windows.countStages(columns) * columns;
  }
  const int64_t tiles =
      static_cast<int64_t>(llvm::divideCeil(rows, config.tileM) * llvm::divideCeil(config.n, config.tileN));
  const int64_t depth = static_cast<int64_t>(llvm::divideCeil(config.k, config.splits));

  const double multiplied = height * width * depth * (bytes / 2) / gpu.macsPerClock * padded / config.k;
  const double read = (height + width) * depth * bytes / gpu.bytesPerClock;
  const double resultBytes = height * width * (config.epilogue.gated ? 0.5 : 1.0) * bytesOf(config.epilogue.output);
  double tile = std::max(multiplied, read) + resultBytes * (config.epilogue.residual ? 2 : 1) / gpu.storedPerClock;
  if (config.splits > 1)
    tile += gpu.exchangeClocks + (config.splits - 1) * height * width * sizeof(float) / gpu.storedPerClock;

  // What a cluster leaves of its group of multiprocessors stays idle.
  const int64_t clusters = gpu.count / multiprocessorsOfCluster * (multiprocessorsOfCluster / config.splits);
  const int64_t slots = config.splits == 1 ? gpu.count : std::max<int64_t>(clusters, 1);
  return gpu.startClocks + static_cast<double>(llvm::divideCeil(tiles, slots)) * tile;
}

double vitc::vgpu::estimateGatherClocks(const GemmConfig &config, int64_t rows, const Multiprocessors &gpu) {
  return gpu.startClocks +
         static_cast<double>(rows * config.k) / (static_cast<double>(gpu.count) * gpu.gatheredPerClock);
}

llvm::SmallVector<GemmConfig> vitc::vgpu::listSchedules(GemmConfig config, int64_t rows, const Multiprocessors &gpu) {
  constexpr int64_t heights[] = {192, 128, 64, 32}, widths[] = {256, 192, 160, 128, 96, 64, 32};
  llvm::SmallVector<GemmConfig> found;
  llvm::SmallVector<std::pair<double, size_t>> order; // clocks and the place in `found`
  for (int64_t height : heights)
    for (int64_t width : widths)
      for (unsigned splits : {1, 2, 3, 4, 6, 8}) {
        config.tileM = height;
        config.tileN = width;
        config.splits = splits;
        if (!whyUnsupported(config).empty())
          continue;
        order.emplace_back(estimateClocks(config, rows, gpu), found.size());
        found.push_back(config);
      }
  llvm::sort(order);
  return llvm::map_to_vector(order, [&](const auto &place) { return found[place.second]; });
}

void vitc::vgpu::chooseSchedule(GemmConfig &config, int64_t rows, const Multiprocessors &gpu) {
  if (llvm::SmallVector<GemmConfig> all = listSchedules(config, rows, gpu); !all.empty())
    config = all.front();
}
