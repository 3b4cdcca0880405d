#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace vitc::vcpu;

/// The op with every scalar type replaced by the vector of it.
static FailureOr<Operation *> cloneOnVectors(KernelBuilder &kernel, Operation *op, const IRMapping &mapping) {
  if (op->getNumRegions() || !op->hasTrait<OpTrait::Vectorizable>())
    return op->emitOpError("is not elementwise, as the ops of an epilogue are");
  OperationState state(kernel.loc, op->getName());
  for (Value operand : op->getOperands())
    state.operands.push_back(mapping.lookup(operand));
  for (Type type : op->getResultTypes())
    state.types.push_back(VectorType::get({kernel.lanes}, type));
  state.attributes = op->getAttrs();
  return kernel.builder.create(state);
}

/// The values of the map's results at a point.
static SmallVector<Value> applyMap(KernelBuilder &kernel, AffineMap map, ValueRange point) {
  SmallVector<Value> indices;
  for (unsigned result = 0; result < map.getNumResults(); ++result) {
    OpFoldResult index = affine::makeComposedFoldedAffineApply(kernel.builder, kernel.loc, map.getSubMap({result}),
                                                               getAsOpFoldResult(point));
    indices.push_back(getValueOrCreateConstantIndexOp(kernel.builder, kernel.loc, index));
  }
  return indices;
}

Value EpilogueWriter::load(Value extra, AffineMap map, ValueRange point, int64_t valid) {
  unsigned last = map.getNumDims() - 1;
  if (!map.isFunctionOfDim(last))
    return kernel.broadcast(kernel.load(extra, applyMap(kernel, map, point)));
  AffineExpr column = getAffineDimExpr(last, map.getContext());
  bool onlyLast = map.getResults().back() == column &&
                  llvm::none_of(map.getResults().drop_back(), [&](AffineExpr e) { return e.isFunctionOfDim(last); });
  if (onlyLast)
    return kernel.loadVector(extra, applyMap(kernel, map, point), kernel.constantMask(valid));
  Value vector = kernel.splat(0.0);
  KernelBuilder::Values lanePoint(point);
  for (int64_t lane = 0; lane < valid; ++lane) {
    lanePoint.back() = kernel.add(point.back(), lane);
    Value element = kernel.load(extra, applyMap(kernel, map, lanePoint));
    vector = vector::InsertOp::create(kernel.builder, kernel.loc, element, vector, ArrayRef<int64_t>{lane});
  }
  return vector;
}

FailureOr<Value> EpilogueWriter::apply(Value sums, ValueRange point, int64_t valid) {
  if (epilogue.empty())
    return sums;
  Block &block = epilogue.front();
  IRMapping mapping;
  mapping.map(block.getArgument(0), sums);
  for (auto [argument, extra, map] :
       llvm::zip(block.getArguments().drop_front(), extras, maps.getAsValueRange<AffineMapAttr>()))
    mapping.map(argument, load(extra, map, point, valid));
  for (Operation &op : block.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      auto type = VectorType::get({kernel.lanes}, constant.getType());
      Value splat = arith::ConstantOp::create(kernel.builder, kernel.loc,
                                              DenseElementsAttr::get(type, cast<Attribute>(constant.getValue())));
      mapping.map(constant.getResult(), splat);
      continue;
    }
    FailureOr<Operation *> clone = cloneOnVectors(kernel, &op, mapping);
    if (failed(clone))
      return failure();
    mapping.map(op.getResults(), (*clone)->getResults());
  }
  return mapping.lookup(block.getTerminator()->getOperand(0));
}

void EpilogueWriter::write(Value sums, Value output, ValueRange point, int64_t valid) {
  FailureOr<Value> value = apply(sums, point, valid);
  if (failed(value))
    status = failure();
  else
    kernel.storeVector(*value, output, point.take_back(cast<MemRefType>(output.getType()).getRank()),
                       kernel.constantMask(valid));
}

void EpilogueWriter::prefetch(Value output, ValueRange point, int64_t count) {
  constexpr int64_t line = 64 / sizeof(float);
  int64_t rank = cast<MemRefType>(output.getType()).getRank();
  KernelBuilder::Values place(point);
  for (int64_t column = 0; column < count; column += line) {
    place.back() = kernel.add(point.back(), column);
    kernel.prefetch(output, ArrayRef<Value>(place).take_back(rank));
    for (auto [extra, map] : llvm::zip(extras, maps.getAsValueRange<AffineMapAttr>()))
      if (extra != output && map.getNumResults() > 1 && map.isFunctionOfDim(map.getNumDims() - 1))
        kernel.prefetch(extra, applyMap(kernel, map, place));
  }
}
