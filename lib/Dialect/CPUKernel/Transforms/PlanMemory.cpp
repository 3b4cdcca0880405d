#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace vitc::vcpu {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

using namespace mlir;
using namespace vitc;
using namespace vitc::vcpu;

static constexpr int64_t kWeightAlignment = 64;

/// The named dimensions of an entry function: the first input dimension that is exactly a symbol defines it.
static FailureOr<SmallVector<StringAttr>> collectSymbols(func::FuncOp entry, SmallVectorImpl<Attribute> &records) {
  Builder builder(entry.getContext());
  SmallVector<StringAttr> names;
  for (auto [input, type] : llvm::enumerate(entry.getArgumentTypes())) {
    auto dims = entry.getArgAttrOfType<vit::DimsAttr>(input, "vit.dims");
    if (!dims)
      continue;
    for (int64_t dim = 0, rank = cast<ShapedType>(type).getRank(); dim < rank; ++dim) {
      auto symbol = dyn_cast<AffineSymbolExpr>(dims.getExtent(dim));
      if (!symbol)
        continue;
      auto name = cast<StringAttr>(dims.getSymbols()[symbol.getPosition()]);
      if (llvm::is_contained(names, name))
        continue;
      names.push_back(name);
      records.push_back(builder.getDictionaryAttr({builder.getNamedAttr("name", name),
                                                   builder.getNamedAttr("input", builder.getI64IntegerAttr(input)),
                                                   builder.getNamedAttr("dim", builder.getI64IntegerAttr(dim))}));
    }
  }
  return names;
}

namespace {

/// Rewrites one entry function.
class EntryPlanner {
public:
  explicit EntryPlanner(func::FuncOp entry) : entry(entry), builder(entry.getContext()), body(entry.front()) {}

  LogicalResult run() {
    recordInterface();
    addFrame();
    if (failed(bindInputs()) || failed(bindExtents()))
      return failure();
    turnCopiesIntoKernels();
    bindOutputs();
    numberSteps();
    return planBuffers();
  }

private:
  void recordInterface() {
    entry->setAttr("vcpu.inputs",
                   describe(entry.getArgumentTypes(), [&](unsigned i) { return entry.getArgAttrDict(i); }));
    entry->setAttr("vcpu.outputs",
                   describe(entry.getResultTypes(), [&](unsigned i) { return entry.getResultAttrDict(i); }));
    SmallVector<Attribute> records;
    symbols = *collectSymbols(entry, records);
    entry->setAttr("vcpu.symbols", builder.getArrayAttr(records));
  }

  ArrayAttr describe(TypeRange types, function_ref<DictionaryAttr(unsigned)> attributes) {
    SmallVector<Attribute> tensors;
    for (auto [index, type] : llvm::enumerate(types)) {
      NamedAttrList fields(attributes(index));
      NamedAttrList kept;
      kept.append("type", TypeAttr::get(ofAllPasses(type)));
      if (Attribute name = fields.get("vit.name"))
        kept.append("name", name);
      if (Attribute element = fields.get("vit.element_type"))
        kept.append("element_type", element);
      if (Attribute dims = fields.get("vit.dims"))
        kept.append("dims", dims);
      tensors.push_back(kept.getDictionary(entry.getContext()));
    }
    return builder.getArrayAttr(tensors);
  }

  /// The type that callers see of an input or output, where the function is run in passes.
  Type ofAllPasses(Type type) {
    int64_t passes = vit::countPasses(entry);
    if (passes == 1)
      return type;
    auto buffer = cast<MemRefType>(type);
    SmallVector<int64_t> shape(buffer.getShape());
    shape[0] *= passes;
    return MemRefType::get(shape, buffer.getElementType());
  }

  /// Puts (frame, thread, threads) before the arguments, which stay in the body until they are bound.
  void addFrame() {
    Type pointer = LLVM::LLVMPointerType::get(entry.getContext()), index = builder.getIndexType();
    inputCount = body.getNumArguments();
    frame = body.insertArgument(0u, pointer, entry.getLoc());
    body.insertArgument(1u, index, entry.getLoc());
    body.insertArgument(2u, index, entry.getLoc());
    entry.setArgAttrsAttr(nullptr);
    entry.setResAttrsAttr(nullptr);
    builder.setInsertionPointToStart(&body);
    for (unsigned i = 0; i < symbols.size(); ++i)
      symbolValues.push_back(SymbolOp::create(builder, entry.getLoc(), builder.getIndexType(), frame, i));
  }

