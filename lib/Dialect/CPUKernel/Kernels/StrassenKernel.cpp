#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vcpu;

using Values = KernelBuilder::Values;

namespace {

/// Where the rows of a group's quadrants lie, from one of them on.
struct RowPair {
  Value upper, lower; ///< in A and C: rows of A11 and A21
  Value half;         ///< in the sums of quadrants
  Value end;          ///< of the group in A: `lower` rows stop before
};

} // namespace

/// The places of a row of quadrants, counted over all groups.
static RowPair locateRow(KernelBuilder &kernel, Value group, Value row, int64_t groupRows, int64_t half) {
  Value first = kernel.mul(group, groupRows), upper = kernel.add(first, row);
  return {upper, kernel.add(upper, half), kernel.add(kernel.mul(group, half), row), kernel.add(first, groupRows)};
}

/// The sums of quadrants in a row, one behind the other in `output`.
static void storeSums(KernelBuilder &kernel, Value a11, Value a12, Value a21, Value a22, Value output, Value row,
                      Value column, Value mask) {
  Value s1 = kernel.addf(a21, a22), s2 = kernel.subf(s1, a11);
  for (auto [index, sum] : llvm::enumerate(Values{s1, s2, kernel.subf(a11, a21), kernel.subf(a12, s2)}))
    kernel.storeVector(sum, output, {kernel.index(index), row, column}, mask);
}

/// Row `row` of the lower quadrants; the last one stands for the one that an odd group lacks.
static Value lowerRow(KernelBuilder &kernel, const RowPair &rows, int64_t row, int64_t lastRow, bool isOdd) {
  Value lower = kernel.add(rows.lower, row);
  return isOdd && row == lastRow ? kernel.min(lower, kernel.sub(rows.end, kernel.index(1))) : lower;
}

//===----------------------------------------------------------------------===//
// strassen_rows
//===----------------------------------------------------------------------===//

LogicalResult StrassenRowsOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  Value input = arguments[0], output = arguments[1];
  int64_t half = getHalf(), depth = getDepth();
  kernel.forEach(arguments[2], arguments[3], kernel.index(1), [&](Value item) {
    Value group = kernel.div(item, kernel.index(half)), row = kernel.rem(item, kernel.index(half));
    RowPair rows = locateRow(kernel, group, row, getGroup(), half);
    Value lower = lowerRow(kernel, rows, 0, 0, getGroup() % 2);
    kernel.sweep(kernel.index(depth), {}, [&](Value offset, Value mask, ValueRange) {
      auto load = [&](Value row, int64_t column) {
        return kernel.loadVector(input, {row, kernel.add(offset, column)}, mask);
      };
      storeSums(kernel, load(rows.upper, 0), load(rows.upper, depth), load(lower, 0), load(lower, depth), output,
                rows.half, offset, mask);
      return Values();
    });
  });
  return success();
}

//===----------------------------------------------------------------------===//
// strassen_gemm
//===----------------------------------------------------------------------===//

namespace {

/// Scratch holds the sums T of a pair of panels (4, K / 2, nr), and sums of products (3, mr, nr).
class StrassenEmitter {
public:
  StrassenEmitter(StrassenGemmOp op, OpBuilder &builder, ValueRange arguments);
  LogicalResult emit();

private:
  /// The left factors, S as they lie one behind the other.
  enum class Left { A11, A12, A22, S1, S2, S3, S4 };
  /// Those of the products, in their order.
  static constexpr Left lefts[] = {Left::A11, Left::A12, Left::S2, Left::S3, Left::A22, Left::S1, Left::S4};
  static constexpr int64_t products = std::size(lefts);
  struct Place {
    Value memref;
    Values indices;
  };
  /// The right factor of a product: gives its vector at a step of K.
  using Loader = llvm::function_ref<Value(Value k, int64_t vector)>;
  /// Where the sums of a product are kept between uses.
  enum Kept { X, Y, Z };
  /// The register tile of all four quadrants.
  struct Tile {
    Value pair, block; ///< of panels, and of a group's rows
    RowPair place;
    int64_t rows;
    Value formsT; ///< whether the sums T of its pair are not in the scratch yet
  };

