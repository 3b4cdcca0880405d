#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// Emits vcpu.pack. A work item is a tile of a panel, at most `PackOp::tileRows` rows by `PackOp::tileColumns` columns;
/// how it is copied follows from the dimension along which the input is contiguous. Rows are those of the output: of K,
/// or pairs of them.
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
  Value loadRow(const Tile &tile, Value row, Value column, Value valid);
  void copyElements(const Tile &tile);
  Value narrow(Value vector);
  void transposeBlocks(const Tile &tile);
  void storeTransposed(const Tile &tile, Values block, Value row, Value column, Value validRows = {}, Value mask = {});
  void transposeWhole(const Tile &tile, Value row, Value column);
  void transposePart(const Tile &tile, Value row, Value column);
  Value columnOf(const Tile &tile, Value column) { return k.add(k.mul(tile.panel, width), column); }

  PackOp op;
  KernelBuilder &k;
  Value input, output;
  int64_t batchRank, width;
  int64_t interleave; ///< rows of K that are one of the output
  Value columns;      ///< N
  Value depth;        ///< K
};

} // namespace

PackEmitter::PackEmitter(PackOp op, KernelBuilder &kernel, ValueRange arguments)
    : op(op), k(kernel), input(arguments[0]), output(arguments[1]), batchRank(op.getBatchRank()),
      width(op.getPanelWidth()), interleave(op.getInterleave()), columns(k.dim(input, op.getPermutation().back())),
      depth(k.index(1)) {
  for (int64_t dim : op.getPermutation().drop_front(batchRank).drop_back())
    depth = k.mul(depth, k.dim(input, dim));
}

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
  indices.append({tile.panel, row, k.mul(column, interleave)});
  return indices;
}

/// With the elements of the output.
Value PackEmitter::narrow(Value vector) {
  Type element = op.getOutputType().getElementType();
  if (op.getInputType().getElementType() == element)
    return vector;
  if (interleave == 2)
    return k.toPairs(vector);
  return arith::TruncFOp::create(k.builder, k.loc, VectorType::get({k.lanes}, element), vector);
}

bool PackEmitter::isContiguousAlong(int64_t dim) const {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(cast<MemRefType>(input.getType()).getStridesAndOffset(strides, offset)) && strides[dim] == 1;
}

/// A vector of a row of K from `column` of the panel on, of which `valid` columns are the input's.
Value PackEmitter::loadRow(const Tile &tile, Value row, Value column, Value valid) {
  Values from = source(tile, row, columnOf(tile, column));
  auto whole = [&] { return Values{k.loadVector(input, from)}; };
  // Where fewer columns are valid than the offset, the mask is empty.
  auto part = [&] { return Values{k.loadVector(input, from, k.dynamicMask(k.sub(valid, column)))}; };
  return k.choose(k.less(k.add(column, k.lanes - 1), valid), whole, part)[0];
}

/// Rows of K are contiguous in the input: vectors are copied, zeros past the last column and the last row.
void PackEmitter::copyRows(const Tile &tile) {
  Value valid = k.min(tile.endColumn, k.sub(columns, k.mul(tile.panel, width)));
  KernelBuilder stores(k.builder, k.loc, interleave * k.lanes, op.getOutputType().getElementType());
  auto loadOrZero = [&](Value row, Value column) {
    auto load = [&] { return Values{loadRow(tile, row, column, valid)}; };
    return k.choose(k.less(row, depth), load, [&] { return Values{k.splat(0.0)}; })[0];
  };
  k.forEach(tile.firstRow, tile.endRow, k.index(1), [&](Value row) {
    Value elements = k.mul(k.sub(tile.endColumn, tile.firstColumn), interleave);
    stores.sweep(elements, {}, [&](Value offset, Value mask, ValueRange) {
      Value column = k.add(tile.firstColumn, k.div(offset, k.index(interleave))), first = k.mul(row, interleave);
      Value vector = loadRow(tile, first, column, valid);
      if (interleave == 2)
        vector = vector::InterleaveOp::create(k.builder, k.loc, vector, loadOrZero(k.add(first, 1), column));
      stores.storeVector(narrow(vector), output, target(tile, row, column), mask);
      return Values();
    });
  });
}

