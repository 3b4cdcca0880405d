#include "RowTable.h"

#include "vitc/Recognition/Extent.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;
using namespace vitc;

bool vitc::isMove(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp, tensor::ConcatOp,
             linalg::TransposeOp>(op);
}

ValueRange vitc::movedOperands(Operation *op) {
  return isa<tensor::ConcatOp>(op) ? ValueRange(op->getOperands()) : ValueRange(op->getOperands().take_front());
}

static int64_t product(ArrayRef<int64_t> extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t(1), std::multiplies<>());
}

namespace {

/// Row numbers in the shape of a value without its channels.
struct Numbers {
  SmallVector<int64_t> shape;
  SmallVector<int32_t> rows;
};

/// Numbers of a part of `from` along all dimensions: offsets and sizes.
Numbers part(const Numbers &from, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) {
  Numbers result{SmallVector<int64_t>(sizes), {}};
  for (int64_t row = 0, count = product(sizes); row < count; ++row) {
    int64_t rest = row, at = 0, stride = 1;
    for (int64_t dim = sizes.size() - 1; dim >= 0; --dim) {
      at += (offsets[dim] + rest % sizes[dim]) * stride;
      rest /= sizes[dim];
      stride *= from.shape[dim];
    }
    result.rows.push_back(from.rows[at]);
  }
  return result;
}

class Mover {
public:
  Mover(Value source, int64_t stride) : source(source), stride(stride) {}

  /// Rows of a value that several moves read are counted once.
  FailureOr<Numbers> move(Value value) {
    if (auto known = moved.find(value); known != moved.end())
      return known->second;
    FailureOr<Numbers> numbers = moveOnce(value);
    if (failed(numbers) || (countedRows += numbers->rows.size()) > kMostRowsOfAll)
      return failure();
    moved.try_emplace(value, *numbers);
    return numbers;
  }

  int64_t needed = 1; ///< what `stride` would have to be a multiple of, where that is why a move failed

private:
  static constexpr int64_t kMostRows = 1 << 20, kMostRowsOfAll = 1 << 24;

