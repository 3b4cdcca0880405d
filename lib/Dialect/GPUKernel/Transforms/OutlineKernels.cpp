#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/KernelCost.h"
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h"

#include "KernelBody.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace vitc::vgpu {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vgpu

using namespace mlir;
using namespace vitc;
using namespace vitc::vgpu;

/// Threads of a block: loops have no shape that would ask for another number.
static constexpr int32_t kBlock = 256;

/// The address space of global memory in NVPTX.
static constexpr unsigned kGlobalMemory = 1;

/// Whether an op only computes what it returns: a size, a view.
static bool isComputed(Operation *op) {
  return isMemoryEffectFree(op) && op->getNumRegions() == 0 && !op->hasTrait<OpTrait::IsTerminator>();
}

namespace {

/// What a kernel op reads, up to the buffers and symbols of its function.
struct Slice {
  llvm::SetVector<Operation *> buffers, symbols; ///< vcpu.buffer, vcpu.symbol
  llvm::SetVector<Operation *> computed;         ///< from them
  llvm::SmallPtrSet<Operation *, 2> written;     ///< of the buffers
};

/// Finds what a kernel op reads. All of it was computed before: nothing else than sizes and views is in the function.
class SliceFinder {
public:
  static Slice find(Operation *kernel) {
    llvm::SetVector<Value> values;
    getUsedValuesDefinedAbove(kernel->getRegions(), values);
    values.insert(kernel->operand_begin(), kernel->operand_end());
    SliceFinder finder;
    for (Value value : values)
      finder.visit(value);
    SliceFinder results;
    for (Value result : cast<DestinationStyleOpInterface>(kernel).getDpsInits())
      results.visit(result);
    finder.slice.written.insert_range(results.slice.buffers);
    return finder.slice;
  }

private:
  void visit(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return; // the frame
    if (isa<vcpu::SymbolOp>(op)) {
      slice.symbols.insert(op);
      return;
    }
    bool isBuffer = isa<vcpu::BufferOp>(op);
    if ((isBuffer ? slice.buffers : slice.computed).insert(op))
      for (Value operand : op->getOperands())
        visit(operand);
  }

  Slice slice;
};

/// The kernels of a module, each once.
class KernelTable {
public:
  explicit KernelTable(ModuleOp module) : module(module) {}

  /// The kernel, or an equal one that is there already; kernels are named by the kind of their ops.
  SymbolRefAttr add(LLVM::LLVMFuncOp kernel, StringRef kind) {
    SmallVector<LLVM::LLVMFuncOp> &known = kernels[kind];
    auto same = llvm::find_if(known, [&](LLVM::LLVMFuncOp other) { return areEqual(other, kernel); });
    if (same != known.end()) {
      kernel.erase();
      return refer(*same);
    }
    kernel.setName((kind + "_" + Twine(known.size())).str());
    known.push_back(kernel);
    return refer(kernel);
  }

  /// The kernel of an op that has one of its own, and its plan; emitted for the first of equal ones.
  FailureOr<LaunchPlan> lookupOrEmit(KernelOpInterface op) {
    SmallVector<Attribute> key{op->getAttrDictionary(), StringAttr::get(op.getContext(), op->getName().getStringRef())};
    for (Type type : op->getOperandTypes()) {
      auto buffer = cast<MemRefType>(type);
      key.push_back(TypeAttr::get(MemRefType::get(buffer.getShape(), buffer.getElementType())));
      if (op->hasAttr("mma_sync")) // no tensor maps: strides are part of the code
        key.push_back(DenseI64ArrayAttr::get(op.getContext(), buffer.getStridesAndOffset().first));
    }
    auto known = plans.find(ArrayAttr::get(op.getContext(), key));
    if (known != plans.end())
      return known->second;
    std::string name = (op->getName().stripDialect() + "_" + Twine(counts[op->getName().stripDialect()]++)).str();
    OpBuilder builder = OpBuilder::atBlockEnd(getModule().getBody());
    if (failed(op.emitKernel(builder, getModule(), name)))
      return failure();
    return plans[ArrayAttr::get(op.getContext(), key)] = op.getPlan(name);
  }

