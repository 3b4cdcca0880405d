#include "Driver/CostReport.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

class CostReportTest : public testing::Test {
protected:
  CostReportTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    // Easy numbers: 8 products a second, 100 bytes a second from memory and 1000 from the cache.
    target.level = "slow";
    target.vectorBytes = 4;
    target.hertz = 8;
    target.fmasPerCycle = 1;
    target.memoryBytesPerSecond = 100;
    target.cacheBytesPerSecond = 1000;
  }

  OwningOpRef<ModuleOp> parse(StringRef text) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module;
  }

  OpCost measure(StringRef text) { return CostReport(*parse(text), target).getTotal(); }

  MLIRContext context;
  TargetInfo target;
};

} // namespace

TEST_F(CostReportTest, LinearWithEpilogue) {
  OpCost cost = measure(R"mlir(
    func.func @main(%x: tensor<2x3x4xf32>, %r: tensor<2x3x5xf32>) -> tensor<2x3x5xf32> {
      %w = arith.constant dense<1.0> : tensor<4x5xf32>
      %y = vit.linear %x, %w extras(%r : tensor<2x3x5xf32>)
          {extra_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>]} : (tensor<2x3x4xf32>, tensor<4x5xf32>)
          -> tensor<2x3x5xf32> epilogue {
      ^bb0(%a: f32, %e: f32):
        %s = arith.addf %a, %e : f32
        %g = vit.gelu %s : f32
        vit.yield %g : f32
      }
      return %y : tensor<2x3x5xf32>
    })mlir");
  EXPECT_EQ(cost.ops, 1); // what stands in the epilogue is part of it
  EXPECT_EQ(cost.macs, 2 * 3 * 4 * 5);
  EXPECT_EQ(cost.weightBytes, 4 * 5 * 4);
  EXPECT_EQ(cost.activationBytes, (2 * 3 * 4 + 2 * (2 * 3 * 5)) * 4);
  EXPECT_DOUBLE_EQ(cost.seconds.front(), 120 / 8.0); // the products take longer than the bytes
}

TEST_F(CostReportTest, AttentionCountsBothProducts) {
  OpCost cost = measure(R"mlir(
    func.func @main(%q: tensor<1x7x2x4xf32>, %k: tensor<1x5x2x4xf32>, %v: tensor<1x5x2x3xf32>) -> tensor<1x7x2x3xf32> {
      %y = vit.attention %q, %k, %v {scale = 0.5 : f32}
          : (tensor<1x7x2x4xf32>, tensor<1x5x2x4xf32>, tensor<1x5x2x3xf32>) -> tensor<1x7x2x3xf32>
      return %y : tensor<1x7x2x3xf32>
    })mlir");
  EXPECT_EQ(cost.macs, 2 * 7 * 5 * 4 + 2 * 7 * 5 * 3);
  EXPECT_EQ(cost.weightBytes, 0);
}

TEST_F(CostReportTest, ConvolutionsCountTheirGroups) {
  OpCost cost = measure(R"mlir(
    func.func @main(%x: tensor<1x6x5x5xf32>) -> tensor<1x4x3x3xf32> {
      %w = arith.constant dense<1.0> : tensor<4x3x3x3xf32>
      %y = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
                            groups = 2 : i64} : (tensor<1x6x5x5xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x3x3xf32>
      return %y : tensor<1x4x3x3xf32>
    })mlir");
  EXPECT_EQ(cost.macs, 4 * 3 * 3 * 3 * 3 * 3);
}

TEST_F(CostReportTest, ElementwiseOpsAreTheirBytes) {
  OpCost cost = measure(R"mlir(
    func.func @main(%x: tensor<25xf32>) -> tensor<25xf32> {
      %w = arith.constant dense<1.0> : tensor<25xf32>
      %e = tensor.empty() : tensor<25xf32>
      %y = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %w : tensor<25xf32>, tensor<25xf32>)
          outs(%e : tensor<25xf32>) -> tensor<25xf32>
      return %y : tensor<25xf32>
    })mlir");
  EXPECT_EQ(cost.macs, 0);
  EXPECT_EQ(cost.weightBytes, 100);
  EXPECT_EQ(cost.activationBytes, 200);
  EXPECT_DOUBLE_EQ(cost.seconds.front(), 1.0 + 0.2);
}

TEST_F(CostReportTest, OpsHaveTheirNodes) {
  OwningOpRef<ModuleOp> module = parse(R"mlir(
    func.func @main(%x: tensor<3x4xf32>, %v: tensor<4x5xf32>) -> tensor<3x5xf32> {
      %w = arith.constant dense<1.0> : tensor<4x4xf32>
      %y = vit.linear %x, %w : (tensor<3x4xf32>, tensor<4x4xf32>) -> tensor<3x4xf32> loc(fused["fc1", fused["add", "fc1"]])
      %z = vit.linear %y, %v : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32> loc("fc2")
      return %z : tensor<3x5xf32>
    })mlir");
  CostReport report(*module, target);
  ASSERT_EQ(report.getOps().size(), 2u);
  EXPECT_EQ(report.getOps()[0].nodes, (std::vector<std::string>{"fc1", "add"}));
  EXPECT_EQ(report.getOps()[0].kind, "vit.linear");
  EXPECT_EQ(report.getOps()[0].cost.macs, 3 * 4 * 4);
  EXPECT_EQ(report.getOps()[1].nodes, std::vector<std::string>{"fc2"});
  EXPECT_EQ(report.getOps()[1].cost.weightBytes, 0);
  std::string text;
  llvm::raw_string_ostream os(text);
  report.print({}, 64, os);
  EXPECT_NE(text.find("\nvit.linear           fc1 +1  "), std::string::npos) << text;
  EXPECT_NE(text.find("\nvit.linear           fc2  "), std::string::npos) << text;
}

TEST_F(CostReportTest, OpenShapesAreSpelledAsTheFlagWantsThem) {
  OwningOpRef<ModuleOp> module = parse(R"mlir(
    func.func @main(%a: tensor<3xf32> {vit.name = "a"}, %x: tensor<?x3x?xf32> {vit.name = "x"}) { return })mlir");
  EXPECT_EQ(findOpenShape(*module), "x=?x3x?");
  EXPECT_EQ(findOpenShape(*parse("func.func @main(%a: tensor<3xf32> {vit.name = \"a\"}) { return }")), std::nullopt);
}
