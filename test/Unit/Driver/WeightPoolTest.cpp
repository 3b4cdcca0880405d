#include "Driver/WeightPool.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace vitc;
using vitc::driver::WeightPool;

namespace {

class WeightPoolTest : public testing::Test {
protected:
  WeightPoolTest() {
    context.loadDialect<func::FuncDialect, memref::MemRefDialect, LLVM::LLVMDialect, vcpu::CPUKernelDialect>();
  }

  /// A module whose function reads the constants of `initialisers`, each 64 bytes after the one before.
  OwningOpRef<ModuleOp> makeModule(ArrayRef<StringRef> initialisers) {
    std::string globals, reads;
    for (auto [index, value] : llvm::enumerate(initialisers)) {
      std::string offset = std::to_string(64 * index);
      globals += "memref.global \"private\" constant @c" + std::to_string(index) + " : memref<4xf32> = dense<" +
                 value.str() + "> {vcpu.offset = " + offset + " : i64}\n";
      reads += "%" + std::to_string(index) + " = vcpu.buffer weights[" + offset + "] of %f() : memref<4xf32>\n";
    }
    std::string text = globals + "func.func @main(%f: !llvm.ptr) {\n" + reads + "return }";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module;
  }

  static std::vector<int64_t> getOffsets(ModuleOp module) {
    std::vector<int64_t> offsets;
    module.walk([&](vcpu::BufferOp buffer) { offsets.push_back(buffer.getIndex()); });
    return offsets;
  }

  MLIRContext context;
  WeightPool pool;
};

} // namespace

TEST_F(WeightPoolTest, OneModuleKeepsItsOrder) {
  OwningOpRef<ModuleOp> module = makeModule({"[1.0, 2.0, 3.0, 4.0]", "[5.0, 6.0, 7.0, 8.0]"});
  EXPECT_EQ(*pool.take(*module), 32u);
  EXPECT_EQ(getOffsets(*module), (std::vector<int64_t>{0, 64}));
  EXPECT_EQ(pool.getWeights().bytes, 80u);
  EXPECT_FALSE(llvm::errorToBool(pool.getWeights().verify()));
  EXPECT_EQ(pool.getSharedBytes(), 0u);
  EXPECT_TRUE(module->getOps<memref::GlobalOp>().empty());
}

TEST_F(WeightPoolTest, SameBytesLieOnceWhateverTheModule) {
  OwningOpRef<ModuleOp> first = makeModule({"[1.0, 2.0, 3.0, 4.0]", "[5.0, 6.0, 7.0, 8.0]"});
  OwningOpRef<ModuleOp> second = makeModule({"[5.0, 6.0, 7.0, 8.0]", "[0.0, 0.0, 0.0, 1.0]", "[5.0, 6.0, 7.0, 8.0]"});
  EXPECT_EQ(*pool.take(*first), 32u);
  EXPECT_EQ(*pool.take(*second), 32u); // it reads one of its constants twice
  EXPECT_EQ(getOffsets(*second), (std::vector<int64_t>{64, 128, 64}));
  EXPECT_EQ(pool.getWeights().bytes, 144u);
  EXPECT_EQ(pool.getSharedBytes(), 16u);
}

TEST_F(WeightPoolTest, SharedBytesCountOnceForThreeModules) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(*pool.take(*makeModule({"[1.0, 2.0, 3.0, 4.0]"})), 16u);
  EXPECT_EQ(pool.getSharedBytes(), 16u);
  EXPECT_EQ(pool.getWeights().blobs.size(), 1u);
}

TEST_F(WeightPoolTest, SplatsAreWrittenOut) {
  OwningOpRef<ModuleOp> module = makeModule({"1.0", "[1.0, 1.0, 1.0, 2.0]"});
  EXPECT_EQ(*pool.take(*module), 32u);
  ArrayRef<char> bytes = pool.getWeights().blobs.front().bytes;
  ASSERT_EQ(bytes.size(), 16u);
  EXPECT_EQ(reinterpret_cast<const float *>(bytes.data())[3], 1.0f);
}
