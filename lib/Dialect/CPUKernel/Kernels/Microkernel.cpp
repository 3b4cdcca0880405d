#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace vitc::vcpu;

/// A broadcast element of A: f32, or pairs of bf16.
static Value broadcastElement(KernelBuilder &kernel, Value element) {
  if (!element.getType().isInteger(32))
    return kernel.broadcast(element);
  auto type = VectorType::get({kernel.lanes}, element.getType());
  Value pairs = vector::BroadcastOp::create(kernel.builder, kernel.loc, type, element);
  return kernel.bitcast(pairs, kernel.builder.getBF16Type());
}

KernelBuilder::Values vitc::vcpu::emitMicrokernel(KernelBuilder &kernel, int64_t rows, int64_t vectors, Value begin,
                                                  Value end, ValueRange inits, function_ref<Value(Value, int64_t)> a,
                                                  function_ref<Value(Value, int64_t)> b) {
  return kernel.loop(begin, end, kernel.index(1), inits, [&](Value k, ValueRange carried) {
    KernelBuilder::Values columns, next;
    for (int64_t vector = 0; vector < vectors; ++vector)
      columns.push_back(b(k, vector));
    for (int64_t row = 0; row < rows; ++row) {
      Value element = broadcastElement(kernel, a(k, row));
      bool pairs = element.getType() != kernel.vectorType;
      for (int64_t vector = 0; vector < vectors; ++vector) {
        Value sum = carried[row * vectors + vector];
        next.push_back(pairs ? kernel.dotPairs(element, columns[vector], sum)
                             : kernel.fma(element, columns[vector], sum));
      }
    }
    return next;
  });
}

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

FailureOr<Value> vitc::vcpu::emitEpilogue(KernelBuilder &kernel, Region &region, ValueRange arguments) {
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
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

Value vitc::vcpu::loadExtra(KernelBuilder &kernel, Value memref, AffineMap map, ValueRange point, int64_t validLanes) {
  unsigned last = map.getNumDims() - 1;
  if (!map.isFunctionOfDim(last))
    return kernel.broadcast(kernel.load(memref, applyMap(kernel, map, point)));
  AffineExpr column = getAffineDimExpr(last, map.getContext());
  bool onlyLast = map.getResults().back() == column &&
                  llvm::none_of(map.getResults().drop_back(), [&](AffineExpr e) { return e.isFunctionOfDim(last); });
  if (onlyLast)
    return kernel.loadVector(memref, applyMap(kernel, map, point), kernel.constantMask(validLanes));
  Value vector = kernel.splat(0.0);
  KernelBuilder::Values lanePoint(point);
  for (int64_t lane = 0; lane < validLanes; ++lane) {
    lanePoint.back() = kernel.add(point.back(), lane);
    Value element = kernel.load(memref, applyMap(kernel, map, lanePoint));
    vector = vector::InsertOp::create(kernel.builder, kernel.loc, element, vector, ArrayRef<int64_t>{lane});
  }
  return vector;
}
