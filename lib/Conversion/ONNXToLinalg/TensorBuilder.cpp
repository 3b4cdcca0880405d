#include "TensorBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace vitc::onnx;

ElementsAttr vitc::onnx::getConstantValue(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant ? dyn_cast<ElementsAttr>(constant.getValue()) : nullptr;
}

ElementsAttr vitc::onnx::reshapeElements(ElementsAttr value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return cast<DenseElementsAttr>(value).reshape(type);
}

Value vitc::onnx::lookUp(OpBuilder &builder, Location loc, Value table, Value i) {
  Value position = tensor::ExtractOp::create(builder, loc, table, i);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), position);
}

TypedAttr vitc::onnx::getScalarAttr(double value, Type element) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, value);
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), static_cast<int64_t>(value),
                                         /*isSigned=*/true, /*implicitTrunc=*/true));
}

TypedAttr vitc::onnx::getLowestAttr(Type element, bool isUnsigned) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true));
  unsigned width = element.getIntOrFloatBitWidth();
  return IntegerAttr::get(element, isUnsigned ? APInt::getZero(width) : APInt::getSignedMinValue(width));
}

TypedAttr vitc::onnx::getHighestAttr(Type element, bool isUnsigned) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, APFloat::getInf(type.getFloatSemantics()));
  unsigned width = element.getIntOrFloatBitWidth();
  return IntegerAttr::get(element, isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
}

RankedTensorType TensorBuilder::getType(ExtentsRef extents, Type element) const {
  return RankedTensorType::get(llvm::map_to_vector(extents, getStaticExtent), element);
}

Value TensorBuilder::indexValue(AffineExpr extent) {
  return getValueOrCreateConstantIndexOp(builder, loc, index(extent));
}

SmallVector<OpFoldResult> TensorBuilder::indices(ExtentsRef extents) {
  return llvm::map_to_vector(extents, [&](AffineExpr extent) { return index(extent); });
}

Value TensorBuilder::empty(ExtentsRef extents, Type element) {
  return tensor::EmptyOp::create(builder, loc, indices(extents), element);
}

Tensor TensorBuilder::fill(ExtentsRef extents, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(builder, loc, value);
  Value filled = linalg::FillOp::create(builder, loc, scalar, empty(extents, value.getType())).getResult(0);
  return {filled, Extents(extents)};
}

Tensor TensorBuilder::constant(ElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getType());
  Extents extents = llvm::map_to_vector(type.getShape(), [&](int64_t size) { return extent(size); });
  return {arith::ConstantOp::create(builder, loc, type, value), extents};
}

Tensor TensorBuilder::scalar(double value, Type element) {
  return constant(DenseElementsAttr::get(RankedTensorType::get({}, element), Attribute(getScalarAttr(value, element))));
}

Tensor TensorBuilder::constant(ArrayRef<int64_t> shape, ArrayRef<double> values, Type element) {
  SmallVector<Attribute> attrs =
      llvm::map_to_vector(values, [&](double value) { return Attribute(getScalarAttr(value, element)); });
  return constant(DenseElementsAttr::get(RankedTensorType::get(shape, element), attrs));
}

Tensor TensorBuilder::table(ArrayRef<int64_t> positions) {
  auto type = RankedTensorType::get({static_cast<int64_t>(positions.size())}, builder.getI64Type());
  return constant(DenseElementsAttr::get(type, positions));
}

bool TensorBuilder::broadcasts(ArrayRef<Tensor> operands, ExtentsRef extents) {
  return llvm::all_of(operands, [&](const Tensor &operand) {
    if (operand.extents.size() > extents.size())
      return false;
    return llvm::all_of(llvm::zip(operand.extents, extents.take_back(operand.extents.size())), [](auto pair) {
      return isExtent(std::get<0>(pair), 1) || std::get<0>(pair) == std::get<1>(pair);
    });
  });
}

