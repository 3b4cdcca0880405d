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
#include "llvm/ADT/bit.h"
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
/// its launches into that many calls: from the middle on, then those before, so that some go on where the last one
/// ended.
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
    Value none = arith::ConstantIndexOp::create(builder, loc, -1),
          two = arith::ConstantIndexOp::create(builder, loc, 2);
    Value middle = arith::DivUIOp::create(builder, loc, parts, two);
    auto loop = scf::ForOp::create(builder, loc, zero, parts, one, none);
    builder.setInsertionPointToStart(loop.getBody());
    auto boundary = [&](Value part) -> Value {
      Value product = arith::MulIOp::create(builder, loc, launch.getItems(), part);
      return arith::DivUIOp::create(builder, loc, product, parts);
    };
    Value turned = arith::AddIOp::create(builder, loc, loop.getInductionVar(), middle);
    Value part = arith::RemUIOp::create(builder, loc, turned, parts);
    Value begin = boundary(part), end = boundary(arith::AddIOp::create(builder, loc, part, one));
    Value last = loop.getRegionIterArg(0);
    SmallVector<Value> arguments(launch.getInputs());
    llvm::append_range(arguments, launch.getOutputs());
    if (launch.getScratchBytes()) {
      Value continues = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, last, begin);
      arguments.append({scratch, continues});
    }
    arguments.append({begin, end});
    Value some = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, begin, end);
    scf::YieldOp::create(builder, loc, arith::SelectOp::create(builder, loc, some, end, last).getResult());
    builder.setInsertionPoint(loop.getBody()->getTerminator());
    func::CallOp::create(builder, loc, launch.getKernel(), TypeRange(), arguments);
    launch.erase();
  });
  main->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), builder.getUnitAttr());
}

static LogicalResult lowerToLLVM(ModuleOp module, const std::string &level) {
  PassManager emit(module.getContext());
  emit.addPass(vitc::vcpu::createEmitKernelsPass());
  emit.addPass(createCanonicalizerPass());
  emit.addPass(createCSEPass());
  emit.addPass(vitc::createExpandMathPass({level}));
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

namespace {

/// AMX in software: tiles are numbered in the order they are made.
class Tiles {
public:
  static constexpr int64_t rows = 16, words = 16;
  using Tile = std::array<uint32_t, rows * words>;

  static std::vector<Tile> all;

  static int64_t zero(int16_t height, int16_t bytes) {
    check(height, bytes);
    all.push_back({});
    return static_cast<int64_t>(all.size()) - 1;
  }
  static int64_t load(int16_t height, int16_t bytes, const char *from, int64_t stride) {
    int64_t tile = zero(height, bytes);
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(&all[tile][row * words], from + row * stride, words * 4);
    return tile;
  }
  static void store(int16_t height, int16_t bytes, char *to, int64_t stride, int64_t tile) {
    check(height, bytes);
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(to + row * stride, &all[tile][row * words], words * 4);
  }
  /// TDPBF16PS of Intel's manual, but for its rounding.
  static int64_t multiply(int16_t m, int16_t n, int16_t k, int64_t sums, int64_t a, int64_t b) {
    check(m, n), check(m, k);
    int64_t result = zero(m, n);
    auto half = [](uint32_t pair, int s) { return llvm::bit_cast<float>(s ? pair & 0xFFFF0000 : pair << 16); };
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < words; ++column) {
        auto sum = llvm::bit_cast<float>(all[sums][row * words + column]);
        for (int64_t pair = 0; pair < words; ++pair)
          for (int s : {0, 1})
            sum += half(all[a][row * words + pair], s) * half(all[b][pair * words + column], s);
        all[result][row * words + column] = llvm::bit_cast<uint32_t>(sum);
      }
    return result;
  }

private:
  static void check(int64_t height, int64_t bytes) {
    EXPECT_EQ(height, rows) << "tiles have one shape";
    EXPECT_EQ(bytes, words * 4) << "tiles have one shape";
  }
};

std::vector<Tiles::Tile> Tiles::all;

} // namespace

static llvm::orc::SymbolMap getTileSymbols(llvm::orc::MangleAndInterner interner) {
  auto symbol = [](auto *function) {
    return llvm::orc::ExecutorSymbolDef(llvm::orc::ExecutorAddr::fromPtr(function), llvm::JITSymbolFlags::Exported);
  };
  return {{interner("llvm_x86_tilezero_internal"), symbol(&Tiles::zero)},
          {interner("llvm_x86_tileloadd64_internal"), symbol(&Tiles::load)},
          {interner("llvm_x86_tilestored64_internal"), symbol(&Tiles::store)},
          {interner("llvm_x86_tdpbf16ps_internal"), symbol(&Tiles::multiply)}};
}

/// Makes AMX's intrinsics calls of the functions above, and tiles their numbers, so that its kernels run anywhere.
static void emulateTiles(ModuleOp module) {
  OpBuilder builder(module.getContext());
  Type number = builder.getI64Type();
  auto renumber = [&](Value value) {
    if (isa<LLVM::LLVMX86AMXType>(value.getType()))
      value.setType(number);
  };
  SmallVector<LLVM::CallIntrinsicOp> calls;
  module.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), renumber);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArguments(), renumber);
    auto call = dyn_cast<LLVM::CallIntrinsicOp>(op);
    if (call && (call.getIntrin().starts_with("llvm.x86.tile") || call.getIntrin().starts_with("llvm.x86.tdp")))
      calls.push_back(call);
  });
  for (LLVM::CallIntrinsicOp call : calls) {
    std::string name = call.getIntrin().str();
    llvm::replace(name, '.', '_');
    Type result = call->getNumResults() ? number : LLVM::LLVMVoidType::get(module.getContext());
    if (!module.lookupSymbol(name)) {
      builder.setInsertionPointToStart(module.getBody());
      LLVM::LLVMFuncOp::create(builder, call.getLoc(), name,
                               LLVM::LLVMFunctionType::get(result, llvm::to_vector(call.getArgs().getTypes())));
    }
    builder.setInsertionPoint(call);
    auto emulated =
        LLVM::CallOp::create(builder, call.getLoc(), module.lookupSymbol<LLVM::LLVMFuncOp>(name), call.getArgs());
    call->replaceAllUsesWith(emulated);
    call.erase();
  }
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
  if (!kernels->module || failed(lowerToLLVM(*kernels->module, level))) {
    ADD_FAILURE() << "does not compile:\n" << text;
    return nullptr;
  }
  emulateTiles(*kernels->module);
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
  kernels->engine->registerSymbols(getTileSymbols);
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
  Tiles::all.clear();
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
