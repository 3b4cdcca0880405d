#include "vitc/Support/CostModel.h"

using namespace vitc;

GemmSchedule vitc::chooseGemmSchedule(const TargetInfo &target) {
  constexpr int64_t vectorsPerRow = 2;
  int64_t lanes = target.lanes(sizeof(float));
  int64_t accumulators = target.vectorRegisters - vectorsPerRow - 2;
  return {accumulators / vectorsPerRow, vectorsPerRow * lanes, lanes};
}
