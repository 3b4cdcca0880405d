#include "TileBuilder.h"

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

/// Elements of a row of A from which on the next tile's rows are asked for: shorter ones follow each other closely.
static constexpr int64_t leastDepthOfRows = 256;

namespace {

/// A tile of the output: the rows of a block, `columns` columns (static) of a panel.
struct Tile {
  Value panel, block, row;
  int64_t columns;
};

/// The row blocks [block, block + blocks) that are worked on together, of first row `row`.
struct Chunk {
  Value block, blocks, row;
};

/// Emits one gemm: the matrices of the batch, chunks of rows, then tiles, each the sums of a register tile, which the
/// epilogue takes from the registers (a loop over stored sums costs 6 % of a (257, 384) × (384, 1536) product even
/// where all it adds is a bias).
class GemmEmitter {
public:
  GemmEmitter(GemmOp op, OpBuilder &builder, ValueRange arguments);
  LogicalResult emit();

private:
  void emitMatrix(Value first, Value last);
  void emitChunk(const Chunk &chunk, Value first, Value last);
  void packRowsOnce(const Chunk &chunk, Value first, Value last);
  void packRows(const Chunk &chunk, Value first, Value last);
  void packRow(Value from, Value to);
  void emitTile(const Tile &tile, const Chunk &chunk, int64_t rows);
  void emitOnTiles(const Tile &tile, const Chunk &chunk);
  void finishSum(Value sum, const Tile &tile, Value row, int64_t vector);
  KernelBuilder::Values emitSums(const Tile &tile, const Chunk &chunk, int64_t rows);
  KernelBuilder::Values emitTileSums(const Tile &tile, const Chunk &chunk, int64_t rowTiles);
  using SumOver = llvm::function_ref<KernelBuilder::Values(Value from, Value to, ValueRange sums)>;
  KernelBuilder::Values emitSteps(const Tile &tile, const Chunk &chunk, int64_t rows, ValueRange zeros,
                                  SumOver sumOver);
  void prefetchNextPanel(const Tile &tile, const Chunk &chunk, Value step);
  void prefetchResult(const Tile &tile, int64_t rows, Value step);
  void prefetchRows(const Tile &tile, int64_t rows, Value step);
  /// A product is computed in `parts`, each of `partSteps`; the part that begins at a step.
  int64_t parts() { return static_cast<int64_t>(llvm::divideCeil(steps, partSteps)); }
  Value partOf(Value step) { return kernel.div(step, kernel.index(partSteps)); }

  GemmOp op;
  KernelBuilder kernel;
  Value a, b, c; ///< of the matrix that is emitted
  Value begin, end, packed;
  Value tileSums;              ///< (mr, nr) sums that AMX leaves
  Value hasAllRows;            ///< 1 where all rows of the last item's chunk are packed
  Value continues;             ///< whether that item is the one before `begin`
  KernelBuilder::Values batch; ///< which matrix
  int64_t k, n, panels;
  int64_t steps; ///< of a sum: rows of a panel, elements or pairs of a row of A
  int64_t partSteps;
  RowBlocks blocks;
  EpilogueWriter writer;
};

} // namespace

/// Row stride, in elements or pairs (4 bytes), of the packed rows of A: one cache line more than a multiple of the
/// line, so that the rows of a tile fall into different sets of L1.
static int64_t packedStride(GemmOp op) { return static_cast<int64_t>(llvm::alignTo(op.getPanelRows(), 16)) + 16; }

/// Row blocks of a chunk, at most.
static Value chunkBlocks(GemmOp op, KernelBuilder &kernel, Value blocks) {
  if (op.getMc() == 0)
    return blocks;
  return kernel.min(kernel.index(std::max<int64_t>(1, op.getMc() / op.getMr())), blocks);
}

/// Rows of A that are packed at once, and with tiles those that the last tile reads past them.
static Value packedRows(GemmOp op, KernelBuilder &kernel, Value blocks) {
  Value rows = kernel.mul(chunkBlocks(op, kernel, blocks), op.getMr());
  return op.getTiles() ? kernel.add(rows, op.getMr()) : rows;
}

/// Bytes of scratch before the packed rows: `hasAllRows`, then `tileSums`.
static int64_t headerBytes(GemmOp op) { return 64 + (op.getTiles() ? op.getMr() * op.getNr() * sizeof(float) : 0); }

