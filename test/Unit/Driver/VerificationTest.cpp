#include "Driver/Verification.h"
#include "Driver/CompareLibraries.h"
#include "Driver/HostLibrary.h"
#include "Driver/StageRunner.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;
using llvm::Expected;

namespace {

/// Two products; a bias each and an activation are fused with them.
constexpr StringLiteral kGraph = R"(
  #dims = #vit.dims<[], affine_map<() -> (4, 8)>>
  func.func @main(%x: tensor<4x8xf32> {vit.name = "x", vit.dims = #dims})
      -> (tensor<4x8xf32> {vit.name = "y", vit.dims = #dims}) {
    %w = onnx.Constant dense<2.0> : tensor<8x8xf32> : tensor<8x8xf32> loc("w")
    %b = onnx.Constant dense<-0.5> : tensor<8xf32> : tensor<8xf32> loc("b")
    %0 = onnx.MatMul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("first product")
    %1 = onnx.Add %0, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> loc("first sum")
    %2 = onnx.Relu %1 : (tensor<4x8xf32>) -> tensor<4x8xf32> loc("activation")
    %3 = onnx.MatMul %2, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("second product")
    %4 = onnx.Add %3, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> loc("second sum")
    return %4 : tensor<4x8xf32>
  })";

const std::vector<std::string> kNodes = {"activation", "second sum"};

class VerificationTest : public testing::Test {
protected:
  VerificationTest() : target(*TargetInfo::get("host")) {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    graph = parseSourceString<ModuleOp>(kGraph, &context);
  }

  OwningOpRef<ModuleOp> getTapped() { return *returnNodes(*graph, kNodes); }

  Expected<std::vector<Comparison>> compare(StringRef inputs = "") {
    return compareLibraries({reference.getPath(), fused.getPath(), delivered.getPath()}, kNodes, inputs);
  }

  void writeLibraries(function_ref<void(ModuleOp)> breakFused, function_ref<void(ModuleOp)> breakDelivered) {
    OwningOpRef<ModuleOp> unfused = getTapped(), tapped = getTapped(), whole(graph->clone());
    breakFused(*tapped);
    breakDelivered(*whole);
    ASSERT_TRUE(succeeded(writeReference(*unfused, target, reference.getPath())));
    ASSERT_TRUE(succeeded(writeFused(*tapped, target, fused.getPath())));
    ASSERT_TRUE(succeeded(writeFused(*whole, target, delivered.getPath())));
  }

  /// What a defect of vitc would do: an op is lost.
  static void loseActivation(ModuleOp module) {
    module.walk([](onnx::ReluOp relu) { relu.replaceAllUsesWith(relu->getOperand(0)); });
  }
  static void keep(ModuleOp) {}

  MLIRContext context;
  TargetInfo target;
  OwningOpRef<ModuleOp> graph;
  TemporaryLibrary reference, fused, delivered;
};

/// What printVerdict says.
struct Verdict {
  explicit Verdict(ArrayRef<Comparison> comparisons, const Tolerance &tolerance = {1e-4, std::nullopt}) {
    llvm::raw_string_ostream outStream(out), errStream(err);
    agrees = printVerdict(comparisons, tolerance, outStream, errStream);
  }
  bool agrees;
  std::string out, err;
};

} // namespace

TEST_F(VerificationTest, ComparesTheLastNodeOfWhatWasFused) {
  OwningOpRef<ModuleOp> module(graph->clone());
  for (Stage stage : {Stage::Linalg, Stage::ViT, Stage::Fused})
    ASSERT_TRUE(succeeded(runStage(stage, *module, target, nullptr)));
  EXPECT_EQ(findVerifiedNodes(*module, *graph), kNodes);
}

TEST_F(VerificationTest, ReturnsNodesBesideTheOutputs) {
  OwningOpRef<ModuleOp> tapped = getTapped();
  func::FuncOp function = *tapped->getOps<func::FuncOp>().begin();
  ASSERT_EQ(function.getNumResults(), 3u);
  EXPECT_EQ(function.getResultAttrOfType<StringAttr>(0, "vit.name").getValue(), "y");
  EXPECT_TRUE(function.getResultAttr(2, "vit.dims"));
  EXPECT_EQ((*graph->getOps<func::FuncOp>().begin()).getNumResults(), 1u) << "the graph itself stays";
}

TEST_F(VerificationTest, ProgramsOfOneGraphAgree) {
  writeLibraries(keep, keep);
  Expected<std::vector<Comparison>> comparisons = compare();
  ASSERT_TRUE(bool(comparisons));
  ASSERT_EQ(comparisons->size(), 3u);
  EXPECT_GT(comparisons->front().difference.scale, 0.1) << "inputs are not degenerate";
  Verdict verdict(*comparisons);
  EXPECT_TRUE(verdict.agrees);
  EXPECT_NE(verdict.out.find("verified 2 ops and 1 output against the unfused path"), std::string::npos);
}

TEST_F(VerificationTest, TheFirstOpThatDriftsIsNamed) {
  writeLibraries(loseActivation, keep);
  Expected<std::vector<Comparison>> comparisons = compare();
  ASSERT_TRUE(bool(comparisons));
  Verdict verdict(*comparisons);
  EXPECT_FALSE(verdict.agrees);
  EXPECT_NE(verdict.err.find("node 'activation': drifts"), std::string::npos) << verdict.err;
  EXPECT_NE(verdict.err.find("of 2 ops and 1 output"), std::string::npos) << verdict.err;
}

TEST_F(VerificationTest, WhatOnlyTheDeliveredProgramDoesIsSeenInItsOutputs) {
  writeLibraries(keep, loseActivation);
  Expected<std::vector<Comparison>> comparisons = compare();
  ASSERT_TRUE(bool(comparisons));
  Verdict verdict(*comparisons);
  EXPECT_FALSE(verdict.agrees);
  EXPECT_NE(verdict.err.find("output 'y': drifts"), std::string::npos) << verdict.err;
}

TEST_F(VerificationTest, AFileThatIsNoArchiveIsRefused) {
  writeLibraries(keep, keep);
  Expected<std::vector<Comparison>> comparisons = compare(reference.getPath());
  ASSERT_FALSE(bool(comparisons));
  EXPECT_NE(llvm::toString(comparisons.takeError()).find(reference.getPath()), std::string::npos);
}

TEST(Verdict, NumbersOnOneSideAloneAreADrift) {
  run::Difference difference;
  difference.notNumbers = true;
  Verdict verdict({{"norm", true, difference}, {"y", false, {}}});
  EXPECT_FALSE(verdict.agrees);
  EXPECT_NE(verdict.err.find("NaN or infinity on one side alone"), std::string::npos);
}

TEST(Verdict, OfFewerBitsTheAngleCounts) {
  run::Difference near{.largest = 0.5, .scale = 10, .where = 3, .notNumbers = false, .cosine = 0.9996};
  run::Difference far{.largest = 0.1, .scale = 10, .where = 2, .notNumbers = false, .cosine = 0.999};
  Tolerance tolerance{.cosine = 0.9995};
  Verdict kept({{"norm", true, near}, {"y", false, near}}, tolerance);
  EXPECT_TRUE(kept.agrees);
  EXPECT_EQ(kept.out, "verified 1 ops and 1 output against the unfused path in fp32: cosine at least 0.999600, of "
                      "'norm'\noutput 'y': cosine 0.999600, at most 0.05 of max |y|\n");
  Verdict drifted({{"norm", true, near}, {"mlp", true, far}, {"y", false, far}}, tolerance);
  EXPECT_FALSE(drifted.agrees);
  EXPECT_EQ(drifted.err,
            "vitc: error: node 'mlp': drifts from the unfused path in fp32 by a cosine of 0.999000, where "
            "0.9995 is asked for, and 0.01 of max |y|, at element 2; the first of 2 that do, of 2 ops and 1 "
            "outputs\n");
}