  Value loadB(Value pair, int64_t panel, int64_t part, Value k, int64_t vector);
  Value loadT(int64_t number, Value k, int64_t vector);
  Value formT(Value pair, int64_t number, Value k, int64_t vector);
  Place placeOf(Left factor, const Tile &tile, Value row, Value k);
  void emitTile(const Tile &tile);
  void prefetchNextPair(const Tile &tile, Value part);
  void prefetchResult(const Tile &tile, Value part);
  void prefetchRows(const Tile &tile, Value from);
  Values multiply(const Tile &tile, Loader right, ValueRange sums);
  void keep(Kept where, ValueRange sums);
  Value kept(Kept where, int64_t index);
  Values withKept(Kept where, ValueRange sums);
  void finish(const Tile &tile, bool isLower, int64_t panel, llvm::function_ref<Value(int64_t)> sum);
  void sumQuadrants(const Tile &tile);
  Value panelOf(Value pair, int64_t panel) { return kernel.add(pair, panel * pairs); }
  Value columnOf(const Tile &tile, int64_t panel) { return kernel.mul(panelOf(tile.pair, panel), op.getNr()); }

  StrassenGemmOp op;
  KernelBuilder kernel;
  Value a, sumsOfA, b, c, begin, end;
  Value sumsOfC; ///< if they are asked for
  Value fresh;   ///< the item whose scratch is not that of the one before, if any
  int64_t depth, half, vectors, pairs;
  int64_t parts; ///< of a product, each of `stepsOfPart`
  bool isOdd;
  RowBlocks blocks; ///< of a group's quadrants
  Value sumsOfB, keptSums;
  int64_t step = 0; ///< which of the tile's products is emitted
  EpilogueWriter writer;
};

} // namespace

static int64_t sumsOfBBytes(StrassenGemmOp op) { return 4 * op.getDepth() * op.getNr() * sizeof(float); }

StrassenEmitter::StrassenEmitter(StrassenGemmOp op, OpBuilder &builder, ValueRange arguments)
    : op(op), kernel(builder, op.getLoc(), op.getLanes(), builder.getF32Type()), a(arguments[0]), sumsOfA(arguments[1]),
      b(arguments[2]), c(arguments[3 + op.getExtras().size()]), begin(arguments.drop_back().back()),
      end(arguments.back()), depth(op.getDepth()), half(op.getHalf()), vectors(op.getNr() / op.getLanes()),
      pairs(op.getPanelCount() / 2), parts(llvm::divideCeil(depth, stepsOfPart)), isOdd(op.getGroup() % 2),
      blocks(kernel, kernel.index(half), op.getMr()),
      writer(kernel, op.getEpilogue(), arguments.slice(3, op.getExtras().size()), op.getExtraMaps()) {
  if (op.givesSums())
    sumsOfC = arguments[4 + op.getExtras().size()];
  Value scratch = arguments.drop_back(3).back(), continues = arguments.drop_back(2).back();
  fresh = kernel.select(continues, end, begin);
  int64_t nr = op.getNr(), mr = op.getMr();
  sumsOfB = kernel.scratchView(scratch, 0, {4, depth, nr});
  keptSums = kernel.scratchView(scratch, sumsOfBBytes(op), {3, mr, nr});
}

LogicalResult StrassenEmitter::emit() {
  kernel.forEach(begin, end, kernel.index(1), [&](Value item) {
    Value row = kernel.div(item, blocks.count()), block = kernel.rem(item, blocks.count());
    Value group = kernel.div(row, kernel.index(pairs)), pair = kernel.rem(row, kernel.index(pairs));
    // The first tile of a pair forms its sums T.
    Value isFirst = kernel.equal(kernel.select(kernel.equal(item, fresh), kernel.index(0), block), kernel.index(0));
    RowPair place = locateRow(kernel, group, blocks.firstRow(kernel, block), op.getGroup(), half);
    blocks.dispatch(kernel, block, [&](int64_t rows) { emitTile({pair, block, place, rows, isFirst}); });
  });
  return writer.status;
}