/// Which matrix of a (batch.., M, N) memref has this number, row-major.
static KernelBuilder::Values delinearize(KernelBuilder &kernel, Value number, Value memref, int64_t batchRank) {
  KernelBuilder::Values indices(batchRank);
  for (int64_t dim = batchRank - 1; dim > 0; --dim) {
    Value extent = kernel.dim(memref, dim);
    indices[dim] = kernel.rem(number, extent);
    number = kernel.div(number, extent);
  }
  indices[0] = number;
  return indices;
}

/// The trailing dimensions of a memref at a place of its leading ones; the memref itself where it has no leading ones.
/// Written down by offset and strides: a subview that drops dimensions is ambiguous where others have one element, too.
static Value matrixOf(KernelBuilder &kernel, Value memref, ValueRange batch, int64_t matrixRank) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == matrixRank)
    return memref;
  OpBuilder &builder = kernel.builder;
  auto metadata = memref::ExtractStridedMetadataOp::create(builder, kernel.loc, memref);
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides(), sizes;
  auto toValue = [&](OpFoldResult value) { return getValueOrCreateConstantIndexOp(builder, kernel.loc, value); };
  Value offset = toValue(metadata.getConstifiedMixedOffset());
  for (auto [index, stride] : llvm::zip(batch, strides))
    offset = kernel.add(offset, kernel.mul(index, toValue(stride)));
  for (int64_t dim = type.getRank() - matrixRank; dim < type.getRank(); ++dim)
    sizes.push_back(getAsOpFoldResult(kernel.dim(memref, dim)));
  strides.erase(strides.begin(), strides.end() - matrixRank);
  auto layout = StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, decomposeMixedValues(strides).first);
  auto view = MemRefType::get(type.getShape().take_back(matrixRank), type.getElementType(), layout);
  return memref::ReinterpretCastOp::create(builder, kernel.loc, view, metadata.getBaseBuffer(), OpFoldResult(offset),
                                           sizes, strides);
}

GemmEmitter::GemmEmitter(GemmOp op, OpBuilder &builder, ValueRange arguments)
    : op(op), kernel(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), a(arguments[0]), b(arguments[1]),
      c(arguments[2 + op.getExtras().size()]), begin(arguments.drop_back().back()), end(arguments.back()),
      k(op.getInnerSize()), n(op.getCType().getShape().back()), panels(op.getPanelCount()), steps(op.getPanelRows()),
      partSteps(op.getTiles() ? 2 * TileBuilder::rows : stepsOfPart),
      blocks(kernel, kernel.dim(c, op.getBatchRank()), op.getMr()),
      writer(kernel, op.getEpilogue(), arguments.slice(2, op.getExtras().size()), op.getExtraMaps()) {
  if (!op.getPackA())
    return;
  Value scratch = arguments.drop_back(3).back();
  continues = arguments.drop_back(2).back();
  hasAllRows = kernel.scratchView(scratch, 0, {1}, {}, builder.getIndexType());
  if (op.getTiles())
    tileSums = kernel.scratchView(scratch, 64, {2 * TileBuilder::rows, 2 * TileBuilder::rows});
  Type element = op.getBf16Products() ? Type(builder.getI32Type()) : kernel.elementType();
  packed = kernel.scratchView(scratch, headerBytes(op), {ShapedType::kDynamic, packedStride(op)},
                              packedRows(op, kernel, blocks.count()), element);
}

LogicalResult GemmEmitter::emit() {
  kernel.branch(kernel.less(begin, end), [&] {
    if (op.getBatchRank() == 0)
      return emitMatrix(begin, end);
    Value wholeA = a, wholeB = b, wholeC = c, items = kernel.mul(blocks.count(), panels);
    kernel.forEach(kernel.div(begin, items), kernel.ceilDiv(end, items), kernel.index(1), [&](Value matrix) {
      batch = delinearize(kernel, matrix, wholeC, op.getBatchRank());
      a = matrixOf(kernel, wholeA, batch, 2);
      b = matrixOf(kernel, wholeB, batch, 3);
      c = matrixOf(kernel, wholeC, batch, 2);
      Value start = kernel.mul(matrix, items);
      emitMatrix(kernel.sub(kernel.max(begin, start), start), kernel.min(kernel.sub(end, start), items));
    });
  });
  return writer.status;
}

