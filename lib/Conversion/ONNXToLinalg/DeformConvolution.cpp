//===- DeformConv ---------------------------------------------------------===//
//
// What the windows read is sampled first, as (batch, C, kernel.., position..); the convolution is a product with that.
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "Window.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {

/// Reads one element of the samples. Loops are batch, channel, kernel row and column, row and column of the result.
class Sampler {
public:
  Sampler(OpBuilder &b, Location loc, const Tensor &x)
      : f{b, loc, cast<FloatType>(x.getElementType())}, image(x.value) {
    for (unsigned loop = 0; loop < 6; ++loop)
      loops.push_back(linalg::IndexOp::create(b, loc, loop));
  }

  Value index(int64_t value) { return arith::ConstantIndexOp::create(f.b, f.loc, value); }
  Value add(Value x, Value y) { return arith::AddIOp::create(f.b, f.loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(f.b, f.loc, x, y); }

  /// The element of a tensor of offsets or a mask, whose channels are (group, kernel row, kernel column, `parts`).
  Value readMoved(Value tensor, int64_t channelsOfGroup, const SlidingWindow &window, int64_t parts, int64_t part) {
    Value group = arith::DivUIOp::create(f.b, f.loc, loops[1], index(channelsOfGroup));
    Value channel = add(mul(group, index(window.kernel[0])), loops[2]);
    channel = add(mul(channel, index(window.kernel[1])), loops[3]);
    channel = add(mul(channel, index(parts)), index(part));
    return tensor::ExtractOp::create(f.b, f.loc, tensor, ValueRange{loops[0], channel, loops[4], loops[5]});
  }

  /// Where the window would read along a dimension, moved by `offset`, in [−2, size + 1]; nothing lies outside that.
  Value getPlace(const SlidingWindow &window, int64_t dim, Value offset, Value size) {
    Value place =
        add(mul(loops[4 + dim], index(window.strides[dim])), mul(loops[2 + dim], index(window.dilations[dim])));
    place = add(place, index(-window.low[dim]));
    Value moved = f.add(toFloat(place), offset);
    moved = arith::MaxNumFOp::create(f.b, f.loc, moved, f.constant(-2)); // NaN reads nothing, too
    return arith::MinNumFOp::create(f.b, f.loc, moved, toFloat(add(size, index(1))));
  }

  /// The bilinear interpolation at a place, with zeros outside.
  Value interpolate(ArrayRef<Value> place, ArrayRef<Value> sizes) {
    SmallVector<Value, 2> before, fraction;
    for (Value position : place) {
      Value floor = math::FloorOp::create(f.b, f.loc, position);
      Value integer = arith::FPToSIOp::create(f.b, f.loc, f.b.getI64Type(), floor);
      before.push_back(arith::IndexCastOp::create(f.b, f.loc, f.b.getIndexType(), integer));
      fraction.push_back(f.sub(position, floor));
    }
    Value sum = f.constant(0);
    for (int64_t row : {0, 1})
      for (int64_t column : {0, 1})
        sum = f.add(sum, readCorner({row, column}, before, fraction, sizes));
    return sum;
  }

  Formula f;

private:
  Value toFloat(Value value) {
    Value integer = arith::IndexCastOp::create(f.b, f.loc, f.b.getI64Type(), value);
    return arith::SIToFPOp::create(f.b, f.loc, f.type, integer);
  }

  Value readCorner(ArrayRef<int64_t> corner, ArrayRef<Value> before, ArrayRef<Value> fraction, ArrayRef<Value> sizes) {
    Value isInside = arith::ConstantOp::create(f.b, f.loc, f.b.getBoolAttr(true)), weight = f.constant(1);
    SmallVector<Value> position{loops[0], loops[1]};
    for (int64_t dim : {0, 1}) {
      Value at = add(before[dim], index(corner[dim])), last = arith::SubIOp::create(f.b, f.loc, sizes[dim], index(1));
      Value clamped = arith::MinSIOp::create(f.b, f.loc, arith::MaxSIOp::create(f.b, f.loc, at, index(0)), last);
      Value stays = arith::CmpIOp::create(f.b, f.loc, arith::CmpIPredicate::eq, at, clamped);
      isInside = arith::AndIOp::create(f.b, f.loc, isInside, stays);
      weight = f.mul(weight, corner[dim] == 1 ? fraction[dim] : f.sub(f.constant(1), fraction[dim]));
      position.push_back(clamped);
    }
    Value element = tensor::ExtractOp::create(f.b, f.loc, image, position);
    return f.select(isInside, f.mul(weight, element), f.constant(0));
  }

  Value image;
  SmallVector<Value, 6> loops;
};

} // namespace

