#include "vitc/Dialect/ViT/Utils/Einsum.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"

using namespace mlir;
using namespace vitc::vit;
using linalg::ElementwiseKind;
Value Einsum::contract(StringRef lhsDims, Value lhs, StringRef rhsDims, Value rhs, StringRef outDims) {
  std::string letters = outDims.str();
  for (char letter : lhsDims)
    if (!StringRef(letters).contains(letter))
      letters += letter;
  SmallVector<OpFoldResult> sizes(positionsOf(letters, outDims).size());
  for (auto [dims, value] : {std::pair(lhsDims, lhs), std::pair(rhsDims, rhs)})
    for (auto [dim, position] : llvm::enumerate(positionsOf(letters, dims)))
      if (position < static_cast<int64_t>(sizes.size()))
        sizes[position] = tensor::getMixedSize(builder, loc, value, dim);
  Type element = getElementTypeOrSelf(lhs);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Value init =
      linalg::FillOp::create(builder, loc, zero, tensor::EmptyOp::create(builder, loc, sizes, element).getResult())
          .getResult(0);
  SmallVector<Attribute> maps;
  for (StringRef dims : {lhsDims, rhsDims, outDims})
    maps.push_back(AffineMapAttr::get(mapOf(letters, dims)));
  return linalg::ContractOp::create(builder, loc, ValueRange{lhs, rhs}, ValueRange{init}, builder.getArrayAttr(maps))
      ->getResult(0);
}
Value Einsum::elementwise(ElementwiseKind kind, StringRef lhsDims, Value lhs, StringRef rhsDims, Value rhs) {
  AffineMap whole = mapOf(lhsDims, lhsDims);
  return elementwise(kind, lhs, rhs, {whole, mapOf(lhsDims, rhsDims), whole});
}
Value Einsum::scale(Value value, const APFloat &factor) {
  if (factor.isExactlyValue(1.0))
    return value;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  auto scalar = RankedTensorType::get({}, getElementTypeOrSelf(value));
  Value constant = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(scalar, ArrayRef<APFloat>(factor)));
  AffineMap whole = builder.getMultiDimIdentityMap(rank);
  return elementwise(ElementwiseKind::mul, value, constant,
                     {whole, AffineMap::get(rank, 0, builder.getContext()), whole});
}
Value Einsum::add(Value scores, ValueRange addends) {
  int64_t rank = cast<RankedTensorType>(scores.getType()).getRank();
  AffineMap whole = builder.getMultiDimIdentityMap(rank);
  for (Value addend : addends) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(addend.getType()).getShape();
    llvm::SmallBitVector units(shape.size());
    SmallVector<AffineExpr> read;
    for (auto [dim, extent] : llvm::enumerate(shape))
      if (extent == 1)
        units.set(dim);
      else
        read.push_back(builder.getAffineDimExpr(rank - shape.size() + dim));
    Value vector = units.any() ? tensor::dropGivenUnitDims(builder, loc, addend, units) : addend;
    scores = elementwise(ElementwiseKind::add, scores, vector,
                         {whole, AffineMap::get(rank, 0, read, builder.getContext()), whole});
  }
  return scores;
}
Value Einsum::softmax(Value scores) {
  auto type = cast<RankedTensorType>(scores.getType());
  return linalg::SoftmaxOp::create(builder, loc, TypeRange(type), scores, emptyLike(scores),
                                   builder.getI64IntegerAttr(type.getRank() - 1))
      .getResult()[0];
}
Value Einsum::emptyLike(Value value) {
  return tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value), getElementTypeOrSelf(value));
}
Value Einsum::elementwise(ElementwiseKind kind, Value lhs, Value rhs, ArrayRef<AffineMap> maps) {
  return linalg::ElementwiseOp::create(builder, loc, ValueRange{lhs, rhs}, ValueRange{emptyLike(lhs)},
                                       linalg::ElementwiseKindAttr::get(builder.getContext(), kind),
                                       builder.getAffineMapArrayAttr(maps))
      ->getResult(0);
}
SmallVector<int64_t> Einsum::positionsOf(StringRef letters, StringRef dims) const {
  auto width = [&](char letter) { return letter == '*' ? batchRank : 1; };
  SmallVector<int64_t> positions;
  for (char letter : dims) {
    int64_t start = 0;
    for (char before : letters.take_until([&](char other) { return other == letter; }))
      start += width(before);
    for (int64_t i = 0; i < width(letter); ++i)
      positions.push_back(start + i);
  }
  return positions;
}
AffineMap Einsum::mapOf(StringRef letters, StringRef dims) const {
  SmallVector<AffineExpr> results;
  for (int64_t position : positionsOf(letters, dims))
    results.push_back(builder.getAffineDimExpr(position));
  return AffineMap::get(positionsOf(letters, letters).size(), 0, results, builder.getContext());
}
