#include "LaunchList.h"

#include "SizeExpressions.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Support/PrintableText.h"
#include "vitc/Target/PTX.h"

#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// The buffer that a value is, or shows a part of.
static vcpu::BufferOp findBuffer(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value.getDefiningOp<vcpu::BufferOp>();
}

static target::GPUPointer describePlace(vcpu::BufferOp buffer) {
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

/// Where a buffer or a view of one begins. Views are at offsets that are known.
static FailureOr<target::GPUPointer> describePointer(Value value) {
  vcpu::BufferOp buffer = findBuffer(value);
  auto type = cast<MemRefType>(value.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!buffer || failed(type.getStridesAndOffset(strides, offset)) || ShapedType::isDynamic(offset))
    return failure();
  target::GPUPointer pointer = describePlace(buffer);
  pointer.offset = pointer.offset + target::Polynomial(offset * vcpu::getElementBytes(type.getElementType()));
  return pointer;
}

static FailureOr<target::Polynomial> describeSize(Value size, SizeExpressions &sizes) {
  FailureOr<AffineExpr> expr = vcpu::getSymbolicSize(size, size.getContext());
  if (failed(expr))
    return failure();
  return sizes.write(*expr);
}

/// What the driver makes a tensor map of: dimensions from the innermost.
static FailureOr<target::GPUTensorMap> describeMap(Value value, DictionaryAttr form, SizeExpressions &sizes) {
  auto type = cast<MemRefType>(value.getType());
  FailureOr<target::GPUPointer> base = describePointer(value);
  SmallVector<int64_t> strides;
  int64_t offset, rank = type.getRank(), bytes = vcpu::getElementBytes(type.getElementType());
  if (failed(base) || failed(type.getStridesAndOffset(strides, offset)) ||
      rank > static_cast<int64_t>(target::GPUTensorMap::maxRank))
    return failure();
  target::GPUTensorMap map;
  map.base = *base;
  map.rank = static_cast<int32_t>(rank);
  map.type = static_cast<int32_t>(form.getAs<IntegerAttr>("type").getInt());
  map.swizzle = static_cast<int32_t>(form.getAs<IntegerAttr>("swizzle").getInt());
  ArrayRef<int64_t> box = form.getAs<DenseI64ArrayAttr>("box").asArrayRef(), steps;
  if (auto given = form.getAs<DenseI64ArrayAttr>("steps"))
    steps = given.asArrayRef();
  for (int64_t i = 0; i < rank; ++i) {
    int64_t dim = rank - 1 - i;
    FailureOr<AffineExpr> extent = vcpu::getSymbolicExtent(value, dim);
    FailureOr<target::Polynomial> size = failed(extent) ? FailureOr<target::Polynomial>() : sizes.write(*extent);
    if (failed(size) || ShapedType::isDynamic(strides[dim]))
      return failure();
    map.extents[i] = *size;
    if (!steps.empty())
      map.steps[i] = static_cast<uint32_t>(steps[i]);
    map.box[i] = static_cast<uint32_t>(box[i]) * map.steps[i]; // the driver counts what is left out
    if (i > 0)
      map.strides[i - 1] = strides[dim] * bytes;
  }
  return map;
}

static LogicalResult describeArgument(Value value, Attribute form, SizeExpressions &sizes,
                                      target::GPUArgument &argument) {
  if (auto map = dyn_cast_or_null<DictionaryAttr>(form)) {
    argument.kind = target::GPUArgument::TensorMap;
    FailureOr<target::GPUTensorMap> described = describeMap(value, map, sizes);
    if (succeeded(described))
      argument.map = *described;
    return described;
  }
  if (isa<MemRefType>(value.getType())) {
    FailureOr<target::GPUPointer> pointer = describePointer(value);
    if (succeeded(pointer))
      argument.pointer = *pointer;
    return pointer;
  }
  argument.kind = isa_and_nonnull<TypeAttr>(form) ? target::GPUArgument::Int32 : target::GPUArgument::Int64;
  FailureOr<target::Polynomial> number = describeSize(value, sizes);
  if (succeeded(number))
    argument.value = *number;
  return number;
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
  launch.blocksPerMultiprocessor = static_cast<int32_t>(op.getBlocksPerProcessor());
  launch.overlaps = op.getOverlaps();
  for (auto [i, value] : llvm::enumerate(op.getArguments()))
    if (failed(describeArgument(value, op.getForms() ? (*op.getForms())[i] : Attribute(), sizes,
                                launch.arguments.emplace_back())))
      return op.emitError("expected buffers, views of them and sizes that follow from the inputs' shapes");
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

/// The main node that a kernel is first launched for.
static StringRef findNode(const target::Variant &variant, StringRef kernel) {
  for (const target::GPULaunch &launch : variant.gpu->launches)
    if (launch.kernel == kernel && !variant.steps[launch.step].nodes.empty())
      return variant.steps[launch.step].nodes.front();
  return "a kernel";
}

llvm::Error vitc::driver::compileKernelsOf(ModuleOp module, const TargetInfo &target, unsigned shape,
                                           target::Program &program,
                                           llvm::function_ref<void(const llvm::Twine &)> warn) {
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
          for (const target::KernelWarning &warning : compiled->warnings)
            warn(printable(findNode(variant, warning.kernel)) + ": the kernel " + warning.kernel + " for " +
                 target.level + " is slower than it should be: " + warning.reason);
        }
  }
  return llvm::Error::success();
}