/// A vector of a quadrant of B: of the upper or lower half of a panel.
Value StrassenEmitter::loadB(Value pair, int64_t panel, int64_t part, Value k, int64_t vector) {
  return kernel.loadVector(b, {panelOf(pair, panel), kernel.add(k, part * depth), kernel.index(vector * kernel.lanes)});
}

Value StrassenEmitter::loadT(int64_t number, Value k, int64_t vector) {
  return kernel.loadVector(sumsOfB, {kernel.index(number - 1), k, kernel.index(vector * kernel.lanes)});
}

/// A vector of T, which is kept for the tiles to come. T2 is, once T4 is asked for.
Value StrassenEmitter::formT(Value pair, int64_t number, Value k, int64_t vector) {
  auto quadrant = [&](int64_t part, int64_t panel) { return loadB(pair, panel, part, k, vector); };
  auto form = [&]() -> Value {
    switch (number) {
    case 1:
      return kernel.subf(quadrant(0, 1), quadrant(0, 0));
    case 2:
      return kernel.addf(kernel.subf(quadrant(1, 1), quadrant(0, 1)), quadrant(0, 0));
    case 3:
      return kernel.subf(quadrant(1, 1), quadrant(0, 1));
    default:
      return kernel.subf(quadrant(1, 0), loadT(2, k, vector));
    }
  };
  Value sum = form();
  kernel.storeVector(sum, sumsOfB, {kernel.index(number - 1), k, kernel.index(vector * kernel.lanes)});
  return sum;
}

/// Where the rows of a product's left factor lie: row `row` of the tile's, at step k.
StrassenEmitter::Place StrassenEmitter::placeOf(Left factor, const Tile &tile, Value row, Value k) {
  switch (factor) {
  case Left::A11:
    return {a, {kernel.add(tile.place.upper, row), k}};
  case Left::A12:
    return {a, {kernel.add(tile.place.upper, row), kernel.add(k, depth)}};
  case Left::A22:
    return {a, {kernel.add(tile.place.lower, row), kernel.add(k, depth)}};
  default:
    Value sum = kernel.index(static_cast<int64_t>(factor) - static_cast<int64_t>(Left::S1));
    return {sumsOfA, {sum, kernel.add(tile.place.half, row), k}};
  }
}

/// A product adds to what the registers hold, which for S2 T2 is not yet A11 B11, and for S4 B22 not yet U2: these are
/// the largest products, and rounding errors are relative to what a sum has come to. That makes the errors of models
/// less than half as large. See the op for the formulas.
void StrassenEmitter::emitTile(const Tile &tile) {
  step = 0;
  Values zeros(tile.rows * vectors, kernel.splat(0.0));
  auto times = [&](int64_t part, int64_t panel, ValueRange sums) {
    auto load = [&](Value k, int64_t vector) { return loadB(tile.pair, panel, part, k, vector); };
    Values result = multiply(tile, load, sums);
    ++step;
    return result;
  };
  // Forming a sum costs nothing beside the multiplications.
  auto timesT = [&](int64_t number, ValueRange sums) {
    auto form = [&](Value k, int64_t vector) { return formT(tile.pair, number, k, vector); };
    auto load = [&](Value k, int64_t vector) { return loadT(number, k, vector); };
    Values result = kernel.choose(
        tile.formsT, [&] { return multiply(tile, form, sums); }, [&] { return multiply(tile, load, sums); });
    ++step;
    return result;
  };
  auto finishSums = [&](bool isLower, int64_t panel, ValueRange sums) {
    finish(tile, isLower, panel, [&](int64_t index) { return sums[index]; });
  };

  Values sums = times(0, 0, zeros); // A11 B11
  keep(X, sums);
  finishSums(false, 0, times(1, 0, sums)); // C11 with A12 B21
  sums = withKept(X, timesT(2, zeros));    // S2 T2
  keep(X, sums);                           // U2
  sums = timesT(3, sums);                  // S3 T3
  keep(Z, sums);                           // U3
  finishSums(true, 0, timesT(4, sums));    // C21 with A22 T4
  sums = timesT(1, zeros);                 // S1 T1
  keep(Y, sums);
  finishSums(false, 1, withKept(X, times(1, 1, sums)));                                              // C12 with S4 B22
  finish(tile, true, 1, [&](int64_t index) { return kernel.addf(kept(Y, index), kept(Z, index)); }); // C22
  if (sumsOfC)
    sumQuadrants(tile);
}

