// vit.procedure: its body, its effects, and what its description calls (C1), (C2).
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::vit;

MemRefType ProcedureOp::getBodyType(Type operand) {
  auto type = cast<ShapedType>(operand);
  SmallVector<int64_t> dynamic(type.getRank(), ShapedType::kDynamic);
  auto layout = StridedLayoutAttr::get(operand.getContext(), ShapedType::kDynamic, dynamic);
  return MemRefType::get(dynamic, type.getElementType(), layout);
}

void ProcedureOp::build(OpBuilder &builder, OperationState &state, Value items, ValueRange inputs, ValueRange outputs,
                        function_ref<void(OpBuilder &, Location, Value, ValueRange)> body) {
  if (items)
    state.addOperands(items);
  state.addOperands(inputs);
  state.addOperands(outputs);
  state.getOrAddProperties<Properties>().operandSegmentSizes = {items ? 1 : 0, static_cast<int32_t>(inputs.size()),
                                                                static_cast<int32_t>(outputs.size())};
  for (Type type : outputs.getTypes())
    if (isa<TensorType>(type))
      state.addTypes(type);
  Block &block = state.addRegion()->emplaceBlock();
  Value item = block.addArgument(builder.getIndexType(), state.location);
  for (ValueRange operands : {inputs, outputs})
    for (Type type : operands.getTypes())
      block.addArgument(getBodyType(type), state.location);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&block);
  body(builder, state.location, item, block.getArguments().drop_front());
}

void ProcedureOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  auto destination = cast<DestinationStyleOpInterface>(getOperation());
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand, 0, true, SideEffects::DefaultResource::get());
    if (destination.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, 0, true, SideEffects::DefaultResource::get());
  }
}

LogicalResult ProcedureOp::verify() {
  SmallVector<Type> expected{IndexType::get(getContext())};
  for (ValueRange operands : {ValueRange(getInputs()), ValueRange(getOutputs())})
    for (Type type : operands.getTypes()) {
      if (!cast<ShapedType>(type).hasRank()) // procedure_c1
        return emitOpError("expected ranked inputs and outputs, got ") << type;
      expected.push_back(getBodyType(type));
    }
  if (TypeRange(getBody().front().getArgumentTypes()) != TypeRange(expected)) // procedure_c1
    return emitOpError("expected a body with the arguments ") << expected;
  SmallVector<Type> tensors;
  llvm::copy_if(getOutputs().getTypes(), std::back_inserter(tensors), llvm::IsaPred<TensorType>);
  if (TypeRange(tensors) != getResultTypes()) // procedure_c2
    return emitOpError("expected results of the outputs' types ") << tensors;
  return success();
}
