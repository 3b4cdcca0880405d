#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace vitc::vcpu {
#define GEN_PASS_DEF_LOWERLAUNCHESPASS
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h.inc"
} // namespace vitc::vcpu

using namespace mlir;
using namespace vitc::vcpu;

/// Calls the kernel for a range of its items; `continues` is an operand of kernels with scratch.
static void callKernel(OpBuilder &builder, LaunchOp launch, Value scratch, Value continues, Value first, Value last) {
  SmallVector<Value> arguments(launch.getInputs());
  llvm::append_range(arguments, launch.getOutputs());
  if (scratch)
    llvm::append_range(arguments, ValueRange{scratch, continues});
  llvm::append_range(arguments, ValueRange{first, last});
  func::CallOp::create(builder, launch.getLoc(), launch.getKernelAttr(), TypeRange(), arguments);
}

/// Calls for the items that the thread claims, until there are none; then the barrier.
static void lowerLaunch(LaunchOp launch, func::FuncOp entry) {
  OpBuilder builder(launch);
  Location loc = launch.getLoc();
  Value frame = entry.getArgument(0), thread = entry.getArgument(1), threads = entry.getArgument(2), scratch;
  if (launch.getScratchBytes()) {
    auto bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    scratch = ScratchOp::create(builder, loc, bytes, frame, thread);
  }
  Type index = builder.getIndexType();
  Value none = arith::ConstantIndexOp::create(builder, loc, -1);
  auto claim = [&](OpBuilder &builder, Location loc, ValueRange lastOfPrevious) {
    auto range =
        ClaimOp::create(builder, loc, index, index, frame, thread, threads, launch.getItems(), launch.getLeast());
    Value some = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, range.getFirst(), range.getLast());
    Value operands[] = {lastOfPrevious.front(), range.getFirst(), range.getLast()};
    scf::ConditionOp::create(builder, loc, some, operands);
  };
  auto call = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    Value continues;
    if (scratch)
      continues = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, arguments[0], arguments[1]);
    callKernel(builder, launch, scratch, continues, arguments[1], arguments[2]);
    scf::YieldOp::create(builder, loc, arguments[2]);
  };
  scf::WhileOp::create(builder, loc, TypeRange{index, index, index}, ValueRange(none), claim, call);
  BarrierOp::create(builder, loc, frame, launch.getKindAttr(), launch.getCostAttr());
  launch.erase();
}

/// Runs the body for each pass that the caller wants, on that part of the inputs and outputs.
static void loopOverPasses(func::FuncOp entry) {
  if (vitc::vit::countPasses(entry) == 1)
    return;
  Block &block = entry.front();
  Location loc = entry.getLoc();
  OpBuilder builder = OpBuilder::atBlockBegin(&block);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto passes = PassesOp::create(builder, loc, builder.getIndexType(), builder.getIndexType(), entry.getArgument(0));
  auto loop = scf::ForOp::create(builder, loc, passes.getFirst(), passes.getLast(), constant(1));
  Block &body = *loop.getBody();
  body.getOperations().splice(body.getTerminator()->getIterator(), block.getOperations(),
                              std::next(loop->getIterator()), block.getTerminator()->getIterator());
  for (BufferOp buffer : llvm::make_early_inc_range(body.getOps<BufferOp>())) {
    if (buffer.getRegion() != MemoryRegion::input && buffer.getRegion() != MemoryRegion::output)
      continue;
    auto type = cast<MemRefType>(buffer.getResult().getType());
    builder.setInsertionPoint(buffer);
    Value bytes = constant(type.getNumElements() * getElementBytes(type.getElementType()));
    buffer.getOffsetMutable().assign(arith::MulIOp::create(builder, loc, loop.getInductionVar(), bytes));
  }
}

namespace {

struct LowerLaunchesPass final : vitc::vcpu::impl::LowerLaunchesPassBase<LowerLaunchesPass> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr("vcpu.buffers"))
        continue;
      if (failed(recordScratch(entry)))
        return signalPassFailure();
      for (LaunchOp launch : llvm::make_early_inc_range(entry.getOps<LaunchOp>()))
        lowerLaunch(launch, entry);
      loopOverPasses(entry);
    }
  }

private:
  /// Leaves the bytes of every launch's scratch in `vcpu.scratch`; the runtime takes the largest.
  static LogicalResult recordScratch(func::FuncOp entry) {
    MLIRContext *context = entry.getContext();
    SmallVector<AffineExpr> sizes;
    for (LaunchOp launch : entry.getOps<LaunchOp>()) {
      if (!launch.getScratchBytes())
        continue;
      FailureOr<AffineExpr> bytes = getSymbolicSize(launch.getScratchBytes(), context);
      if (failed(bytes))
        return launch.emitError("expected scratch whose size follows from the inputs' shapes");
      if (!llvm::is_contained(sizes, *bytes))
        sizes.push_back(*bytes);
    }
    auto symbols = entry->getAttrOfType<ArrayAttr>("vcpu.symbols");
    AffineMap map = AffineMap::get(0, symbols.size(), sizes, context);
    entry->setAttr("vcpu.scratch", AffineMapAttr::get(map));
    return success();
  }
};

} // namespace
