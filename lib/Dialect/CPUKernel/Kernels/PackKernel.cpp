#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// Emits vcpu.pack. A work item is a tile of a panel, at most `PackOp::tileRows` rows of K by `PackOp::tileColumns`
/// columns; how it is copied follows from the dimension along which the input is contiguous.
class PackEmitter {
public:
  PackEmitter(PackOp op, KernelBuilder &kernel, ValueRange arguments);
  void emitItem(Value item);

private:
  struct Tile {
    Values batch;
    Value panel, firstRow, endRow, firstColumn, endColumn;
  };

  Tile locate(Value item);
  Values source(const Tile &tile, Value row, Value column);
  Values target(const Tile &tile, Value row, Value column);
  bool isContiguousAlong(int64_t dim) const;
  void copyRows(const Tile &tile);
  void copyElements(const Tile &tile);
  void transposeBlocks(const Tile &tile);
  void transposeWhole(const Tile &tile, Value row, Value column);
  void transposePart(const Tile &tile, Value row, Value column);
  Value columnOf(const Tile &tile, Value column) { return k.add(k.mul(tile.panel, width), column); }

  PackOp op;
  KernelBuilder &k;
  Value input, output;
  int64_t batchRank, width;
  Value columns; ///< N
};

} // namespace

PackEmitter::PackEmitter(PackOp op, KernelBuilder &kernel, ValueRange arguments)
    : op(op), k(kernel), input(arguments[0]), output(arguments[1]), batchRank(op.getBatchRank()),
      width(op.getPanelWidth()), columns(k.dim(input, op.getPermutation().back())) {}

PackEmitter::Tile PackEmitter::locate(Value item) {
  auto take = [&](Value count) {
    Value taken = k.rem(item, count);
    item = k.div(item, count);
    return taken;
  };
  Tile tile;
  Value rows = k.dim(output, batchRank + 1), rowTile = k.index(PackOp::tileRows);
  tile.firstRow = k.mul(take(k.ceilDiv(rows, rowTile)), rowTile);
  tile.endRow = k.min(k.add(tile.firstRow, rowTile), rows);
  Value columnTile = k.index(PackOp::tileColumns);
  tile.firstColumn = k.mul(take(k.ceilDiv(k.index(width), columnTile)), columnTile);
  tile.endColumn = k.min(k.add(tile.firstColumn, columnTile), k.index(width));
  tile.panel = take(k.dim(output, batchRank));
  for (int64_t dim = batchRank - 1; dim >= 0; --dim)
    tile.batch.insert(tile.batch.begin(), take(k.dim(output, dim)));
  return tile;
}

/// The input's indices of (batch.., row, column), a row of K taken apart into K's dimensions.
Values PackEmitter::source(const Tile &tile, Value row, Value column) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  Values indices(permutation.size());
  for (auto [dim, index] : llvm::zip(permutation, tile.batch))
    indices[dim] = index;
  ArrayRef<int64_t> inner = permutation.drop_front(batchRank).drop_back();
  for (int64_t dim : llvm::reverse(inner.drop_front())) {
    indices[dim] = k.rem(row, k.dim(input, dim));
    row = k.div(row, k.dim(input, dim));
  }
  indices[inner.front()] = row;
  indices[permutation.back()] = column;
  return indices;
}

Values PackEmitter::target(const Tile &tile, Value row, Value column) {
  Values indices = tile.batch;
  indices.append({tile.panel, row, column});
  return indices;
}

bool PackEmitter::isContiguousAlong(int64_t dim) const {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(cast<MemRefType>(input.getType()).getStridesAndOffset(strides, offset)) && strides[dim] == 1;
}

/// Rows of K are contiguous in the input: vectors are copied, zeros past the last column.
void PackEmitter::copyRows(const Tile &tile) {
  Value valid = k.min(tile.endColumn, k.sub(columns, k.mul(tile.panel, width)));
  k.forEach(tile.firstRow, tile.endRow, k.index(1), [&](Value row) {
    k.sweep(k.sub(tile.endColumn, tile.firstColumn), {}, [&](Value offset, Value mask, ValueRange) {
      Value column = k.add(tile.firstColumn, offset), end = k.add(column, k.lanes);
      Values from = source(tile, row, columnOf(tile, column)), to = target(tile, row, column);
      auto whole = [&] { return Values{k.loadVector(input, from, mask)}; };
      // Where fewer columns are valid than the offset, the mask is empty.
      auto part = [&] { return Values{k.loadVector(input, from, k.dynamicMask(k.sub(valid, column)))}; };
      Value covered = mask ? k.less(k.add(tile.endColumn, -1), valid) : k.less(k.add(end, -1), valid);
      k.storeVector(k.choose(covered, whole, part)[0], output, to, mask);
      return Values();
    });
  });
}