  LogicalResult bindInputs() {
    auto records = entry->getAttrOfType<ArrayAttr>("vcpu.inputs");
    for (unsigned input = 0; input < inputCount; ++input) {
      BlockArgument argument = body.getArgument(3);
      auto type = cast<MemRefType>(argument.getType());
      SmallVector<Value> sizes;
      auto dims = cast<DictionaryAttr>(records[input]).getAs<vit::DimsAttr>("dims");
      for (int64_t dim = 0; dim < type.getRank(); ++dim) {
        if (!type.isDynamicDim(dim))
          continue;
        if (!dims)
          return entry.emitOpError("has a dynamic input without 'vit.dims': input ") << input;
        FailureOr<Value> size = materialize(dims, dim);
        if (failed(size))
          return entry.emitOpError("uses a dimension that no input defines: input ") << input << ", dimension " << dim;
        sizes.push_back(*size);
      }
      Value buffer =
          BufferOp::create(builder, entry.getLoc(), type, frame, sizes, /*offset=*/Value(), MemoryRegion::input, input);
      resolveDims(argument, type, sizes);
      argument.replaceAllUsesWith(buffer);
      body.eraseArgument(3);
    }
    entry.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), {}));
    return success();
  }

  /// Extent `dim` of `dims` as a value made of the function's symbols.
  FailureOr<Value> materialize(vit::DimsAttr dims, int64_t dim) {
    SmallVector<OpFoldResult> operands;
    for (Attribute name : dims.getSymbols()) {
      auto *position = llvm::find(symbols, cast<StringAttr>(name));
      if (position == symbols.end())
        return failure();
      operands.push_back(symbolValues[position - symbols.begin()]);
    }
    AffineMap map = AffineMap::get(0, dims.getSymbols().size(), dims.getExtent(dim));
    OpFoldResult size = affine::makeComposedFoldedAffineApply(builder, entry.getLoc(), map, operands);
    return getValueOrCreateConstantIndexOp(builder, entry.getLoc(), size);
  }

  void resolveDims(Value argument, MemRefType type, ValueRange sizes) {
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
      auto dim = dyn_cast<memref::DimOp>(user);
      if (!dim || !dim.getConstantIndex())
        continue;
      dim.replaceAllUsesWith(sizes[type.getDynamicDimIndex(*dim.getConstantIndex())]);
      dim.erase();
    }
  }

  /// Gives the extents that the run computes their places among the symbols, after those that inputs state.
  LogicalResult bindExtents() {
    SmallVector<Attribute> records(entry->getAttrOfType<ArrayAttr>("vcpu.symbols").getValue());
    for (auto extent : llvm::make_early_inc_range(body.getOps<vit::ExtentOp>())) {
      FailureOr<AffineExpr> bound = getSymbolicSize(extent.getBound(), entry.getContext());
      if (failed(bound))
        return extent.emitError("expected a bound of ") << extent.getNameAttr() << " that follows from other extents";
      AffineMap map = AffineMap::get(0, symbols.size(), *bound);
      records.push_back(builder.getDictionaryAttr({builder.getNamedAttr("bound", AffineMapAttr::get(map)),
                                                   builder.getNamedAttr("name", extent.getNameAttr())}));
      builder.setInsertionPoint(extent);
      auto bindsSymbol = ExtentOp::create(builder, extent.getLoc(), builder.getIndexType(), symbols.size(), frame,
                                          extent.getValue(), extent.getBound());
      symbols.push_back(extent.getNameAttr());
      extent.replaceAllUsesWith(bindsSymbol.getResult());
      extent.erase();
    }
    entry->setAttr("vcpu.symbols", builder.getArrayAttr(records));
    return success();
  }

  void turnCopiesIntoKernels() {
    for (auto copy : llvm::make_early_inc_range(body.getOps<memref::CopyOp>())) {
      builder.setInsertionPoint(copy);
      linalg::CopyOp::create(builder, copy.getLoc(), ValueRange{copy.getSource()}, ValueRange{copy.getTarget()});
      copy.erase();
    }
  }

  /// The allocation whose whole contents `value` shows, if there is one.
  static memref::AllocOp getWholeAllocation(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op))
        return alloc;
      if (!isa<memref::CastOp, memref::ExpandShapeOp, memref::CollapseShapeOp>(op))
        return nullptr;
      value = op->getOperand(0);
    }
    return nullptr;
  }

  void bindOutputs() {
    Operation *terminator = body.getTerminator();
    builder.setInsertionPoint(terminator);
    for (auto [output, value] : llvm::enumerate(terminator->getOperands())) {
      memref::AllocOp alloc = getWholeAllocation(value);
      if (!alloc || !alloc.getType().getLayout().isIdentity() || outputOf.contains(alloc))
        alloc = copyToNewBuffer(terminator->getLoc(), value);
      outputOf[alloc] = output;
    }
    terminator->setOperands({});
  }

  memref::AllocOp copyToNewBuffer(Location loc, Value value) {
    auto type = cast<MemRefType>(value.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(builder.createOrFold<memref::DimOp>(loc, value, dim));
    auto contiguous = MemRefType::get(type.getShape(), type.getElementType());
    auto alloc = memref::AllocOp::create(builder, loc, contiguous, sizes);
    linalg::CopyOp::create(builder, loc, ValueRange{value}, ValueRange{alloc.getResult()});
    return alloc;
  }

  /// A step is an operation that touches memory; buffers live from step to step.
  void numberSteps() {
    int64_t next = 0;
    for (Operation &op : body)
      if (!isMemoryEffectFree(&op) && !isa<memref::AllocOp>(op) && !op.hasTrait<OpTrait::IsTerminator>())
        stepOf[&op] = next++;
  }

  struct LiveRange {
    int64_t first = std::numeric_limits<int64_t>::max(), last = -1;
  };

  /// All threads read a scalar by themselves; that all have done so is certain at the end of the next kernel.
  Operation *getStep(Operation *user) {
    if (!isa<memref::LoadOp>(user))
      return user;
    Operation *next = user;
    while (!isa<KernelOpInterface>(next) && !next->hasTrait<OpTrait::IsTerminator>())
      next = next->getNextNode();
    return isa<KernelOpInterface>(next) ? next : user;
  }

  void extendLiveRange(Value buffer, LiveRange &range) {
    for (Operation *user : buffer.getUsers()) {
      if (isa<ViewLikeOpInterface>(user)) {
        for (Value view : user->getResults())
          extendLiveRange(view, range);
        continue;
      }
      auto step = stepOf.find(getStep(body.findAncestorOpInBlock(*user)));
      if (step == stepOf.end())
        continue;
      range.first = std::min(range.first, step->second);
      range.last = std::max(range.last, step->second);
    }
  }

  LogicalResult planBuffers() {
    SmallVector<Attribute> buffers;
    for (auto alloc : llvm::make_early_inc_range(body.getOps<memref::AllocOp>())) {
      LiveRange range;
      extendLiveRange(alloc.getResult(), range);
      builder.setInsertionPoint(alloc);
      auto output = outputOf.find(alloc);
      if (range.last < 0) // no step touches it, only views that nothing reads
        range = {0, 0};
      Value buffer;
      if (output != outputOf.end()) {
        buffer = BufferOp::create(builder, alloc.getLoc(), alloc.getType(), frame, alloc.getDynamicSizes(),
                                  /*offset=*/Value(), MemoryRegion::output, output->second);
      } else {
        FailureOr<AffineExpr> bytes = getSymbolicBytes(alloc.getType(), alloc.getDynamicSizes());
        if (failed(bytes))
          return alloc.emitError("expected a buffer whose size follows from the inputs' shapes, got ")
                 << alloc.getType();
        buffer = BufferOp::create(builder, alloc.getLoc(), alloc.getType(), frame, alloc.getDynamicSizes(),
                                  /*offset=*/Value(), MemoryRegion::arena, buffers.size());
        buffers.push_back(describeBuffer(*bytes, range));
      }
      alloc.replaceAllUsesWith(buffer);
      alloc.erase();
    }
    entry->setAttr("vcpu.buffers", builder.getArrayAttr(buffers));
    return success();
  }

  Attribute describeBuffer(AffineExpr bytes, LiveRange range) {
    AffineMap map = AffineMap::get(0, symbols.size(), bytes);
    return builder.getDictionaryAttr({builder.getNamedAttr("bytes", AffineMapAttr::get(map)),
                                      builder.getNamedAttr("first", builder.getI64IntegerAttr(range.first)),
                                      builder.getNamedAttr("last", builder.getI64IntegerAttr(range.last))});
  }

  func::FuncOp entry;
  OpBuilder builder;
  Block &body;
  Value frame;
  unsigned inputCount = 0;
  SmallVector<StringAttr> symbols;
  SmallVector<Value> symbolValues;
  DenseMap<Operation *, unsigned> outputOf;
  DenseMap<Operation *, int64_t> stepOf;
};

