#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// What both convolutions are made of: an output row cut into balanced tiles of pixels, and an epilogue.
template <typename WindowOp>
class WindowEmitter {
public:
  WindowEmitter(WindowOp op, OpBuilder &builder, ValueRange arguments)
      : op(op), k(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), input(arguments[0]), weight(arguments[1]),
        extras(arguments.slice(2, op.getExtras().size())), output(arguments[2 + extras.size()]),
        begin(arguments.drop_back().back()), end(arguments.back()), tiles(k, k.dim(output, 2), op.getMr()) {}

protected:
  /// Pixels of row (batch, y) from `x` on, and output channels from `channel` on, `channels` of them.
  struct Tile {
    Value batch, y, x, rows, channel;
    int64_t channels;
  };

  int64_t vectors(const Tile &tile) const { return llvm::divideCeil(tile.channels, k.lanes); }
  int64_t validLanes(const Tile &tile, int64_t vector) const {
    return std::min(k.lanes, tile.channels - vector * k.lanes);
  }
  Values place(const Tile &tile, Value pixel, int64_t vector) {
    return {tile.batch, tile.y, k.add(tile.x, pixel), k.add(tile.channel, vector * k.lanes)};
  }
  /// The input's row and column under tap (i, j) of a pixel of the tile.
  Value inputRow(const Tile &tile, Value i) {
    return k.add(k.mul(tile.y, op.getStrides()[0]), k.mul(i, op.getDilations()[0]));
  }
  Value inputColumn(const Tile &tile, int64_t pixel, Value j) {
    return k.add(k.mul(k.add(tile.x, pixel), op.getStrides()[1]), k.mul(j, op.getDilations()[1]));
  }
  /// The filter's tap (i, j), counted from its first.
  Value filterTap(Value i, Value j) {
    int64_t height = op.getKernel()[0], width = op.getKernel()[1];
    Value tap = k.add(k.mul(i, width), j);
    return op.getFlip() ? k.sub(k.index(height * width - 1), tap) : tap;
  }
  Values zeros(int64_t count) { return Values(count, k.splat(0.0)); }
  void storeSums(const Tile &tile, ArrayRef<Value> sums);
  void emitTileEpilogue(const Tile &tile);

  WindowOp op;
  KernelBuilder k;
  Value input, weight;
  ValueRange extras;
  Value output, begin, end;
  RowBlocks tiles;
  LogicalResult status = success();
};

class ConvEmitter : WindowEmitter<ConvOp> {
public:
  using WindowEmitter::WindowEmitter;
  LogicalResult emit();

private:
  void emitPanel(Value panel, Value batch, Value y, int64_t channels);
  void emitSums(const Tile &tile, Value panel, int64_t rows);
  Value flattenColumns();

  Value flat; ///< the input as (B, H, W · C), where its pixels are contiguous and the window's columns are neighbours
};

class DepthwiseConvEmitter : WindowEmitter<DepthwiseConvOp> {
public:
  using WindowEmitter::WindowEmitter;
  LogicalResult emit();

private:
  void emitVector(Value batch, Value y, Value channel, int64_t channels);
  void emitSums(const Tile &tile, int64_t rows);
};

} // namespace

template <typename WindowOp>
void WindowEmitter<WindowOp>::storeSums(const Tile &tile, ArrayRef<Value> sums) {
  int64_t width = vectors(tile);
  for (auto [index, sum] : llvm::enumerate(sums))
    k.storeVector(sum, output, place(tile, k.index(index / width), index % width),
                  k.constantMask(validLanes(tile, index % width)));
}

/// A loop over the pixels of a finished tile, which is still in L1; on the accumulators it would spill them.
template <typename WindowOp>
void WindowEmitter<WindowOp>::emitTileEpilogue(const Tile &tile) {
  if (op.getEpilogue().empty())
    return;
  auto maps = llvm::to_vector(op.getExtraMaps().template getAsValueRange<AffineMapAttr>());
  k.forEach(k.index(0), tile.rows, k.index(1), [&](Value pixel) {
    for (int64_t vector = 0; vector < vectors(tile); ++vector) {
      int64_t valid = validLanes(tile, vector);
      Values point = place(tile, pixel, vector);
      Value mask = k.constantMask(valid);
      Values arguments{k.loadVector(output, point, mask)};
      for (auto [extra, map] : llvm::zip(extras, maps))
        arguments.push_back(loadExtra(k, extra, map, point, valid));
      FailureOr<Value> value = emitEpilogue(k, op.getEpilogue(), arguments);
      if (failed(value)) {
        status = failure();
        return;
      }
      k.storeVector(*value, output, point, mask);
    }
  });
}

LogicalResult ConvEmitter::emit() {
  flat = flattenColumns();
  auto packed = cast<MemRefType>(weight.getType());
  int64_t width = packed.getDimSize(2), last = packed.getDimSize(0) - 1;
  int64_t lastChannels = cast<MemRefType>(output.getType()).getDimSize(3) - last * width;
  Value height = k.dim(output, 1), images = k.dim(output, 0);
  k.forEach(begin, end, k.index(1), [&](Value item) {
    auto take = [&](Value count) {
      Value taken = k.rem(item, count);
      item = k.div(item, count);
      return taken;
    };
    Value panel = op.getPanelsInside() ? take(k.index(last + 1)) : Value();
    Value y = take(height), batch = take(images);
    panel = panel ? panel : item;
    if (lastChannels == width)
      return emitPanel(panel, batch, y, width);
    k.branch(
        k.equal(panel, k.index(last)), [&] { emitPanel(panel, batch, y, lastChannels); },
        [&] { emitPanel(panel, batch, y, width); });
  });
  return status;
}

