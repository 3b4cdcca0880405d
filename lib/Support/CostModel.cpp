#include "vitc/Support/CostModel.h"
#include "vitc/Support/Tuning.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace vitc;

GemmSchedule vitc::chooseGemmSchedule(const TargetInfo &target) {
  constexpr int64_t vectorsPerRow = 2;
  int64_t lanes = target.lanes(sizeof(float));
  int64_t accumulators = target.vectorRegisters - vectorsPerRow - 2;
  return {accumulators / vectorsPerRow, vectorsPerRow * lanes, lanes};
}

/// What was measured of a kernel: a number from `least` to `most`.
static std::optional<int64_t> findTuned(const TargetInfo &target, llvm::StringRef kernel,
                                        llvm::ArrayRef<int64_t> extents, llvm::StringRef name, int64_t least,
                                        int64_t most) {
  const Tuning::Schedule *schedule = target.tuning ? target.tuning->find(tuningKey(target, kernel, extents)) : nullptr;
  if (!schedule)
    return std::nullopt;
  auto found = schedule->find(name.str());
  if (found == schedule->end() || found->second < least || found->second > most)
    return std::nullopt;
  return found->second;
}

GemmChunk vitc::chooseGemmChunk(const TargetInfo &target, const GemmShape &shape, bool isRounded) {
  int64_t rowBytes = std::max<int64_t>(1, shape.inner) * (isRounded ? 2 : sizeof(float));
  bool packA = isRounded || rowBytes % 4096 == 0;
  int64_t leastRows = packA ? 256 : 112;
  int64_t extents[] = {shape.rows, shape.inner, shape.columns};
  int64_t mc = std::max(leastRows, target.l2Bytes / 3 / rowBytes);
  return {findTuned(target, "gemm", extents, "mc", 1, INT32_MAX).value_or(mc),
          findTuned(target, "gemm", extents, "pack_a", isRounded, 1).value_or(packA) != 0};
}

bool vitc::canUseStrassen(const TargetInfo &target, const GemmShape &shape) {
  return !target.plainProducts && target.precision == Precision::FP32 && shape.inner % 2 == 0 &&
         shape.columns % (2 * chooseGemmSchedule(target).nr) == 0;
}

bool vitc::savesByStrassen(const TargetInfo &target, const GemmShape &shape, int64_t group) {
  if (group < 2 || !canUseStrassen(target, shape))
    return false;
  int64_t extents[] = {shape.rows, shape.inner, shape.columns};
  if (std::optional<int64_t> tuned = findTuned(target, "gemm", extents, "strassen", 0, 1))
    return *tuned != 0;
  if (findTuned(target, "gemm", extents, "mc", 1, INT32_MAX)) // measured before there was a choice
    return false;
  int64_t half = llvm::divideCeil(group, 2), mr = chooseGemmSchedule(target).mr;
  if (10 * half < 8 * mr * llvm::divideCeilSigned(half, mr)) // tiles of few rows
    return false;
  // What an element of A, B and C costs in products: measured on Zen 5 at 49 to 3,136 rows and 64 to 2,048 columns,
  // where the time that is left over is within 3 % of this. An odd group has a row more than there is.
  constexpr double ofA = 12, ofB = 8, ofC = 10, leastGain = 0.015;
  double ofOddRow = (2.0 * half - group) / group;
  return 1.0 / 8 - (ofA / shape.columns + ofB / group + ofC / shape.inner + ofOddRow) > leastGain;
}

namespace {

/// The products of a convolution: their rate, and the bytes of a number of a filter.
struct ConvProducts {
  double perSecond;
  int64_t filterBytes;
};

} // namespace

/// The time of a convolution whose products work on `places` numbers for each of `units` (tiles or pixels). Filters are
/// asked for ahead, yet what they take from memory adds to the time (measured on Zen 4, 49 to 784 pixels).
static double estimateConv(const TargetInfo &target, const WinogradShape &shape, const ConvProducts &products,
                           double places, double units, double additions) {
  double filters = places * shape.channels * shape.filters;
  double time = filters * units / products.perSecond + additions / target.macsPerSecond(sizeof(float));
  return time + filters * products.filterBytes / target.memoryBytesPerSecond;
}

/// The tile that is expected to be the fastest, 0 for plain products.
static int64_t chooseWinogradTile(const TargetInfo &target, const WinogradShape &shape) {
  auto estimate = [&](int64_t tile, double ofInputs, double ofOutputs) {
    double tiles = static_cast<double>(llvm::divideCeil(shape.height, tile)) * llvm::divideCeil(shape.width, tile);
    double additions = tiles * (ofInputs * shape.channels + ofOutputs * shape.filters);
    ConvProducts products{target.macsPerSecond(sizeof(float)), sizeof(float)};
    return estimateConv(target, shape, products, (tile + 2) * (tile + 2), tiles, additions);
  };
  double plain = estimateConv(target, shape, {target.productsPerSecond(), target.weightBytes()}, 9,
                              static_cast<double>(shape.height) * shape.width, 0);
  // The additions of the transforms; a number that goes to the cache and back counts as two.
  double two = estimate(2, 32 + 2 * 16, 24 + 2 * 16), four = estimate(4, 144 + 2 * 36, 100 + 2 * 36);
  if (std::min(two, four) > 0.9 * plain)
    return 0;
  return four < two ? 4 : 2;
}

WinogradSchedule vitc::chooseWinogradSchedule(const TargetInfo &target, const WinogradShape &shape) {
  if (target.plainProducts)
    return {};
  std::optional<int64_t> tuned =
      findTuned(target, "conv3x3", {shape.height, shape.width, shape.channels, shape.filters}, "tile", 0, 4);
  int64_t tile = tuned && *tuned % 2 == 0 ? *tuned : chooseWinogradTile(target, shape);
  if (tile == 0)
    return {};
  // Enough tiles for two register tiles a panel, not so many that a picture is the work of one thread; a transformed
  // input serves so many filters that its additions are a tenth of their products.
  constexpr int64_t leastTiles = 28, mostTiles = 56, filtersOfItem = 64;
  int64_t places = (tile + 2) * (tile + 2);
  int64_t tileBytes = places * shape.channels * static_cast<int64_t>(sizeof(float));
  int64_t panelWidth = chooseGemmSchedule(target).nr;
  return {tile, std::clamp(2 * target.l2Bytes / tileBytes, leastTiles, mostTiles),
          std::max<int64_t>(1, filtersOfItem / panelWidth)};
}
