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

/// A matrix product: rows of A, depth of the sums, columns of B; rows may be unknown (kDynamic).
struct GemmShape {
  int64_t rows, inner, columns;
};

/// How a matrix product walks the rows of A; see `vcpu.gemm`.
struct GemmChunk {
  int64_t mc; ///< rows that are worked on together
  bool packA; ///< whether they are copied first
};

/// Chunks of about a third of L2, so that the rows, a panel of B and the next one fit, but not so few rows that B would
/// be streamed too often. Rows whose distance is a multiple of a page of 4 KiB are packed: all of a register tile would
/// lie in one set of L1; and where products are of bf16, which rounds them. Measured at 197 and 785 rows with weights
/// out of the cache: 90 to 97 % of the FMA peak.
/// What was measured (`TargetInfo::tuning`: "gemm", with mc and pack_a) counts more.
GemmChunk chooseGemmChunk(const TargetInfo &target, const GemmShape &shape, bool isRounded = false);

/// Whether `vcpu.strassen_gemm` computes such a product at all: f32 alone, an even depth, panels in pairs.
bool canUseStrassen(const TargetInfo &target, const GemmShape &shape);

/// Whether one level of Strassen's algorithm (`vcpu.strassen_gemm`) is expected to be faster than the eight products of
/// quadrants: the eighth that it saves has to be worth the additions, of which each element of A, B and C has some.
/// `group` rows may be mixed, those of an image. What was measured ("gemm", with strassen) counts more.
bool savesByStrassen(const TargetInfo &target, const GemmShape &shape, int64_t group);

/// A 3 × 3 convolution of stride 1: the extents of its output, of one image.
struct WinogradShape {
  int64_t height, width, channels, filters;
};

/// How such a convolution is computed; see `vcpu.winograd_conv`.
struct WinogradSchedule {
  int64_t tile = 0;   ///< outputs of a tile along an axis, 2 or 4; 0 where plain products are expected to be faster
  int64_t chunk = 0;  ///< tiles that are worked on together
  int64_t panels = 0; ///< panels of a work item
};

/// The fastest of plain products, F(2 × 2) and F(4 × 4) by a roofline: their products at a core's peak, or their
/// filters, which transforming makes 16/9 or 4 times as large, from memory. Transforms count as additions. Plain
/// products are of the target's precision, transformed ones of f32: their sums cancel. What was measured ("conv3x3",
/// with the tile) counts more.
WinogradSchedule chooseWinogradSchedule(const TargetInfo &target, const WinogradShape &shape);

} // namespace vitc

#endif // VITC_SUPPORT_COSTMODEL_H