/// The sums of what the tile has just written, from L1.
void StrassenEmitter::sumQuadrants(const Tile &tile) {
  for (int64_t row = 0; row < tile.rows; ++row) {
    bool mayLack = isOdd && row == tile.rows - 1;
    Value upper = kernel.add(tile.place.upper, row), lower = lowerRow(kernel, tile.place, row, tile.rows - 1, isOdd);
    Value exists = kernel.less(kernel.add(tile.place.lower, row), tile.place.end);
    for (int64_t vector = 0; vector < vectors; ++vector) {
      auto load = [&](Value row, int64_t panel) {
        return kernel.loadVector(c, {row, kernel.add(columnOf(tile, panel), vector * kernel.lanes)});
      };
      auto loadLower = [&](int64_t panel) {
        Value value = load(lower, panel);
        return mayLack ? kernel.select(exists, value, kernel.splat(0.0)) : value;
      };
      storeSums(kernel, load(upper, 0), load(upper, 1), loadLower(0), loadLower(1), sumsOfC,
                kernel.add(tile.place.half, row), kernel.add(columnOf(tile, 0), vector * kernel.lanes), Value());
    }
  }
}

/// sums + left · right over K / 2, in parts with prefetches before each.
Values StrassenEmitter::multiply(const Tile &tile, Loader right, ValueRange sums) {
  Value last = kernel.index(depth);
  auto left = [&](Value k, int64_t row) {
    Place place = placeOf(lefts[step], tile, kernel.index(row), k);
    if (lefts[step] == Left::A22)
      place.indices[0] = lowerRow(kernel, tile.place, row, tile.rows - 1, isOdd);
    return kernel.load(place.memref, place.indices);
  };
  return kernel.loop(kernel.index(0), last, kernel.index(stepsOfPart), sums, [&](Value from, ValueRange carried) {
    Value part = kernel.add(kernel.div(from, kernel.index(stepsOfPart)), step * parts);
    prefetchNextPair(tile, part);
    prefetchResult(tile, part);
    prefetchRows(tile, from);
    Value to = kernel.add(from, stepsOfPart);
    return emitMicrokernel(kernel, tile.rows, vectors, from, depth % stepsOfPart ? kernel.min(to, last) : to, carried,
                           left, right);
  });
}

/// Each tile asks for its share of the next pair of panels, over the parts of its seven products.
void StrassenEmitter::prefetchNextPair(const Tile &tile, Value part) {
  constexpr int64_t line = 64 / sizeof(float);
  int64_t rows = 2 * depth, nr = op.getNr();
  if (pairs == 1)
    return;
  Value next = kernel.min(kernel.add(tile.pair, 1), kernel.index(pairs - 1));
  forEachOfShare(kernel, 2 * rows, tile.block, blocks.count(), part, products * parts, [&](Value row) {
    Value isFirst = kernel.less(row, kernel.index(rows));
    Value panel = kernel.select(isFirst, panelOf(next, 0), panelOf(next, 1));
    for (int64_t column = 0; column < nr; column += line)
      kernel.prefetch(b, {panel, kernel.rem(row, kernel.index(rows)), kernel.index(column)});
  });
}