  gpu::GPUModuleOp getModule() {
    if (!container) {
      auto builder = OpBuilder::atBlockBegin(module.getBody());
      container = gpu::GPUModuleOp::create(builder, module.getLoc(), "kernels");
      module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), builder.getUnitAttr());
    }
    return container;
  }

private:
  SymbolRefAttr refer(LLVM::LLVMFuncOp kernel) {
    return SymbolRefAttr::get(container.getSymNameAttr(), {FlatSymbolRefAttr::get(kernel.getNameAttr())});
  }

  static bool areEqual(LLVM::LLVMFuncOp a, LLVM::LLVMFuncOp b) {
    return a.getFunctionType() == b.getFunctionType() &&
           OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(),
                                                      OperationEquivalence::IgnoreLocations);
  }

  ModuleOp module;
  gpu::GPUModuleOp container;
  llvm::StringMap<SmallVector<LLVM::LLVMFuncOp>> kernels;
  DenseMap<Attribute, LaunchPlan> plans;
  llvm::StringMap<int64_t> counts; ///< of those with plans
};

struct OutlineKernelsPass final : vitc::vgpu::impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  void runOnOperation() override {
    KernelTable kernels(getOperation());
    for (auto entry : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (entry->hasAttr("vcpu.buffers") && failed(outline(entry, kernels)))
        return signalPassFailure();
  }

private:
  LogicalResult outline(func::FuncOp entry, KernelTable &kernels) {
    // No thread of the host takes part.
    entry->setAttr("vcpu.scratch", AffineMapAttr::get(AffineMap::get(&getContext())));
    for (Operation &op : llvm::make_early_inc_range(entry.front().without_terminator())) {
      auto loops = dyn_cast<vcpu::KernelOpInterface>(op);
      auto kernel = dyn_cast<KernelOpInterface>(op);
      if ((loops && failed(launch(loops, kernels))) || (kernel && failed(launch(kernel, kernels))))
        return failure();
      if (loops || kernel)
        op.erase();
      else if (!isComputed(&op))
        return op.emitError("expected an operation that a GPU can run, got ") << op.getName();
    }
    return success();
  }

  /// Constants that a body reads by position are buffers that are named there: kernels get them as arguments.
  static void hoistBuffers(Operation *op) {
    op->walk([&](vcpu::BufferOp buffer) { buffer->moveBefore(op); });
  }

  LogicalResult launch(vcpu::KernelOpInterface op, KernelTable &kernels) {
    hoistBuffers(op);
    Slice slice = SliceFinder::find(op);
    OpBuilder builder(op);
    if (op.getScratchBytes(builder))
      return op->emitError("expected an operation whose threads need no memory of their own, got ") << op->getName();
    FailureOr<LLVM::LLVMFuncOp> kernel = emit(op, slice, kernels.getModule());
    if (failed(kernel))
      return failure();
    SmallVector<Value> operands;
    for (Operation *source : llvm::concat<Operation *const>(slice.buffers, slice.symbols))
      operands.push_back(source->getResult(0));
    Value threads = countThreads(builder, op);
    StringRef kind = op->getName().stripDialect();
    LaunchOp::create(builder, op.getLoc(), kernels.add(*kernel, kind), threads, ArrayRef<int64_t>{kBlock}, operands,
                     kBlock, /*shared_bytes=*/0, /*blocks_per_processor=*/0, /*overlaps=*/false, /*forms=*/ArrayAttr(),
                     builder.getStringAttr(kind), vcpu::getKernelCost(op, op.getMacs(builder), ValueRange()));
    return success();
  }

