#include "vitc/Target/Codegen.h"
#include "vitc/Target/Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace vitc;
using namespace vitc::target;
using llvm::Constant;

namespace {

/// The structures of lib/Runtime/Program.h by their names there; a unit test compares the layouts.
struct Types {
  explicit Types(llvm::LLVMContext &context)
      : i8(llvm::Type::getInt8Ty(context)), i16(llvm::Type::getInt16Ty(context)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)), pointer(llvm::PointerType::getUnqual(context)),
        term(make("vitc_term", {i64, llvm::ArrayType::get(i8, maxSymbols)})),
        polynomial(make("vitc_polynomial", {pointer, i64})),
        tensor(make("vitc_tensor_spec", {pointer, i8, i8, i16, i32, pointer})),
        symbol(make("vitc_symbol", {pointer, i32, i32, i32, i32, polynomial, i64})),
        requirement(make("vitc_requirement", {pointer, polynomial, i32, i32})),
        buffer(make("vitc_buffer_spec", {polynomial, i32, i32})),
        step(make("vitc_step_spec", {pointer, pointer, i32, i32, polynomial, polynomial, polynomial})),
        gpuPointer(make("vitc_gpu_pointer", {i32, i32, polynomial})),
        gpuTensorMap(
            make("vitc_gpu_tensor_map", {gpuPointer, i32, i32, llvm::ArrayType::get(polynomial, GPUTensorMap::maxRank),
                                         llvm::ArrayType::get(polynomial, GPUTensorMap::maxRank - 1),
                                         llvm::ArrayType::get(i32, GPUTensorMap::maxRank),
                                         llvm::ArrayType::get(i32, GPUTensorMap::maxRank), i32})),
        gpuArgument(make("vitc_gpu_argument", {i32, i32, gpuPointer, polynomial, pointer})),
        gpuLaunch(make("vitc_gpu_launch", {pointer, llvm::ArrayType::get(polynomial, 3), llvm::ArrayType::get(i64, 3),
                                           i32, i32, i32, i32, i32, i32, i32, i32, pointer})),
        gpuCode(make("vitc_gpu_code", {pointer, pointer, i32, i32, i32, i32, pointer, i64, pointer, i64})),
        variant(make("vitc_variant", {pointer, i64, pointer, pointer, i32, polynomial, pointer, i32, i32, pointer})),
        function(
            make("vitc_function", {pointer, pointer, pointer, i32, i32, pointer, i32, pointer, i32, pointer, i32})),
        program(make("vitc_program", {pointer, i32, pointer, pointer, i64, pointer, llvm::ArrayType::get(i8, 32)})) {}

  static llvm::StructType *make(llvm::StringRef name, llvm::ArrayRef<llvm::Type *> fields) {
    return llvm::StructType::create(fields, name);
  }

  llvm::Type *i8, *i16, *i32, *i64;
  llvm::PointerType *pointer;
  llvm::StructType *term, *polynomial, *tensor, *symbol, *requirement, *buffer, *step, *gpuPointer, *gpuTensorMap,
      *gpuArgument, *gpuLaunch, *gpuCode, *variant, *function, *program;
};

/// Builds the constants, innermost first.
class Emitter {
public:
  explicit Emitter(llvm::Module &module) : module(module), types(module.getContext()) {}

  void emit(const Program &program, const WeightsPlacement &weights);
  void exportTable(llvm::StringRef prefix);

private:
  Constant *number(llvm::Type *type, uint64_t value) { return llvm::ConstantInt::get(type, value); }
  Constant *string(llvm::StringRef text);
  Constant *strings(llvm::ArrayRef<std::string> texts);
  Constant *digest(const std::array<uint8_t, 32> &bytes);
  Constant *embeddedWeights(uint64_t bytes, const llvm::Triple &triple);
  /// A pointer to a constant array of what `emit` makes of each element; null for an empty one.
  template <typename Range, typename Emit>
  Constant *array(llvm::Type *type, const Range &elements, Emit emit);