/// Items [first, last) of a matrix.
void GemmEmitter::emitMatrix(Value first, Value last) {
  Value blocksPerChunk = chunkBlocks(op, kernel, blocks.count());
  Value items = kernel.mul(blocksPerChunk, panels);
  auto emitPart = [&](Value index) {
    Value block = kernel.mul(index, blocksPerChunk), start = kernel.mul(index, items);
    Value left = kernel.sub(blocks.count(), block);
    Chunk chunk{block, kernel.min(blocksPerChunk, left), blocks.firstRow(kernel, block)};
    emitChunk(chunk, kernel.sub(kernel.max(first, start), start), kernel.min(kernel.sub(last, start), items));
  };
  if (op.getMc() == 0)
    return emitPart(kernel.index(0));
  kernel.forEach(kernel.div(first, items), kernel.ceilDiv(last, items), kernel.index(1), emitPart);
}

/// Items [first, last) of the chunk, counted from its first.
void GemmEmitter::emitChunk(const Chunk &chunk, Value first, Value last) {
  if (packed)
    packRowsOnce(chunk, first, last);
  int64_t nr = op.getNr(), tail = n - (panels - 1) * nr;
  kernel.forEach(first, last, kernel.index(1), [&](Value item) {
    Value panel = kernel.div(item, chunk.blocks), block = kernel.add(chunk.block, kernel.rem(item, chunk.blocks));
    auto emitColumns = [&](int64_t columns) {
      Tile tile{panel, block, blocks.firstRow(kernel, block), columns};
      if (op.getTiles())
        return emitOnTiles(tile, chunk);
      blocks.dispatch(kernel, block, [&](int64_t rows) { emitTile(tile, chunk, rows); });
    };
    if (tail == nr)
      return emitColumns(nr);
    kernel.branch(kernel.equal(panel, kernel.index(panels - 1)), [&] { emitColumns(tail); }, [&] { emitColumns(nr); });
  });
}

/// A call that goes on in the middle of a chunk finds its rows in the scratch if one before had a panel to do, or more.
void GemmEmitter::packRowsOnce(const Chunk &chunk, Value first, Value last) {
  Value zero = kernel.index(0), isInside = kernel.less(zero, first);
  Value areAll = kernel.equal(kernel.load(hasAllRows, {zero}), kernel.index(1));
  Value goesOn = arith::AndIOp::create(kernel.builder, kernel.loc, continues, isInside);
  Value known = arith::AndIOp::create(kernel.builder, kernel.loc, goesOn, areAll);
  kernel.branch(known, [] {}, [&] { packRows(chunk, first, last); });
}

/// Copies the rows that the items [first, last) read.
void GemmEmitter::packRows(const Chunk &chunk, Value first, Value last) {
  Value final = kernel.sub(last, kernel.index(1));
  Value onePanel = kernel.equal(kernel.div(first, chunk.blocks), kernel.div(final, chunk.blocks));
  Value firstBlock = kernel.select(onePanel, kernel.rem(first, chunk.blocks), kernel.index(0));
  Value endBlock = kernel.select(onePanel, kernel.add(kernel.rem(final, chunk.blocks), 1), chunk.blocks);
  Value from = blocks.firstRow(kernel, kernel.add(chunk.block, firstBlock));
  Value to = blocks.firstRow(kernel, kernel.add(chunk.block, endBlock));
  kernel.forEach(from, to, kernel.index(1), [&](Value row) { packRow(row, kernel.sub(row, chunk.row)); });
  Value areAll = kernel.equal(kernel.sub(endBlock, firstBlock), chunk.blocks);
  Value flag = kernel.select(areAll, kernel.index(1), kernel.index(0));
  memref::StoreOp::create(kernel.builder, kernel.loc, flag, hasAllRows, kernel.index(0));
}

/// Row `from` of A as row `to` of the packed ones. Pairs past the last are zeros, or lie beyond what is read.
void GemmEmitter::packRow(Value from, Value to) {
  bool pairs = op.getBf16Products();
  KernelBuilder source(kernel.builder, kernel.loc, pairs ? 2 * kernel.lanes : kernel.lanes, kernel.elementType());
  source.sweep(source.index(k), {}, [&](Value offset, Value mask, ValueRange) {
    Value vector = source.loadVector(a, {from, offset}, mask);
    if (pairs)
      kernel.storeVector(kernel.bitcast(kernel.toPairs(vector), kernel.builder.getI32Type()), packed,
                         {to, kernel.div(offset, kernel.index(2))});
    else
      kernel.storeVector(vector, packed, {to, offset}, mask);
    return KernelBuilder::Values();
  });
}

