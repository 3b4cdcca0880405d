#ifndef VITC_CONVERSION_VITTOGPU_CHANNELSLAST_H
#define VITC_CONVERSION_VITTOGPU_CHANNELSLAST_H

#include "../ViTToLinalg/Epilogue.h"

namespace vitc {

/// (B, C, H, W) as (B, H, W, C): what `putChannelsFirst` was given, or else transposed.
mlir::Value putChannelsLast(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value image);

/// (B, H, W, C) as (B, C, H, W).
mlir::Value putChannelsFirst(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value image);

/// What is left to do of an epilogue after a kernel that has added the bias, with channels last.
EpilogueParts withChannelsLast(mlir::OpBuilder &builder, mlir::Location loc, EpilogueParts epilogue);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_CHANNELSLAST_H