struct PlanMemoryPass final : vitc::vcpu::impl::PlanMemoryPassBase<PlanMemoryPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    int64_t weightBytes = 0;
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry.isPublic() || entry.isExternal())
        continue;
      if (failed(EntryPlanner(entry).run()))
        return signalPassFailure();
      placeWeights(entry, symbols, weightBytes);
    }
  }

private:
  /// Gives every constant that `entry` reads an offset in the weights, in the order of first use.
  static void placeWeights(func::FuncOp entry, SymbolTable &symbols, int64_t &weightBytes) {
    OpBuilder builder(entry.getContext());
    entry.walk([&](memref::GetGlobalOp get) {
      auto global = symbols.lookup<memref::GlobalOp>(get.getName());
      auto offset = global->getAttrOfType<IntegerAttr>("vcpu.offset");
      if (!offset) {
        offset = builder.getI64IntegerAttr(weightBytes);
        global->setAttr("vcpu.offset", offset);
        MemRefType type = global.getType();
        int64_t bytes = type.getNumElements() * getElementBytes(type.getElementType());
        weightBytes = llvm::alignTo(weightBytes + bytes, kWeightAlignment);
      }
      builder.setInsertionPoint(get);
      auto buffer = BufferOp::create(builder, get.getLoc(), get.getType(), entry.getArgument(0), ValueRange(),
                                     /*offset=*/Value(), MemoryRegion::weights, offset.getInt());
      get.replaceAllUsesWith(buffer.getResult());
      get.erase();
    });
  }
};

} // namespace