Value ConvEmitter::flattenColumns() {
  SmallVector<ReassociationIndices> groups = {{0}, {1}, {2, 3}};
  auto type = cast<MemRefType>(input.getType());
  if (op.getDilations()[1] != 1 || op.getFlip() || !memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups))
    return {};
  return memref::CollapseShapeOp::create(k.builder, k.loc, input, groups);
}

void ConvEmitter::emitPanel(Value panel, Value batch, Value y, int64_t channels) {
  Value channel = k.mul(panel, cast<MemRefType>(weight.getType()).getDimSize(2));
  k.forEach(k.index(0), tiles.count(), k.index(1), [&](Value block) {
    Tile tile{batch, y, tiles.firstRow(k, block), tiles.size(k, block), channel, channels};
    tiles.dispatch(k, block, [&](int64_t rows) { emitSums(tile, panel, rows); });
    emitTileEpilogue(tile);
  });
}

/// Taps by taps, the channels of a tap inside; the taps of a window row are one run where the input is flat.
void ConvEmitter::emitSums(const Tile &tile, Value panel, int64_t rows) {
  int64_t channels = cast<MemRefType>(input.getType()).getDimSize(3), taps = flat ? 1 : op.getKernel()[1];
  int64_t run = flat ? channels * op.getKernel()[1] : channels;
  Value one = k.index(1), zero = k.index(0);
  auto tapSums = [&](Value i, Value j, ValueRange sums) {
    Value weightRow = k.mul(filterTap(i, j), channels), inputRow = this->inputRow(tile, i);
    auto loadInput = [&](Value c, int64_t pixel) {
      Value column = inputColumn(tile, pixel, j);
      if (flat)
        return k.load(flat, {tile.batch, inputRow, k.add(k.mul(column, channels), c)});
      return k.load(input, {tile.batch, inputRow, column, c});
    };
    auto loadWeight = [&](Value c, int64_t vector) {
      return k.loadVector(weight, {panel, k.add(weightRow, c), k.index(vector * k.lanes)});
    };
    return emitMicrokernel(k, rows, vectors(tile), zero, k.index(run), sums, loadInput, loadWeight);
  };
  Values sums =
      k.loop(zero, k.index(op.getKernel()[0]), one, zeros(rows * vectors(tile)), [&](Value i, ValueRange row) {
        return k.loop(zero, k.index(taps), one, row, [&](Value j, ValueRange sums) { return tapSums(i, j, sums); });
      });
  storeSums(tile, sums);
}

LogicalResult DepthwiseConvEmitter::emit() {
  int64_t channels = cast<MemRefType>(output.getType()).getDimSize(3), whole = channels / k.lanes * k.lanes;
  Value height = k.dim(output, 1);
  k.forEach(begin, end, k.index(1), [&](Value item) {
    Value batch = k.div(item, height), y = k.rem(item, height);
    k.forEach(k.index(0), k.index(whole), k.index(k.lanes),
              [&](Value channel) { emitVector(batch, y, channel, k.lanes); });
    if (channels > whole)
      emitVector(batch, y, k.index(whole), channels - whole);
  });
  return status;
}

void DepthwiseConvEmitter::emitVector(Value batch, Value y, Value channel, int64_t channels) {
  k.forEach(k.index(0), tiles.count(), k.index(1), [&](Value block) {
    Tile tile{batch, y, tiles.firstRow(k, block), tiles.size(k, block), channel, channels};
    tiles.dispatch(k, block, [&](int64_t rows) { emitSums(tile, rows); });
    emitTileEpilogue(tile);
  });
}

void DepthwiseConvEmitter::emitSums(const Tile &tile, int64_t rows) {
  Value one = k.index(1), zero = k.index(0), mask = k.constantMask(tile.channels);
  auto tapSums = [&](Value i, Value j, ValueRange sums) {
    Value filter = k.loadVector(weight, {zero, filterTap(i, j), tile.channel}, mask);
    Values next;
    for (int64_t pixel = 0; pixel < rows; ++pixel) {
      Values at = {tile.batch, inputRow(tile, i), inputColumn(tile, pixel, j), tile.channel};
      next.push_back(k.fma(k.loadVector(input, at, mask), filter, sums[pixel]));
    }
    return next;
  };
  Values sums = k.loop(zero, k.index(op.getKernel()[0]), one, zeros(rows), [&](Value i, ValueRange row) {
    return k.loop(zero, k.index(op.getKernel()[1]), one, row,
                  [&](Value j, ValueRange sums) { return tapSums(i, j, sums); });
  });
  storeSums(tile, sums);
}

LogicalResult ConvOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return ConvEmitter(*this, builder, arguments).emit();
}

LogicalResult DepthwiseConvOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return DepthwiseConvEmitter(*this, builder, arguments).emit();
}
