#include "WindowEmitter.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

class ConvEmitter : WindowEmitter<ConvOp> {
public:
  using WindowEmitter::WindowEmitter;
  LogicalResult emit();

private:
  int64_t vectors(const Tile &tile) const { return llvm::divideCeil(tile.channels, k.lanes); }
  int64_t validLanes(const Tile &tile, int64_t vector) const {
    return std::min(k.lanes, tile.channels - vector * k.lanes);
  }
  /// The input's row and column under tap (i, j) of a pixel of the tile.
  Value inputRow(const Tile &tile, Value i) {
    return k.add(k.mul(tile.y, op.getStrides()[0]), k.mul(i, op.getDilations()[0]));
  }
  Value inputColumn(const Tile &tile, int64_t pixel, Value j) {
    return k.add(k.mul(k.add(tile.x, pixel), op.getStrides()[1]), k.mul(j, op.getDilations()[1]));
  }
  void emitPanel(Value panel, Value batch, Value y, int64_t channels);
  void emitSums(const Tile &tile, Value panel, Value number, int64_t rows);
  void prefetchNextPanel(Value panel, Value number, Value part, int64_t parts);
  void storeSums(const Tile &tile, ArrayRef<Value> sums);
  void emitTileEpilogue(const Tile &tile);
  Value loadWeight(Value panel, Value row, int64_t vector);
  Value flattenColumns();

  Value flat; ///< the input as (B, H, W · C), where its pixels are contiguous and the window's columns are neighbours
};

} // namespace

void ConvEmitter::storeSums(const Tile &tile, ArrayRef<Value> sums) {
  int64_t width = vectors(tile);
  for (auto [index, sum] : llvm::enumerate(sums))
    k.storeVector(sum, output, place(tile, k.index(index / width), index % width),
                  k.constantMask(validLanes(tile, index % width)));
}

/// A loop over the pixels of a finished tile, which is still in L1; on the accumulators it would spill them.
void ConvEmitter::emitTileEpilogue(const Tile &tile) {
  if (op.getEpilogue().empty())
    return;
  k.forEach(k.index(0), tile.rows, k.index(1), [&](Value pixel) {
    for (int64_t vector = 0; vector < vectors(tile); ++vector) {
      int64_t valid = validLanes(tile, vector);
      Values point = place(tile, pixel, vector);
      writer.write(k.loadVector(output, point, k.constantMask(valid)), output, point, valid);
    }
  });
}

LogicalResult ConvEmitter::emit() {
  flat = flattenColumns();
  int64_t width = op.getPanelWidth(), last = cast<MemRefType>(weight.getType()).getDimSize(0) - 1;
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
  return writer.status;
}

Value ConvEmitter::flattenColumns() {
  SmallVector<ReassociationIndices> groups = {{0}, {1}, {2, 3}};
  auto type = cast<MemRefType>(input.getType());
  if (op.getDilations()[1] != 1 || op.getFlip() || !memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups))
    return {};
  return memref::CollapseShapeOp::create(k.builder, k.loc, input, groups);
}

void ConvEmitter::emitPanel(Value panel, Value batch, Value y, int64_t channels) {
  Value channel = k.mul(panel, op.getPanelWidth());
  k.forEach(k.index(0), tiles.count(), k.index(1), [&](Value block) {
    Tile tile{batch, y, tiles.firstRow(k, block), tiles.size(k, block), channel, channels};
    Value row = k.add(k.mul(batch, k.dim(output, 1)), y), number = k.add(k.mul(row, tiles.count()), block);
    tiles.dispatch(k, block, [&](int64_t rows) { emitSums(tile, panel, number, rows); });
    emitTileEpilogue(tile);
  });
}

/// A vector of filters for a row of the packed panel: of elements, or of pairs.
Value ConvEmitter::loadWeight(Value panel, Value row, int64_t vector) {
  if (op.hasBF16Products())
    return k.loadPairs(weight, {panel, row, k.index(vector * 2 * k.lanes)});
  Type element = cast<MemRefType>(weight.getType()).getElementType();
  KernelBuilder source(k.builder, k.loc, k.lanes, element);
  Value loaded = source.loadVector(weight, {panel, row, k.index(vector * k.lanes)});
  return element.isBF16() ? k.toF32(loaded) : loaded;
}

