#include "vitc/Target/Program.h"

#include "Runtime/Program.h"

#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/JSON.h"
#include "gtest/gtest.h"

using namespace vitc;
using namespace vitc::target;

static Program makeProgram() {
  Program program;
  program.name = "tiny";
  program.options = {{"precision", "fp32"}};
  Polynomial batch = Polynomial::symbol(0);
  Function function;
  function.inputs = {{"x", TypeCode::Float, 32, {batch, 3}}};
  function.outputs = {{"y", TypeCode::Int, 64, {batch * Polynomial(2), 3}}};
  function.symbols = {{"batch", 0, 0}};
  function.requirements = {{"batch to be at least 2, for the Add 'a'", batch - 2, RequirementKind::NonNegative}};
  std::vector<BufferSpec> buffers = {{batch * Polynomial(100), 0, 2}, {50, 1, 1}, {batch * Polynomial(70), 3, 4}};
  std::vector<StepSpec> steps = {{"gemm", {"fc1", "gelu"}, batch * Polynomial(12), 48, batch * Polynomial(28)}};
  function.variants = {{*TargetInfo::get("x86-64-v3"), "entry", buffers, 256, steps}};
  program.functions.push_back(function);
  program.weights = {{"x86-64-v3", 4000}};
  return program;
}

namespace {
/// Offsets of one emitted structure, to be compared with those that C has.
class Layout {
public:
  Layout(llvm::LLVMContext &context, llvm::StringRef name)
      : layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"),
        type(llvm::StructType::getTypeByName(context, name)) {}
  size_t size() const { return layout.getTypeAllocSize(type); }
  size_t fields() const { return type->getNumElements(); }
  size_t operator[](unsigned field) const { return layout.getStructLayout(type)->getElementOffset(field); }

private:
  llvm::DataLayout layout;
  llvm::StructType *type;
};
} // namespace

#define EXPECT_FIELD(index, structure, field) EXPECT_EQ(layout[index], offsetof(structure, field)) << #field

class ProgramLayout : public testing::Test {
protected:
  void SetUp() override { module = emitProgram(makeProgram(), {4096, "", {}}, "tiny", context); }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
};

TEST_F(ProgramLayout, SmallStructures) {
  EXPECT_EQ(Layout(context, "vitc_term").size(), sizeof(vitc_term));
  EXPECT_EQ(maxSymbols, size_t(VITC_MAX_SYMBOLS));
  EXPECT_EQ(Layout(context, "vitc_polynomial").size(), sizeof(vitc_polynomial));
  Layout layout(context, "vitc_buffer_spec");
  EXPECT_EQ(layout.size(), sizeof(vitc_buffer_spec));
  EXPECT_FIELD(1, vitc_buffer_spec, first);
  EXPECT_FIELD(2, vitc_buffer_spec, last);
}

TEST_F(ProgramLayout, Symbol) {
  Layout layout(context, "vitc_symbol");
  EXPECT_EQ(layout.size(), sizeof(vitc_symbol));
  EXPECT_FIELD(1, vitc_symbol, input);
  EXPECT_FIELD(2, vitc_symbol, dim);
  EXPECT_FIELD(3, vitc_symbol, kind);
  EXPECT_FIELD(4, vitc_symbol, reserved);
  EXPECT_FIELD(5, vitc_symbol, value);
  EXPECT_FIELD(6, vitc_symbol, divisor);
}

TEST_F(ProgramLayout, Requirement) {
  Layout layout(context, "vitc_requirement");
  EXPECT_EQ(layout.size(), sizeof(vitc_requirement));
  EXPECT_FIELD(1, vitc_requirement, value);
  EXPECT_FIELD(2, vitc_requirement, kind);
  EXPECT_FIELD(3, vitc_requirement, reserved);
}

TEST_F(ProgramLayout, TensorSpec) {
  Layout layout(context, "vitc_tensor_spec");
  EXPECT_EQ(layout.size(), sizeof(vitc_tensor_spec));
  EXPECT_FIELD(1, vitc_tensor_spec, type_code);
  EXPECT_FIELD(2, vitc_tensor_spec, type_bits);
  EXPECT_FIELD(3, vitc_tensor_spec, reserved);
  EXPECT_FIELD(4, vitc_tensor_spec, rank);
  EXPECT_FIELD(5, vitc_tensor_spec, shape);
}

TEST_F(ProgramLayout, Step) {
  Layout layout(context, "vitc_step_spec");
  EXPECT_EQ(layout.size(), sizeof(vitc_step_spec));
  EXPECT_FIELD(1, vitc_step_spec, nodes);
  EXPECT_FIELD(2, vitc_step_spec, node_count);
  EXPECT_FIELD(3, vitc_step_spec, reserved);
  EXPECT_FIELD(4, vitc_step_spec, macs);
  EXPECT_FIELD(5, vitc_step_spec, weight_bytes);
  EXPECT_FIELD(6, vitc_step_spec, activation_bytes);
}

