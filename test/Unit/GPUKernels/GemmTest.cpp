#include "KernelModule.h"

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

#include <gtest/gtest.h>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

struct Case {
  const char *name;
  GemmConfig config;
};

void PrintTo(const Case &value, std::ostream *os) { *os << value.name; }

GemmConfig makeConfig(int64_t n, int64_t k, int64_t tileM, int64_t tileN, GemmEpilogue epilogue = {},
                      Element element = Element::BF16) {
  GemmConfig config{element, n, k, tileM, tileN};
  config.epilogue = epilogue;
  return config;
}

std::vector<Case> cases() {
  GemmEpilogue bias, gelu, swiglu, residual, table, direct, floats;
  bias.bias = gelu.bias = swiglu.bias = residual.bias = direct.bias = true;
  gelu.activation = Activation::Gelu;
  swiglu.activation = Activation::Silu;
  swiglu.gated = residual.scale = residual.residual = direct.residual = true;
  table.tableRows = 197;
  floats.output = Element::F32;
  floats.residual = true;
  GemmConfig split = makeConfig(768, 3072, 64, 64, residual);
  split.splits = 4;
  return {{"plain", makeConfig(768, 768, 128, 128)},
          {"narrow", makeConfig(768, 768, 64, 32, bias)},
          {"gelu", makeConfig(3072, 768, 128, 256, gelu)},
          {"gelu192", makeConfig(1536, 384, 128, 192, gelu, Element::F16)},
          {"swiglu", makeConfig(4096, 1536, 128, 256, swiglu)},
          {"residual", makeConfig(768, 3072, 128, 192, residual)},
          {"residual256", makeConfig(1024, 4096, 128, 256, residual)},
          {"table", makeConfig(768, 592, 128, 96, table)},
          {"direct", makeConfig(21, 384, 64, 32, direct)},
          {"floats", makeConfig(1000, 768, 128, 160, floats)},
          {"tall", makeConfig(384, 384, 192, 128, gelu)},
          {"split", split},
          {"tf32", makeConfig(768, 772, 128, 128, bias, Element::TF32)}};
}

/// Loads of the residual in the code: those that begin a tile, and those within it.
size_t residualLoads(const LaunchPlan &plan, const GemmConfig &config) {
  return config.tileN / plan.arguments[3].map.box[0];
}

class GemmKernel : public testing::TestWithParam<Case> {};

} // namespace

