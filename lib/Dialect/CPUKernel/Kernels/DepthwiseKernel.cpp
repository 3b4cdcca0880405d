#include "WindowEmitter.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// The window of a tile's row is unrolled: each column of the image is loaded once for all pixels that it is part of.
class DepthwiseConvEmitter : WindowEmitter<DepthwiseConvOp> {
public:
  DepthwiseConvEmitter(DepthwiseConvOp op, OpBuilder &builder, ValueRange arguments);
  LogicalResult emit();

private:
  void emitTile(Value batch, Value y, Value block, Value channel, int64_t channels);
  void emitSums(const Tile &tile, int64_t rows);
  /// Sums over the rows of the window that lie in the image. `inside`: its columns do, for all pixels of the tile.
  Values sumRows(const Tile &tile, int64_t rows, bool inside);
  Values sumTaps(const Tile &tile, Value line, Value i, Value j, int64_t taps, bool inside, ValueRange sums);
  Value loadColumn(const Tile &tile, Value line, Value column, bool inside);
  void finish(const Tile &tile, ArrayRef<Value> sums);

  int64_t unrolledTaps; ///< of a row of the window
  Value height, width;
};

} // namespace

/// Pixels this far apart compete for few sets of a cache, and no prefetcher follows from one to the next: then all
/// channels of a few pixels come before the next pixels. Else all pixels of a row come before the next channels, whose
/// filters are read once for all.
static constexpr int64_t farBytes = 2048;

/// Rows of a window up to this size are unrolled; longer ones, which are rare, tap by tap.
static constexpr int64_t mostUnrolledTaps = 16;

DepthwiseConvEmitter::DepthwiseConvEmitter(DepthwiseConvOp op, OpBuilder &builder, ValueRange arguments)
    : WindowEmitter(op, builder, arguments),
      unrolledTaps(op.getKernel()[1] <= mostUnrolledTaps ? op.getKernel()[1] : 1), height(k.dim(input, 1)),
      width(k.dim(input, 2)) {}

LogicalResult DepthwiseConvEmitter::emit() {
  int64_t channels = cast<MemRefType>(output.getType()).getDimSize(3), whole = channels / k.lanes * k.lanes;
  Value rows = k.dim(output, 1);
  k.forEach(begin, end, k.index(1), [&](Value item) {
    Value batch = k.div(item, rows), y = k.rem(item, rows);
    auto emitBlocks = [&](function_ref<void(Value)> body) { k.forEach(k.index(0), tiles.count(), k.index(1), body); };
    auto emitChannels = [&](function_ref<void(Value, int64_t)> body) {
      k.forEach(k.index(0), k.index(whole), k.index(k.lanes), [&](Value channel) { body(channel, k.lanes); });
      if (channels > whole)
        body(k.index(whole), channels - whole);
    };
    if (channels * static_cast<int64_t>(sizeof(float)) >= farBytes)
      emitBlocks([&](Value block) {
        emitChannels([&](Value channel, int64_t count) { emitTile(batch, y, block, channel, count); });
      });
    else
      emitChannels([&](Value channel, int64_t count) {
        emitBlocks([&](Value block) { emitTile(batch, y, block, channel, count); });
      });
  });
  return writer.status;
}

void DepthwiseConvEmitter::emitTile(Value batch, Value y, Value block, Value channel, int64_t channels) {
  Tile tile{batch, y, tiles.firstRow(k, block), tiles.size(k, block), channel, channels};
  tiles.dispatch(k, block, [&](int64_t rows) { emitSums(tile, rows); });
}

