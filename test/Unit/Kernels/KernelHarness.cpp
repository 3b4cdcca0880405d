#include "KernelHarness.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/TargetInfo.h"
#include "vitc/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/InlinerInterfaceImpl.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;
using namespace vitc::test;

//===----------------------------------------------------------------------===//
// Arrays and their memory
//===----------------------------------------------------------------------===//

Array::Array(std::vector<int64_t> sizes, int64_t pitch) : shape(std::move(sizes)), strides(shape.size(), 1) {
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim) {
    bool isRow = dim == static_cast<int64_t>(shape.size()) - 2;
    strides[dim] = isRow && pitch ? pitch : shape[dim + 1] * strides[dim + 1];
  }
  int64_t span = 1;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    span = shape[dim] == 0 ? 0 : span + (shape[dim] - 1) * strides[dim];
  data.resize(span);
}

float &Array::at(std::initializer_list<int64_t> indices) {
  int64_t offset = 0;
  for (auto [index, stride] : llvm::zip(indices, strides))
    offset += index * stride;
  return data[offset];
}

Array &Array::fill(uint32_t seed) {
  std::mt19937 generator(seed);
  for (float &element : data)
    element = static_cast<float>(static_cast<int32_t>(generator())) * 0x1p-31f;
  return *this;
}

std::string Array::type(std::initializer_list<int64_t> dynamicDims) const {
  std::string text = "memref<";
  for (auto [dim, size] : llvm::enumerate(shape))
    text += (llvm::is_contained(dynamicDims, dim) ? "?" : std::to_string(size)) + "x";
  text += "f32";
  if (strides != Array(shape).strides) {
    text += ", strided<[";
    for (auto [dim, stride] : llvm::enumerate(strides))
      text += (dim ? ", " : "") + std::to_string(stride);
    text += "]>";
  }
  return text + ">";
}

GuardedMemory::GuardedMemory(size_t bytes, Guard guard) {
  size_t page = sysconf(_SC_PAGESIZE), inner = llvm::alignTo(bytes, page);
  mappedBytes = inner + 2 * page;
  mapping = mmap(nullptr, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *first = static_cast<char *>(mapping) + page;
  if (inner)
    mprotect(first, inner, PROT_READ | PROT_WRITE);
  start = guard == Guard::before ? first : first + (inner - bytes);
}

GuardedMemory::GuardedMemory(GuardedMemory &&other) noexcept
    : mapping(std::exchange(other.mapping, nullptr)), start(other.start), mappedBytes(other.mappedBytes) {}

GuardedMemory::~GuardedMemory() {
  if (mapping)
    munmap(mapping, mappedBytes);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// Gives main three more arguments, the scratch, a place for the scratch it needs, and the number of parts, and turns
/// its launches into that many calls, the last range first.
static void callKernelsInParts(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  OpBuilder builder(module.getContext());
  Location loc = main.getLoc();
  Type index = builder.getIndexType();
  SmallVector<Type> added{MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()), MemRefType::get({1}, index),
                          index};
  unsigned first = main.getNumArguments();
  for (Type type : added)
    (void)main.insertArgument(main.getNumArguments(), type, {}, loc);
  Value scratch = main.getArgument(first), needed = main.getArgument(first + 1), parts = main.getArgument(first + 2);

  main.walk([&](vitc::vcpu::LaunchOp launch) {
    builder.setInsertionPoint(launch);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0), one = arith::ConstantIndexOp::create(builder, loc, 1);
    if (Value bytes = launch.getScratchBytes()) {
      Value most = arith::MaxUIOp::create(builder, loc, memref::LoadOp::create(builder, loc, needed, zero), bytes);
      memref::StoreOp::create(builder, loc, most, needed, zero);
    }
    auto loop = scf::ForOp::create(builder, loc, zero, parts, one);
    builder.setInsertionPointToStart(loop.getBody());
    auto boundary = [&](Value part) -> Value {
      Value product = arith::MulIOp::create(builder, loc, launch.getItems(), part);
      return arith::DivUIOp::create(builder, loc, product, parts);
    };
    Value next = arith::SubIOp::create(builder, loc, parts, loop.getInductionVar());
    Value part = arith::SubIOp::create(builder, loc, next, one);
    SmallVector<Value> arguments(launch.getInputs());
    llvm::append_range(arguments, launch.getOutputs());
    if (launch.getScratchBytes())
      arguments.push_back(scratch);
    arguments.append({boundary(part), boundary(next)});
    func::CallOp::create(builder, loc, launch.getKernel(), TypeRange(), arguments);
    launch.erase();
  });
  main->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), builder.getUnitAttr());
}