TEST_F(ProgramLayout, Variant) {
  Layout layout(context, "vitc_variant");
  EXPECT_EQ(layout.size(), sizeof(vitc_variant));
  EXPECT_FIELD(1, vitc_variant, features);
  EXPECT_FIELD(2, vitc_variant, entry);
  EXPECT_FIELD(3, vitc_variant, buffers);
  EXPECT_FIELD(4, vitc_variant, buffer_count);
  EXPECT_FIELD(5, vitc_variant, scratch_bytes);
  EXPECT_FIELD(6, vitc_variant, steps);
  EXPECT_FIELD(7, vitc_variant, step_count);
  EXPECT_FIELD(8, vitc_variant, passes);
  EXPECT_FIELD(9, vitc_variant, gpu);
}

TEST_F(ProgramLayout, GPUPointer) {
  Layout layout(context, "vitc_gpu_pointer");
  EXPECT_EQ(layout.size(), sizeof(vitc_gpu_pointer));
  EXPECT_FIELD(1, vitc_gpu_pointer, index);
  EXPECT_FIELD(2, vitc_gpu_pointer, offset);
}

TEST_F(ProgramLayout, GPUTensorMap) {
  Layout layout(context, "vitc_gpu_tensor_map");
  EXPECT_EQ(layout.size(), sizeof(vitc_gpu_tensor_map));
  EXPECT_EQ(GPUTensorMap::maxRank, size_t(VITC_GPU_MAP_RANK));
  EXPECT_FIELD(1, vitc_gpu_tensor_map, type);
  EXPECT_FIELD(2, vitc_gpu_tensor_map, rank);
  EXPECT_FIELD(3, vitc_gpu_tensor_map, extents);
  EXPECT_FIELD(4, vitc_gpu_tensor_map, strides);
  EXPECT_FIELD(5, vitc_gpu_tensor_map, box);
  EXPECT_FIELD(6, vitc_gpu_tensor_map, steps);
  EXPECT_FIELD(7, vitc_gpu_tensor_map, swizzle);
}

TEST_F(ProgramLayout, GPUArgument) {
  Layout layout(context, "vitc_gpu_argument");
  EXPECT_EQ(layout.size(), sizeof(vitc_gpu_argument));
  EXPECT_FIELD(1, vitc_gpu_argument, offset);
  EXPECT_FIELD(2, vitc_gpu_argument, pointer);
  EXPECT_FIELD(3, vitc_gpu_argument, value);
  EXPECT_FIELD(4, vitc_gpu_argument, map);
}

TEST_F(ProgramLayout, GPULaunch) {
  Layout layout(context, "vitc_gpu_launch");
  EXPECT_EQ(layout.size(), sizeof(vitc_gpu_launch));
  EXPECT_FIELD(1, vitc_gpu_launch, grid);
  EXPECT_FIELD(2, vitc_gpu_launch, per);
  EXPECT_FIELD(3, vitc_gpu_launch, blocks_per_multiprocessor);
  EXPECT_FIELD(4, vitc_gpu_launch, block);
  EXPECT_FIELD(5, vitc_gpu_launch, cluster);
  EXPECT_FIELD(6, vitc_gpu_launch, shared_bytes);
  EXPECT_FIELD(7, vitc_gpu_launch, parameter_bytes);
  EXPECT_FIELD(8, vitc_gpu_launch, step);
  EXPECT_FIELD(9, vitc_gpu_launch, flags);
  EXPECT_FIELD(10, vitc_gpu_launch, argument_count);
  EXPECT_FIELD(11, vitc_gpu_launch, arguments);
}

TEST_F(ProgramLayout, GPUCode) {
  Layout layout(context, "vitc_gpu_code");
  EXPECT_EQ(layout.size(), sizeof(vitc_gpu_code));
  EXPECT_FIELD(1, vitc_gpu_code, launches);
  EXPECT_FIELD(2, vitc_gpu_code, launch_count);
  EXPECT_FIELD(3, vitc_gpu_code, capability);
  EXPECT_FIELD(4, vitc_gpu_code, architecture_specific);
  EXPECT_FIELD(5, vitc_gpu_code, reserved);
  EXPECT_FIELD(6, vitc_gpu_code, cubin);
  EXPECT_FIELD(7, vitc_gpu_code, cubin_bytes);
  EXPECT_FIELD(8, vitc_gpu_code, ptx);
  EXPECT_FIELD(9, vitc_gpu_code, ptx_bytes);
}

TEST_F(ProgramLayout, Function) {
  Layout layout(context, "vitc_function");
  EXPECT_EQ(layout.size(), sizeof(vitc_function));
  EXPECT_FIELD(1, vitc_function, inputs);
  EXPECT_FIELD(2, vitc_function, outputs);
  EXPECT_FIELD(3, vitc_function, input_count);
  EXPECT_FIELD(4, vitc_function, output_count);
  EXPECT_FIELD(5, vitc_function, symbols);
  EXPECT_FIELD(6, vitc_function, symbol_count);
  EXPECT_FIELD(7, vitc_function, variants);
  EXPECT_FIELD(8, vitc_function, variant_count);
  EXPECT_FIELD(9, vitc_function, requirements);
  EXPECT_FIELD(10, vitc_function, requirement_count);
}

