#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_SYMBOLICSIZE_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_SYMBOLICSIZE_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

namespace vitc::vcpu {

/// An index value of an entry function as a (semi-)affine expression of its symbols: `vcpu.symbol k` and
/// `vcpu.extent k` are s_k. Fails where the value depends on anything else.
mlir::FailureOr<mlir::AffineExpr> getSymbolicSize(mlir::OpFoldResult size, mlir::MLIRContext *context);

/// Extent `dim` of a buffer of the program or of a view of one.
mlir::FailureOr<mlir::AffineExpr> getSymbolicExtent(mlir::Value buffer, int64_t dim);

/// The bytes that an element takes in memory: a boolean one, an index eight.
int64_t getElementBytes(mlir::Type element);

/// The bytes of a contiguous buffer of `type` whose dynamic extents are `sizes`.
mlir::FailureOr<mlir::AffineExpr> getSymbolicBytes(mlir::MemRefType type, mlir::ValueRange sizes);

/// The bytes of the elements that a buffer of the program, or a view of one, shows.
mlir::FailureOr<mlir::AffineExpr> getSymbolicBytes(mlir::Value buffer);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_SYMBOLICSIZE_H