/// (batch, C, kernel.., position..)
static Tensor sample(DeformConvOp op, Node &node, const SlidingWindow &window, int64_t channels) {
  Tensor x = node.get(op.getX()), y{Value(), node.getResultExtents()};
  Value offset = node.get(op.getOffset()).value, mask = op.getMask() ? node.get(op.getMask()).value : Value();
  int64_t channelsOfGroup = channels / static_cast<int64_t>(op.getOffsetGroup());
  Extents extents{x.extents[0], x.extents[1], node.extent(window.kernel[0]), node.extent(window.kernel[1]),
                  y.extents[2], y.extents[3]};
  if (isExtent(x.extents[2], 0) || isExtent(x.extents[3], 0)) // nothing to read, not even where it would be clamped
    return node.fill(extents, getScalarAttr(0, x.getElementType()));
  Value sizes[] = {node.indexValue(x.extents[2]), node.indexValue(x.extents[3])};
  return node.map({}, extents, x.getElementType(), [&](OpBuilder &b, Location loc, ValueRange) {
    Sampler sampler(b, loc, x);
    SmallVector<Value, 2> place;
    for (int64_t dim : {0, 1}) {
      Value moved = sampler.readMoved(offset, channelsOfGroup, window, 2, dim);
      place.push_back(sampler.getPlace(window, dim, moved, sizes[dim]));
    }
    Value value = sampler.interpolate(place, sizes);
    return mask ? sampler.f.mul(value, sampler.readMoved(mask, channelsOfGroup, window, 1, 0)) : value;
  });
}

static FailureOr<Tensor> convertDeformConv(DeformConvOp op, Node &node) {
  Tensor x = node.get(op.getX()), w = node.get(op.getW());
  auto kernel = llvm::map_to_vector(ExtentsRef(w.extents).drop_front(2), getStaticExtent);
  int64_t channels = getStaticExtent(x.extents[1]), filters = getStaticExtent(w.extents[0]), groups = op.getGroup();
  if (llvm::is_contained(kernel, ShapedType::kDynamic))
    return node.refuse("the extents of its kernel are not static");
  if (ShapedType::isDynamic(channels) || ShapedType::isDynamic(filters))
    return node.refuse("its number of channels is not static");
  auto pads = getOrDefault(op.getPads(), 4, 0);
  SlidingWindow window{kernel,
                       getOrDefault(op.getStrides(), 2, 1),
                       getOrDefault(op.getDilations(), 2, 1),
                       {pads[0], pads[1]},
                       {pads[2], pads[3]}};
  Extents extents = node.getResultExtents();
  AffineExpr positions = getProduct(ExtentsRef(extents).drop_front(2), node.getContext());
  AffineExpr taps = node.extent(channels / groups * kernel[0] * kernel[1]);
  // Loops: batch, group, filter, position, tap.
  Tensor samples = node.reshape(sample(op, node, window, channels), {extents[0], node.extent(groups), taps, positions});
  Tensor weights = node.reshape(w, {node.extent(groups), node.extent(filters / groups), taps});
  auto map = [&](ArrayRef<unsigned> loops) {
    return AffineMap::getMultiDimMapWithTargets(5, loops, node.getContext());
  };
  Tensor y = node.contract(samples, map({0, 1, 4, 3}), weights, map({1, 2, 4}), map({0, 1, 2, 3}),
                           {extents[0], node.extent(groups), node.extent(filters / groups), positions});
  y = node.reshape(y, extents);
  if (!op.getB())
    return y;
  return node.elementwise(ElementwiseKind::add, {y, node.addDims(node.get(op.getB()), {1, 2})}, y.extents);
}

void vitc::onnx::populateDeformConvolutionPatterns(NodePatterns &patterns) { patterns.add(convertDeformConv); }
