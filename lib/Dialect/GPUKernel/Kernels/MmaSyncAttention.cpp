#include "AttentionTiles.h"

#include "llvm/Support/MathExtras.h"

#include <optional>

using namespace mlir;
using namespace vitc::vgpu;

/// Tiles in shared memory are columns of 32 elements of the head, [rows, 64 bytes] each, of tf32 [rows, 128 bytes],
/// with swizzled 16-byte pieces.
static constexpr unsigned columnElements = 32, pieceBytes = 16;

/// Rows of a matrix product, and bytes of its depth: what four matrices of 8 rows of a piece hold.
static constexpr unsigned mmaRows = 16, mmaBytes = 32;

namespace {

/// FlashAttention-2 (Dao 2023, algorithm 1): a warp has 16 queries, whose scores of a block of keys, probabilities and
/// sums stay in its registers. While a block is computed the next one is copied. Probabilities that are stored need the
/// maxima and sums of all blocks: two passes, the first of which reads no values.
class MmaSyncAttention {
public:
  explicit MmaSyncAttention(AttentionTiles &tiles);
  void emit();

private:
  using Values = NVVMEmitter::Values;

  /// Of a tensor: where the head begins, how its tokens follow, and how many elements its heads have.
  struct Source {
    Value pointer;
    int64_t tokenStride, tokens, size;
  };
  Source sourceOf(StringRef role, const AttentionConfig::Strides &strides, int64_t tokens, int64_t size);
  /// Copies the tokens of a tile, with zeros behind the head and (`isLast`) behind the last token.
  void copyTile(const Source &source, unsigned rows, Value destination, Value firstToken, bool isLast);
  void copyBlock(Value number, Value stage, bool isLast);
  void waitForBlock();
  void loadQueries();
  Values scores(Value keys);
  /// The scores of a block with bias and mask.
  Values finishedScores(Value number, Value stage, bool isLast);
  /// Probabilities as the operand A: pairs of a group of 16 keys, or tf32 of one of 8.
  Values pack(const Values &probabilities);
  /// Of values the operands B of `mmaRows` elements: `depth` keys from `key` on, elements from `element` on.
  Values loadValues(Value tile, unsigned key, unsigned element);
  void addValues(Values &sums, const Values &probabilities, Value values);
  void addBlock(SoftmaxState &state, Value number, Value stage, bool isLast);
  /// Adds all blocks, the last first.
  void walk(SoftmaxState &state);
  void storeResult(const SoftmaxState &state);
  Value keyTile(Value stage) { return e.offset(e.shared(layout.k), e.mul(stage, layout.keyBytes)); }
  Value valueTile(Value stage) { return e.offset(e.shared(layout.v), e.mul(stage, layout.keyBytes)); }
  Value firstKey(Value number) { return e.mul(e.sub(e.i32(layout.blocks - 1), number), layout.keyRows); }
  /// The four matrices of 16 rows from `row` on and elements from `element` on: `laneOffsets` are where a lane's row
  /// begins, for each product of a column.
  Values loadMatrices(Value tile, unsigned rows, unsigned row, unsigned element, const Values &laneOffsets,
                      bool transpose = false);
  Values laneOffsets(Value row, Value piece);
  Value placeOf(Value row, Value piece);

  AttentionTiles &tiles;
  NVVMEmitter &e;
  const AttentionConfig &config;
  const AttentionLayout &layout;
  const int64_t valueSize;
  const bool isTF32;
  const unsigned rowBytes, rowPieces, pieceElements, depth; ///< depth: elements of a product
  Source q, k, v;                                           ///< of given scores only the last
  bool hasValues = true;                                    ///< the pass adds up P · V
  std::optional<std::array<Value, 2>> maximum, factors;     ///< of all keys, after the first of two passes
  Values queryOffsets, keyOffsets;
  Values valueOffsets; ///< as those of queries; of tf32, of a lane's two keys the first elements
  Values queries;      ///< all matrices of the warp
};

} // namespace

/// The byte of a piece of a column, swizzled: eight rows at one piece, which a matrix is loaded from, lie in all banks.
Value MmaSyncAttention::placeOf(Value row, Value piece) {
  Value turn = e.bitAnd(isTF32 ? row : e.lshr(row, 1), rowPieces - 1);
  return e.add(e.mul(row, rowBytes), e.shl(e.bitXor(piece, turn), 4));
}