  /// An op with a kernel of its own: a builder emits it, and its plan says how it is launched.
  LogicalResult launch(KernelOpInterface op, KernelTable &kernels) {
    FailureOr<LaunchPlan> plan = kernels.lookupOrEmit(op);
    if (failed(plan))
      return failure();
    OpBuilder builder(op);
    Location loc = op->getLoc();
    auto toValue = [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(builder, loc, size); };
    SmallVector<Value> grid, arguments;
    SmallVector<int64_t> per;
    for (const GridExtent &extent : plan->grid) {
      OpFoldResult size = extent.size == GridSize::One ? builder.getIndexAttr(1) : op.getSize(builder, extent.size);
      AffineExpr blocks = builder.getAffineSymbolExpr(0) * extent.factor + extent.offset;
      grid.push_back(
          toValue(affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, 1, blocks), {size})));
      per.push_back(extent.divisor);
    }
    SmallVector<Attribute> forms;
    for (const ArgumentPlan &argument : plan->arguments) {
      Value operand = op.getOperandOf(argument.role);
      GridSize count = argument.role == "batches" ? GridSize::Batch : GridSize::Rows;
      arguments.push_back(operand ? operand : toValue(op.getSize(builder, count)));
      forms.push_back(describeForm(builder, argument));
    }
    auto kernel =
        SymbolRefAttr::get(kernels.getModule().getSymNameAttr(), {FlatSymbolRefAttr::get(&getContext(), plan->kernel)});
    LaunchOp::create(builder, loc, kernel, grid, per, arguments, plan->block[0], plan->sharedBytes,
                     plan->blocksPerProcessor, /*overlaps=*/false, builder.getArrayAttr(forms),
                     builder.getStringAttr(op->getName().stripDialect()),
                     vcpu::getKernelCost(op, op.getMacs(builder), ValueRange()));
    return success();
  }

  /// See `vgpu.launch`.
  static Attribute describeForm(OpBuilder &builder, const ArgumentPlan &argument) {
    if (argument.kind == ArgumentPlan::Int32)
      return TypeAttr::get(builder.getI32Type());
    if (argument.kind == ArgumentPlan::Pointer)
      return builder.getUnitAttr();
    auto integers = [&](ArrayRef<uint32_t> values) {
      return builder.getDenseI64ArrayAttr(SmallVector<int64_t>(values.begin(), values.end()));
    };
    SmallVector<NamedAttribute> form{
        builder.getNamedAttr("box", integers(argument.map.box)),
        builder.getNamedAttr("swizzle", builder.getI64IntegerAttr(static_cast<int64_t>(argument.map.swizzle))),
        builder.getNamedAttr("type", builder.getI64IntegerAttr(driverTypeOf(argument.map.element)))};
    if (!argument.map.steps.empty())
      form.push_back(builder.getNamedAttr("steps", integers(argument.map.steps)));
    return builder.getDictionaryAttr(form);
  }

  FailureOr<LLVM::LLVMFuncOp> emit(vcpu::KernelOpInterface op, const Slice &slice, gpu::GPUModuleOp module) {
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    LLVM::LLVMFuncOp kernel = declare(op, slice, builder);
    builder.setInsertionPointToStart(kernel.addEntryBlock(builder));
    IRMapping mapping;
    for (auto [symbol, argument] : llvm::zip(slice.symbols, kernel.getArguments().take_back(slice.symbols.size())))
      mapping.map(symbol->getResult(0),
                  arith::IndexCastOp::create(builder, op.getLoc(), builder.getIndexType(), argument));
    KernelBody body(builder, mapping);
    body.computeValues(slice.buffers.getArrayRef(), slice.computed.getArrayRef(), kernel.getArguments());
    LogicalResult written = body.write(op, kBlock);
    LLVM::ReturnOp::create(builder, op.getLoc(), ValueRange());
    if (succeeded(written))
      return kernel;
    kernel.erase();
    return failure();
  }

  /// Buffers first, then symbols. Two buffers that one op touches never overlap; where that is said of those that are
  /// only read, LLVM reads them by ld.global.nc, which must not be where kernels overlap.
  static LLVM::LLVMFuncOp declare(vcpu::KernelOpInterface op, const Slice &slice, OpBuilder &builder) {
    MLIRContext *context = op->getContext();
    auto pointer = LLVM::LLVMPointerType::get(context, kGlobalMemory);
    SmallVector<Type> types(slice.buffers.size(), pointer);
    types.append(slice.symbols.size(), builder.getI64Type());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types);
    auto kernel = LLVM::LLVMFuncOp::create(builder, op.getLoc(), "kernel", type);
    for (auto [i, buffer] : llvm::enumerate(slice.buffers))
      if (slice.written.contains(buffer))
        kernel.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), builder.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), builder.getDenseI32ArrayAttr({kBlock, 1, 1}));
    return kernel;
  }
};

} // namespace
