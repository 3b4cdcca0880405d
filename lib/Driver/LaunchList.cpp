#include "LaunchList.h"

#include "SizeExpressions.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Target/PTX.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

static target::GPUPointer describePointer(vcpu::BufferOp buffer) {
  target::GPUPointer pointer;
  int64_t index = buffer.getIndex();
  switch (buffer.getRegion()) {
  case vcpu::MemoryRegion::input:
    pointer.place = target::GPUPointer::Input;
    break;
  case vcpu::MemoryRegion::output:
    pointer.place = target::GPUPointer::Output;
    break;
  case vcpu::MemoryRegion::arena:
    pointer.place = target::GPUPointer::Buffer;
    break;
  case vcpu::MemoryRegion::weights:
    pointer.place = target::GPUPointer::Weights;
    pointer.offset = index;
    return pointer;
  }
  pointer.index = static_cast<int32_t>(index);
  return pointer;
}

static FailureOr<target::Polynomial> describeSize(Value size, SizeExpressions &sizes) {
  FailureOr<AffineExpr> expr = vcpu::getSymbolicSize(size, size.getContext());
  if (failed(expr))
    return failure();
  return sizes.write(*expr);
}

static FailureOr<target::GPULaunch> describeLaunch(vgpu::LaunchOp op, SizeExpressions &sizes) {
  target::GPULaunch launch;
  launch.kernel = op.getKernel().getLeafReference().str();
  launch.block = static_cast<uint32_t>(op.getBlock());
  launch.sharedBytes = static_cast<uint32_t>(op.getSharedBytes());
  for (auto [i, size] : llvm::enumerate(op.getGrid())) {
    FailureOr<target::Polynomial> extent = describeSize(size, sizes);
    if (failed(extent))
      return op.emitError("expected a grid that follows from the inputs' shapes");
    launch.grid[i] = *extent;
    launch.per[i] = op.getPer()[i];
  }
  for (Value value : op.getArguments()) {
    target::GPUArgument &argument = launch.arguments.emplace_back();
    if (auto buffer = value.getDefiningOp<vcpu::BufferOp>()) {
      argument.pointer = describePointer(buffer);
      continue;
    }
    argument.kind = target::GPUArgument::Int64;
    FailureOr<target::Polynomial> number = describeSize(value, sizes);
    if (failed(number))
      return op.emitError("expected arguments that are buffers, or follow from the inputs' shapes");
    argument.value = *number;
  }
  return launch;
}

/// The variant for `target` of the function that an entry became.
static target::Variant *findVariant(target::Program &program, StringRef name, const TargetInfo &target, unsigned shape,
                                    target::Function *&function) {
  for (target::Function &known : program.functions)
    if (known.name == name && known.shape == shape)
      for (target::Variant &variant : known.variants)
        if (variant.target.level == target.level) {
          function = &known;
          return &variant;
        }
  return nullptr;
}

LogicalResult vitc::driver::describeLaunches(func::FuncOp entry, const TargetInfo &target, unsigned shape,
                                             target::Program &program) {
  target::Function *function = nullptr;
  target::Variant *variant = findVariant(program, entry.getSymName(), target, shape, function);
  assert(variant && "describeFunction comes first");
  SizeExpressions sizes(function->symbols);
  variant->gpu.emplace();
  for (auto op : entry.getOps<vgpu::LaunchOp>()) {
    FailureOr<target::GPULaunch> launch = describeLaunch(op, sizes);
    if (failed(launch))
      return failure();
    launch->step = static_cast<int32_t>(variant->gpu->launches.size());
    variant->gpu->launches.push_back(std::move(*launch));
  }
  return success();
}

llvm::Error vitc::driver::compileKernelsOf(ModuleOp module, const TargetInfo &target, unsigned shape,
                                           target::Program &program) {
  for (auto kernels : module.getOps<gpu::GPUModuleOp>()) {
    target::PTXOptions options;
    options.chip = target.chip();
    llvm::Expected<target::CompiledKernels> compiled = target::compileModule(kernels, options);
    if (!compiled)
      return compiled.takeError();
    for (target::Function &function : program.functions)
      for (target::Variant &variant : function.variants)
        if (function.shape == shape && variant.target.level == target.level) {
          variant.gpu->ptx = compiled->ptx;
          variant.gpu->cubin.assign(compiled->cubin.begin(), compiled->cubin.end());
        }
  }
  return llvm::Error::success();
}
