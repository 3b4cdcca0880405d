#ifndef VITC_RUN_ROOFS_H
#define VITC_RUN_ROOFS_H

#include "llvm/ADT/StringRef.h"

namespace vitc::run {

/// What the machine reaches on some threads at once, all together, measured for a quarter of a second.
struct Roofs {
  llvm::StringRef vectors;         ///< "AVX-512"
  double flopsPerSecond = 0;       ///< of f32 multiplications with an addition, which count as two
  double memoryBytesPerSecond = 0; ///< reading what no cache holds
  double cacheBytesPerSecond = 0;  ///< reading what L2 holds
};

/// Measures with the vectors that the code for a CPU level uses.
Roofs measureRoofs(llvm::StringRef level, int threads);

} // namespace vitc::run

#endif // VITC_RUN_ROOFS_H