TEST_P(GemmKernel, CompilesWithoutSpills) {
  const auto &[name, config] = GetParam();
  ASSERT_EQ(whyUnsupported(config), "");
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), name, config))) << module.diagnostics();
  vitc::target::CompiledKernels code = module.compile();
  LaunchPlan plan = planGemm(name, config);
  EXPECT_LE(plan.sharedBytes, maxSharedBytes);
  // A stage is four steps of the tensor cores, which the first stage of a tile and the others have each.
  std::string shape = "m64n" + std::to_string(config.tileN) + (config.element == Element::TF32 ? "k8" : "k16");
  EXPECT_EQ(count(code.ptx, "wgmma.mma_async.sync.aligned." + shape), 8u);
  EXPECT_EQ(count(code.ptx, "cp.async.bulk.tensor.2d.shared::cluster"),
            config.epilogue.residual && config.n % 8 == 0 ? 2 + residualLoads(plan, config) : 2);
  for (const auto &kernel : code.resources) {
    RecordProperty("registers", kernel.registers);
    RecordProperty("shared", plan.sharedBytes);
    EXPECT_EQ(kernel.spilledBytes, 0u);
    EXPECT_LE(kernel.registers * plan.block[0], 65536u);
    EXPECT_EQ(kernel.sharedBytes, 0u) << "shared memory beside what the launch gives";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, GemmKernel, testing::ValuesIn(cases()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(GemmPlan, ListsArgumentsWhereTheKernelReadsThem) {
  GemmEpilogue epilogue;
  epilogue.bias = epilogue.residual = true;
  GemmConfig config = makeConfig(768, 3072, 128, 192, epilogue);
  LaunchPlan plan = planGemm("mlp", config);
  std::vector<std::pair<std::string, unsigned>> arguments;
  for (const ArgumentPlan &argument : plan.arguments)
    arguments.emplace_back(argument.role, argument.offset);
  EXPECT_EQ(arguments, (std::vector<std::pair<std::string, unsigned>>{
                           {"A", 0}, {"W", 128}, {"C", 256}, {"residual", 384}, {"bias", 512}, {"rows", 520}}));
  EXPECT_EQ(plan.parameterBytes, 524u);
  EXPECT_EQ(plan.arguments[0].map.box, (llvm::SmallVector<uint32_t, 5>{64, 128}));
  EXPECT_EQ(plan.arguments[1].map.box, (llvm::SmallVector<uint32_t, 5>{64, 192}));
  EXPECT_EQ(plan.arguments[2].map.box, (llvm::SmallVector<uint32_t, 5>{64, 64}));
  EXPECT_EQ(plan.grid[0].factor, 4);
  EXPECT_EQ(plan.grid[0].divisor, 128);
  EXPECT_EQ(plan.grid[0].offset, 127 * 4);
  EXPECT_EQ(plan.block[0], 384u);
}

TEST(GemmPlan, SaysWhatIsUnsupported) {
  EXPECT_EQ(whyUnsupported(makeConfig(0, 64, 128, 128)), "expected positive sizes");
  EXPECT_EQ(whyUnsupported(makeConfig(64, 100, 128, 128)), "rows of A and W must be multiples of 16 bytes");
  EXPECT_EQ(whyUnsupported(makeConfig(64, 64, 96, 128)), "tiles have 64, 128 or 192 rows");
  EXPECT_EQ(whyUnsupported(makeConfig(64, 64, 128, 264)), "tiles have 16 to 256 columns, a multiple of 16");
  EXPECT_EQ(whyUnsupported(makeConfig(64, 64, 192, 256)),
            "tiles of 192 rows have at most 128 columns: a thread's registers");
  EXPECT_EQ(whyUnsupported(makeConfig(64, 64, 128, 128, {}, Element::F32)), "tensor cores take bf16, f16 or tf32");
  GemmEpilogue epilogue;
  epilogue.gated = true;
  EXPECT_EQ(whyUnsupported(makeConfig(72, 64, 128, 128, epilogue)), "gated products have N in turns of 16");
  GemmConfig deep = makeConfig(64, 64, 128, 256);
  EXPECT_EQ(whyUnsupported(deep), "");
  deep.splits = 2;
  EXPECT_EQ(whyUnsupported(deep), "K is cut into 1 to 8 parts, none of them empty");
  deep.splits = 1;
  deep.stages = 5;
  EXPECT_EQ(whyUnsupported(deep), "two stages and the staging of results do not fit into shared memory");
}

TEST(GemmPlan, SaysWhichBatchesAreUnsupported) {
  GemmConfig config = makeConfig(64, 64, 64, 64, {}, Element::TF32);
  config.transposedW = true;
  EXPECT_EQ(whyUnsupported(config), "W of [K, N] must have 16-bit elements");
  config = makeConfig(64, 256, 64, 64);
  config.batch.heads = 2;
  config.splits = 2;
  EXPECT_EQ(whyUnsupported(config), "products of a batch are not split");
  config.splits = 1;
  LaunchPlan plan = planGemm("batch", config);
  EXPECT_EQ(plan.arguments[1].map.box, (llvm::SmallVector<uint32_t, 5>{64, 64, 1, 1}));
  EXPECT_EQ(plan.arguments.back().role, "batches");
  EXPECT_EQ(plan.grid[2].factor, 2);
}

TEST(GemmPlan, RefusesToEmitWhatIsUnsupported) {
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  EXPECT_TRUE(failed(emitGemm(builder, module.gpuModule(), "none", makeConfig(64, 100, 128, 128))));
  EXPECT_EQ(module.diagnostics(), "expected a product that tensor cores support, got one where rows of A and W must "
                                  "be multiples of 16 bytes\n");
}

namespace {

GemmConfig bySync(int64_t tileM, int64_t tileN, GemmEpilogue epilogue = {}, Element element = Element::BF16) {
  GemmConfig config = makeConfig(3072, 768, tileM, tileN, epilogue, element);
  config.mmaSync = true;
  return config;
}

} // namespace

TEST(MmaSyncGemm, CompilesWithoutSpills) {
  GemmEpilogue gelu, swiglu, residual;
  gelu.bias = swiglu.bias = residual.bias = true;
  gelu.activation = Activation::Gelu;
  swiglu.activation = Activation::Silu;
  swiglu.gated = residual.scale = residual.residual = true;
  for (const GemmConfig &config : {bySync(128, 128, gelu), bySync(128, 128, swiglu, Element::F16),
                                   bySync(128, 64, residual), bySync(64, 128), bySync(64, 64), bySync(32, 64)}) {
    KernelModule module;
    mlir::OpBuilder builder = module.builder();
    ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "gemm", config))) << module.diagnostics();
    vitc::target::CompiledKernels code = module.compile("sm_80");
    LaunchPlan plan = planGemm("gemm", config);
    EXPECT_LE(plan.sharedBytes, 64u * 1024);
    // A stage is two steps deep; a warp has four groups of columns.
    size_t fragments = config.tileM / 32;
    EXPECT_EQ(count(code.ptx, "mma.sync.aligned.m16n8k16"), 2 * 4 * fragments);
    EXPECT_EQ(count(code.ptx, "ldmatrix.sync.aligned.m8n8.x4"), 2 * (2 + fragments));
    EXPECT_EQ(count(code.ptx, ".target sm_80"), 1u);
    for (const auto &kernel : code.resources) {
      RecordProperty("registers" + std::to_string(config.tileM) + "x" + std::to_string(config.tileN), kernel.registers);
      EXPECT_EQ(kernel.spilledBytes, 0u);
      EXPECT_LE(kernel.registers * plan.block[0], 65536u);
    }
  }
}

