//===- 3 x 3 convolutions with fewer products ------------------------------===//
//
// F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3) of Lavin and Gray (CVPR 2016, section 4). The matrices Bt and At are written as
// the additions that they are.
//
//===----------------------------------------------------------------------===//

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

//===----------------------------------------------------------------------===//
// The transforms of one row or column
//===----------------------------------------------------------------------===//

/// Bt d, from n inputs to n.
static Values transformInputs(KernelBuilder &k, ArrayRef<Value> d) {
  if (d.size() == 4)
    return {k.subf(d[0], d[2]), k.addf(d[1], d[2]), k.subf(d[2], d[1]), k.subf(d[1], d[3])};
  Value four = k.splat(4), minusFour = k.splat(-4), minusFive = k.splat(-5), two = k.splat(2), minusTwo = k.splat(-2);
  Value even = k.fma(minusFour, d[2], d[4]), odd = k.fma(minusFour, d[1], d[3]);
  Value evenStep = k.subf(d[4], d[2]), oddStep = k.subf(d[3], d[1]);
  return {k.fma(four, d[0], k.fma(minusFive, d[2], d[4])),
          k.addf(even, odd),
          k.subf(even, odd),
          k.fma(two, oddStep, evenStep),
          k.fma(minusTwo, oddStep, evenStep),
          k.fma(four, d[1], k.fma(minusFive, d[3], d[5]))};
}

/// At m, from n products to m outputs.
static Values transformProducts(KernelBuilder &k, ArrayRef<Value> p) {
  Value sum = k.addf(p[1], p[2]), difference = k.subf(p[1], p[2]);
  if (p.size() == 4)
    return {k.addf(p[0], sum), k.subf(difference, p[3])};
  Value sumOfTwos = k.addf(p[3], p[4]), differenceOfTwos = k.subf(p[3], p[4]);
  return {k.addf(k.addf(p[0], sum), sumOfTwos), k.fma(k.splat(2), differenceOfTwos, difference),
          k.fma(k.splat(4), sumOfTwos, sum), k.addf(k.fma(k.splat(8), differenceOfTwos, difference), p[5])};
}