void PackEmitter::copyElements(const Tile &tile) {
  k.forEach(tile.firstRow, tile.endRow, k.index(1), [&](Value row) {
    k.forEach(tile.firstColumn, tile.endColumn, k.index(1), [&](Value column) {
      Value from = columnOf(tile, column);
      auto element = [&] { return Values{k.load(input, source(tile, row, from))}; };
      auto zero = [&] { return Values{k.scalar(0.0)}; };
      Value value = k.choose(k.less(from, columns), element, zero)[0];
      memref::StoreOp::create(k.builder, k.loc, value, output, target(tile, row, column));
    });
  });
}

/// The transpose of `lanes` vectors, by swapping blocks of 1, 2, 4, … lanes between pairs of them.
static Values transposeVectors(KernelBuilder &k, Values rows) {
  for (int64_t block = 1; block < k.lanes; block *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < k.lanes; ++lane) {
      bool second = lane & block;
      low.push_back(second ? k.lanes + lane - block : lane);
      high.push_back(second ? k.lanes + lane : lane + block);
    }
    Values swapped(rows.size());
    for (int64_t row = 0; row < k.lanes; ++row) {
      bool second = row & block;
      swapped[row] =
          vector::ShuffleOp::create(k.builder, k.loc, rows[row & ~block], rows[row | block], second ? high : low);
    }
    rows = swapped;
  }
  return rows;
}

/// Columns are contiguous in the input: blocks of lanes × lanes elements are transposed in registers.
void PackEmitter::transposeBlocks(const Tile &tile) {
  Value step = k.index(k.lanes);
  k.forEach(tile.firstColumn, tile.endColumn, step, [&](Value column) {
    Value valid = k.min(columns, columnOf(tile, tile.endColumn));
    Value allColumns = k.less(k.add(columnOf(tile, column), k.lanes - 1), valid);
    k.forEach(tile.firstRow, tile.endRow, step, [&](Value row) {
      Value allRows = k.less(k.add(row, k.lanes - 1), tile.endRow);
      Value whole = k.select(allRows, allColumns, allRows);
      k.branch(whole, [&] { transposeWhole(tile, row, column); }, [&] { transposePart(tile, row, column); });
    });
  });
}

void PackEmitter::transposeWhole(const Tile &tile, Value row, Value column) {
  Values block;
  for (int64_t lane = 0; lane < k.lanes; ++lane)
    block.push_back(k.loadVector(input, source(tile, row, columnOf(tile, k.add(column, lane)))));
  for (auto [lane, vector] : llvm::enumerate(transposeVectors(k, block)))
    k.storeVector(vector, output, target(tile, k.add(row, lane), column));
}

/// Nothing is read past the last row and column; columns of the panel past the last one of the input become zeros.
void PackEmitter::transposePart(const Tile &tile, Value row, Value column) {
  Value validRows = k.sub(tile.endRow, row);
  Values block;
  for (int64_t lane = 0; lane < k.lanes; ++lane) {
    Value from = columnOf(tile, k.add(column, lane));
    Value valid = k.select(k.less(from, columns), validRows, k.index(0));
    block.push_back(k.loadVector(input, source(tile, row, from), k.dynamicMask(valid)));
  }
  Value mask = k.dynamicMask(k.sub(tile.endColumn, column));
  for (auto [lane, vector] : llvm::enumerate(transposeVectors(k, block)))
    k.branch(k.less(k.index(lane), validRows),
             [&] { k.storeVector(vector, output, target(tile, k.add(row, lane), column), mask); });
}

void PackEmitter::emitItem(Value item) {
  Tile tile = locate(item);
  ArrayRef<int64_t> permutation = op.getPermutation();
  bool oneInner = static_cast<int64_t>(permutation.size()) == batchRank + 2;
  if (isContiguousAlong(permutation.back()))
    return copyRows(tile);
  if (oneInner && isContiguousAlong(permutation[batchRank]))
    return transposeBlocks(tile);
  copyElements(tile);
}

LogicalResult PackOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  if (!isa<FloatType>(getOutputType().getElementType()))
    return emitOpError() << "has no kernel for elements of " << getOutputType().getElementType();
  KernelBuilder kernel(builder, getLoc(), getLanes(), getOutputType().getElementType());
  PackEmitter emitter(*this, kernel, arguments);
  kernel.forEach(arguments[2], arguments[3], kernel.index(1), [&](Value item) { emitter.emitItem(item); });
  return success();
}