MmaSyncAttention::MmaSyncAttention(AttentionTiles &tiles)
    : tiles(tiles), e(tiles.e), config(tiles.config), layout(tiles.layout),
      valueSize(config.valueSize ? config.valueSize : config.headSize), isTF32(config.element == Element::TF32),
      rowBytes(columnElements * bytesOf(config.element)), rowPieces(rowBytes / pieceBytes),
      pieceElements(pieceBytes / bytesOf(config.element)), depth(mmaBytes / bytesOf(config.element)),
      v(sourceOf("V", config.strides.v, config.keys, valueSize)) {
  if (!config.givenScores) {
    q = sourceOf("Q", config.strides.q, config.queries, config.headSize);
    k = sourceOf("K", config.strides.k, config.keys, config.headSize);
  }
  // Of keys a register has eight rows, two registers one row's pieces; of values, transposed, it is the other way
  // round.
  keyOffsets =
      laneOffsets(e.add(e.bitAnd(tiles.lane, 7), e.shl(e.lshr(tiles.lane, 4), 3)), e.bitAnd(e.lshr(tiles.lane, 3), 1));
  queryOffsets = laneOffsets(e.bitAnd(tiles.lane, 15), e.lshr(tiles.lane, 4));
  valueOffsets = queryOffsets;
  if (!isTF32)
    return;
  // Elements of 32 bits are not transposed by ldmatrix: a lane loads its own. See pack about the keys.
  Value element = e.lshr(tiles.lane, 2), key = e.mul(e.bitAnd(tiles.lane, 3), 2);
  for (unsigned i : {0, 1})
    valueOffsets[i] = e.add(placeOf(e.add(key, i), e.lshr(element, 2)), e.shl(e.bitAnd(element, 3), 2));
}

MmaSyncAttention::Values MmaSyncAttention::laneOffsets(Value row, Value piece) {
  Values offsets;
  for (unsigned element = 0; element < columnElements; element += depth)
    offsets.push_back(placeOf(row, e.add(piece, element / pieceElements)));
  return offsets;
}

MmaSyncAttention::Source MmaSyncAttention::sourceOf(StringRef role, const AttentionConfig::Strides &strides,
                                                    int64_t tokens, int64_t size) {
  Value first =
      e.add(e.mul(e.zext64(tiles.batch), e.i64(strides.batch)), e.mul(e.zext64(tiles.head), e.i64(strides.head)));
  return {e.element(e.argument(role), first, e.type(config.element)), strides.token, tokens, size};
}

void MmaSyncAttention::copyTile(const Source &source, unsigned rows, Value destination, Value firstToken, bool isLast) {
  unsigned pieces = llvm::alignTo(source.size, depth) / pieceElements, threads = 128 * config.warpgroups;
  for (unsigned first = 0; first < rows * pieces; first += threads) {
    Value number = e.add(tiles.thread, first);
    auto copy = [&] {
      Value row = e.udiv(number, pieces), piece = e.urem(number, pieces), token = e.add(firstToken, row), isThere;
      if (isLast) {
        isThere = e.less(token, e.i32(source.tokens));
        token = e.umin(token, e.i32(source.tokens - 1));
      }
      if (source.size % depth != 0) {
        Value isPiece = e.less(piece, e.i32(source.size / pieceElements));
        isThere = isThere ? e.both(isThere, isPiece) : isPiece;
      }
      Value index = e.add(e.mul(e.zext64(token), e.i64(source.tokenStride)), e.zext64(e.mul(piece, pieceElements)));
      Value column = e.mul(e.udiv(piece, rowPieces), rows * rowBytes);
      e.copyAsync(e.offset(destination, e.add(column, placeOf(row, e.bitAnd(piece, rowPieces - 1)))),
                  e.element(source.pointer, index, e.type(config.element)),
                  isThere ? e.select(isThere, e.i32(16), e.i32(0)) : e.i32(16));
    };
    if (first + threads > rows * pieces)
      e.ifThen(e.less(number, e.i32(rows * pieces)), copy);
    else
      copy();
  }
}

/// Blocks are counted from the last.
void MmaSyncAttention::copyBlock(Value number, Value stage, bool isLast) {
  if (!config.givenScores)
    copyTile(k, layout.keyRows, keyTile(stage), firstKey(number), isLast);
  if (hasValues)
    copyTile(v, layout.keyRows, valueTile(stage), firstKey(number), isLast);
  e.commitCopies();
}