  FailureOr<Numbers> moveOnce(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() < 2 || llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic) ||
        type.isDynamicDim(0) != (stride > 0) || type.getShape().back() != channels())
      return failure();
    if (value == source)
      return start(type);
    return TypeSwitch<Operation *, FailureOr<Numbers>>(value.getDefiningOp())
        .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>([&](auto op) { return reshape(op); })
        .Case([&](linalg::TransposeOp op) { return transpose(op); })
        .Case([&](tensor::ExtractSliceOp op) { return slice(op); })
        .Case([&](tensor::ConcatOp op) { return concat(op); })
        .Default([](Operation *) { return failure(); });
  }

  int64_t channels() const { return cast<RankedTensorType>(source.getType()).getShape().back(); }

  FailureOr<Numbers> start(RankedTensorType type) {
    Numbers numbers{SmallVector<int64_t>(type.getShape().drop_back()), {}};
    if (stride > 0)
      numbers.shape[0] = stride;
    if (product(numbers.shape) > kMostRows)
      return failure();
    numbers.rows.resize(product(numbers.shape));
    std::iota(numbers.rows.begin(), numbers.rows.end(), 0);
    return numbers;
  }

  /// Rows keep their order; pictures stay outermost, since dynamic dimensions come first.
  template <typename Reshape>
  FailureOr<Numbers> reshape(Reshape op) {
    FailureOr<Numbers> numbers = move(op.getSrc());
    if (failed(numbers) || op.getReassociationIndices().back().size() != 1)
      return failure();
    SmallVector<int64_t> shape(op.getResultType().getShape().drop_back());
    if (stride > 0) {
      int64_t rows = numbers->rows.size(), others = product(ArrayRef(shape).drop_front());
      if (others == 0)
        return failure();
      if (rows % others != 0) {
        needed = others / std::gcd(others, rows);
        return failure();
      }
      shape[0] = rows / others;
    }
    return Numbers{shape, numbers->rows};
  }

  FailureOr<Numbers> transpose(linalg::TransposeOp op) {
    FailureOr<Numbers> numbers = move(op.getInput());
    ArrayRef<int64_t> permutation = op.getPermutation();
    int64_t last = permutation.size() - 1;
    if (failed(numbers) || permutation[last] != last || (stride > 0 && permutation[0] != 0))
      return failure();
    SmallVector<int64_t> strides(last, 1), shape;
    for (int64_t dim = last - 2; dim >= 0; --dim)
      strides[dim] = strides[dim + 1] * numbers->shape[dim + 1];
    for (int64_t dim : permutation.drop_back())
      shape.push_back(numbers->shape[dim]);
    Numbers result{shape, {}};
    for (size_t row = 0; row < numbers->rows.size(); ++row) {
      int64_t rest = row, at = 0;
      for (int64_t dim = last - 1; dim >= 0; --dim) {
        at += rest % shape[dim] * strides[permutation[dim]];
        rest /= shape[dim];
      }
      result.rows.push_back(numbers->rows[at]);
    }
    return result;
  }

  FailureOr<Numbers> slice(tensor::ExtractSliceOp op) {
    FailureOr<Numbers> numbers = move(op.getSource());
    if (failed(numbers) || op.getType().getRank() != op.getSourceType().getRank() || !op.hasUnitStride())
      return failure();
    SmallVector<int64_t> offsets, sizes;
    for (auto [dim, extent] : llvm::enumerate(numbers->shape)) {
      std::optional<int64_t> offset = getConstantIntValue(op.getMixedOffsets()[dim]),
                             size = getConstantIntValue(op.getMixedSizes()[dim]);
      bool isPictures = stride > 0 && dim == 0;
      if (isPictures && offset == 0 && extentOf(op.getMixedSizes()[0]) == extentOf(op.getSource(), 0))
        size = extent;
      if (!offset || !size || (isPictures && *size != extent))
        return failure();
      offsets.push_back(*offset);
      sizes.push_back(*size);
    }
    return part(*numbers, offsets, sizes);
  }

  FailureOr<Numbers> concat(tensor::ConcatOp op) {
    int64_t along = op.getDim();
    if (along + 1 == op.getResultType().getRank() || (stride > 0 && along == 0))
      return failure();
    SmallVector<Numbers> pieces;
    for (Value operand : op.getInputs()) {
      FailureOr<Numbers> piece = move(operand);
      if (failed(piece))
        return failure();
      pieces.push_back(*piece);
    }
    Numbers result{pieces.front().shape, {}};
    result.shape[along] = 0;
    for (const Numbers &piece : pieces)
      result.shape[along] += piece.shape[along];
    // Runs of the dimensions from `along` on, one of each piece after the other.
    for (int64_t run = 0, runs = product(ArrayRef(result.shape).take_front(along)); run < runs; ++run)
      for (const Numbers &piece : pieces) {
        int64_t length = product(ArrayRef(piece.shape).drop_front(along));
        llvm::append_range(result.rows, ArrayRef(piece.rows).slice(run * length, length));
      }
    return result;
  }

  llvm::DenseMap<Value, Numbers> moved;
  int64_t countedRows = 0;
  Value source;
  int64_t stride; ///< rows of the source's first dimension that are of one picture; 0 where all are
};

} // namespace

FailureOr<RowTable> vitc::RowTable::of(Value value, Value source) {
  auto type = dyn_cast<RankedTensorType>(source.getType());
  if (!type || type.getRank() < 2 || !type.getElementType().isF32())
    return failure();
  int64_t stride = type.isDynamicDim(0) ? 1 : 0;
  // A picture has as many of the source's rows as the moves count through.
  while (true) {
    Mover mover(source, stride);
    FailureOr<Numbers> numbers = mover.move(value);
    if (succeeded(numbers))
      return RowTable{numbers->rows, numbers->shape, stride};
    if (mover.needed == 1)
      return failure();
    stride *= mover.needed;
  }
}
