#include "Driver/ConstantFolding.h"

#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;

namespace {

class ConstantFoldingTest : public testing::Test {
protected:
  ConstantFoldingTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  OwningOpRef<ModuleOp> fold(StringRef text) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    EXPECT_TRUE(succeeded(driver::foldConstantSubgraphs(*module)));
    return module;
  }

  /// The f32 data of what a function returns, where that is a constant.
  static std::optional<std::vector<float>> getReturned(ModuleOp module) {
    auto function = *module.getOps<func::FuncOp>().begin();
    auto constant = function.front().getTerminator()->getOperand(0).getDefiningOp<arith::ConstantOp>();
    auto resource = constant ? dyn_cast<DenseResourceElementsAttr>(constant.getValue()) : nullptr;
    if (!resource)
      return std::nullopt;
    ArrayRef<float> data = resource.getRawHandle().getBlob()->getDataAs<float>();
    return std::vector<float>(data.begin(), data.end());
  }

  MLIRContext context;
};

} // namespace

TEST_F(ConstantFoldingTest, ComputesWhatDependsOnConstantsAlone) {
  OwningOpRef<ModuleOp> module = fold(R"(
    func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
      %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
      %e = tensor.empty() : tensor<2x2xf32>
      %t = linalg.transpose ins(%a : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
      %s = linalg.add ins(%t, %a : tensor<2x2xf32>, tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
      return %s : tensor<2x2xf32>
    })");
  EXPECT_EQ(getReturned(*module), (std::vector<float>{2, 5, 5, 8}));
}

TEST_F(ConstantFoldingTest, CountsWhatRegionsRead) {
  // 2 MB of a constant, which an op reads from within: no more than it comes from.
  OwningOpRef<ModuleOp> module = fold(R"(
    func.func @main() -> tensor<1024x512xf32> {
      %a = arith.constant dense_resource<ones> : tensor<512x1024xf32>
      %e = tensor.empty() : tensor<1024x512xf32>
      %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
          outs(%e : tensor<1024x512xf32>) {
      ^bb0(%out: f32):
        %i = linalg.index 0 : index
        %j = linalg.index 1 : index
        %v = tensor.extract %a[%j, %i] : tensor<512x1024xf32>
        linalg.yield %v : f32
      } -> tensor<1024x512xf32>
      return %t : tensor<1024x512xf32>
    }
    {-# dialect_resources: { builtin: { ones: "0x04000000)" +
                                      std::string(8 * 512 * 1024, '0') + R"(" } } #-})");
  EXPECT_EQ(getReturned(*module), std::vector<float>(512 * 1024));
}

TEST_F(ConstantFoldingTest, LeavesWhatDependsOnInputs) {
  OwningOpRef<ModuleOp> module = fold(R"(
    func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
      %e = tensor.empty() : tensor<2x2xf32>
      %t = linalg.transpose ins(%x : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
      return %t : tensor<2x2xf32>
    })");
  EXPECT_FALSE(getReturned(*module));
}

// Zeros that a contraction accumulates into, and views of weights, are no work to do ahead.
TEST_F(ConstantFoldingTest, LeavesFillsAndViews) {
  OwningOpRef<ModuleOp> module = fold(R"(
    func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
      %a = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
      %w = tensor.expand_shape %a [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<2x2xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
      %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
      return %y : tensor<2x2xf32>
    })");
  auto function = *module->getOps<func::FuncOp>().begin();
  EXPECT_EQ(llvm::range_size(function.getOps<linalg::FillOp>()), 1u);
}

// A broadcast that would put megabytes into the library stays in the program.
TEST_F(ConstantFoldingTest, LeavesWhatOutgrowsItsInputs) {
  OwningOpRef<ModuleOp> module = fold(R"(
    func.func @main() -> tensor<1024x1024xf32> {
      %a = arith.constant dense<1.5> : tensor<1024xf32>
      %e = tensor.empty() : tensor<1024x1024xf32>
      %b = linalg.broadcast ins(%a : tensor<1024xf32>) outs(%e : tensor<1024x1024xf32>) dimensions = [0]
      return %b : tensor<1024x1024xf32>
    })");
  EXPECT_FALSE(getReturned(*module));
}