/// All warps are also done with the block before then, so that its stage may be filled.
void MmaSyncAttention::waitForBlock() {
  e.waitCopies(0);
  e.syncThreads();
}

MmaSyncAttention::Values MmaSyncAttention::loadMatrices(Value tile, unsigned rows, unsigned row, unsigned element,
                                                        const Values &laneOffsets, bool transpose) {
  unsigned column = element / columnElements * rows * rowBytes;
  return e.loadMatrices(
      e.offset(e.offset(tile, laneOffsets[element % columnElements / depth]), column + row * rowBytes), transpose);
}

MmaSyncAttention::Values MmaSyncAttention::scores(Value keys) {
  Values sums(layout.keyRows / 2, e.f32(0));
  for (unsigned element = 0; element < config.headSize; element += depth) {
    auto first = queries.begin() + element / depth * 4;
    Values rows(first, first + 4);
    for (unsigned key = 0; key < layout.keyRows; key += mmaRows) {
      Values columns = loadMatrices(keys, layout.keyRows, key, element, keyOffsets);
      for (unsigned half : {0, 1}) {
        auto quad = sums.begin() + key / 2 + 4 * half;
        llvm::copy(e.mmaSync(config.element, Values(quad, quad + 4), rows, ValueRange(columns).slice(2 * half, 2)),
                   quad);
      }
    }
  }
  return sums;
}

/// Of each eight keys a lane has the probabilities of keys 2 j and 2 j + 1, j = lane mod 4, where products of tf32 take
/// those of numbers j and j + 4: the order of keys is free, as long as values are in the same.
MmaSyncAttention::Values MmaSyncAttention::pack(const Values &probabilities) {
  if (!isTF32)
    return tiles.pack(probabilities);
  Values rows;
  for (unsigned i = 0; i < probabilities.size(); i += 4)
    for (unsigned j : {0, 2, 1, 3}) // both rows of the first key, then of the second
      rows.push_back(probabilities[i + j] ? e.roundToTF32(probabilities[i + j]) : e.i32(0));
  return rows;
}

MmaSyncAttention::Values MmaSyncAttention::loadValues(Value tile, unsigned key, unsigned element) {
  if (!isTF32)
    return loadMatrices(tile, layout.keyRows, key, element, valueOffsets, /*transpose=*/true);
  Values columns;
  unsigned column = element / columnElements * layout.keyRows * rowBytes;
  for (unsigned half = 0; half < 2 && element + 8 * half < valueSize; ++half) {
    // Groups of eight elements are two pieces, so that the swizzle turns them as it does the first.
    unsigned piece = (element % columnElements + 8 * half) / pieceElements;
    for (unsigned i : {0, 1}) {
      Value place = e.bitXor(valueOffsets[i], e.i32(piece * pieceBytes));
      columns.push_back(e.load(e.builder.getI32Type(), e.offset(e.offset(tile, place), column + key * rowBytes), 4));
    }
  }
  return columns;
}

void MmaSyncAttention::addValues(Values &sums, const Values &probabilities, Value values) {
  for (unsigned key = 0; key < layout.keyRows; key += depth) {
    auto first = probabilities.begin() + key / depth * 4;
    Values rows(first, first + 4);
    for (unsigned element = 0; element < valueSize; element += mmaRows) {
      Values columns = loadValues(values, key, element);
      for (unsigned half = 0; half < 2 && element + half * 8 < valueSize; ++half) {
        auto quad = sums.begin() + element / 2 + 4 * half;
        llvm::copy(e.mmaSync(config.element, Values(quad, quad + 4), rows, ValueRange(columns).slice(2 * half, 2)),
                   quad);
      }
    }
  }
}

MmaSyncAttention::Values MmaSyncAttention::finishedScores(Value number, Value stage, bool isLast) {
  Values all = config.givenScores ? tiles.loadScores(firstKey(number)) : scores(keyTile(stage));
  if (config.biasBatches)
    tiles.addBias(all, firstKey(number));
  if (config.tap == AttentionTap::Scores)
    tiles.storeScores(all, firstKey(number));
  if (isLast)
    tiles.mask(all, config.keys - (layout.blocks - 1) * layout.keyRows);
  return all;
}