/// The operand and its map from the dimensions of the result. A constant loses all its unit dimensions, so that its
/// form does not depend on the batch; another operand loses those that are broadcast.
TensorBuilder::MappedOperand TensorBuilder::mapToResult(const Tensor &operand, ExtentsRef extents) {
  unsigned shift = extents.size() - operand.extents.size();
  bool isConstant = getConstantValue(operand.value) != nullptr;
  SmallVector<int64_t> dropped;
  SmallVector<AffineExpr> results;
  for (auto [dim, size] : llvm::enumerate(operand.extents)) {
    if (isExtent(size, 1) && (isConstant || !isExtent(extents[dim + shift], 1)))
      dropped.push_back(dim);
    else
      results.push_back(builder.getAffineDimExpr(dim + shift));
  }
  return {dropDims(operand, dropped).value, AffineMap::get(extents.size(), 0, results, getContext())};
}

Tensor TensorBuilder::elementwise(linalg::ElementwiseKind kind, ArrayRef<Tensor> operands, ExtentsRef extents) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Tensor &operand : operands) {
    MappedOperand mapped = mapToResult(operand, extents);
    inputs.push_back(mapped.value);
    maps.push_back(mapped.map);
  }
  maps.push_back(builder.getMultiDimIdentityMap(extents.size()));
  Value init = empty(extents, operands.back().getElementType());
  auto op =
      linalg::ElementwiseOp::create(builder, loc, inputs, init, linalg::ElementwiseKindAttr::get(getContext(), kind),
                                    builder.getAffineMapArrayAttr(maps));
  return {op.getResult(0), Extents(extents)};
}

Tensor TensorBuilder::map(ArrayRef<Tensor> operands, ExtentsRef extents, Type element, ScalarBody body) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Tensor &operand : operands) {
    MappedOperand mapped = mapToResult(operand, extents);
    inputs.push_back(mapped.value);
    maps.push_back(mapped.map);
  }
  maps.push_back(builder.getMultiDimIdentityMap(extents.size()));
  Value init = empty(extents, element);
  SmallVector<utils::IteratorType> iterators(extents.size(), utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      builder, loc, init.getType(), inputs, init, maps, iterators,
      [&](OpBuilder &b, Location l, ValueRange args) { linalg::YieldOp::create(b, l, body(b, l, args.drop_back())); });
  return {op.getResult(0), Extents(extents)};
}

bool TensorBuilder::isEmpty(ExtentsRef extents) {
  return llvm::any_of(extents, [](AffineExpr extent) { return isExtent(extent, 0); });
}

Tensor TensorBuilder::gather(const Tensor &source, ExtentsRef extents, IndexBody body) {
  if (isEmpty(source.extents))
    return fill(extents, getScalarAttr(0, source.getElementType()));
  return map({}, extents, source.getElementType(), [&](OpBuilder &b, Location l, ValueRange) -> Value {
    SmallVector<Value> position;
    for (unsigned dim = 0; dim < extents.size(); ++dim)
      position.push_back(linalg::IndexOp::create(b, l, dim));
    return tensor::ExtractOp::create(b, l, source.value, body(b, l, position));
  });
}

Tensor TensorBuilder::contract(const Tensor &a, AffineMap mapA, const Tensor &b, AffineMap mapB, AffineMap mapOut,
                               ExtentsRef extents) {
  Tensor zero = fill(extents, getScalarAttr(0, a.getElementType()));
  auto op = linalg::ContractOp::create(builder, loc, TypeRange(zero.value.getType()), ValueRange{a.value, b.value},
                                       ValueRange(zero.value), builder.getAffineMapArrayAttr({mapA, mapB, mapOut}));
  return {op.getResult(0), Extents(extents)};
}

Tensor TensorBuilder::reduce(const Tensor &x, ArrayRef<int64_t> dims, TypedAttr init, ScalarBody body) {
  Extents extents;
  for (auto [dim, size] : llvm::enumerate(x.extents))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      extents.push_back(size);
  Tensor start = fill(extents, init);
  auto op = linalg::ReduceOp::create(
      builder, loc, x.value, start.value, dims,
      [&](OpBuilder &b, Location l, ValueRange args) { linalg::YieldOp::create(b, l, body(b, l, args)); });
  return {op.getResult(0), extents};
}

