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

/// How a matrix product walks the rows of A; see `vcpu.gemm`.
struct GemmChunk {
  int64_t mc; ///< rows that are worked on together
  bool packA; ///< whether they are copied first
};

/// Chunks of about a third of L2, so that the rows, a panel of B and the next one fit, but not so few rows that B would
/// be streamed too often. Rows whose distance is a multiple of a page of 4 KiB are packed: all of a register tile would
/// lie in one set of L1. Measured at 197 and 785 rows with weights out of the cache: 90 to 97 % of the FMA peak.
GemmChunk chooseGemmChunk(const TargetInfo &target, int64_t inner);

} // namespace vitc

#endif // VITC_SUPPORT_COSTMODEL_H