TEST_F(ProgramLayout, Program) {
  Layout layout(context, "vitc_program");
  EXPECT_EQ(layout.size(), sizeof(vitc_program));
  EXPECT_FIELD(1, vitc_program, function_count);
  EXPECT_FIELD(2, vitc_program, info_json);
  EXPECT_FIELD(3, vitc_program, weights);
  EXPECT_FIELD(4, vitc_program, weights_bytes);
  EXPECT_FIELD(5, vitc_program, weights_file);
  EXPECT_FIELD(6, vitc_program, weights_digest);
  EXPECT_EQ(layout.fields(), 7u);
}

TEST(Program, CodesAreTheRuntimes) {
  EXPECT_EQ(int(SymbolKind::Input), int(VITC_SYMBOL_INPUT));
  EXPECT_EQ(int(SymbolKind::Quotient), int(VITC_SYMBOL_QUOTIENT));
  EXPECT_EQ(int(SymbolKind::Computed), int(VITC_SYMBOL_COMPUTED));
  EXPECT_EQ(int(RequirementKind::Zero), int(VITC_REQUIRES_ZERO));
  EXPECT_EQ(int(RequirementKind::NonNegative), int(VITC_REQUIRES_NON_NEGATIVE));
  EXPECT_EQ(int(TypeCode::Int), int(kDLInt));
  EXPECT_EQ(int(TypeCode::UInt), int(kDLUInt));
  EXPECT_EQ(int(TypeCode::Float), int(kDLFloat));
  EXPECT_EQ(int(TypeCode::BFloat), int(kDLBfloat));
  EXPECT_EQ(int(TypeCode::Bool), int(kDLBool));
  EXPECT_EQ(int(GPUPointer::Input), int(VITC_GPU_INPUT));
  EXPECT_EQ(int(GPUPointer::Output), int(VITC_GPU_OUTPUT));
  EXPECT_EQ(int(GPUPointer::Buffer), int(VITC_GPU_BUFFER));
  EXPECT_EQ(int(GPUPointer::Weights), int(VITC_GPU_WEIGHTS));
  EXPECT_EQ(int(GPUArgument::Pointer), int(VITC_GPU_POINTER));
  EXPECT_EQ(int(GPUArgument::Int32), int(VITC_GPU_INT32));
  EXPECT_EQ(int(GPUArgument::Int64), int(VITC_GPU_INT64));
  EXPECT_EQ(int(GPUArgument::TensorMap), int(VITC_GPU_TENSOR_MAP));
  EXPECT_EQ(uint64_t(CPUFeatureV3), uint64_t(VITC_CPU_X86_64_V3));
  EXPECT_EQ(uint64_t(CPUFeatureV4), uint64_t(VITC_CPU_X86_64_V4));
  EXPECT_EQ(uint64_t(CPUFeatureVNNI), uint64_t(VITC_CPU_AVX512_VNNI));
  EXPECT_EQ(uint64_t(CPUFeatureBF16), uint64_t(VITC_CPU_AVX512_BF16));
  EXPECT_EQ(uint64_t(CPUFeatureAMXTile), uint64_t(VITC_CPU_AMX_TILE));
  EXPECT_EQ(uint64_t(CPUFeatureAMXBF16), uint64_t(VITC_CPU_AMX_BF16));
  EXPECT_EQ(uint64_t(CPUFeatureAMXInt8), uint64_t(VITC_CPU_AMX_INT8));
}

TEST(Program, InfoSaysWhatTheLibraryHolds) {
  auto info = llvm::json::parse(makeInfoJson(makeProgram(), {4096, "tiny.weights", {}}));
  ASSERT_TRUE(bool(info));
  auto expected = llvm::json::parse(R"({
    "abi": 1, "name": "tiny", "vitc": ")" VITC_VERSION R"(", "glibc": "2.34",
    "functions": [{"name": "main", "symbols": ["batch"],
                   "inputs": [{"name": "x", "type": "float32", "shape": ["batch", 3]}],
                   "requires": ["batch to be at least 2, for the Add 'a'"],
                   "outputs": [{"name": "y", "type": "int64", "shape": ["2*batch", 3]}],
                   "passes": 1, "arena_bytes": "100*batch+50", "scratch_bytes_per_thread": "256"}],
    "targets": ["x86-64-v3"], "tokens": {"cls": 0, "registers": 0, "patches": null}, "options": {"precision": "fp32"},
    "weights": {"bytes": 4096, "file": "tiny.weights", "bytes_of_target": {"x86-64-v3": 4000}, "shared_bytes": 0}})");
  ASSERT_TRUE(bool(expected));
  EXPECT_EQ(*info, *expected);
}