/// The tensor as one of `type`, which may have another extent for one that a requirement makes equal.
static Value castTo(OpBuilder &builder, Location loc, Value x, RankedTensorType type) {
  return x.getType() == type ? x : tensor::CastOp::create(builder, loc, type, x);
}

Tensor TensorBuilder::collapse(const Tensor &x, ArrayRef<ReassociationIndices> groups, ExtentsRef extents) {
  if (x.extents.size() == extents.size())
    return x;
  auto type = getType(extents, x.getElementType());
  if (ElementsAttr value = getConstantValue(x.value))
    return constant(reshapeElements(value, type));
  auto collapsed = tensor::CollapseShapeOp::create(builder, loc, x.value, groups);
  return {castTo(builder, loc, collapsed, type), Extents(extents)};
}

Tensor TensorBuilder::expand(const Tensor &x, ArrayRef<ReassociationIndices> groups, ExtentsRef extents) {
  if (x.extents.size() == extents.size())
    return x;
  auto type = getType(extents, x.getElementType());
  if (ElementsAttr value = getConstantValue(x.value))
    return constant(reshapeElements(value, type));
  Value collapsed = castTo(builder, loc, x.value, tensor::CollapseShapeOp::inferCollapsedType(type, groups));
  return {tensor::ExpandShapeOp::create(builder, loc, type, collapsed, groups, indices(extents)), Extents(extents)};
}

Tensor TensorBuilder::reshape(const Tensor &x, ExtentsRef extents) {
  if (isEmpty(extents))
    return {empty(extents, x.getElementType()), Extents(extents)};
  ReshapePlan plan = planReshape(x.extents, extents, getContext());
  return expand(collapse(x, plan.collapse, plan.middle), plan.expand, extents);
}

/// Groups the dimensions of a shape so that each of `units`, ascending unit dimensions, joins a neighbour that is not:
/// the one before it, or the first after it.
static SmallVector<ReassociationIndices> groupUnits(int64_t rank, ArrayRef<int64_t> units) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isUnit = llvm::is_contained(units, dim);
    if (isUnit && groups.empty()) {
      leading.push_back(dim);
    } else if (isUnit) {
      groups.back().push_back(dim);
    } else {
      groups.push_back(std::exchange(leading, {}));
      groups.back().push_back(dim);
    }
  }
  return groups;
}

Tensor TensorBuilder::dropDims(const Tensor &x, ArrayRef<int64_t> dims) {
  Extents extents;
  for (auto [dim, size] : llvm::enumerate(x.extents))
    if (!llvm::is_contained(dims, static_cast<int64_t>(dim)))
      extents.push_back(size);
  // What was sliced becomes a rank-reducing slice: upstream has no pattern for it. Where a unit dimension stays, its
  // type would not tell which one went, and upstream may guess wrong once strides count.
  auto isUnit = [](AffineExpr size) { return isExtent(size, 1); };
  auto slice = x.value.getDefiningOp<tensor::ExtractSliceOp>();
  if (slice && !dims.empty() && llvm::none_of(extents, isUnit)) {
    Value value =
        tensor::ExtractSliceOp::create(builder, loc, getType(extents, x.getElementType()), slice.getSource(),
                                       slice.getMixedOffsets(), slice.getMixedSizes(), slice.getMixedStrides());
    return {value, extents};
  }
  return collapse(x, groupUnits(x.getRank(), dims), extents);
}

Tensor TensorBuilder::addDims(const Tensor &x, ArrayRef<int64_t> dims) {
  Extents extents = x.extents;
  for (int64_t dim : dims)
    extents.insert(extents.begin() + dim, extent(1));
  return expand(x, groupUnits(extents.size(), dims), extents);
}

Tensor TensorBuilder::transpose(const Tensor &x, ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return x;
  Extents extents = llvm::map_to_vector(permutation, [&](int64_t dim) { return x.extents[dim]; });
  auto op = linalg::TransposeOp::create(builder, loc, x.value, empty(extents, x.getElementType()), permutation);
  return {op->getResult(0), extents};
}

