#ifndef VITC_DIALECT_VIT_IR_VERIFYSHAPES_H
#define VITC_DIALECT_VIT_IR_VERIFYSHAPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace vitc::vit::detail {

/// Whether extents can be equal: one of them is dynamic, or they are.
bool agree(int64_t a, int64_t b);
bool agree(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// The shape as text: 2x?x384.
std::string show(llvm::ArrayRef<int64_t> shape);

/// Whether `value`, where present, is a vector of as many elements as channels.
llvm::LogicalResult verifyPerChannel(mlir::Operation *op, llvm::StringRef name, mlir::Value value, int64_t channels);

llvm::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef name, mlir::Value value,
                                llvm::ArrayRef<int64_t> expected);

/// Whether every addend broadcasts to scores of this shape.
llvm::LogicalResult verifyAddends(mlir::Operation *op, mlir::ValueRange addends, llvm::ArrayRef<int64_t> scores);

} // namespace vitc::vit::detail

#endif // VITC_DIALECT_VIT_IR_VERIFYSHAPES_H
