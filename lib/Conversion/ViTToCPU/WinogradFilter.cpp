#include "WinogradFilter.h"

#include "vitc/Dialect/CPUKernel/Transforms/PackConstant.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "llvm/Support/MathExtras.h"

#include <array>

using namespace mlir;
using namespace vitc;

/// G of F(m, 3): Lavin and Gray, CVPR 2016, section 4.
static ArrayRef<std::array<double, 3>> getFilterMatrix(int64_t tile) {
  static constexpr std::array<double, 3> two[] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  static constexpr std::array<double, 3> four[] = {{1.0 / 4, 0, 0},
                                                   {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                   {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                   {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                   {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                   {0, 0, 1}};
  return tile == 2 ? ArrayRef(two) : ArrayRef(four);
}

/// G g Gᵀ of one filter and channel, row-major, one number every `stride`.
static void transformOne(const vcpu::ConstantView &view, int64_t f, int64_t c, int64_t tile, float *target,
                         int64_t stride) {
  auto data = reinterpret_cast<const float *>(view.data.data());
  ArrayRef<std::array<double, 3>> matrix = getFilterMatrix(tile);
  std::array<std::array<double, 3>, 6> rows = {}; // G g
  for (size_t i = 0; i < matrix.size(); ++i)
    for (int64_t column = 0; column < 3; ++column)
      for (int64_t row = 0; row < 3; ++row)
        rows[i][column] += matrix[i][row] * data[view.offset + f * view.strides[0] + c * view.strides[1] +
                                                 row * view.strides[2] + column * view.strides[3]];
  for (size_t i = 0; i < matrix.size(); ++i)
    for (size_t j = 0; j < matrix.size(); ++j) {
      double sum = 0;
      for (int64_t column = 0; column < 3; ++column)
        sum += rows[i][column] * matrix[j][column];
      target[(i * matrix.size() + j) * stride] = static_cast<float>(sum);
    }
}

DenseResourceElementsAttr vitc::transformFilter(Value filter, int64_t tile, int64_t nr) {
  std::optional<vcpu::ConstantView> view = vcpu::ConstantView::get(filter);
  if (!view)
    return {};
  int64_t filters = view->shape[0], channels = view->shape[1], places = (tile + 2) * (tile + 2);
  int64_t panels = llvm::divideCeilSigned(filters, nr), ofPlace = panels * channels * nr;
  auto type = RankedTensorType::get({places, panels, channels, nr}, Float32Type::get(filter.getContext()));
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(type.getNumElements() * sizeof(float), /*align=*/64);
  auto target = reinterpret_cast<float *>(blob.getMutableData().data());
  parallelFor(filter.getContext(), 0, panels * channels, [&](size_t index) {
    int64_t panel = index / channels, channel = index % channels;
    float *row = target + index * nr;
    for (int64_t column = 0; column < nr; ++column) {
      int64_t f = panel * nr + column;
      if (f < filters)
        transformOne(*view, f, channel, tile, row + column, ofPlace);
      else
        for (int64_t place = 0; place < places; ++place)
          row[place * ofPlace + column] = 0;
    }
  });
  return DenseResourceElementsAttr::get(type, "winograd", std::move(blob));
}