/// The sums of a tile go through the epilogue into C, one vector after the other so that few are alive.
void GemmEmitter::emitTile(const Tile &tile, const Chunk &chunk, int64_t rows) {
  KernelBuilder::Values sums = emitSums(tile, chunk, rows);
  int64_t vectors = llvm::divideCeil(tile.columns, kernel.lanes);
  for (int64_t index = 0; index < rows * vectors; ++index)
    finishSum(sums[index], tile, kernel.index(index / vectors), index % vectors);
}

/// The same by AMX, which has no way from its registers to those of vectors but memory.
void GemmEmitter::emitOnTiles(const Tile &tile, const Chunk &chunk) {
  Value rows = blocks.size(kernel, tile.block);
  auto computeRows = [&](int64_t rowTiles) {
    int64_t columnTiles = op.getNr() / TileBuilder::rows;
    for (auto [index, sums] : llvm::enumerate(emitTileSums(tile, chunk, rowTiles)))
      TileBuilder(kernel).store(sums, tileSums,
                                {kernel.index(index / columnTiles * TileBuilder::rows),
                                 kernel.index(index % columnTiles * TileBuilder::rows)});
  };
  kernel.branch(kernel.less(kernel.index(TileBuilder::rows), rows), [&] { computeRows(2); }, [&] { computeRows(1); });
  kernel.forEach(kernel.index(0), rows, kernel.index(1), [&](Value row) {
    for (int64_t vector = 0; vector * kernel.lanes < tile.columns; ++vector)
      finishSum(kernel.loadVector(tileSums, {row, kernel.index(vector * kernel.lanes)}), tile, row, vector);
  });
}

/// A vector of sums of row `row` of the tile goes through the epilogue into C.
void GemmEmitter::finishSum(Value sum, const Tile &tile, Value row, int64_t vector) {
  int64_t column = vector * kernel.lanes;
  KernelBuilder::Values point(batch);
  point.append({kernel.add(tile.row, row), kernel.add(kernel.mul(tile.panel, op.getNr()), column)});
  writer.write(sum, c, point, std::min(kernel.lanes, tile.columns - column));
}

/// The sums of a register tile.
KernelBuilder::Values GemmEmitter::emitSums(const Tile &tile, const Chunk &chunk, int64_t rows) {
  KernelBuilder source(kernel.builder, kernel.loc, kernel.lanes, op.getBType().getElementType());
  auto loadA = [&](Value k, int64_t row) {
    Value index = kernel.add(tile.row, row);
    return packed ? kernel.load(packed, {kernel.sub(index, chunk.row), k}) : kernel.load(a, {index, k});
  };
  auto loadB = [&](Value k, int64_t vector) -> Value {
    if (op.getBf16Products())
      return kernel.loadPairs(b, {tile.panel, k, kernel.index(vector * 2 * kernel.lanes)});
    Value loaded = source.loadVector(b, {tile.panel, k, kernel.index(vector * kernel.lanes)});
    return op.getBType().getElementType().isBF16() ? kernel.toF32(loaded) : loaded;
  };
  int64_t vectors = llvm::divideCeil(tile.columns, kernel.lanes);
  KernelBuilder::Values zeros(rows * vectors, kernel.splat(0.0));
  auto sumOver = [&](Value from, Value to, ValueRange sums) {
    return emitMicrokernel(kernel, rows, vectors, from, to, sums, loadA, loadB);
  };
  return emitSteps(tile, chunk, rows, zeros, sumOver);
}

/// Sums in 2 × `rowTiles` tiles: two of A and two of B are loaded for four products.
KernelBuilder::Values GemmEmitter::emitTileSums(const Tile &tile, const Chunk &chunk, int64_t rowTiles) {
  TileBuilder tiles(kernel);
  int64_t columnTiles = op.getNr() / TileBuilder::rows;
  KernelBuilder::Values zeros;
  for (int64_t index = 0; index < rowTiles * columnTiles; ++index)
    zeros.push_back(tiles.zero());
  Value firstRow = kernel.sub(tile.row, chunk.row);
  return emitSteps(tile, chunk, rowTiles * TileBuilder::rows, zeros, [&](Value from, Value to, ValueRange sums) {
    return kernel.loop(from, to, kernel.index(TileBuilder::rows), sums, [&](Value step, ValueRange carried) {
      KernelBuilder::Values columns, next;
      for (int64_t column = 0; column < columnTiles; ++column)
        columns.push_back(tiles.load(b, {tile.panel, step, kernel.index(column * 2 * TileBuilder::rows)}));
      for (int64_t row = 0; row < rowTiles; ++row) {
        Value rows = tiles.load(packed, {kernel.add(firstRow, row * TileBuilder::rows), step});
        for (int64_t column = 0; column < columnTiles; ++column)
          next.push_back(tiles.multiplyPairs(carried[row * columnTiles + column], rows, columns[column]));
      }
      return next;
    });
  });
}