/// Tile `number` of those of a panel asks for its share of the next panel.
void ConvEmitter::prefetchNextPanel(Value panel, Value number, Value part, int64_t parts) {
  auto type = cast<MemRefType>(weight.getType());
  ArrayRef<int64_t> shape = type.getShape();
  Value next = k.min(k.add(panel, 1), k.index(shape[0] - 1));
  Value count = k.mul(k.mul(k.dim(output, 0), k.dim(output, 1)), tiles.count());
  int64_t line = 64 * 8 / type.getElementTypeBitWidth();
  forEachOfShare(k, shape[1], number, count, part, parts, [&](Value row) {
    for (int64_t column = 0; column < shape[2]; column += line)
      k.prefetch(weight, {next, row, k.index(column)});
  });
}

/// Taps by taps, the channels of a tap inside; the taps of a window row are one run where the input is flat. A run
/// comes in parts with prefetches before each, where the tiles of a panel follow each other.
void ConvEmitter::emitSums(const Tile &tile, Value panel, Value number, int64_t rows) {
  int64_t channels = cast<MemRefType>(input.getType()).getDimSize(3), taps = flat ? 1 : op.getKernel()[1];
  int64_t step = op.getInterleave(), run = (flat ? channels * op.getKernel()[1] : channels) / step;
  Value one = k.index(1), zero = k.index(0);
  auto tapSums = [&](Value i, Value j, ValueRange sums) {
    Value weightRow = k.mul(filterTap(i, j), channels / step), inputRow = this->inputRow(tile, i);
    auto loadInput = [&](Value c, int64_t pixel) {
      Value column = inputColumn(tile, pixel, j), channel = k.mul(c, step);
      Values indices = {tile.batch, inputRow, column, channel};
      if (flat) {
        indices.pop_back();
        indices.back() = k.add(k.mul(column, channels), channel);
      }
      return op.hasBF16Products() ? k.loadPair(flat ? flat : input, indices) : k.load(flat ? flat : input, indices);
    };
    auto loadRow = [&](Value c, int64_t vector) { return loadWeight(panel, k.add(weightRow, c), vector); };
    auto multiply = [&](Value from, Value to, ValueRange sums) {
      return emitMicrokernel(k, rows, vectors(tile), from, to, sums, loadInput, loadRow);
    };
    // One pixel waits for memory alone, which the processor reads ahead by itself, faster.
    ArrayRef<int64_t> pixels = cast<MemRefType>(output.getType()).getShape().drop_back();
    bool isOnePixel = ShapedType::isStaticShape(pixels) && ShapedType::getNumElements(pixels) == 1;
    if (op.getPanelsInside() || isOnePixel || run < 2 * stepsOfPart)
      return multiply(zero, k.index(run), sums);
    auto parts = static_cast<int64_t>(llvm::divideCeil(run, stepsOfPart)), runs = op.getKernel()[0] * taps;
    Value firstPart = k.mul(k.add(k.mul(i, taps), j), parts);
    return k.loop(zero, k.index(run), k.index(stepsOfPart), sums, [&](Value from, ValueRange carried) {
      prefetchNextPanel(panel, number, k.add(firstPart, k.div(from, k.index(stepsOfPart))), runs * parts);
      Value to = k.add(from, stepsOfPart);
      return multiply(from, run % stepsOfPart ? k.min(to, k.index(run)) : to, carried);
    });
  };
  Values sums =
      k.loop(zero, k.index(op.getKernel()[0]), one, zeros(rows * vectors(tile)), [&](Value i, ValueRange row) {
        return k.loop(zero, k.index(taps), one, row, [&](Value j, ValueRange sums) { return tapSums(i, j, sums); });
      });
  storeSums(tile, sums);
}

LogicalResult ConvOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return ConvEmitter(*this, builder, arguments).emit();
}
