#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

namespace {

/// A tile of the output: `rows` rows from `row` on, by `columns` columns (static) of `panel`.
struct Tile {
  Value panel, row, rows, block;
  int64_t columns;
};

/// The row blocks [block, block + blocks) that are worked on together, of first row `row`.
struct Chunk {
  Value block, blocks, row;
};

/// A block of the inner dimension: [begin, end).
struct InnerBlock {
  Value begin, end;
};

/// Emits one gemm: chunks of rows, then blocks of K, then tiles, each the sums of a register tile. The epilogue is a
/// loop over the rows of a finished tile, which is still in L1; on the accumulators it would spill them.
class GemmEmitter {
public:
  GemmEmitter(GemmOp op, OpBuilder &builder, ValueRange arguments);
  LogicalResult emit();

private:
  void emitChunk(const Chunk &chunk, Value first, Value last);
  void packRows(const Chunk &chunk, Value first, Value last, InnerBlock inner);
  void emitTile(const Tile &tile, const Chunk &chunk, InnerBlock inner);
  void emitSums(const Tile &tile, const Chunk &chunk, int64_t rows, InnerBlock inner);
  void emitTileEpilogue(const Tile &tile);

  bool blocksInner() const { return kc < k; }
  int64_t vectors(const Tile &tile) const { return llvm::divideCeil(tile.columns, kernel.lanes); }
  int64_t validLanes(const Tile &tile, int64_t vector) const {
    return std::min(kernel.lanes, tile.columns - vector * kernel.lanes);
  }
  /// The index of the first column of a vector of the tile.
  Value column(const Tile &tile, int64_t vector) {
    return kernel.add(kernel.mul(tile.panel, op.getNr()), vector * kernel.lanes);
  }

  GemmOp op;
  KernelBuilder kernel;
  Value a, b, c, begin, end, packed;
  ValueRange extras;
  int64_t k, n, panels, kc;
  RowBlocks blocks;
  LogicalResult status = success();
};

} // namespace

/// Blocks of K are of equal size.
static int64_t innerBlockSize(GemmOp op, int64_t k) {
  int64_t kc = op.getKc();
  return kc == 0 ? k : llvm::divideCeil(k, llvm::divideCeil(k, kc));
}

static int64_t innerSize(GemmOp op) { return cast<ShapedType>(op.getA().getType()).getDimSize(1); }
static int64_t panelCount(GemmOp op) { return cast<ShapedType>(op.getB().getType()).getDimSize(0); }

/// Row stride, in elements, of the packed rows of A: one cache line more than a multiple of the line, so that the
/// rows of a tile fall into different sets of L1.
static int64_t packedStride(GemmOp op) {
  return static_cast<int64_t>(llvm::alignTo(innerBlockSize(op, innerSize(op)), 16)) + 16;
}

/// Row blocks of a chunk, at most.
static Value chunkBlocks(GemmOp op, KernelBuilder &kernel, Value blocks) {
  if (op.getMc() == 0)
    return blocks;
  return kernel.min(kernel.index(std::max<int64_t>(1, op.getMc() / op.getMr())), blocks);
}

GemmEmitter::GemmEmitter(GemmOp op, OpBuilder &builder, ValueRange arguments)
    : op(op), kernel(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), a(arguments[0]), b(arguments[1]),
      c(arguments[2 + op.getExtras().size()]), begin(arguments.drop_back().back()), end(arguments.back()),
      extras(arguments.slice(2, op.getExtras().size())), k(innerSize(op)),
      n(cast<ShapedType>(c.getType()).getDimSize(1)), panels(panelCount(op)), kc(innerBlockSize(op, k)),
      blocks(kernel, kernel.dim(a, 0), op.getMr()) {
  if (!op.getPackA())
    return;
  Value rows = kernel.mul(chunkBlocks(op, kernel, blocks.count()), op.getMr());
  packed = kernel.scratchView(arguments.drop_back(2).back(), 0, {ShapedType::kDynamic, packedStride(op)}, rows);
}

LogicalResult GemmEmitter::emit() {
  kernel.branch(kernel.less(begin, end), [&] {
    Value blocksPerChunk = chunkBlocks(op, kernel, blocks.count());
    Value items = kernel.mul(blocksPerChunk, panels);
    auto emitPart = [&](Value index) {
      Value block = kernel.mul(index, blocksPerChunk), start = kernel.mul(index, items);
      Value left = kernel.sub(blocks.count(), block);
      Chunk chunk{block, kernel.min(blocksPerChunk, left), blocks.firstRow(kernel, block)};
      Value first = kernel.sub(kernel.max(begin, start), start);
      emitChunk(chunk, first, kernel.min(kernel.sub(end, start), items));
    };
    if (op.getMc() == 0)
      return emitPart(kernel.index(0));
    kernel.forEach(kernel.div(begin, items), kernel.ceilDiv(end, items), kernel.index(1), emitPart);
  });
  return status;
}

/// Items [first, last) of the chunk, counted from its first.
void GemmEmitter::emitChunk(const Chunk &chunk, Value first, Value last) {
  kernel.forEach(kernel.index(0), kernel.index(k), kernel.index(kc), [&](Value innerBegin) {
    InnerBlock inner{innerBegin, kernel.min(kernel.add(innerBegin, kc), kernel.index(k))};
    if (!blocksInner())
      inner = {kernel.index(0), kernel.index(k)};
    if (packed)
      packRows(chunk, first, last, inner);
    kernel.forEach(first, last, kernel.index(1), [&](Value item) {
      Value panel = kernel.div(item, chunk.blocks), block = kernel.add(chunk.block, kernel.rem(item, chunk.blocks));
      Tile tile{panel, blocks.firstRow(kernel, block), blocks.size(kernel, block), block,
                static_cast<int64_t>(op.getNr())};
      Tile lastTile = tile;
      lastTile.columns = n - (panels - 1) * op.getNr();
      if (lastTile.columns == tile.columns)
        return emitTile(tile, chunk, inner);
      kernel.branch(
          kernel.equal(panel, kernel.index(panels - 1)), [&] { emitTile(lastTile, chunk, inner); },
          [&] { emitTile(tile, chunk, inner); });
    });
  });
}

