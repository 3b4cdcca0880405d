//===- Col2Im -------------------------------------------------------------===//

#include "Node.h"
#include "Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// The windows of one dimension: where they are, and how many.
struct Windows {
  int64_t block, stride, dilation, low, count;
};
} // namespace

static FailureOr<SmallVector<Windows>> getWindows(Col2ImOp op, Node &node, ExtentsRef image) {
  auto block = getIntegers(op.getBlockShape());
  if (!block)
    return node.refuse("its block_shape is not constant");
  auto rank = static_cast<int64_t>(block->size());
  SmallVector<int64_t> strides = getOrDefault(op.getStrides(), rank, 1), pads = getOrDefault(op.getPads(), 2 * rank, 0),
                       dilations = getOrDefault(op.getDilations(), rank, 1);
  SmallVector<Windows> windows;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t reach = ((*block)[dim] - 1) * dilations[dim] + 1;
    int64_t room = getStaticExtent(image[dim]) + pads[dim] + pads[dim + rank] - reach;
    windows.push_back({(*block)[dim], strides[dim], dilations[dim], pads[dim], room / strides[dim] + 1});
  }
  return windows;
}

/// Σ over the elements of a block, from dimension `dim` on, of those windows that put one at `position`.
/// `element` and `window` are the row-major numbers of the block's element and of the window so far.
static Value sumBlocks(OpBuilder &b, Location loc, ArrayRef<Windows> windows, ValueRange position, Value element,
                       Value window, Value sum, function_ref<Value(OpBuilder &, Value, Value, Value)> add) {
  if (windows.empty())
    return add(b, element, window, sum);
  const Windows &axis = windows.front();
  auto index = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  auto loop = scf::ForOp::create(
      b, loc, index(0), index(axis.block), index(1), sum, [&](OpBuilder &body, Location, Value k, ValueRange sums) {
        // position + low = window · stride + k · dilation
        Value offset = arith::MulIOp::create(b, loc, k, index(axis.dilation));
        Value start =
            arith::SubIOp::create(b, loc, arith::AddIOp::create(b, loc, position[0], index(axis.low)), offset);
        Value number = arith::DivSIOp::create(b, loc, start, index(axis.stride));
        Value back = arith::MulIOp::create(b, loc, number, index(axis.stride));
        auto compare = [&](arith::CmpIPredicate order, Value x, Value y) -> Value {
          return arith::CmpIOp::create(b, loc, order, x, y);
        };
        Value isWhole = compare(arith::CmpIPredicate::eq, back, start);
        Value isFirst = compare(arith::CmpIPredicate::sge, start, index(0));
        Value isBeforeEnd = compare(arith::CmpIPredicate::slt, number, index(axis.count));
        Value exists = arith::AndIOp::create(b, loc, arith::AndIOp::create(b, loc, isWhole, isFirst), isBeforeEnd);
        auto next = [&](Value whole, int64_t size, Value part) -> Value {
          return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, whole, index(size)), part);
        };
        auto branch = scf::IfOp::create(
            b, loc, exists,
            [&](OpBuilder &then, Location) {
              Value total = sumBlocks(then, loc, windows.drop_front(), position.drop_front(),
                                      next(element, axis.block, k), next(window, axis.count, number), sums[0], add);
              scf::YieldOp::create(then, loc, total);
            },
            [&](OpBuilder &otherwise, Location) { scf::YieldOp::create(otherwise, loc, sums[0]); });
        scf::YieldOp::create(body, loc, branch.getResult(0));
      });
  return loop.getResult(0);
}

static FailureOr<Tensor> convertCol2Im(Col2ImOp op, Node &node) {
  Tensor x = node.get(op.getInput());
  Extents extents = node.getResultExtents();
  FailureOr<SmallVector<Windows>> windows = getWindows(op, node, ExtentsRef(extents).drop_front(2));
  if (failed(windows))
    return failure();
  int64_t elements = 1;
  for (const Windows &axis : *windows)
    elements *= axis.block;
  Type type = x.getElementType();
  return node.map({}, extents, type, [&](OpBuilder &b, Location loc, ValueRange) {
    SmallVector<Value> position;
    for (size_t dim = 0; dim < extents.size(); ++dim)
      position.push_back(linalg::IndexOp::create(b, loc, dim));
    Value none = arith::ConstantIndexOp::create(b, loc, 0);
    Value first = arith::MulIOp::create(b, loc, position[1], arith::ConstantIndexOp::create(b, loc, elements));
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    auto add = [&](OpBuilder &inner, Value element, Value window, Value sum) -> Value {
      Value row = arith::AddIOp::create(inner, loc, first, element);
      Value found = tensor::ExtractOp::create(inner, loc, x.value, ValueRange{position[0], row, window});
      return isa<FloatType>(type) ? arith::AddFOp::create(inner, loc, sum, found).getResult()
                                  : arith::AddIOp::create(inner, loc, sum, found).getResult();
    };
    return sumBlocks(b, loc, *windows, ValueRange(position).drop_front(2), none, none, zero, add);
  });
}

void vitc::onnx::populateCol2ImPatterns(NodePatterns &patterns) { patterns.add(convertCol2Im); }
