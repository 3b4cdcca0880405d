#include "Driver/ProgramBuilder.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

TEST(Steps, BarriersSayWhatTheyEnd) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"mlir(
    func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {
        vcpu.buffers = [], vcpu.scratch = affine_map<() -> ()>, vcpu.inputs = [], vcpu.outputs = [],
        vcpu.symbols = [{name = "height", input = 0, dim = 2}]} {
      vcpu.barrier %frame {kind = "gemm", cost = affine_map<()[s0] -> (s0 * s0 * 6, 48, s0 * 4 + 8)>}
          loc(fused["fc1", fused["gelu", "fc1"]])
      vcpu.barrier %frame {kind = "conv", cost = affine_map<()[s0] -> (s0 floordiv 16, 0, s0)>} loc(unknown)
      vcpu.barrier %frame {kind = "copy"} loc("copy")
      return
    })mlir",
                                                             &context);
  ASSERT_TRUE(module);
  target::Program program;
  TargetInfo target = *TargetInfo::get("x86-64-v3");
  for (auto entry : module->getOps<func::FuncOp>())
    ASSERT_TRUE(succeeded(describeFunction(entry, target, 0, program)));
  const target::Function &function = program.functions.front();
  ArrayRef<target::StepSpec> steps = function.variants.front().steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].kind, "gemm");
  EXPECT_EQ(steps[0].nodes, (std::vector<std::string>{"fc1", "gelu"}));
  std::vector<int64_t> values(target::maxSymbols);
  values[0] = 10;
  EXPECT_EQ(steps[0].macs.evaluate(values), 600);
  EXPECT_EQ(steps[0].weightBytes.evaluate(values), 48);
  EXPECT_EQ(steps[0].activationBytes.evaluate(values), 48);
  EXPECT_TRUE(steps[1].nodes.empty());
  // What only informs takes no place in the table of symbols: ⌊height / 16⌋ is estimated.
  EXPECT_EQ(function.symbols.size(), 1u);
  EXPECT_GE(steps[1].macs.evaluate(values), 10 / 16);
  EXPECT_EQ(steps[1].activationBytes.evaluate(values), 10);
  EXPECT_EQ(steps[2].kind, "copy");
  EXPECT_EQ(steps[2].macs.evaluate(values), 0);
}