static LogicalResult lowerToLLVM(ModuleOp module) {
  PassManager emit(module.getContext());
  emit.addPass(vitc::vcpu::createEmitKernelsPass());
  emit.addPass(createCanonicalizerPass());
  emit.addPass(createCSEPass());
  emit.addPass(vitc::createExpandMathPass());
  if (failed(emit.run(module)))
    return failure();
  callKernelsInParts(module);
  PassManager lower(module.getContext());
  lower.addPass(createConvertVectorToSCFPass(VectorTransferToSCFOptions().enableFullUnroll()));
  lower.addPass(createLowerAffinePass());
  lower.addPass(createSCFToControlFlowPass());
  lower.addPass(memref::createExpandStridedMetadataPass());
  lower.addPass(createLowerAffinePass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  lower.addPass(createConvertVectorToLLVMPass(vectors));
  lower.addPass(createFinalizeMemRefToLLVMConversionPass());
  lower.addPass(createConvertMathToLLVMPass());
  lower.addPass(createConvertFuncToLLVMPass());
  lower.addPass(createArithToLLVMConversionPass());
  lower.addPass(createConvertControlFlowToLLVMPass());
  lower.addPass(createUBToLLVMConversionPass());
  lower.addPass(createReconcileUnrealizedCastsPass());
  return lower.run(module);
}

static std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registry
      .insert<vitc::vcpu::CPUKernelDialect, vitc::vit::ViTDialect, LLVM::LLVMDialect, arith::ArithDialect,
              func::FuncDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  return std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
}

static std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const std::string &level) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = llvm::cantFail(llvm::orc::JITTargetMachineBuilder::detectHost());
  vitc::TargetInfo target = *vitc::TargetInfo::get(level);
  builder.setCPU(target.llvmCpu);
  builder.getFeatures() = llvm::SubtargetFeatures(target.llvmFeatures);
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  return llvm::cantFail(builder.createTargetMachine());
}