/// All steps of a sum, in parts with prefetches before each.
KernelBuilder::Values GemmEmitter::emitSteps(const Tile &tile, const Chunk &chunk, int64_t rows, ValueRange zeros,
                                             SumOver sumOver) {
  // One row waits for memory alone, which the processor reads ahead by itself, faster.
  bool isOneRow = op.getCType().getDimSize(op.getBatchRank()) == 1;
  if (panels == 1 || isOneRow || steps < 2 * partSteps)
    return sumOver(kernel.index(0), kernel.index(steps), zeros);
  return kernel.loop(kernel.index(0), kernel.index(steps), kernel.index(partSteps), zeros,
                     [&](Value from, ValueRange sums) {
                       prefetchNextPanel(tile, chunk, from);
                       prefetchResult(tile, rows, from);
                       if (!packed && k >= leastDepthOfRows)
                         prefetchRows(tile, rows, from);
                       Value to = kernel.add(from, partSteps);
                       return sumOver(from, steps % partSteps ? kernel.min(to, kernel.index(steps)) : to, sums);
                     });
}

/// The rows of the result and of a residual are asked for one after the other: all at once would hold up the products.
void GemmEmitter::prefetchResult(const Tile &tile, int64_t rows, Value step) {
  forEachOfPart(kernel, rows, partOf(step), parts(), [&](Value row) {
    KernelBuilder::Values point(batch);
    point.append({kernel.add(tile.row, row), kernel.mul(tile.panel, op.getNr())});
    writer.prefetch(c, point, tile.columns);
  });
}

/// The processor follows each row of A once it has begun. It is told where those of the next tile begin.
void GemmEmitter::prefetchRows(const Tile &tile, int64_t rows, Value step) {
  constexpr int64_t lines = 4, line = 64 / sizeof(float);
  forEachOfPart(kernel, rows, partOf(step), parts(), [&](Value row) {
    for (int64_t column = 0; column < std::min(lines * line, k); column += line)
      kernel.prefetch(a, {kernel.add(kernel.add(tile.row, row), rows), kernel.index(column)});
  });
}

/// Each tile of a panel asks for its share of the next panel.
void GemmEmitter::prefetchNextPanel(const Tile &tile, const Chunk &chunk, Value step) {
  Value next = kernel.min(kernel.add(tile.panel, 1), kernel.index(panels - 1));
  Value number = kernel.sub(tile.block, chunk.block);
  int64_t width = op.getBType().getShape().back(), line = 64 * 8 / op.getBType().getElementTypeBitWidth();
  forEachOfShare(kernel, steps, number, chunk.blocks, partOf(step), parts(), [&](Value row) {
    for (int64_t column = 0; column < width; column += line)
      kernel.prefetch(b, {next, row, kernel.index(column)});
  });
}

OpFoldResult GemmOp::getWorkItems(OpBuilder &builder) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  RowBlocks blocks(kernel, kernel.dim(getOutputs()[0], getBatchRank()), getMr());
  Value items = kernel.mul(blocks.count(), getPanelCount());
  for (int64_t dim = 0; dim < getBatchRank(); ++dim)
    items = kernel.mul(items, kernel.dim(getOutputs()[0], dim));
  return getAsOpFoldResult(items);
}

OpFoldResult GemmOp::getScratchBytes(OpBuilder &builder) {
  if (!getPackA())
    return nullptr;
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  RowBlocks blocks(kernel, kernel.dim(getOutputs()[0], getBatchRank()), getMr());
  Value rows = packedRows(*this, kernel, blocks.count());
  return getAsOpFoldResult(kernel.add(kernel.mul(rows, packedStride(*this) * sizeof(float)), headerBytes(*this)));
}

/// A call for few items packs rows that few products read.
int64_t GemmOp::getLeastItems() { return getPackA() ? 8 : 1; }

LogicalResult GemmOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return GemmEmitter(*this, builder, arguments).emit();
}