/// Columns count from the left edge of the padding, so that none is negative.
void DepthwiseConvEmitter::emitSums(const Tile &tile, int64_t rows) {
  int64_t left = op.getLow()[1], stride = op.getStrides()[1];
  int64_t reach = (rows - 1) * stride + (op.getKernel()[1] - 1) * op.getDilations()[1];
  Value first = k.mul(tile.x, stride);
  Value startsInside = left == 0 ? Value() : k.less(k.index(left - 1), first);
  Value inside = k.less(k.add(first, reach), k.add(width, left));
  if (startsInside)
    inside = arith::AndIOp::create(k.builder, k.loc, startsInside, inside);
  Values sums = k.choose(inside, [&] { return sumRows(tile, rows, true); }, [&] { return sumRows(tile, rows, false); });
  finish(tile, sums);
}

Values DepthwiseConvEmitter::sumRows(const Tile &tile, int64_t rows, bool inside) {
  int64_t taps = op.getKernel()[0], dilation = op.getDilations()[0];
  Value zero = k.index(0), top = k.index(op.getLow()[0]), first = k.mul(tile.y, op.getStrides()[0]);
  // Tap i reads line first + i · dilation − top of the image.
  auto tapsUntil = [&](Value line) {
    Value distance = k.select(k.less(first, line), k.sub(line, first), zero);
    return k.min(k.ceilDiv(distance, k.index(dilation)), k.index(taps));
  };
  Value begin = tapsUntil(top), end = tapsUntil(k.add(height, top));
  return k.loop(begin, end, k.index(1), zeros(rows), [&](Value i, ValueRange carried) {
    Value line = k.sub(k.add(first, k.mul(i, dilation)), top);
    if (unrolledTaps == op.getKernel()[1])
      return sumTaps(tile, line, i, zero, unrolledTaps, inside, carried);
    return k.loop(zero, k.index(op.getKernel()[1]), k.index(1), carried,
                  [&](Value j, ValueRange sums) { return sumTaps(tile, line, i, j, 1, inside, sums); });
  });
}

/// Taps [j, j + taps) of row i of the window, on a line of the image.
Values DepthwiseConvEmitter::sumTaps(const Tile &tile, Value line, Value i, Value j, int64_t taps, bool inside,
                                     ValueRange sums) {
  int64_t stride = op.getStrides()[1], dilation = op.getDilations()[1], rows = sums.size();
  Value mask = k.constantMask(tile.channels);
  Values filters, next(sums);
  for (int64_t tap = 0; tap < taps; ++tap)
    filters.push_back(k.loadVector(weight, {k.index(0), filterTap(i, k.add(j, tap)), tile.channel}, mask));
  Value first = k.add(k.mul(tile.x, stride), k.mul(j, dilation));
  for (int64_t offset = 0; offset <= (rows - 1) * stride + (taps - 1) * dilation; ++offset) {
    Value pixels;
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t distance = offset - tap * dilation, pixel = distance / stride;
      if (distance < 0 || distance % stride || pixel >= rows)
        continue;
      if (!pixels)
        pixels = loadColumn(tile, line, k.add(first, offset), inside);
      next[pixel] = k.fma(pixels, filters[tap], next[pixel]);
    }
  }
  return next;
}

/// A column of the padded image, which is zero where the image does not reach.
Value DepthwiseConvEmitter::loadColumn(const Tile &tile, Value line, Value column, bool inside) {
  Value mask = k.constantMask(tile.channels);
  Value inImage =
      k.sub(column, k.index(op.getLow()[1])); // left of it the difference wraps, and is not less than its width
  if (inside)
    return k.loadVector(input, {tile.batch, line, inImage, tile.channel}, mask);
  Value valid = k.less(inImage, width), some = k.select(valid, inImage, k.index(0));
  return k.select(valid, k.loadVector(input, {tile.batch, line, some, tile.channel}, mask), k.splat(0.0));
}

/// The sums go through the epilogue into the output.
void DepthwiseConvEmitter::finish(const Tile &tile, ArrayRef<Value> sums) {
  for (auto [pixel, sum] : llvm::enumerate(sums))
    writer.write(sum, output, place(tile, k.index(pixel), 0), tile.channels);
}

LogicalResult DepthwiseConvOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return DepthwiseConvEmitter(*this, builder, arguments).emit();
}
