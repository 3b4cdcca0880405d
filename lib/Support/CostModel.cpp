#include "vitc/Support/CostModel.h"

#include <algorithm>

using namespace vitc;

GemmSchedule vitc::chooseGemmSchedule(const TargetInfo &target) {
  constexpr int64_t vectorsPerRow = 2;
  int64_t lanes = target.lanes(sizeof(float));
  int64_t accumulators = target.vectorRegisters - vectorsPerRow - 2;
  return {accumulators / vectorsPerRow, vectorsPerRow * lanes, lanes};
}

GemmChunk vitc::chooseGemmChunk(const TargetInfo &target, int64_t inner) {
  int64_t rowBytes = std::max<int64_t>(1, inner) * static_cast<int64_t>(sizeof(float));
  bool packA = rowBytes % 4096 == 0;
  int64_t leastRows = packA ? 256 : 112;
  return {std::max(leastRows, target.l2Bytes / 3 / rowBytes), packA};
}