  Constant *emit(const Term &term);
  Constant *emit(const Polynomial &polynomial);
  Constant *emit(const TensorSpec &tensor);
  Constant *emit(const Symbol &symbol);
  Constant *emit(const Requirement &requirement);
  Constant *emit(const BufferSpec &buffer);
  Constant *emit(const StepSpec &step);
  Constant *emit(const GPUPointer &pointer);
  Constant *emit(const GPUTensorMap &map);
  Constant *emit(const GPULaunch &launch);
  Constant *arguments(const GPULaunch &launch, uint32_t &parameterBytes);
  Constant *emit(const GPUCode &code, const TargetInfo &target);
  Constant *entry(const Variant &variant, unsigned shape);
  Constant *emit(const Variant &variant, unsigned shape);
  Constant *emit(const Function &function);
  template <typename Range>
  Constant *array(llvm::StructType *type, const Range &elements) {
    return array(type, elements, [&](const auto &element) { return emit(element); });
  }

  llvm::Module &module;
  Types types;
  llvm::StringMap<Constant *> texts; ///< emitted so far
};

} // namespace

static llvm::GlobalVariable *makeConstant(llvm::Module &module, Constant *value) {
  auto *variable =
      new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true, llvm::GlobalValue::PrivateLinkage, value);
  variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return variable;
}

/// Another object's symbol that the library does not export.
static llvm::GlobalVariable *declareHidden(llvm::Module &module, llvm::Type *type, llvm::StringRef name) {
  if (llvm::GlobalVariable *known = module.getGlobalVariable(name))
    return known;
  auto *variable = new llvm::GlobalVariable(module, type, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
                                            /*Initializer=*/nullptr, name);
  variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
  variable->setDSOLocal(true);
  return variable;
}

Constant *Emitter::string(llvm::StringRef text) {
  Constant *&known = texts[text];
  if (!known)
    known = makeConstant(module, llvm::ConstantDataArray::getString(module.getContext(), text));
  return known;
}

Constant *Emitter::strings(llvm::ArrayRef<std::string> texts) {
  return array(types.pointer, texts, [&](const std::string &text) { return string(text); });
}

Constant *Emitter::digest(const std::array<uint8_t, 32> &bytes) {
  return llvm::ConstantDataArray::get(module.getContext(), llvm::ArrayRef<uint8_t>(bytes));
}

/// A section without bytes (l: it may lie beyond the reach of x86-64's 32-bit offsets); writeSharedLibrary fills it in.
Constant *Emitter::embeddedWeights(uint64_t bytes, const llvm::Triple &triple) {
  module.appendModuleInlineAsm(std::string(".section .vitc.weights,\"") + (triple.isX86() ? "al" : "a") +
                               "\",@nobits\n"
                               ".p2align 12\n"
                               ".globl vitc_model_weights\n"
                               ".hidden vitc_model_weights\n"
                               ".type vitc_model_weights,@object\n"
                               "vitc_model_weights: .zero " +
                               std::to_string(bytes) + "\n.size vitc_model_weights, " + std::to_string(bytes));
  return declareHidden(module, types.i8, "vitc_model_weights");
}

template <typename Range, typename Emit>
Constant *Emitter::array(llvm::Type *type, const Range &elements, Emit emit) {
  if (elements.empty())
    return llvm::ConstantPointerNull::get(types.pointer);
  auto constants = llvm::map_to_vector(elements, emit);
  return makeConstant(module, llvm::ConstantArray::get(llvm::ArrayType::get(type, constants.size()), constants));
}

Constant *Emitter::emit(const Term &term) {
  Constant *power = llvm::ConstantDataArray::get(module.getContext(), llvm::ArrayRef<uint8_t>(term.power));
  return llvm::ConstantStruct::get(types.term, {number(types.i64, term.coefficient), power});
}

Constant *Emitter::emit(const Polynomial &polynomial) {
  llvm::ArrayRef<Term> terms = polynomial.getTerms();
  return llvm::ConstantStruct::get(types.polynomial, {array(types.term, terms), number(types.i64, terms.size())});
}

Constant *Emitter::emit(const TensorSpec &tensor) {
  return llvm::ConstantStruct::get(types.tensor,
                                   {string(tensor.name), number(types.i8, static_cast<uint8_t>(tensor.code)),
                                    number(types.i8, tensor.bits), number(types.i16, 0),
                                    number(types.i32, tensor.shape.size()), array(types.polynomial, tensor.shape)});
}

Constant *Emitter::emit(const Symbol &symbol) {
  return llvm::ConstantStruct::get(types.symbol,
                                   {string(symbol.name), number(types.i32, symbol.input), number(types.i32, symbol.dim),
                                    number(types.i32, static_cast<int32_t>(symbol.kind)), number(types.i32, 0),
                                    emit(symbol.value), number(types.i64, symbol.divisor)});
}

