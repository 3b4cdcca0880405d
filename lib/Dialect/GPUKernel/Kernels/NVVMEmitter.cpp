#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace vitc::vgpu;

/// gpu.dynamic_shared_memory and globals of this module's own are laid out by ptxas, which once put barriers into the
/// bytes that TMA writes: all that a kernel uses is an offset into this one.
static constexpr llvm::StringLiteral sharedMemoryName = "vitc_shared_memory";

static void declareSharedMemory(OpBuilder &builder, gpu::GPUModuleOp module) {
  if (module.lookupSymbol(sharedMemoryName))
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(builder.getI8Type(), 0),
                         /*isConstant=*/false, LLVM::Linkage::External, sharedMemoryName, Attribute(),
                         /*alignment=*/1024, /*addrSpace=*/3);
}

static LLVM::LLVMFuncOp declareKernel(OpBuilder &builder, gpu::GPUModuleOp module, const LaunchPlan &plan) {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types;
  for (const ArgumentPlan &argument : plan.arguments)
    types.push_back(argument.kind == ArgumentPlan::Int32     ? Type(builder.getI32Type())
                    : argument.kind == ArgumentPlan::Pointer ? Type(LLVM::LLVMPointerType::get(context, 1))
                                                             : Type(LLVM::LLVMPointerType::get(context)));
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), types);
  auto function = LLVM::LLVMFuncOp::create(builder, module.getLoc(), plan.kernel, type);
  function->setAttr("nvvm.kernel", builder.getUnitAttr());
  function->setAttr("nvvm.reqntid",
                    builder.getDenseI32ArrayAttr(SmallVector<int32_t>(plan.block.begin(), plan.block.end())));
  function->setAttr("nvvm.minctasm", builder.getI32IntegerAttr(1));
  if (plan.cluster != std::array<unsigned, 3>{1, 1, 1})
    function->setAttr("nvvm.cluster_dim",
                      builder.getDenseI32ArrayAttr(SmallVector<int32_t>(plan.cluster.begin(), plan.cluster.end())));
  for (auto [index, argument] : llvm::enumerate(plan.arguments)) {
    if (argument.kind == ArgumentPlan::TensorMap) {
      auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), 128);
      function.setArgAttr(index, "llvm.byval", TypeAttr::get(bytes));
      function.setArgAttr(index, "nvvm.grid_constant", builder.getUnitAttr());
      function.setArgAttr(index, "llvm.align", builder.getI64IntegerAttr(64));
    } else if (argument.kind == ArgumentPlan::Pointer) {
      function.setArgAttr(index, "llvm.align", builder.getI64IntegerAttr(16));
    }
  }
  return function;
}

NVVMEmitter::NVVMEmitter(OpBuilder &builder, gpu::GPUModuleOp module, const LaunchPlan &plan)
    : builder(builder), loc(module.getLoc()), plan(plan), int1(builder.getI1Type()), int32(builder.getI32Type()),
      int64(builder.getI64Type()), float32(builder.getF32Type()),
      sharedPointer(LLVM::LLVMPointerType::get(builder.getContext(), 3)), guard(builder) {
  declareSharedMemory(builder, module);
  builder.setInsertionPointToEnd(module.getBody());
  auto kernel = declareKernel(builder, module, plan);
  function = kernel;
  builder.setInsertionPointToStart(kernel.addEntryBlock(builder));
}

void NVVMEmitter::finish() { LLVM::ReturnOp::create(builder, loc, ValueRange()); }

Value NVVMEmitter::argument(StringRef role) const {
  for (auto [index, argument] : llvm::enumerate(plan.arguments))
    if (argument.role == role)
      return function->getRegion(0).getArgument(index);
  llvm_unreachable("the plan has no argument of this role");
}