Tensor TensorBuilder::broadcast(const Tensor &x, ExtentsRef extents) {
  int64_t shift = extents.size() - x.extents.size();
  SmallVector<int64_t> dropped, added = llvm::to_vector(llvm::seq<int64_t>(0, shift));
  for (auto [dim, size] : llvm::enumerate(x.extents))
    if (size != extents[dim + shift]) {
      dropped.push_back(dim);
      added.push_back(dim + shift);
    }
  if (added.empty())
    return x;
  auto op =
      linalg::BroadcastOp::create(builder, loc, dropDims(x, dropped).value, empty(extents, x.getElementType()), added);
  return {op->getResult(0), Extents(extents)};
}

Tensor TensorBuilder::slice(const Tensor &x, ExtentsRef offsets, ExtentsRef sizes, ArrayRef<int64_t> strides,
                            ArrayRef<int64_t> dropped) {
  bool isWhole = ExtentsRef(x.extents) == sizes && llvm::all_equal(strides) && (strides.empty() || strides[0] == 1);
  if (isWhole)
    return dropDims(x, dropped);
  Extents kept;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (!llvm::is_contained(dropped, static_cast<int64_t>(dim)))
      kept.push_back(size);
  if (isEmpty(kept))
    return {empty(kept, x.getElementType()), kept};
  if (!dropped.empty() && llvm::any_of(kept, [](AffineExpr size) { return isExtent(size, 1); }))
    return dropDims(slice(x, offsets, sizes, strides, {}), dropped);
  SmallVector<OpFoldResult> steps =
      llvm::map_to_vector(strides, [&](int64_t step) -> OpFoldResult { return builder.getIndexAttr(step); });
  Value value = tensor::ExtractSliceOp::create(builder, loc, getType(kept, x.getElementType()), x.value,
                                               indices(offsets), indices(sizes), steps);
  return {value, kept};
}

Tensor TensorBuilder::sliceDim(const Tensor &x, int64_t dim, AffineExpr offset, AffineExpr size) {
  Extents offsets(x.getRank(), extent(0)), sizes = x.extents;
  offsets[dim] = offset;
  sizes[dim] = size;
  return slice(x, offsets, sizes, SmallVector<int64_t>(x.getRank(), 1));
}

Tensor TensorBuilder::concat(ArrayRef<Tensor> operands, int64_t dim) {
  if (operands.size() == 1)
    return operands.front();
  Extents extents = operands.front().extents;
  for (const Tensor &operand : operands.drop_front())
    extents[dim] = symbols.simplify(extents[dim] + operand.extents[dim]);
  SmallVector<Value> values = llvm::map_to_vector(operands, [](const Tensor &operand) { return operand.value; });
  auto type = getType(extents, operands.front().getElementType());
  return {tensor::ConcatOp::create(builder, loc, type, dim, values), extents};
}

Tensor TensorBuilder::pad(const Tensor &x, ExtentsRef offsets, ExtentsRef extents, Value value) {
  SmallVector<OpFoldResult> low, high;
  for (auto [size, offset, extent] : llvm::zip_equal(x.extents, offsets, extents)) {
    low.push_back(symbols.materialize(offset, builder, loc));
    high.push_back(symbols.materialize(symbols.simplify(extent - size - offset), builder, loc));
  }
  Value padded = tensor::PadOp::create(builder, loc, getType(extents, x.getElementType()), x.value, low, high, value);
  return {padded, Extents(extents)};
}

Tensor TensorBuilder::pad(const Tensor &x, ArrayRef<int64_t> low, ArrayRef<int64_t> high, Value value) {
  auto isZero = [](int64_t size) { return size == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  Extents offsets, extents;
  for (auto [size, before, after] : llvm::zip_equal(x.extents, low, high)) {
    offsets.push_back(extent(before));
    extents.push_back(symbols.simplify(size + before + after));
  }
  return pad(x, offsets, extents, value);
}

Tensor TensorBuilder::pad(const Tensor &x, ArrayRef<int64_t> low, ArrayRef<int64_t> high, TypedAttr value) {
  auto isZero = [](int64_t size) { return size == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  return pad(x, low, high, Value(arith::ConstantOp::create(builder, loc, value)));
}