Constant *Emitter::emit(const Requirement &requirement) {
  return llvm::ConstantStruct::get(types.requirement,
                                   {string(requirement.text), emit(requirement.value),
                                    number(types.i32, static_cast<int32_t>(requirement.kind)), number(types.i32, 0)});
}

Constant *Emitter::emit(const BufferSpec &buffer) {
  return llvm::ConstantStruct::get(
      types.buffer, {emit(buffer.bytes), number(types.i32, buffer.first), number(types.i32, buffer.last)});
}

Constant *Emitter::emit(const StepSpec &step) {
  return llvm::ConstantStruct::get(types.step, {string(step.kind), strings(step.nodes),
                                                number(types.i32, step.nodes.size()), number(types.i32, 0),
                                                emit(step.macs), emit(step.weightBytes), emit(step.activationBytes)});
}

Constant *Emitter::emit(const GPUPointer &pointer) {
  return llvm::ConstantStruct::get(
      types.gpuPointer, {number(types.i32, pointer.place), number(types.i32, pointer.index), emit(pointer.offset)});
}

Constant *Emitter::emit(const GPUTensorMap &map) {
  auto polynomials = [&](llvm::ArrayRef<Polynomial> sizes) {
    auto constants = llvm::map_to_vector(sizes, [&](const Polynomial &size) { return emit(size); });
    return llvm::ConstantArray::get(llvm::ArrayType::get(types.polynomial, constants.size()), constants);
  };
  return llvm::ConstantStruct::get(
      types.gpuTensorMap,
      {emit(map.base), number(types.i32, map.type), number(types.i32, map.rank), polynomials(map.extents),
       polynomials(map.strides), llvm::ConstantDataArray::get(module.getContext(), map.box),
       llvm::ConstantDataArray::get(module.getContext(), map.steps), number(types.i32, map.swizzle)});
}

/// Arguments are laid out as PTX lays out parameters: each aligned to its size, tensor maps to 64 bytes.
Constant *Emitter::arguments(const GPULaunch &launch, uint32_t &parameterBytes) {
  std::vector<std::pair<const GPUArgument *, uint32_t>> placed;
  parameterBytes = 0;
  for (const GPUArgument &argument : launch.arguments) {
    bool isMap = argument.kind == GPUArgument::TensorMap;
    uint32_t bytes = isMap ? 128 : argument.kind == GPUArgument::Int32 ? 4 : 8;
    uint32_t offset = static_cast<uint32_t>(llvm::alignTo(parameterBytes, isMap ? 64 : bytes));
    placed.emplace_back(&argument, offset);
    parameterBytes = offset + bytes;
  }
  return array(types.gpuArgument, placed, [&](const auto &place) -> Constant * {
    const GPUArgument &argument = *place.first;
    bool isMap = argument.kind == GPUArgument::TensorMap;
    Constant *map = llvm::ConstantPointerNull::get(types.pointer);
    return llvm::ConstantStruct::get(
        types.gpuArgument, {number(types.i32, argument.kind), number(types.i32, place.second), emit(argument.pointer),
                            emit(argument.value), isMap ? makeConstant(module, emit(argument.map)) : map});
  });
}

Constant *Emitter::emit(const GPULaunch &launch) {
  auto grid = llvm::map_to_vector(launch.grid, [&](const Polynomial &size) { return emit(size); });
  uint32_t parameterBytes;
  Constant *list = arguments(launch, parameterBytes);
  return llvm::ConstantStruct::get(
      types.gpuLaunch,
      {string(launch.kernel), llvm::ConstantArray::get(llvm::ArrayType::get(types.polynomial, 3), grid),
       llvm::ConstantArray::get(llvm::ArrayType::get(types.i64, 3),
                                llvm::map_to_vector(launch.per, [&](int64_t n) { return number(types.i64, n); })),
       number(types.i32, launch.blocksPerMultiprocessor), number(types.i32, launch.block),
       number(types.i32, launch.cluster), number(types.i32, launch.sharedBytes), number(types.i32, parameterBytes),
       number(types.i32, launch.step), number(types.i32, launch.overlaps ? 1 : 0),
       number(types.i32, launch.arguments.size()), list});
}