Value NVVMEmitter::i32(int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, int32, builder.getI32IntegerAttr(static_cast<int32_t>(value)));
}
Value NVVMEmitter::i64(uint64_t value) {
  return LLVM::ConstantOp::create(builder, loc, int64, builder.getI64IntegerAttr(static_cast<int64_t>(value)));
}
Value NVVMEmitter::f32(double value) {
  return LLVM::ConstantOp::create(builder, loc, float32, builder.getF32FloatAttr(static_cast<float>(value)));
}
Value NVVMEmitter::add(Value lhs, Value rhs) { return LLVM::AddOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::add(Value lhs, int64_t rhs) { return rhs == 0 ? lhs : add(lhs, i32(rhs)); }
Value NVVMEmitter::sub(Value lhs, Value rhs) { return LLVM::SubOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::mul(Value lhs, Value rhs) { return LLVM::MulOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::mul(Value lhs, int64_t rhs) { return mul(lhs, i32(rhs)); }
Value NVVMEmitter::udiv(Value lhs, int64_t rhs) { return udiv(lhs, i32(rhs)); }
Value NVVMEmitter::udiv(Value lhs, Value rhs) { return LLVM::UDivOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::urem(Value lhs, int64_t rhs) { return urem(lhs, i32(rhs)); }
Value NVVMEmitter::urem(Value lhs, Value rhs) { return LLVM::URemOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::bitAnd(Value lhs, int64_t rhs) { return LLVM::AndOp::create(builder, loc, lhs, i32(rhs)); }
Value NVVMEmitter::bitXor(Value lhs, Value rhs) { return LLVM::XOrOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::shl(Value lhs, int64_t rhs) { return LLVM::ShlOp::create(builder, loc, lhs, i32(rhs)); }
Value NVVMEmitter::lshr(Value lhs, int64_t rhs) { return LLVM::LShrOp::create(builder, loc, lhs, i32(rhs)); }
Value NVVMEmitter::umin(Value lhs, Value rhs) { return select(less(lhs, rhs), lhs, rhs); }
Value NVVMEmitter::equal(Value lhs, Value rhs) {
  return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, lhs, rhs);
}
Value NVVMEmitter::less(Value lhs, Value rhs) {
  return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ult, lhs, rhs);
}
Value NVVMEmitter::both(Value lhs, Value rhs) { return LLVM::AndOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::select(Value condition, Value whenTrue, Value whenFalse) {
  return LLVM::SelectOp::create(builder, loc, condition, whenTrue, whenFalse);
}
Value NVVMEmitter::zext64(Value value) { return LLVM::ZExtOp::create(builder, loc, int64, value); }

Value NVVMEmitter::fadd(Value lhs, Value rhs) { return LLVM::FAddOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::fsub(Value lhs, Value rhs) { return LLVM::FSubOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::fmul(Value lhs, Value rhs) { return LLVM::FMulOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::fneg(Value value) { return LLVM::FNegOp::create(builder, loc, value); }
Value NVVMEmitter::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(builder, loc, a, b, c); }
Value NVVMEmitter::fmax(Value lhs, Value rhs) { return LLVM::MaxNumOp::create(builder, loc, lhs, rhs); }

Value NVVMEmitter::maximum(Value lhs, Value rhs) { return LLVM::MaximumOp::create(builder, loc, lhs, rhs); }
Value NVVMEmitter::exp2(Value value) { return intrinsic("llvm.nvvm.ex2.approx.ftz.f32", value, float32); }
Value NVVMEmitter::reciprocal(Value value) { return intrinsic("llvm.nvvm.rcp.approx.ftz.f", value, float32); }
Value NVVMEmitter::rsqrt(Value value) { return intrinsic("llvm.nvvm.rsqrt.approx.ftz.f", value, float32); }
Value NVVMEmitter::fmaSaturate(Value a, Value b, Value c) {
  return intrinsic("llvm.nvvm.fma.rn.sat.f", {a, b, c}, float32);
}

Value NVVMEmitter::pack(Element element, Value low, Value high) {
  auto pair = VectorType::get(2, type(element));
  StringRef name = element == Element::BF16 ? "llvm.nvvm.ff2bf16x2.rn" : "llvm.nvvm.ff2f16x2.rn";
  return bitcast(intrinsic(name, {high, low}, pair), int32);
}
std::array<Value, 2> NVVMEmitter::unpack(Element element, Value pair) {
  Values halves = extract(bitcast(pair, VectorType::get(2, type(element))));
  return {extend(halves[0]), extend(halves[1])};
}
Value NVVMEmitter::reduce(Values values, llvm::function_ref<Value(Value, Value)> combine) {
  while (values.size() > 1) {
    Values halved;
    for (size_t i = 0; i + 1 < values.size(); i += 2)
      halved.push_back(combine(values[i], values[i + 1]));
    if (values.size() % 2)
      halved.push_back(values.back());
    values = std::move(halved);
  }
  return values.front();
}

Value NVVMEmitter::threadId() { return intrinsic("llvm.nvvm.read.ptx.sreg.tid.x", {}, int32); }
Value NVVMEmitter::blockId(unsigned dimension) {
  return intrinsic(("llvm.nvvm.read.ptx.sreg.ctaid." + Twine("xyz"[dimension])).str(), {}, int32);
}
Value NVVMEmitter::gridDim(unsigned dimension) {
  return intrinsic(("llvm.nvvm.read.ptx.sreg.nctaid." + Twine("xyz"[dimension])).str(), {}, int32);
}
Value NVVMEmitter::uniform(Value value) {
  return intrinsic("llvm.nvvm.shfl.sync.idx.i32", {i32(-1), value, i32(0), i32(31)}, int32);
}
Value NVVMEmitter::shuffleXor(Value value, unsigned mask) {
  return intrinsic("llvm.nvvm.shfl.sync.bfly.f32", {i32(-1), value, i32(mask), i32(31)}, float32);
}
void NVVMEmitter::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard inside(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  then();
}

unsigned vitc::vgpu::specialisedThreads(unsigned consumers) { return 128 * (consumers + 1); }

/// A warp's registers are those of one of the four parts of a multiprocessor, 512 a lane there: two consumers and a
/// producer start with 168, three and one with 128; beside one consumer there are enough for all.
void NVVMEmitter::specialise(unsigned consumers, Value thread, Value warp, llvm::function_ref<void()> produce,
                             llvm::function_ref<void()> consume, llvm::function_ref<void()> afterwards) {
  assert(consumers <= 3 && "registers for at most three");
  Value firstProducer = i32(4 * consumers);
  auto setRegisters = [&](StringRef direction, unsigned registers) {
    if (consumers > 1)
      intrinsic(("llvm.nvvm.setmaxnreg." + direction + ".sync.aligned.u32").str(), i32(registers));
  };
  Value consumes = less(warp, firstProducer);
  auto branch = scf::IfOp::create(builder, loc, consumes, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard inside(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  setRegisters("inc", consumers == 2 ? 232 : 160);
  consume();
  builder.setInsertionPointToStart(branch.elseBlock());
  setRegisters("dec", consumers == 2 ? 40 : 32);
  ifThen(equal(thread, i32(128 * consumers)), produce);
  if (afterwards)
    afterwards();
}

NVVMEmitter::Values NVVMEmitter::loop(Value begin, Value end, Value step, const Values &inits,
                                      llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, step, inits,
                                 [&](OpBuilder &, Location, Value index, ValueRange carried) {
                                   scf::YieldOp::create(builder, loc, body(index, carried));
                                 });
  return Values(loop.getResults());
}

Value NVVMEmitter::shared(unsigned bytes) {
  assert(bytes < plan.sharedBytes && "inside the kernel's shared memory");
  return offset(LLVM::AddressOfOp::create(builder, loc, sharedPointer, sharedMemoryName), bytes);
}
Value NVVMEmitter::offset(Value pointer, Value bytes) { return element(pointer, bytes, builder.getI8Type()); }
Value NVVMEmitter::offset(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>(static_cast<int32_t>(bytes)));
}
Value NVVMEmitter::element(Value pointer, Value index, Type type) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), type, pointer, ArrayRef<LLVM::GEPArg>(index));
}
Value NVVMEmitter::load(Type type, Value pointer, unsigned alignment) {
  return LLVM::LoadOp::create(builder, loc, type, pointer, alignment);
}
void NVVMEmitter::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(builder, loc, value, pointer, alignment);
}
NVVMEmitter::Values NVVMEmitter::loadFloats(Value pointer, unsigned count) {
  return extract(load(VectorType::get(count, float32), pointer, 4 * count));
}
void NVVMEmitter::storeVector(const Values &values, Value pointer) {
  auto type = VectorType::get(values.size(), values[0].getType());
  Value vector = LLVM::UndefOp::create(builder, loc, type);
  for (auto [index, value] : llvm::enumerate(values))
    vector = LLVM::InsertElementOp::create(builder, loc, vector, value, i32(index));
  store(vector, pointer, values.size() * (values[0].getType().getIntOrFloatBitWidth() / 8));
}
NVVMEmitter::Values NVVMEmitter::extract(Value vector) {
  Values values;
  for (int64_t index = 0; index < cast<VectorType>(vector.getType()).getNumElements(); ++index)
    values.push_back(LLVM::ExtractElementOp::create(builder, loc, vector, i32(index)));
  return values;
}
Value NVVMEmitter::bitcast(Value value, Type type) { return LLVM::BitcastOp::create(builder, loc, type, value); }
Value NVVMEmitter::truncate(Value value, Element element) {
  return bytesOf(element) == 4 ? value : LLVM::FPTruncOp::create(builder, loc, type(element), value).getResult();
}
Value NVVMEmitter::extend(Value value) {
  return value.getType().isF32() ? value : LLVM::FPExtOp::create(builder, loc, float32, value).getResult();
}
Type NVVMEmitter::type(Element element) {
  return element == Element::BF16  ? Type(builder.getBF16Type())
         : element == Element::F16 ? Type(builder.getF16Type())
                                   : float32;
}

Value NVVMEmitter::intrinsic(StringRef name, ValueRange operands, Type result) {
  StringAttr attribute = builder.getStringAttr(name);
  if (!result) {
    LLVM::CallIntrinsicOp::create(builder, loc, attribute, operands);
    return {};
  }
  return LLVM::CallIntrinsicOp::create(builder, loc, result, attribute, operands).getResult(0);
}

Value NVVMEmitter::asmOp(StringRef text, StringRef constraints, ValueRange operands, Type result) {
  Values registers; // shared memory has addresses of 32 bits, though LLVM's pointers to it have 64
  for (Value operand : operands)
    registers.push_back(operand.getType() == sharedPointer
                            ? LLVM::PtrToIntOp::create(builder, loc, int32, operand).getResult()
                            : operand);
  auto op = LLVM::InlineAsmOp::create(builder, loc, result ? TypeRange(result) : TypeRange(), registers, text,
                                      constraints, /*has_side_effects=*/true, /*is_align_stack=*/false,
                                      LLVM::tailcallkind::TailCallKind::None,
                                      LLVM::AsmDialectAttr::get(builder.getContext(), LLVM::AsmDialect::AD_ATT),
                                      /*operand_attrs=*/ArrayAttr());
  return result ? op->getResult(0) : Value();
}

NVVMEmitter::Values NVVMEmitter::tiedAsm(StringRef text, ArrayRef<Type> results, const Values &tied, const Values &more,
                                         StringRef moreConstraints) {
  std::string constraints;
  for (auto [i, type] : llvm::enumerate(results))
    constraints += std::string(i ? "," : "") + (type == float32 ? "=f" : "=r");
  for (size_t i = 0; i < tied.size(); ++i)
    constraints += "," + std::to_string(i);
  constraints += moreConstraints;
  Values operands = tied, values;
  operands.append(more);
  Value all = asmOp(text, constraints, operands, LLVM::LLVMStructType::getLiteral(builder.getContext(), results));
  for (size_t i = 0; i < results.size(); ++i)
    values.push_back(LLVM::ExtractValueOp::create(builder, loc, all, ArrayRef<int64_t>(i)));
  return values;
}
