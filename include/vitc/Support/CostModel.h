#ifndef VITC_SUPPORT_COSTMODEL_H
#define VITC_SUPPORT_COSTMODEL_H

#include "vitc/Support/TargetInfo.h"

namespace vitc {

/// The schedule of a matrix product; see `vcpu.gemm`.
struct GemmSchedule {
  int64_t mr;    ///< rows of a register tile
  int64_t nr;    ///< columns of a register tile and of a packed panel
  int64_t lanes; ///< elements of a vector register
};

/// The register tile for f32: as many accumulators as registers allow beside one row of B and a broadcast of A, wide
/// rather than tall, since each column vector is loaded once for `mr` products (BLIS, Van Zee and van de Geijn 2015).
GemmSchedule chooseGemmSchedule(const TargetInfo &target);

} // namespace vitc

#endif // VITC_SUPPORT_COSTMODEL_H