Constant *Emitter::emit(const GPUCode &code, const TargetInfo &target) {
  Constant *null = llvm::ConstantPointerNull::get(types.pointer);
  auto blob = [&](llvm::StringRef bytes, bool terminated) -> Constant * {
    if (bytes.empty())
      return null;
    auto *data = llvm::ConstantDataArray::getString(module.getContext(), bytes, /*AddNull=*/terminated);
    auto *variable = llvm::cast<llvm::GlobalVariable>(makeConstant(module, data));
    variable->setAlignment(llvm::Align(64)); // a cubin is an ELF file
    return variable;
  };
  return makeConstant(
      module,
      llvm::ConstantStruct::get(
          types.gpuCode, {declareHidden(module, types.i8, "vitc_cuda_backend"), array(types.gpuLaunch, code.launches),
                          number(types.i32, code.launches.size()), number(types.i32, target.gpuCapability),
                          number(types.i32, target.isArchitectureSpecific() ? 1 : 0), number(types.i32, 0),
                          blob(code.cubin, false), number(types.i64, code.cubin.size()), blob(code.ptx, true),
                          number(types.i64, code.ptx.empty() ? 0 : code.ptx.size() + 1)}));
}

Constant *Emitter::entry(const Variant &variant, unsigned shape) {
  if (variant.gpu)
    return llvm::ConstantPointerNull::get(types.pointer);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(module.getContext()),
                                       {types.pointer, types.i64, types.i64}, /*isVarArg=*/false);
  auto *entry = llvm::cast<llvm::Function>(
      module.getOrInsertFunction(symbolOfLevel(variant.entry, variant.target.level, shape), type).getCallee());
  entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
  entry->setDSOLocal(true);
  return entry;
}

Constant *Emitter::emit(const Variant &variant, unsigned shape) {
  Constant *null = llvm::ConstantPointerNull::get(types.pointer);
  return llvm::ConstantStruct::get(
      types.variant,
      {string(variant.target.level), number(types.i64, variant.target.cpuFeatures), entry(variant, shape),
       array(types.buffer, variant.buffers), number(types.i32, variant.buffers.size()), emit(variant.scratchBytes),
       array(types.step, variant.steps), number(types.i32, variant.steps.size()), number(types.i32, variant.passes),
       variant.gpu ? emit(*variant.gpu, variant.target) : null});
}

Constant *Emitter::emit(const Function &function) {
  return llvm::ConstantStruct::get(
      types.function,
      {string(function.name), array(types.tensor, function.inputs), array(types.tensor, function.outputs),
       number(types.i32, function.inputs.size()), number(types.i32, function.outputs.size()),
       array(types.symbol, function.symbols), number(types.i32, function.symbols.size()),
       array(types.variant, function.variants, [&](const Variant &variant) { return emit(variant, function.shape); }),
       number(types.i32, function.variants.size()), array(types.requirement, function.requirements),
       number(types.i32, function.requirements.size())});
}

void Emitter::emit(const Program &program, const WeightsPlacement &weights) {
  Constant *null = llvm::ConstantPointerNull::get(types.pointer);
  bool embedded = weights.file.empty() && weights.bytes != 0;
  Constant *value = llvm::ConstantStruct::get(
      types.program,
      {array(types.function, program.functions), number(types.i32, program.functions.size()),
       string(makeInfoJson(program, weights)),
       embedded ? embeddedWeights(weights.bytes, llvm::Triple(tripleOf(program))) : null,
       number(types.i64, weights.bytes), weights.file.empty() ? null : string(weights.file), digest(weights.digest)});
  llvm::GlobalVariable *variable = declareHidden(module, types.program, "vitc_model_program");
  variable->setInitializer(value);
}

void Emitter::exportTable(llvm::StringRef prefix) {
  auto *table = declareHidden(module, types.i8, "vitc_api_table");
  new llvm::GlobalVariable(module, types.pointer, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, table,
                           prefix + "_model_v1");
}

std::unique_ptr<llvm::Module> target::emitProgram(const Program &program, const WeightsPlacement &weights,
                                                  llvm::StringRef prefix, llvm::LLVMContext &context) {
  auto module = std::make_unique<llvm::Module>("program", context);
  Emitter emitter(*module);
  emitter.emit(program, weights);
  emitter.exportTable(prefix);
  return module;
}