void PackEmitter::copyElements(const Tile &tile) {
  auto copy = [&](Value row, Value column, int64_t part) {
    Value from = columnOf(tile, column), fromRow = k.add(k.mul(row, interleave), part);
    auto element = [&] { return Values{k.load(input, source(tile, fromRow, from))}; };
    auto zero = [&] { return Values{k.scalar(0.0)}; };
    Value isColumn = k.less(from, columns), isRow = k.less(fromRow, depth);
    Value value = k.choose(k.select(isColumn, isRow, isColumn), element, zero)[0];
    if (value.getType() != op.getOutputType().getElementType())
      value = arith::TruncFOp::create(k.builder, k.loc, op.getOutputType().getElementType(), value);
    Values to = target(tile, row, column);
    to.back() = k.add(to.back(), part);
    memref::StoreOp::create(k.builder, k.loc, value, output, to);
  };
  k.forEach(tile.firstRow, tile.endRow, k.index(1), [&](Value row) {
    k.forEach(tile.firstColumn, tile.endColumn, k.index(1), [&](Value column) {
      for (int64_t part = 0; part < interleave; ++part)
        copy(row, column, part);
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
      Value endDepth = k.min(k.mul(tile.endRow, interleave), depth);
      Value allRows = k.less(k.add(k.mul(row, interleave), interleave * k.lanes - 1), endDepth);
      Value whole = k.select(allRows, allColumns, allRows);
      k.branch(whole, [&] { transposeWhole(tile, row, column); }, [&] { transposePart(tile, row, column); });
    });
  });
}

/// Row `row` of the output and those after it, of `lanes` columns from `column` on: one vector a column is given, of
/// the rows' elements or pairs.
void PackEmitter::storeTransposed(const Tile &tile, Values block, Value row, Value column, Value validRows,
                                  Value mask) {
  Type element = op.getOutputType().getElementType();
  for (Value &vector : block)
    vector = interleave == 2 ? k.bitcast(narrow(vector), k.builder.getI32Type()) : narrow(vector);
  for (auto [lane, vector] : llvm::enumerate(transposeVectors(k, block))) {
    Value stored = interleave == 2 ? k.bitcast(vector, element) : vector;
    auto store = [&] { k.storeVector(stored, output, target(tile, k.add(row, lane), column), mask); };
    validRows ? k.branch(k.less(k.index(lane), validRows), store) : store();
  }
}

void PackEmitter::transposeWhole(const Tile &tile, Value row, Value column) {
  KernelBuilder loads(k.builder, k.loc, interleave * k.lanes, k.elementType());
  Values block;
  for (int64_t lane = 0; lane < k.lanes; ++lane)
    block.push_back(loads.loadVector(input, source(tile, k.mul(row, interleave), columnOf(tile, k.add(column, lane)))));
  storeTransposed(tile, block, row, column);
}

/// Nothing is read past the last row and column; columns of the panel past the last one of the input become zeros.
void PackEmitter::transposePart(const Tile &tile, Value row, Value column) {
  KernelBuilder loads(k.builder, k.loc, interleave * k.lanes, k.elementType());
  KernelBuilder stores(k.builder, k.loc, interleave * k.lanes, op.getOutputType().getElementType());
  Value first = k.mul(row, interleave), validDepth = k.sub(k.min(k.mul(tile.endRow, interleave), depth), first);
  Values block;
  for (int64_t lane = 0; lane < k.lanes; ++lane) {
    Value from = columnOf(tile, k.add(column, lane));
    Value valid = k.select(k.less(from, columns), validDepth, k.index(0));
    block.push_back(loads.loadVector(input, source(tile, first, from), loads.dynamicMask(valid)));
  }
  Value mask = stores.dynamicMask(k.mul(k.sub(tile.endColumn, column), interleave));
  storeTransposed(tile, block, row, column, k.sub(tile.endRow, row), mask);
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
  KernelBuilder kernel(builder, getLoc(), getLanes(), getInputType().getElementType());
  PackEmitter emitter(*this, kernel, arguments);
  kernel.forEach(arguments[2], arguments[3], kernel.index(1), [&](Value item) { emitter.emitItem(item); });
  return success();
}