/// Copies the rows that the items [first, last) read.
void GemmEmitter::packRows(const Chunk &chunk, Value first, Value last, InnerBlock inner) {
  Value final = kernel.sub(last, kernel.index(1));
  Value onePanel = kernel.equal(kernel.div(first, chunk.blocks), kernel.div(final, chunk.blocks));
  Value firstBlock = kernel.select(onePanel, kernel.rem(first, chunk.blocks), kernel.index(0));
  Value endBlock = kernel.select(onePanel, kernel.add(kernel.rem(final, chunk.blocks), 1), chunk.blocks);
  Value from = blocks.firstRow(kernel, kernel.add(chunk.block, firstBlock));
  Value to = blocks.firstRow(kernel, kernel.add(chunk.block, endBlock));
  kernel.forEach(from, to, kernel.index(1), [&](Value row) {
    kernel.sweep(kernel.sub(inner.end, inner.begin), {}, [&](Value offset, Value mask, ValueRange) {
      Value elements = kernel.loadVector(a, {row, kernel.add(inner.begin, offset)}, mask);
      kernel.storeVector(elements, packed, {kernel.sub(row, chunk.row), offset});
      return KernelBuilder::Values();
    });
  });
}

void GemmEmitter::emitTile(const Tile &tile, const Chunk &chunk, InnerBlock inner) {
  blocks.dispatch(kernel, tile.block, [&](int64_t rows) { emitSums(tile, chunk, rows, inner); });
  if (op.getEpilogue().empty())
    return;
  Value complete = kernel.equal(inner.end, kernel.index(k));
  kernel.branch(complete, [&] { emitTileEpilogue(tile); });
}

void GemmEmitter::emitSums(const Tile &tile, const Chunk &chunk, int64_t rows, InnerBlock inner) {
  int64_t width = vectors(tile);
  auto place = [&](int64_t index) -> KernelBuilder::Values {
    return {kernel.add(tile.row, index / width), column(tile, index % width)};
  };
  auto mask = [&](int64_t index) { return kernel.constantMask(validLanes(tile, index % width)); };
  auto zeros = [&] { return KernelBuilder::Values(rows * width, kernel.splat(0.0)); };
  auto partialSums = [&] {
    KernelBuilder::Values sums;
    for (int64_t index = 0; index < rows * width; ++index)
      sums.push_back(kernel.loadVector(c, place(index), mask(index)));
    return sums;
  };
  KernelBuilder::Values sums = kernel.choose(kernel.equal(inner.begin, kernel.index(0)), zeros, partialSums);
  auto loadA = [&](Value k, int64_t row) {
    Value index = kernel.add(tile.row, row);
    return packed ? kernel.load(packed, {kernel.sub(index, chunk.row), kernel.sub(k, inner.begin)})
                  : kernel.load(a, {index, k});
  };
  auto loadB = [&](Value k, int64_t vector) {
    return kernel.loadVector(b, {tile.panel, k, kernel.index(vector * kernel.lanes)});
  };
  sums = emitMicrokernel(kernel, rows, width, inner.begin, inner.end, sums, loadA, loadB);
  for (auto [index, sum] : llvm::enumerate(sums))
    kernel.storeVector(sum, c, place(index), mask(index));
}

void GemmEmitter::emitTileEpilogue(const Tile &tile) {
  auto maps = llvm::to_vector(op.getExtraMaps().getAsValueRange<AffineMapAttr>());
  kernel.forEach(tile.row, kernel.add(tile.row, tile.rows), kernel.index(1), [&](Value row) {
    for (int64_t vector = 0; vector < vectors(tile); ++vector) {
      int64_t valid = validLanes(tile, vector);
      Value column = this->column(tile, vector), mask = kernel.constantMask(valid);
      KernelBuilder::Values arguments{kernel.loadVector(c, {row, column}, mask)};
      for (auto [extra, map] : llvm::zip(extras, maps))
        arguments.push_back(loadExtra(kernel, extra, map, {row, column}, valid));
      FailureOr<Value> value = emitEpilogue(kernel, op.getEpilogue(), arguments);
      if (failed(value)) {
        status = failure();
        return;
      }
      kernel.storeVector(*value, c, {row, column}, mask);
    }
  });
}

OpFoldResult GemmOp::getWorkItems(OpBuilder &builder) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  RowBlocks blocks(kernel, kernel.dim(getA(), 0), getMr());
  return getAsOpFoldResult(kernel.mul(blocks.count(), panelCount(*this)));
}

OpFoldResult GemmOp::getScratchBytes(OpBuilder &builder) {
  if (!getPackA())
    return nullptr;
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  RowBlocks blocks(kernel, kernel.dim(getA(), 0), getMr());
  Value rows = kernel.mul(chunkBlocks(*this, kernel, blocks.count()), getMr());
  return getAsOpFoldResult(kernel.mul(rows, packedStride(*this) * sizeof(float)));
}

LogicalResult GemmOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return GemmEmitter(*this, builder, arguments).emit();
}
