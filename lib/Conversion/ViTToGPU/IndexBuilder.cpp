#include "IndexBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc;

Value IndexBuilder::constant(int64_t value) const { return arith::ConstantIndexOp::create(builder, loc, value); }

Value IndexBuilder::loop(int64_t dim) const { return linalg::IndexOp::create(builder, loc, dim); }

Value IndexBuilder::add(Value lhs, Value rhs) const { return builder.createOrFold<arith::AddIOp>(loc, lhs, rhs); }

Value IndexBuilder::mul(Value value, int64_t by) const {
  return builder.createOrFold<arith::MulIOp>(loc, value, constant(by));
}

Value IndexBuilder::div(Value value, int64_t by) const {
  return builder.createOrFold<arith::DivUIOp>(loc, value, constant(by));
}

Value IndexBuilder::rem(Value value, int64_t by) const {
  return builder.createOrFold<arith::RemUIOp>(loc, value, constant(by));
}

Value IndexBuilder::isBelow(Value value, int64_t end) const {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, value, constant(end));
}

Value IndexBuilder::both(Value lhs, Value rhs) const { return arith::AndIOp::create(builder, loc, lhs, rhs); }

Value IndexBuilder::orZero(Value condition, Value value) const {
  return arith::SelectOp::create(builder, loc, condition, value, constant(0));
}

Value IndexBuilder::read(Value tensor, ValueRange point) const {
  return tensor::ExtractOp::create(builder, loc, tensor, point);
}

Value IndexBuilder::readInside(Value tensor, ValueRange point, Value inside) const {
  Value element = read(tensor, point);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element.getType()));
  return arith::SelectOp::create(builder, loc, inside, element, zero);
}

Value vitc::generate(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes, Type type,
                     function_ref<Value(const IndexBuilder &)> element) {
  Value init = tensor::EmptyOp::create(builder, loc, sizes, type);
  SmallVector<AffineMap> identity{builder.getMultiDimIdentityMap(sizes.size())};
  SmallVector<utils::IteratorType> parallel(sizes.size(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    linalg::YieldOp::create(b, loc, element(IndexBuilder{b, loc}));
  };
  return linalg::GenericOp::create(builder, loc, TypeRange(init.getType()), ValueRange(), init, identity, parallel,
                                   body)
      .getResult(0);
}

int64_t vitc::paddedDepth(int64_t depth) { return static_cast<int64_t>(llvm::alignTo(depth, 8)); }

Value vitc::padDepth(OpBuilder &builder, Location loc, Value matrix) {
  int64_t depth = cast<RankedTensorType>(matrix.getType()).getDimSize(1);
  if (depth == paddedDepth(depth))
    return matrix;
  SmallVector<OpFoldResult> sizes{tensor::getMixedSize(builder, loc, matrix, 0),
                                  builder.getIndexAttr(paddedDepth(depth))};
  return generate(builder, loc, sizes, getElementTypeOrSelf(matrix), [&](const IndexBuilder &index) {
    Value k = index.loop(1), inside = index.isBelow(k, depth);
    return index.readInside(matrix, {index.loop(0), index.orZero(inside, k)}, inside);
  });
}
