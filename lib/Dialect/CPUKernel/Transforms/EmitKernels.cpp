#include "vitc/Dialect/CPUKernel/Transforms/KernelCost.h"

#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace vitc::vcpu {
#define GEN_PASS_DEF_EMITKERNELSPASS
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

using namespace mlir;
using namespace vitc::vcpu;

namespace {

/// Copies constants that the op's regions use from outside into them: a kernel is a function of its operands alone.
void sinkConstants(Operation *op) {
  for (Region &region : op->getRegions()) {
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(region, captured);
    for (Value value : captured) {
      Operation *constant = value.getDefiningOp();
      if (!constant || !constant->hasTrait<OpTrait::ConstantLike>())
        continue;
      OpBuilder builder = OpBuilder::atBlockBegin(&region.front());
      replaceAllUsesInRegionWith(value, builder.clone(*constant)->getResult(0), region);
    }
  }
}

/// Whether one function can serve both ops.
bool areSameKernel(Operation *lhs, Operation *rhs) {
  if (lhs->getName() != rhs->getName() || lhs->getOperandTypes() != rhs->getOperandTypes() ||
      lhs->getAttrDictionary() != rhs->getAttrDictionary())
    return false;
  return llvm::all_of(llvm::zip(lhs->getRegions(), rhs->getRegions()), [](auto regions) {
    return OperationEquivalence::isRegionEquivalentTo(&std::get<0>(regions), &std::get<1>(regions),
                                                      OperationEquivalence::IgnoreLocations);
  });
}

/// The kernels emitted so far.
class KernelTable {
public:
  explicit KernelTable(ModuleOp module) : symbols(module) {}

  /// The function of an op, emitted if it is the first of its kind.
  FailureOr<func::FuncOp> lookupOrEmit(KernelOpInterface op, ValueRange captured, bool needsScratch) {
    auto &candidates = kernels[{op->getName(), op->getAttrDictionary()}];
    for (auto &[known, function] : candidates)
      if (areSameKernel(known, op))
        return function;
    FailureOr<func::FuncOp> function = emit(op, captured, needsScratch);
    if (succeeded(function))
      candidates.push_back({op, *function});
    return function;
  }

private:
  FailureOr<func::FuncOp> emit(KernelOpInterface op, ValueRange captured, bool needsScratch);

  SymbolTable symbols;
  llvm::StringMap<int64_t> counts;
  llvm::DenseMap<std::pair<OperationName, DictionaryAttr>, SmallVector<std::pair<Operation *, func::FuncOp>>> kernels;
};

FailureOr<func::FuncOp> KernelTable::emit(KernelOpInterface op, ValueRange captured, bool needsScratch) {
  OpBuilder builder(op->getContext());
  SmallVector<Type> types(captured.getTypes());
  llvm::append_range(types, op->getOperandTypes());
  if (needsScratch)
    types.append({MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()), builder.getI1Type()});
  types.append(2, builder.getIndexType());

  StringRef mnemonic = op->getName().stripDialect();
  std::string name = (mnemonic + "_" + Twine(counts[mnemonic]++)).str();
  auto function = func::FuncOp::create(op.getLoc(), name, builder.getFunctionType(types, {}));
  function.setPrivate();
  builder.setInsertionPointToStart(function.addEntryBlock());
  if (failed(op.emitKernel(builder, function.getArguments().drop_front(captured.size())))) {
    function.erase();
    return failure();
  }
  for (auto [value, argument] : llvm::zip(captured, function.getArguments()))
    replaceAllUsesInRegionWith(value, argument, function.getBody());
  builder.setInsertionPointToEnd(&function.getBody().back());
  func::ReturnOp::create(builder, op.getLoc());
  symbols.insert(function, Block::iterator(symbols.getOp()->getRegion(0).front().begin()));
  return function;
}

/// Lets a kernel serve views at any offset of a buffer: static offsets of operands become dynamic.
void forgetOffsets(Operation *op) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    auto layout = type ? dyn_cast<StridedLayoutAttr>(type.getLayout()) : nullptr;
    if (!layout || layout.getOffset() == ShapedType::kDynamic)
      continue;
    auto anywhere = StridedLayoutAttr::get(op->getContext(), ShapedType::kDynamic, layout.getStrides());
    auto cast = MemRefType::get(type.getShape(), type.getElementType(), anywhere, type.getMemorySpace());
    operand.set(memref::CastOp::create(builder, op->getLoc(), cast, operand.get()));
  }
}

struct EmitKernelsPass final : vitc::vcpu::impl::EmitKernelsPassBase<EmitKernelsPass> {
  void runOnOperation() override {
    SmallVector<KernelOpInterface> ops;
    getOperation().walk([&](KernelOpInterface op) { ops.push_back(op); });
    KernelTable kernels(getOperation());
    for (KernelOpInterface op : ops)
      if (failed(launch(op, kernels)))
        return signalPassFailure();
    for (KernelOpInterface op : ops)
      op->erase();
  }

  LogicalResult launch(KernelOpInterface op, KernelTable &kernels);
};

LogicalResult EmitKernelsPass::launch(KernelOpInterface op, KernelTable &kernels) {
  auto destination = cast<DestinationStyleOpInterface>(*op);
  if (!destination.hasPureBufferSemantics())
    return op->emitOpError("expects memrefs only, as bufferization leaves them");
  sinkConstants(op);
  forgetOffsets(op);
  // What a body reads besides the operands (a table it gathers from) becomes an input of the kernel.
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  OpBuilder builder(op);
  OpFoldResult items = op.getWorkItems(builder), scratch = op.getScratchBytes(builder);
  FailureOr<func::FuncOp> function = kernels.lookupOrEmit(op, captured.getArrayRef(), !scratch.isNull());
  if (failed(function))
    return failure();
  auto toValue = [&](OpFoldResult value) { return getValueOrCreateConstantIndexOp(builder, op.getLoc(), value); };
  Value bytes = scratch ? toValue(scratch) : Value();
  size_t outputs = destination.getNumDpsInits();
  SmallVector<Value> inputs(captured.getArrayRef());
  llvm::append_range(inputs, op->getOperands().drop_back(outputs));
  LaunchOp::create(builder, op.getLoc(), function->getSymName(), toValue(items), bytes, inputs,
                   op->getOperands().take_back(outputs), builder.getStringAttr(op->getName().stripDialect()),
                   getKernelCost(op, op.getMacs(builder), captured.getArrayRef()), op.getLeastItems());
  return success();
}

} // namespace
