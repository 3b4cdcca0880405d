// Computing in f32 what a model holds in fewer bits. Storage types stay where values are stored, at the entry's
// arguments and results, and where the model asks for their rounding, at a Cast.

#include "vitc/Dialect/ONNX/Transforms/Passes.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ONNX/Transforms/StorageTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::onnx {
#define GEN_PASS_DEF_WIDENFLOATSPASS
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace vitc::onnx

using namespace mlir;
using namespace vitc::onnx;

/// The tensor type to compute in.
static Type widen(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !isStorageType(shaped.getElementType()))
    return type;
  auto f32 = Float32Type::get(type.getContext());
  if (auto ranked = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(ranked.getShape(), f32, ranked.getEncoding());
  return shaped.clone(f32);
}

/// What an attribute says about values of a storage type, said about those that are computed with.
static Attribute widen(Attribute attribute) {
  if (auto type = dyn_cast<TypeAttr>(attribute); type && isStorageType(type.getValue()))
    return TypeAttr::get(Float32Type::get(attribute.getContext()));
  if (auto elements = dyn_cast<ElementsAttr>(attribute); elements && isStorageType(elements.getElementType()))
    return widenElements(elements);
  return attribute;
}

/// What was stored in eight bits or less is stored again as it was, infinities too.
static Value createCast(OpBuilder &builder, Value value, Type type) {
  Type element = getElementTypeOrSelf(type);
  return CastOp::create(builder, value.getLoc(), type, value, element,
                        /*saturate=*/element.getIntOrFloatBitWidth() > 8);
}

/// The rounded value, without widening and rounding again what was rounded already.
static Value round(OpBuilder &builder, Value value, Type type) {
  auto cast = value.getDefiningOp<CastOp>();
  return cast && cast.getInput().getType() == type ? cast.getInput() : createCast(builder, value, type);
}

/// Uses of a stored value read it in f32.
static void widenUses(OpBuilder &builder, Value stored) {
  Value wide = createCast(builder, stored, widen(stored.getType()));
  stored.replaceAllUsesExcept(wide, wide.getDefiningOp());
}

namespace {
struct WidenFloatsPass final : vitc::onnx::impl::WidenFloatsPassBase<WidenFloatsPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    bitCasts.clear();
    SmallVector<Operation *> ops;
    function.getBody().walk([&](Operation *op) {
      ops.push_back(op);
      if (auto bits = dyn_cast<BitCastOp>(op); bits && widen(bits.getInput().getType()) != bits.getInput().getType())
        bitCasts[bits] = bits.getInput().getType();
    });
    OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
    for (Value argument : function.getArguments())
      if (widen(argument.getType()) != argument.getType())
        widenUses(builder, argument);
    for (Operation *op : ops)
      widenOp(op);
    roundResults(function);
    // Values that only left the function as they came, or as they were rounded.
    for (Operation &op : llvm::make_early_inc_range(function.front()))
      if (isa<CastOp>(op) && op.use_empty())
        op.erase();
  }

private:
  void widenOp(Operation *op) {
    if (auto cast = dyn_cast<CastOp>(op))
      return widenCast(cast);
    if (auto bits = dyn_cast<BitCastOp>(op))
      return keepBits(bits);
    if (auto quantize = dyn_cast<QuantizeLinearOp>(op); quantize && widen(quantize.getType()) != quantize.getType())
      return keepRounding(quantize);
    for (NamedAttribute attribute : op->getAttrDictionary())
      if (Attribute wide = widen(attribute.getValue()); wide != attribute.getValue())
        op->setAttr(attribute.getName(), wide);
    for (Value result : op->getResults())
      result.setType(widen(result.getType()));
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        argument.setType(widen(argument.getType()));
  }

  /// One that rounds stays; one that only widened does nothing any more.
  static void widenCast(CastOp op) {
    if (widen(op.getType()) != op.getType()) {
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      return widenUses(builder, op);
    }
    if (op.getInput().getType() != op.getType())
      return;
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  }

  /// One that reads bits reads those that are stored.
  void keepBits(BitCastOp op) {
    OpBuilder builder(op);
    if (Type stored = bitCasts.lookup(op))
      op.getInputMutable().set(round(builder, op.getInput(), stored));
    builder.setInsertionPointAfter(op);
    if (widen(op.getType()) != op.getType())
      widenUses(builder, op);
  }

  /// One that rounds to a storage type stays, and says the type itself: its zero point does not any more.
  static void keepRounding(QuantizeLinearOp op) {
    op.setOutputDtype(getElementTypeOrSelf(op.getType()));
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    widenUses(builder, op);
  }

  static void roundResults(func::FuncOp function) {
    Operation *end = function.front().getTerminator();
    OpBuilder builder(end);
    for (auto [operand, type] : llvm::zip_equal(end->getOpOperands(), function.getResultTypes()))
      if (operand.get().getType() != type)
        operand.set(round(builder, operand.get(), type));
  }

  llvm::DenseMap<Operation *, Type> bitCasts; ///< those of a storage type, and the type of their operand
};
} // namespace