TEST(MmaSyncGemm, SaysWhatIsUnsupported) {
  EXPECT_EQ(whyUnsupported(bySync(192, 128)), "tiles have 32, 64 or 128 rows");
  EXPECT_EQ(whyUnsupported(bySync(32, 128)), "tiles have 64 or 128 columns, at most twice as many as rows");
  EXPECT_EQ(whyUnsupported(bySync(64, 64, {}, Element::F32)), "tensor cores take bf16, f16 or tf32");
  GemmConfig config = bySync(64, 64);
  config.k = 100;
  EXPECT_EQ(whyUnsupported(config), "rows of A and W must be multiples of 16 bytes");
  config.k = 104;
  EXPECT_EQ(whyUnsupported(config), "");
  config.strides.a = 420;
  EXPECT_EQ(whyUnsupported(config), "rows of A and W must be multiples of 16 bytes");
  config.strides.a = 0;
  config.splits = 2;
  EXPECT_EQ(whyUnsupported(config), "products of a warp are not split, and windows have a W of [N, K]");
  config.splits = 1;
  config.transposedW = true; // K may be any number then, if a row of A has room for a multiple
  config.k = 100;
  EXPECT_EQ(whyUnsupported(config), "rows of A and W must be multiples of 16 bytes");
  config.strides.a = 104;
  EXPECT_EQ(whyUnsupported(config), "");
  config.n += 4;
  EXPECT_EQ(whyUnsupported(config), "rows of A and W must be multiples of 16 bytes");
  config.n -= 4;
  config.stages = 16;
  EXPECT_EQ(whyUnsupported(config), "two stages or more fit into shared memory");
}

/// Registers of products in flight may neither be read nor written: LLVM copies none between the first product of a
/// tile and the wait for the last.
TEST(GemmPtx, CopiesNoRegisterInFlight) {
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "gemm", makeConfig(768, 768, 128, 128))));
  std::string ptx = module.ptx();
  size_t first = ptx.find("wgmma.mma_async"), open = ptx.find('{', first),
         last = ptx.find("wgmma.wait_group.sync.aligned 0");
  std::string sums = ptx.substr(open + 1, ptx.find('}', open) - open - 1);
  llvm::StringRef between = llvm::StringRef(ptx).slice(first, last);
  size_t products = between.count("wgmma.mma_async");
  ASSERT_EQ(products, 8u);
  for (llvm::StringRef rest = sums; !rest.empty();) {
    auto [name, others] = rest.split(", ");
    size_t uses =
        between.count((name + ",").str()) + between.count((name + "}").str()) + between.count((name + ";").str());
    EXPECT_EQ(uses, products) << name.str() << " is used by something else than products";
    rest = others;
  }
}

TEST(GemmPtx, HasOneSharedArrayAndParametersOfTensorMaps) {
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "first", makeConfig(768, 768, 128, 128))));
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "second", makeConfig(768, 768, 64, 64))));
  std::string ptx = module.ptx();
  EXPECT_EQ(count(ptx, ".shared .align"), 1u);
  EXPECT_EQ(count(ptx, ".extern .shared .align 1024 .b8 vitc_shared_memory"), 1u);
  EXPECT_EQ(count(ptx, ".param .align 64 .b8 first_param_0[128]"), 1u);
  EXPECT_EQ(count(ptx, ".entry"), 2u);
  EXPECT_EQ(count(ptx, ".local"), 0u) << "tensor maps are not copied to the stack";
  EXPECT_EQ(count(ptx, ".target sm_90a"), 1u);
}
