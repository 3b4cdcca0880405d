#include "KernelHarness.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/PackConstant.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"

#include <gtest/gtest.h>

using namespace vitc::test;

namespace {

using Sizes = std::vector<int64_t>;

struct PackCase {
  Sizes input, permutation;
  int64_t batchRank, width;
  std::vector<int64_t> dynamicDims = {}; ///< of the input
};

/// Sizes of the permuted input: batch.., K, N.
struct Packing {
  explicit Packing(const PackCase &c) {
    for (int64_t dim = 0; dim < c.batchRank; ++dim)
      output.push_back(c.input[c.permutation[dim]]);
    for (size_t dim = c.batchRank; dim + 1 < c.permutation.size(); ++dim)
      rows *= c.input[c.permutation[dim]];
    columns = c.input[c.permutation.back()];
    output.insert(output.end(), {(columns + c.width - 1) / c.width, rows, c.width});
  }
  Sizes output;
  int64_t rows = 1, columns;
};

/// The packed elements by the definition, one at a time.
std::vector<float> pack(const PackCase &c, const Array &input) {
  Packing packing(c);
  Array output(packing.output);
  Sizes permuted;
  for (int64_t dim : c.permutation)
    permuted.push_back(c.input[dim]);
  for (size_t flat = 0; flat < input.data.size(); ++flat) {
    Sizes index(permuted.size());
    size_t rest = flat;
    for (size_t dim = permuted.size(); dim-- > 0; rest /= permuted[dim])
      index[dim] = rest % permuted[dim];
    int64_t from = 0, batch = 0, row = 0, column = index.back();
    for (size_t dim = 0; dim < permuted.size(); ++dim)
      from += index[dim] * input.strides[c.permutation[dim]];
    for (int64_t dim = 0; dim < c.batchRank; ++dim)
      batch = batch * permuted[dim] + index[dim];
    for (size_t dim = c.batchRank; dim + 1 < permuted.size(); ++dim)
      row = row * permuted[dim] + index[dim];
    int64_t panels = packing.output[c.batchRank];
    int64_t panel = batch * panels + column / c.width;
    output.data[(panel * packing.rows + row) * c.width + column % c.width] = input.data[from];
  }
  return output.data;
}

std::string typeOf(const Sizes &sizes, const std::vector<bool> &dynamic) {
  std::string text = "memref<";
  for (auto [size, isDynamic] : llvm::zip(sizes, dynamic))
    text += (isDynamic ? "?" : std::to_string(size)) + "x";
  return text + "f32>";
}

std::string packText(const PackCase &c, const Level &level) {
  Packing packing(c);
  auto isDynamic = [&](int64_t dim) { return llvm::is_contained(c.dynamicDims, dim); };
  std::vector<bool> in(c.input.size()), out(packing.output.size());
  for (size_t dim = 0; dim < in.size(); ++dim)
    in[dim] = isDynamic(dim);
  for (int64_t dim = 0; dim < c.batchRank; ++dim)
    out[dim] = isDynamic(c.permutation[dim]);
  out[c.batchRank] = isDynamic(c.permutation.back());
  for (size_t dim = c.batchRank; dim + 1 < c.permutation.size(); ++dim)
    out[c.batchRank + 1] = out[c.batchRank + 1] || isDynamic(c.permutation[dim]);
  std::string permutation;
  for (int64_t dim : c.permutation)
    permutation += (permutation.empty() ? "" : ", ") + std::to_string(dim);
  std::string source = typeOf(c.input, in), target = typeOf(packing.output, out);
  return "func.func @main(%i: " + source + ", %o: " + target + ") {\n  vcpu.pack ins(%i : " + source +
         ") outs(%o : " + target + ") permutation = [" + permutation + "] {lanes = " + std::to_string(level.lanes) +
         "}\n  return\n}\n";
}

void check(std::initializer_list<PackCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const PackCase &c : cases) {
      SCOPED_TRACE(packText(c, level));
      Array input(c.input), output(Packing(c).output);
      input.fill(1), output.fill(2);
      auto kernel = CompiledKernels::compile(packText(c, level), level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&input, &output}, parts++ % 4 + 1);
      EXPECT_EQ(output.data, pack(c, input));
    }
}

TEST(Pack, RowsAreContiguous) {
  check({{{37, 70}, {0, 1}, 0, 32},
         {{37, 64}, {0, 1}, 0, 32},
         {{300, 70}, {0, 1}, 0, 24},
         {{5, 77}, {0, 1}, 0, 77},
         {{1, 1}, {0, 1}, 0, 32}});
}

TEST(Pack, ColumnsAreContiguous) {
  check({{{70, 37}, {1, 0}, 0, 32},
         {{70, 300}, {1, 0}, 0, 20, {0}},
         {{32, 16}, {1, 0}, 0, 32},
         {{1, 300}, {1, 0}, 0, 8}});
}

TEST(Pack, KeysOfAttention) {
  check({{{2, 50, 3, 24}, {0, 2, 3, 1}, 2, 32},
         {{2, 50, 3, 24}, {0, 2, 3, 1}, 2, 32, {0, 1}},
         {{1, 3, 1, 5}, {0, 2, 3, 1}, 2, 32, {1}}});
}

TEST(Pack, FiltersOfConvolutions) {
  check({{{70, 12, 3, 5}, {2, 3, 1, 0}, 0, 32}, {{12, 70, 2, 2}, {2, 3, 0, 1}, 0, 32}});
}

TEST(Pack, ImagesFromOneLayoutToTheOther) {
  check({{{2, 5, 77}, {0, 2, 1}, 1, 5},
         {{2, 77, 5}, {0, 2, 1}, 1, 77},
         {{1, 64, 561}, {0, 2, 1}, 1, 64, {0, 2}},
         {{2, 130, 70}, {0, 2, 1}, 1, 130}});
}