std::unique_ptr<CompiledKernels> CompiledKernels::compile(const std::string &text, const std::string &level) {
  auto kernels = std::make_unique<CompiledKernels>();
  kernels->context = makeContext();
  kernels->module = parseSourceString<ModuleOp>(text, kernels->context.get());
  if (!kernels->module || failed(lowerToLLVM(*kernels->module))) {
    ADD_FAILURE() << "does not compile:\n" << text;
    return nullptr;
  }
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(level);
  auto optimize = makeOptimizingTransformer(3, 0, machine.get());
  ExecutionEngineOptions options;
  auto transform = [&](llvm::Module *module) {
    // The functions carry their CPU, since the engine generates code for the host's otherwise.
    for (llvm::Function &function : *module) {
      function.addFnAttr("target-cpu", machine->getTargetCPU());
      function.addFnAttr("target-features", machine->getTargetFeatureString());
    }
    return optimize(module);
  };
  options.transformer = transform;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Aggressive;
  options.enableObjectDump = true;
  options.enableGDBNotificationListener = options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(*kernels->module, options, makeTargetMachine(level));
  if (!engine) {
    ADD_FAILURE() << llvm::toString(engine.takeError()) << "\n" << text;
    return nullptr;
  }
  kernels->engine = std::move(*engine);
  llvm::cantFail(kernels->engine->lookupPacked("_mlir_ciface_main"));
  return kernels;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// What MLIR passes for a memref: two pointers, the offset, sizes, strides.
static std::vector<int64_t> describe(void *place, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides) {
  auto address = reinterpret_cast<int64_t>(place);
  std::vector<int64_t> descriptor{address, address, 0};
  llvm::append_range(descriptor, shape);
  llvm::append_range(descriptor, strides);
  return descriptor;
}

int64_t CompiledKernels::invoke(const std::vector<Array *> &arguments, const std::vector<void *> &places, int64_t parts,
                                Scratch scratch) {
  int64_t needed = 0;
  std::vector<std::vector<int64_t>> descriptors;
  for (auto [array, place] : llvm::zip(arguments, places))
    descriptors.push_back(describe(place, array->shape, array->strides));
  descriptors.push_back(describe(scratch.data, {scratch.bytes}, {1}));
  descriptors.push_back(describe(&needed, {1}, {1}));
  std::vector<void *> pointers;
  for (std::vector<int64_t> &descriptor : descriptors)
    pointers.push_back(descriptor.data());
  std::vector<void *> packed;
  for (void *&pointer : pointers)
    packed.push_back(&pointer);
  packed.push_back(&parts);
  llvm::cantFail(engine->invokePacked("_mlir_ciface_main", packed));
  return needed;
}

static std::vector<void *> placesOf(const std::vector<Array *> &arguments) {
  std::vector<void *> places;
  for (Array *array : arguments)
    places.push_back(array->data.data());
  return places;
}

int64_t CompiledKernels::scratchBytes(const std::vector<Array *> &arguments) {
  return invoke(arguments, placesOf(arguments), 0, {});
}

void CompiledKernels::call(const std::vector<Array *> &arguments, int64_t parts, void *scratch) {
  invoke(arguments, placesOf(arguments), parts, {scratch, 0});
}

std::vector<std::vector<float>> CompiledKernels::runGuarded(const std::vector<Array *> &arguments, int64_t parts,
                                                            GuardedMemory::Guard guard) {
  std::vector<GuardedMemory> memory;
  std::vector<void *> places;
  for (Array *array : arguments) {
    memory.emplace_back(array->data.size() * sizeof(float), guard);
    places.push_back(memory.back().data());
    std::memcpy(places.back(), array->data.data(), array->data.size() * sizeof(float));
  }
  int64_t bytes = scratchBytes(arguments);
  GuardedMemory scratch(llvm::alignTo(bytes, 64), guard);
  std::memset(scratch.data(), 0xFF, bytes); // NaNs: what was not written must not be used
  invoke(arguments, places, parts, {scratch.data(), bytes});
  std::vector<std::vector<float>> results;
  for (auto [array, place] : llvm::zip(arguments, places)) {
    auto *first = static_cast<float *>(place);
    results.emplace_back(first, first + array->data.size());
  }
  return results;
}

void CompiledKernels::run(std::vector<Array *> arguments, int64_t parts) {
  auto results = runGuarded(arguments, parts, GuardedMemory::Guard::after);
  auto others = runGuarded(arguments, parts, GuardedMemory::Guard::before);
  for (auto [array, result, other] : llvm::zip(arguments, results, others)) {
    EXPECT_EQ(std::memcmp(result.data(), other.data(), result.size() * sizeof(float)), 0)
        << "the result depends on where the buffers lie";
    array->data = result;
  }
}

std::vector<Level> vitc::test::runnableLevels() {
  std::vector<Level> levels{{"x86-64-v3", 8}};
  if (TargetInfo host = *TargetInfo::get("host"); host.level != levels[0].name)
    levels.push_back({host.level, host.lanes(sizeof(float))});
  return levels;
}