void MmaSyncAttention::addBlock(SoftmaxState &state, Value number, Value stage, bool isLast) {
  Values all = finishedScores(number, stage, isLast);
  if (maximum) {
    tiles.exponentiate(all, tiles.offsets(*maximum));
    tiles.storeTap(all, firstKey(number), *factors);
  } else {
    std::array<Value, 2> change = tiles.onlineSoftmax(all, state);
    for (unsigned i = 0; i < state.sums.size(); ++i)
      state.sums[i] = e.fmul(state.sums[i], change[i / 2 % 2]);
  }
  if (hasValues)
    addValues(state.sums, pack(all), valueTile(stage));
}

void MmaSyncAttention::storeResult(const SoftmaxState &state) {
  const AttentionConfig::Strides &strides = config.strides.o;
  Source o = sourceOf("O", strides, config.queries, valueSize);
  Type element = e.type(config.element);
  for (unsigned half : {0, 1}) {
    Value factor = e.reciprocal(tiles.reduceLanes(state.total[half], /*isMaximum=*/false));
    Value token = e.add(tiles.firstRow(), 8 * half);
    e.ifThen(e.less(token, e.i32(config.queries)), [&] {
      Value index = e.add(e.mul(e.zext64(token), e.i64(o.tokenStride)), e.zext64(e.mul(e.bitAnd(tiles.lane, 3), 2)));
      Value place = e.element(o.pointer, index, element);
      for (unsigned group = 0; group < valueSize / 8; ++group) {
        unsigned i = 4 * group + 2 * half;
        Value low = e.fmul(state.sums[i], factor), high = e.fmul(state.sums[i + 1], factor);
        if (isTF32)
          e.storeVector({low, high}, e.offset(place, group * 8 * 4));
        else
          e.store(e.pack(config.element, low, high), e.offset(place, group * 8 * 2), 4);
      }
    });
  }
}

void MmaSyncAttention::loadQueries() {
  Value queryTile = e.offset(e.shared(0), e.mul(tiles.warp, mmaRows * rowBytes));
  for (unsigned element = 0; element < config.headSize; element += depth)
    queries.append(loadMatrices(queryTile, 64 * config.warpgroups, 0, element, queryOffsets));
}

void MmaSyncAttention::walk(SoftmaxState &state) {
  Value zero = e.i32(0);
  copyBlock(zero, zero, /*isLast=*/config.keys % layout.keyRows != 0);
  waitForBlock();
  if (queries.empty() && !config.givenScores)
    loadQueries();
  if (layout.blocks > 1)
    copyBlock(e.i32(1), e.i32(1), /*isLast=*/false);
  addBlock(state, zero, zero, /*isLast=*/true);
  auto pack = [&] {
    Values all = state.sums;
    all.append({state.maximum[0], state.maximum[1], state.total[0], state.total[1]});
    return all;
  };
  auto unpack = [&](ValueRange values) {
    ValueRange last = values.take_back(4);
    state = {llvm::to_vector(values.drop_back(4)), {}, {last[0], last[1]}, {last[2], last[3]}};
  };
  unpack(e.loop(e.i32(1), e.i32(layout.blocks), e.i32(1), pack(), [&](Value number, ValueRange inner) {
    unpack(inner);
    waitForBlock();
    Value next = e.add(number, 1), stage = e.bitAnd(number, 1);
    e.ifThen(e.less(next, e.i32(layout.blocks)), [&] { copyBlock(next, e.bitAnd(next, 1), /*isLast=*/false); });
    addBlock(state, number, stage, /*isLast=*/false);
    return pack();
  }));
}

void MmaSyncAttention::emit() {
  unsigned rows = 64 * config.warpgroups;
  if (!config.givenScores)
    copyTile(q, rows, e.shared(0), tiles.firstQuery, config.queries % rows != 0);
  Value zero = e.f32(0), least = tiles.leastMaximum();
  SoftmaxState state{{}, {}, {least, least}, {zero, zero}};
  if (config.tap == AttentionTap::Probabilities) {
    hasValues = false;
    walk(state);
    hasValues = true;
    maximum = state.maximum;
    factors.emplace();
    for (unsigned half : {0, 1})
      (*factors)[half] = e.reciprocal(tiles.reduceLanes(state.total[half], /*isMaximum=*/false));
    e.syncThreads(); // all warps are done with the last block
  }
  state.sums.assign(valueSize / 2, zero);
  walk(state);
  storeResult(state);
  e.finish();
}

void vitc::vgpu::emitMmaSyncAttention(AttentionTiles &tiles) { MmaSyncAttention(tiles).emit(); }