/// The transform of every column, then of every row, of a square of values, row-major.
static Values transformSquare(KernelBuilder &k, ArrayRef<Value> square, int64_t size,
                              function_ref<Values(KernelBuilder &, ArrayRef<Value>)> transform) {
  SmallVector<Values> columns, rows;
  for (int64_t column = 0; column < size; ++column) {
    Values values;
    for (int64_t row = 0; row < size; ++row)
      values.push_back(square[row * size + column]);
    columns.push_back(transform(k, values));
  }
  Values result;
  for (size_t row = 0; row < columns.front().size(); ++row) {
    Values values;
    for (const Values &column : columns)
      values.push_back(column[row]);
    llvm::append_range(result, transform(k, values));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// Row stride, in elements, of the transformed inputs: one cache line more than a multiple of the line, so that the
/// rows of a register tile fall into different sets of L1.
static int64_t getInputStride(WinogradConvOp op) {
  return static_cast<int64_t>(llvm::alignTo(op.getChannels(), 16)) + 16;
}

namespace {

/// Scratch holds the transformed inputs of a chunk (n², chunk, stride), the products (n², chunk, panels · nr) and the
/// outputs of one tile and vector (m², lanes).
class WinogradEmitter {
public:
  WinogradEmitter(WinogradConvOp op, OpBuilder &builder, ValueRange arguments);
  LogicalResult emit();

private:
  /// Tiles [first, first + count), and panels from `panel` on.
  struct Item {
    Value first, count, panel, panels;
    Value isOfNewChunk; ///< whether the transformed inputs are not in the scratch yet
  };
  /// Which rows of the item's tiles are multiplied, by which of its panels, for a place in a tile.
  struct Product {
    Value place, panel;
    Value block, blocks, firstRow; ///< of the tiles
  };
  /// Where a tile lies: its image, and the first of its rows and columns.
  struct Place {
    Value batch, y, x;
  };

  Item locateItem(Value number, const RowBlocks &chunks);
  Place locate(Value tile);
  void emitInputs(const Item &item);
  void emitProducts(const Item &item);
  Values multiply(const Item &item, const Product &product, int64_t rows);
  void prefetchNextPanel(const Item &item, const Product &product, Value part);
  void emitOutputs(const Item &item);
  void emitOutputVector(const Place &tile, Value row, const Item &item, Value vector, int64_t valid);
  void storePixel(const Place &pixel, Value channel, Value position, int64_t valid);

  WinogradConvOp op;
  KernelBuilder k;
  Value input, weight;
  Value output, begin, end;
  Value fresh; ///< the item whose scratch is not that of the one before, if any
  int64_t m, n, width;
  Value tilesX, tilesY;
  Value inputs, products, pixels;
  EpilogueWriter writer;
};

} // namespace

WinogradEmitter::WinogradEmitter(WinogradConvOp op, OpBuilder &builder, ValueRange arguments)
    : op(op), k(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), input(arguments[0]), weight(arguments[1]),
      output(arguments[2 + op.getExtras().size()]), begin(arguments.drop_back().back()), end(arguments.back()),
      m(op.getTile()), n(op.getWindow()), width(op.getPanelWidth()),
      writer(k, op.getEpilogue(), arguments.slice(2, op.getExtras().size()), op.getExtraMaps()) {
  tilesY = k.ceilDiv(k.dim(output, 1), k.index(m));
  tilesX = k.ceilDiv(k.dim(output, 2), k.index(m));
  Value scratch = arguments.drop_back(3).back(), continues = arguments.drop_back(2).back();
  fresh = k.select(continues, end, begin);
  int64_t chunk = op.getChunk(), columns = op.getPanels() * width, stride = getInputStride(op), places = n * n;
  inputs = k.scratchView(scratch, 0, {places, chunk, stride});
  int64_t bytes = places * chunk * stride * sizeof(float);
  products = k.scratchView(scratch, bytes, {places, chunk, columns});
  bytes += places * chunk * columns * sizeof(float);
  pixels = k.scratchView(scratch, bytes, {m * m, k.lanes});
}

WinogradEmitter::Place WinogradEmitter::locate(Value tile) {
  Value x = k.rem(tile, tilesX), row = k.div(tile, tilesX);
  return {k.div(row, tilesY), k.mul(k.rem(row, tilesY), m), k.mul(x, m)};
}

LogicalResult WinogradEmitter::emit() {
  Value tiles = k.mul(k.dim(output, 0), k.mul(tilesY, tilesX));
  RowBlocks chunks(k, tiles, op.getChunk());
  k.forEach(begin, end, k.index(1), [&](Value number) {
    Item item = locateItem(number, chunks);
    k.branch(item.isOfNewChunk, [&] { emitInputs(item); });
    emitProducts(item);
    emitOutputs(item);
  });
  return writer.status;
}

/// Items count the groups of panels of a round first, then chunks, then rounds: a chunk's inputs are transformed once a
/// round, whose weights are no more than stay in L3 from one chunk to the next.
WinogradEmitter::Item WinogradEmitter::locateItem(Value number, const RowBlocks &chunks) {
  constexpr int64_t mostBytes = 12 << 20;
  int64_t panels = op.getPanels(), groups = op.getGroupCount(), last = op.getPanelCount() - (groups - 1) * panels;
  int64_t groupBytes = n * n * op.getChannels() * panels * width * static_cast<int64_t>(sizeof(float));
  int64_t perRound = std::clamp<int64_t>(mostBytes / groupBytes, 1, groups);
  Value itemsOfRound = k.mul(chunks.count(), perRound);
  Value firstGroup = k.mul(k.div(number, itemsOfRound), perRound), inRound = k.rem(number, itemsOfRound);
  Value groupsOfRound = k.min(k.index(perRound), k.sub(k.index(groups), firstGroup));
  Value chunk = k.div(inRound, groupsOfRound), inChunk = k.rem(inRound, groupsOfRound);
  Value group = k.add(firstGroup, inChunk), isLast = k.equal(group, k.index(groups - 1));
  // Rounds of one chunk go on with the inputs of those before.
  Value zero = k.index(0), one = k.index(1);
  Value position = k.select(k.equal(chunks.count(), one), one, inChunk);
  position = k.select(k.equal(number, fresh), zero, position);
  return {chunks.firstRow(k, chunk), chunks.size(k, chunk), k.mul(group, panels),
          last == panels ? k.index(panels) : k.select(isLast, k.index(last), k.index(panels)), k.equal(position, zero)};
}

/// Pixels lie in many rows, too many for the processor to follow: the next tile's are asked for.
void WinogradEmitter::emitInputs(const Item &item) {
  k.forEach(k.index(0), item.count, k.index(1), [&](Value row) {
    Place tile = locate(k.add(item.first, row)), next = locate(k.add(item.first, k.add(row, 1)));
    k.sweep(k.index(op.getChannels()), {}, [&](Value channel, Value mask, ValueRange) {
      Values window;
      for (int64_t place = 0; place < n * n; ++place)
        if (place % n >= n - m) // the others are of this tile, too
          k.prefetch(input, {next.batch, k.add(next.y, place / n), k.add(next.x, place % n), channel});
      for (int64_t place = 0; place < n * n; ++place)
        window.push_back(
            k.loadVector(input, {tile.batch, k.add(tile.y, place / n), k.add(tile.x, place % n), channel}, mask));
      for (auto [place, value] : llvm::enumerate(transformSquare(k, window, n, transformInputs)))
        k.storeVector(value, inputs, {k.index(place), row, channel}, mask);
      return Values();
    });
  });
}

/// The sums of a register tile over all channels, in parts with prefetches before each.
Values WinogradEmitter::multiply(const Item &item, const Product &product, int64_t rows) {
  int64_t channels = op.getChannels(), vectors = width / k.lanes;
  Value all = k.index(channels), packed = k.add(item.panel, product.panel);
  auto loadInput = [&](Value c, int64_t row) {
    return k.load(inputs, {product.place, k.add(product.firstRow, row), c});
  };
  auto loadWeight = [&](Value c, int64_t vector) {
    return k.loadVector(weight, {product.place, packed, c, k.index(vector * k.lanes)});
  };
  Values zeros(rows * vectors, k.splat(0.0));
  return k.loop(k.index(0), all, k.index(stepsOfPart), zeros, [&](Value from, ValueRange sums) {
    prefetchNextPanel(item, product, k.div(from, k.index(stepsOfPart)));
    Value to = k.add(from, stepsOfPart);
    return emitMicrokernel(k, rows, vectors, from, channels % stepsOfPart ? k.min(to, all) : to, sums, loadInput,
                           loadWeight);
  });
}

/// Each register tile asks for its share of the item's next panel, or of the first one for the next place.
void WinogradEmitter::prefetchNextPanel(const Item &item, const Product &product, Value part) {
  constexpr int64_t line = 64 / sizeof(float);
  int64_t channels = op.getChannels();
  auto parts = static_cast<int64_t>(llvm::divideCeil(channels, stepsOfPart));
  Value after = k.add(product.panel, 1), isLast = k.equal(after, item.panels);
  Value place = k.min(k.select(isLast, k.add(product.place, 1), product.place), k.index(n * n - 1));
  Value panel = k.add(item.panel, k.select(isLast, k.index(0), after));
  forEachOfShare(k, channels, product.block, product.blocks, part, parts, [&](Value row) {
    for (int64_t column = 0; column < width; column += line)
      k.prefetch(weight, {place, panel, row, k.index(column)});
  });
}

/// One matrix product for each place in a tile: (tiles, channels) × (channels, filters).
void WinogradEmitter::emitProducts(const Item &item) {
  RowBlocks blocks(k, item.count, op.getMr());
  int64_t vectors = width / k.lanes;
  Value zero = k.index(0), one = k.index(1);
  k.forEach(zero, k.index(n * n), one, [&](Value place) {
    k.forEach(zero, item.panels, one, [&](Value panel) {
      Value column = k.mul(panel, width);
      k.forEach(zero, blocks.count(), one, [&](Value block) {
        Value first = blocks.firstRow(k, block);
        blocks.dispatch(k, block, [&](int64_t rows) {
          Values sums = multiply(item, {place, panel, block, blocks.count(), first}, rows);
          for (auto [index, sum] : llvm::enumerate(sums))
            k.storeVector(sum, products,
                          {place, k.add(first, index / vectors), k.add(column, index % vectors * k.lanes)});
        });
      });
    });
  });
}

/// As the inputs, the pixels of the next tile's outputs are asked for: a store of a part of them would wait for the
/// rest.
void WinogradEmitter::emitOutputs(const Item &item) {
  int64_t filters = op.getFilters(), tail = filters % k.lanes, vectors = llvm::divideCeil(filters, k.lanes);
  int64_t perPanel = width / k.lanes;
  Value first = k.mul(item.panel, perPanel);
  Value past = k.min(k.add(first, k.mul(item.panels, perPanel)), k.index(vectors));
  k.forEach(k.index(0), item.count, k.index(1), [&](Value row) {
    Place tile = locate(k.add(item.first, row)), next = locate(k.add(item.first, k.add(row, 1)));
    k.forEach(first, past, k.index(1), [&](Value vector) {
      Value channel = k.mul(vector, k.lanes);
      for (int64_t place = 0; place < m * m; ++place)
        writer.prefetch(output, {next.batch, k.add(next.y, place / m), k.add(next.x, place % m), channel}, k.lanes);
      if (tail == 0)
        return emitOutputVector(tile, row, item, vector, k.lanes);
      k.branch(
          k.equal(vector, k.index(vectors - 1)), [&] { emitOutputVector(tile, row, item, vector, tail); },
          [&] { emitOutputVector(tile, row, item, vector, k.lanes); });
    });
  });
}

/// The outputs of a tile go through memory to a loop over its pixels, so that the epilogue is there once.
void WinogradEmitter::emitOutputVector(const Place &tile, Value row, const Item &item, Value vector, int64_t valid) {
  Value channel = k.mul(vector, k.lanes), column = k.sub(channel, k.mul(item.panel, width));
  Values sums;
  for (int64_t place = 0; place < n * n; ++place)
    sums.push_back(k.loadVector(products, {k.index(place), row, column}));
  for (auto [position, value] : llvm::enumerate(transformSquare(k, sums, n, transformProducts)))
    k.storeVector(value, pixels, {k.index(position), k.index(0)});
  Value rows = k.min(k.index(m), k.sub(k.dim(output, 1), tile.y));
  Value columns = k.min(k.index(m), k.sub(k.dim(output, 2), tile.x));
  k.forEach(k.index(0), rows, k.index(1), [&](Value y) {
    k.forEach(k.index(0), columns, k.index(1), [&](Value x) {
      storePixel({tile.batch, k.add(tile.y, y), k.add(tile.x, x)}, channel, k.add(k.mul(y, m), x), valid);
    });
  });
}

void WinogradEmitter::storePixel(const Place &pixel, Value channel, Value position, int64_t valid) {
  writer.write(k.loadVector(pixels, {position, k.index(0)}), output, {pixel.batch, pixel.y, pixel.x, channel}, valid);
}

OpFoldResult WinogradConvOp::getScratchBytes(OpBuilder &builder) {
  int64_t row = getInputStride(*this) + getPanels() * getPanelWidth();
  int64_t elements = getWindow() * getWindow() * getChunk() * row + getTile() * getTile() * getLanes();
  return builder.getIndexAttr(elements * static_cast<int64_t>(sizeof(float)));
}

LogicalResult WinogradConvOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return WinogradEmitter(*this, builder, arguments).emit();
}
