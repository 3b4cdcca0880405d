#include "KernelModule.h"

#include "vitc/Dialect/GPUKernel/Kernels/LayerNorm.h"

#include <gtest/gtest.h>

using namespace vitc::test;
using namespace vitc::vgpu;

TEST(LayerNormKernel, LoadsSixteenBytesAndDoesNotSpill) {
  for (int64_t width : {8, 384, 768, 1000, 2048}) {
    KernelModule module;
    mlir::OpBuilder builder = module.builder();
    LayerNormConfig floats, halves;
    floats.width = halves.width = width;
    halves.input = Element::BF16;
    halves.rms = true;
    halves.bias = false;
    ASSERT_TRUE(succeeded(emitLayerNorm(builder, module.gpuModule(), "floats", floats))) << module.diagnostics();
    ASSERT_TRUE(succeeded(emitLayerNorm(builder, module.gpuModule(), "halves", halves))) << module.diagnostics();
    vitc::target::CompiledKernels code = module.compile();
    for (const auto &kernel : code.resources)
      EXPECT_LE(kernel.registers, 168u) << kernel.name << " of width " << width;
    size_t turns = (width / 8 + 31) / 32;
    EXPECT_EQ(count(code.ptx, "ld.global.v4.b32"), 9 * turns);
    EXPECT_EQ(count(code.ptx, "st.global.v4.b32"), 2 * turns);
  }
}

TEST(LayerNormKernel, SaysWhatIsUnsupported) {
  LayerNormConfig config;
  config.width = 2056;
  EXPECT_EQ(whyUnsupported(config), "rows have 8 to 2048 elements, a multiple of 8");
  config.width = 64;
  config.output = Element::TF32;
  EXPECT_EQ(whyUnsupported(config), "elements are bf16, f16 or f32");
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  EXPECT_TRUE(failed(emitLayerNorm(builder, module.gpuModule(), "none", config)));
  EXPECT_EQ(module.diagnostics(),
            "expected a norm that one warp a row can compute, got one where elements are bf16, f16 or f32\n");
}