/// The rows of the result, of a residual and of the result's sums are asked for one after the other: all at once would
/// hold up the products.
void StrassenEmitter::prefetchResult(const Tile &tile, Value part) {
  constexpr int64_t line = 64 / sizeof(float);
  forEachOfPart(kernel, 2 * tile.rows, part, products * parts, [&](Value row) {
    Value isUpper = kernel.less(row, kernel.index(tile.rows));
    Value rowOfHalf = kernel.select(isUpper, row, kernel.sub(row, kernel.index(tile.rows)));
    Value target = kernel.add(kernel.select(isUpper, tile.place.upper, tile.place.lower), rowOfHalf);
    for (int64_t panel : {0, 1})
      writer.prefetch(c, {target, columnOf(tile, panel)}, op.getNr());
    if (!sumsOfC)
      return;
    Value first = kernel.select(isUpper, kernel.index(0), kernel.index(2));
    for (int64_t sum : {0, 1})
      for (int64_t column = 0; column < op.getNr(); column += line)
        kernel.prefetch(sumsOfC, {kernel.add(first, sum), kernel.add(tile.place.half, rowOfHalf),
                                  kernel.add(columnOf(tile, 0), column)});
  });
}

/// The processor follows each row of A once it has begun. It is told where those of the next product begin, which come
/// from afar where A is larger than L2.
void StrassenEmitter::prefetchRows(const Tile &tile, Value from) {
  constexpr int64_t lines = 4, line = 64 / sizeof(float);
  bool isLast = step + 1 == products;
  forEachOfPart(kernel, tile.rows, kernel.div(from, kernel.index(stepsOfPart)), parts, [&](Value row) {
    Value next = isLast ? kernel.add(row, tile.rows) : row; // of the next tile
    for (int64_t column = 0; column < std::min(lines * line, depth); column += line) {
      Place place = placeOf(lefts[isLast ? 0 : step + 1], tile, next, kernel.index(column));
      kernel.prefetch(place.memref, place.indices);
    }
  });
}

void StrassenEmitter::keep(Kept where, ValueRange sums) {
  for (auto [index, sum] : llvm::enumerate(sums))
    kernel.storeVector(sum, keptSums,
                       {kernel.index(static_cast<int64_t>(where)), kernel.index(index / vectors),
                        kernel.index(index % vectors * kernel.lanes)});
}

Value StrassenEmitter::kept(Kept where, int64_t index) {
  return kernel.loadVector(keptSums, {kernel.index(static_cast<int64_t>(where)), kernel.index(index / vectors),
                                      kernel.index(index % vectors * kernel.lanes)});
}

Values StrassenEmitter::withKept(Kept where, ValueRange sums) {
  Values result;
  for (auto [index, sum] : llvm::enumerate(sums))
    result.push_back(kernel.addf(sum, kept(where, index)));
  return result;
}

/// The sums of a quadrant's tile go through the epilogue into C; not those of the row that an odd group lacks.
void StrassenEmitter::finish(const Tile &tile, bool isLower, int64_t panel, llvm::function_ref<Value(int64_t)> sum) {
  Value firstRow = isLower ? tile.place.lower : tile.place.upper;
  Value firstColumn = columnOf(tile, panel);
  for (int64_t row = 0; row < tile.rows; ++row) {
    Value target = kernel.add(firstRow, row);
    auto writeRow = [&] {
      for (int64_t vector = 0; vector < vectors; ++vector)
        writer.write(sum(row * vectors + vector), c, {target, kernel.add(firstColumn, vector * kernel.lanes)},
                     kernel.lanes);
    };
    if (isLower && isOdd && row == tile.rows - 1)
      kernel.branch(kernel.less(target, tile.place.end), writeRow);
    else
      writeRow();
  }
}

OpFoldResult StrassenGemmOp::getWorkItems(OpBuilder &builder) {
  KernelBuilder kernel(builder, getLoc(), getLanes(), builder.getF32Type());
  RowBlocks blocks(kernel, kernel.index(getHalf()), getMr());
  Value groups = kernel.div(kernel.dim(getOutputs()[0], 0), kernel.index(getGroup()));
  return getAsOpFoldResult(kernel.mul(groups, kernel.mul(blocks.count(), getPanelCount() / 2)));
}

OpFoldResult StrassenGemmOp::getScratchBytes(OpBuilder &builder) {
  int64_t kept = 3 * getMr() * getNr() * sizeof(float);
  return builder.getIndexAttr(sumsOfBBytes(*this) + kept);
}

LogicalResult StrassenGemmOp::emitKernel(OpBuilder &builder, ValueRange arguments) {
  return StrassenEmitter(*this, builder, arguments).emit();
}