/// Constants are packed by other code, which must agree with the kernel.
TEST(Pack, Constants) {
  mlir::MLIRContext context;
  for (const PackCase &c :
       {PackCase{{37, 70}, {0, 1}, 0, 32}, PackCase{{70, 37}, {1, 0}, 0, 32},
        PackCase{{70, 12, 3, 5}, {2, 3, 1, 0}, 0, 32}, PackCase{{2, 50, 3, 24}, {0, 2, 3, 1}, 2, 32}}) {
    Array input(c.input);
    input.fill(1);
    auto element = mlir::Float32Type::get(&context);
    auto bytes = llvm::ArrayRef(reinterpret_cast<const char *>(input.data.data()), input.data.size() * sizeof(float));
    vitc::vcpu::ConstantView view;
    view.data = bytes, view.elementBytes = sizeof(float);
    view.shape.assign(input.shape.begin(), input.shape.end()),
        view.strides.assign(input.strides.begin(), input.strides.end());
    auto type = mlir::RankedTensorType::get(Packing(c).output, element);
    mlir::AsmResourceBlob *blob = vitc::vcpu::packConstant(view, c.permutation, type).getRawHandle().getBlob();
    ASSERT_TRUE(blob);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(blob->getData().data()) % 64, 0u);
    auto first = reinterpret_cast<const float *>(blob->getData().data());
    EXPECT_EQ(std::vector<float>(first, first + blob->getData().size() / sizeof(float)), pack(c, input));
  }
}

TEST(Patchify, GathersPatches) {
  struct Case {
    int64_t batch, channels, height, width, patchHeight, patchWidth;
  };
  for (const Level &level : runnableLevels())
    for (const Case &c :
         {Case{2, 3, 28, 42, 14, 14}, Case{1, 3, 32, 48, 16, 16}, Case{1, 2, 8, 12, 4, 4}, Case{1, 2, 6, 7, 3, 7}}) {
      int64_t rows = c.height / c.patchHeight, columns = c.width / c.patchWidth;
      Array image({c.batch, c.channels, c.height, c.width}),
          out({c.batch, rows * columns, c.channels * c.patchHeight * c.patchWidth});
      image.fill(1), out.fill(2);
      std::string in = image.type({0}), to = out.type({0});
      auto kernel = CompiledKernels::compile(
          "func.func @main(%i: " + in + ", %o: " + to + ") {\n  vcpu.patchify ins(%i : " + in + ") outs(%o : " + to +
              ") patch = [" + std::to_string(c.patchHeight) + ", " + std::to_string(c.patchWidth) +
              "] {lanes = " + std::to_string(level.lanes) + "}\n  return\n}\n",
          level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&image, &out}, 2);
      for (int64_t b = 0; b < c.batch; ++b)
        for (int64_t ch = 0; ch < c.channels; ++ch)
          for (int64_t y = 0; y < c.height; ++y)
            for (int64_t x = 0; x < c.width; ++x)
              EXPECT_EQ(out.at({b, y / c.patchHeight * columns + x / c.patchWidth,
                                (ch * c.patchHeight + y % c.patchHeight) * c.patchWidth + x % c.patchWidth}),
                        image.at({b, ch, y, x}));
    }
}

TEST(GatherRows, RowsOfEachPicture) {
  const int32_t order[] = {3, 0, 0, 4, 1, 3, 2};
  for (const Level &level : runnableLevels())
    for (int64_t channels : {1, 16, 19, 40}) {
      Array input({2, 5, channels}), rows({7}), out({2, 7, channels});
      input.fill(1), out.fill(2);
      for (size_t i = 0; i < 7; ++i)
        rows.data[i] = llvm::bit_cast<float>(order[i]);
      std::string in = input.type({0}), to = out.type({0, 1});
      auto kernel = CompiledKernels::compile("func.func @main(%i: " + in + ", %r: memref<7xi32>, %o: " + to +
                                                 ") {\n  vcpu.gather_rows ins(%i, %r : " + in +
                                                 ", memref<7xi32>) outs(%o : " + to +
                                                 ") {lanes = " + std::to_string(level.lanes) + "}\n  return\n}\n",
                                             level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&input, &rows, &out}, 3);
      for (int64_t b = 0; b < 2; ++b)
        for (int64_t t = 0; t < 7; ++t)
          for (int64_t c = 0; c < channels; ++c)
            EXPECT_EQ(out.at({b, t, c}), input.at({b, order[t], c}));
    }
}

TEST(Pad, BorderOfZeros) {
  for (const Level &level : runnableLevels())
    for (int64_t channels : {5, 16, 19}) {
      Array image({2, 5, 6, channels}), out({2, 7, 10, channels});
      image.fill(1), out.fill(2);
      std::string in = image.type({0, 1, 2}), to = out.type({0, 1, 2});
      auto kernel = CompiledKernels::compile(
          "func.func @main(%i: " + in + ", %o: " + to + ") {\n  vcpu.pad ins(%i : " + in + ") outs(%o : " + to +
              ") low = [1, 3] {lanes = " + std::to_string(level.lanes) + "}\n  return\n}\n",
          level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&image, &out}, 3);
      for (int64_t b = 0; b < 2; ++b)
        for (int64_t y = 0; y < 7; ++y)
          for (int64_t x = 0; x < 10; ++x)
            for (int64_t c = 0; c < channels; ++c) {
              bool inside = y >= 1 && y < 6 && x >= 3 && x < 9;
              EXPECT_EQ(out.at({b, y, x, c}), inside ? image.at({b, y - 1, x - 3, c}) : 0.0f);
            }
    }
}

} // namespace
