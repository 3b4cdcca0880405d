#include "MmaSyncGemm.h"

#include "GemmEpilogue.h"
#include "WindowCoordinates.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Of a stage: bytes of a row of a tile, which are elements of K, and 16-byte pieces in it.
static constexpr unsigned rowBytes = 64, rowPieces = 4;

/// Of a W of [K, N]: bytes of N that lie together, for all K of a stage, and pieces in them.
static constexpr unsigned chunkBytes = 128, chunkPieces = 8;

/// Rows and columns of a product of one instruction, and the bytes of its depth.
static constexpr unsigned mmaRows = 16, mmaColumns = 8, mmaBytes = 32;

/// Columns of a warp; its rows are half of the tile's.
static constexpr unsigned warpColumns = 32;

static unsigned stagesOf(const GemmConfig &config) { return config.stages ? config.stages : 4; }
static unsigned tilesNOf(const GemmConfig &config) { return llvm::divideCeil(config.n, config.tileN); }
static unsigned warpsOf(const GemmConfig &config) { return 2 * config.tileN / warpColumns; }
static unsigned stageDepthOf(const GemmConfig &config) { return rowBytes / bytesOf(config.element); }
static unsigned pieceElementsOf(const GemmConfig &config) { return 16 / bytesOf(config.element); }
static unsigned stepsOf(const GemmConfig &config) {
  return config.windows ? config.windows.countStages(stageDepthOf(config))
                        : llvm::divideCeil(config.k, stageDepthOf(config));
}
static unsigned stageBytesOf(const GemmConfig &config) { return (config.tileM + config.tileN) * rowBytes; }

std::string vitc::vgpu::whyUnsupportedByMmaSync(const GemmConfig &config) {
  const unsigned piece = pieceElementsOf(config);
  int64_t rowOfA = config.strides.a ? config.strides.a : config.k;
  int64_t rowOfW = config.strides.w ? config.strides.w : config.transposedW ? config.n : config.k;
  if (rowOfA % piece != 0 || rowOfW % piece != 0)
    return "rows of A and W must be multiples of 16 bytes";
  if (config.splits != 1 || config.paddedRows || (config.windows && config.transposedW))
    return "products of a warp are not split, and windows have a W of [N, K]";
  if (config.tileM != 32 && config.tileM != 64 && config.tileM != 128)
    return "tiles have 32, 64 or 128 rows";
  if ((config.tileN != 64 && config.tileN != 128) || 2 * config.tileM < config.tileN)
    return "tiles have 64 or 128 columns, at most twice as many as rows";
  if (stagesOf(config) < 2 || stagesOf(config) * stageBytesOf(config) > mostSharedBytesBeforeHopper)
    return "two stages or more fit into shared memory";
  return "";
}

LaunchPlan vitc::vgpu::planMmaSyncGemm(StringRef name, const GemmConfig &config) {
  LaunchPlan plan;
  plan.kernel = name.str();
  // In one dimension, since the others take 65,535 blocks at most; those past the last rows have nothing to do.
  int64_t tilesN = tilesNOf(config);
  plan.grid[0] = {GridSize::Rows, tilesN, config.tileM, (config.tileM - 1) * tilesN};
  if (config.batch.heads)
    plan.grid[2] = {GridSize::Batch, config.batch.heads};
  plan.block = {32 * warpsOf(config), 1, 1};
  plan.sharedBytes = stagesOf(config) * stageBytesOf(config);
  for (StringRef role : {"A", "W", "C"})
    plan.addPointer(role.str());
  const GemmEpilogue &epilogue = config.epilogue;
  for (auto [role, isThere] : {std::pair<StringRef, bool>("residual", epilogue.residual),
                               {"bias", epilogue.bias},
                               {"scale", epilogue.scale},
                               {"table", epilogue.tableRows != 0}})
    if (isThere)
      plan.addPointer(role.str());
  plan.addInt32("rows");
  return plan;
}

namespace {

class MmaSyncGemm {
public:
  MmaSyncGemm(NVVMEmitter &emitter, const GemmConfig &config);
  void emit();

private:
  void emitTile();
  using Values = NVVMEmitter::Values;
  /// One of A and W: what a thread copies of it, and what a lane reads.
  struct Operand {
    Values sources, areRows;          ///< of the pieces that the thread copies; null: all rows are there
    Value destination;                ///< byte of the first of them in a stage
    int64_t copyBytes;                ///< from there to that of the next, and so on
    int64_t elementBytes;             ///< from an element of K to the next
    std::array<Value, 2> laneOffsets; ///< of the warp's first matrices, for both steps of a stage
    SmallVector<WindowPlace> windows; ///< in place of sources, where rows are such
    Values depths;                    ///< of the pieces of a W of [K, N]: their places in the K of a step
  };
  /// Where a step lies in K.
  struct Step {
    Value element, isPiece; ///< its first one, and whether the thread's piece is there; null: all are
    Value tap, channel;     ///< of windows
  };
  Value baseOf(StringRef role, GemmBatch::Sharing sharing, Value elements);
  Operand prepare(StringRef role, unsigned offset, Value firstRow, Value rows, int64_t extent, unsigned tileRows,
                  int64_t stride, Value warpRow, Value laneRow, Value lanePiece);
  Operand prepareTransposed(unsigned offset);
  Value placeInChunks(Value depth, Value piece);
  Step locate(Value number);
  void copyStage(const Operand &operand, Value stage, const Step &step);
  void copyStep(Value step, Value stage);
  Values loadWeights(Value place, unsigned step);
  Values multiplyStage(Value stage, Values sums);
  Value next(Value stage);
  Value stageAt(Value stage) { return e.offset(e.shared(0), e.mul(stage, stageBytesOf(config))); }
  void emitEpilogue(const Values &sums);
  unsigned fragments() const { return config.tileM / 2 / mmaRows; }
  static constexpr unsigned groups = warpColumns / mmaColumns;

  NVVMEmitter &e;
  const GemmConfig &config;
  const unsigned stages, steps;
  Value thread, lane, warpM, warpN, row, column;
  Value product;           ///< batch · heads + head
  WindowAddresses windows; ///< if A has such
  Operand a, w;
};

} // namespace

/// The byte of a piece in a tile, swizzled: eight rows at one piece, which a matrix is loaded from, lie in all banks.
static Value placeOf(NVVMEmitter &e, Value row, Value piece) {
  return e.add(e.mul(row, rowBytes), e.shl(e.bitXor(piece, e.bitAnd(e.lshr(row, 1), rowPieces - 1)), 4));
}

MmaSyncGemm::MmaSyncGemm(NVVMEmitter &emitter, const GemmConfig &config)
    : e(emitter), config(config), stages(stagesOf(config)), steps(stepsOf(config)), windows(emitter, config) {
  thread = e.threadId();
  lane = e.bitAnd(thread, 31);
  Value warp = e.uniform(e.lshr(thread, 5));
  unsigned warpsN = config.tileN / warpColumns;
  warpM = e.udiv(warp, warpsN);
  warpN = e.urem(warp, warpsN);
  row = e.mul(e.udiv(e.blockId(0), tilesNOf(config)), config.tileM);
  column = e.mul(e.urem(e.blockId(0), tilesNOf(config)), config.tileN);
  product = config.batch.heads ? e.blockId(2) : e.i32(0);
  // Matrices in the order of registers: A's two of rows, then those of the next pieces; W's two of pieces, then rows.
  a = prepare("A", 0, row, e.argument("rows"), /*extent=*/0, config.tileM, config.strides.a,
              e.mul(warpM, config.tileM / 2), e.bitAnd(lane, 15), e.lshr(lane, 4));
  if (config.transposedW) {
    w = prepareTransposed(config.tileM * rowBytes);
    return;
  }
  w = prepare("W", config.tileM * rowBytes, column, e.i32(config.n), config.n, config.tileN, config.strides.w,
              e.mul(warpN, warpColumns), e.add(e.bitAnd(lane, 7), e.shl(e.lshr(lane, 4), 3)),
              e.bitAnd(e.lshr(lane, 3), 1));
}

/// The first element of the product's matrix, of so many `elements`.
Value MmaSyncGemm::baseOf(StringRef role, GemmBatch::Sharing sharing, Value elements) {
  Value base = e.argument(role);
  if (config.batch.heads == 0 || sharing == GemmBatch::OfAll)
    return base;
  Value number = sharing == GemmBatch::OfHead ? e.urem(product, config.batch.heads) : product;
  return e.element(base, e.mul(e.zext64(number), elements), e.type(config.element));
}

MmaSyncGemm::Operand MmaSyncGemm::prepare(StringRef role, unsigned offset, Value firstRow, Value rows, int64_t extent,
                                          unsigned tileRows, int64_t stride, Value warpRow, Value laneRow,
                                          Value lanePiece) {
  Operand operand;
  Value copyRow = e.lshr(thread, 2), piece = e.bitAnd(thread, rowPieces - 1);
  unsigned rowsAtOnce = 32 * warpsOf(config) / rowPieces;
  // Eight rows are one turn of the swizzle, and rowsAtOnce is a multiple of that.
  operand.destination = e.add(placeOf(e, copyRow, piece), offset);
  operand.copyBytes = int64_t(rowsAtOnce) * rowBytes;
  operand.elementBytes = bytesOf(config.element);
  stride = stride ? stride : config.k;
  Value base = baseOf(role, role == "A" ? config.batch.a : config.batch.w, e.mul(e.zext64(rows), e.i64(stride)));
  for (unsigned first = 0; first < tileRows; first += rowsAtOnce) {
    Value at = e.add(e.add(firstRow, copyRow), first), isRow;
    if (extent == 0 || extent % tileRows != 0) {
      isRow = e.less(at, rows);
      at = e.umin(at, e.sub(rows, e.i32(1)));
    }
    operand.areRows.push_back(isRow);
    if (config.windows && role == "A") {
      operand.windows.push_back(windows.placeOf(at));
      continue;
    }
    Value index = e.add(e.mul(e.zext64(at), e.i64(stride)), e.zext64(e.mul(piece, pieceElementsOf(config))));
    operand.sources.push_back(e.element(base, index, e.type(config.element)));
  }
  for (unsigned step : {0, 1})
    operand.laneOffsets[step] =
        e.add(e.add(e.mul(warpRow, rowBytes), placeOf(e, laneRow, e.add(lanePiece, 2 * step))), offset);
  return operand;
}

/// The byte of a piece of a W of [K, N] in its tile: chunks of columns, in which rows are swizzled so that what a warp
/// reads at once lies in all banks. Those are matrices of eight rows and one piece of 16 bits, four rows and two pieces
/// of tf32.
Value MmaSyncGemm::placeInChunks(Value depth, Value piece) {
  Value turn = config.element == Element::TF32 ? e.shl(e.bitAnd(depth, 3), 1) : e.bitAnd(depth, chunkPieces - 1);
  Value inRow = e.shl(e.bitXor(e.bitAnd(piece, chunkPieces - 1), turn), 4);
  Value chunk = e.mul(e.udiv(piece, chunkPieces), stageDepthOf(config) * chunkBytes);
  return e.add(e.add(chunk, e.mul(depth, chunkBytes)), inRow);
}

MmaSyncGemm::Operand MmaSyncGemm::prepareTransposed(unsigned offset) {
  Operand operand;
  const unsigned bytes = bytesOf(config.element), tilePieces = config.tileN * bytes / 16;
  const int64_t stride = config.strides.w ? config.strides.w : config.n;
  unsigned rowsAtOnce = 32 * warpsOf(config) / tilePieces; // 16 of 16 bits, 8 of tf32: a turn of the swizzle
  Value copyRow = e.udiv(thread, tilePieces), piece = e.urem(thread, tilePieces);
  operand.destination = e.add(placeInChunks(copyRow, piece), offset);
  operand.copyBytes = int64_t(rowsAtOnce) * chunkBytes;
  operand.elementBytes = stride * bytes;
  Value at = e.add(column, e.mul(piece, pieceElementsOf(config))), isColumn;
  if (config.n % config.tileN != 0)
    isColumn = e.less(at, e.i32(config.n));
  Value base = baseOf("W", config.batch.w, e.i64(config.k * stride));
  for (unsigned first = 0; first < stageDepthOf(config); first += rowsAtOnce) {
    Value depth = e.add(copyRow, first);
    operand.areRows.push_back(isColumn);
    operand.depths.push_back(depth);
    operand.sources.push_back(
        e.element(base, e.add(e.mul(e.zext64(depth), e.i64(stride)), e.zext64(at)), e.type(config.element)));
  }
  // Of 16 bits the rows of ldmatrix, those of one piece of K next to the other's; of tf32 a lane's own element.
  Value warpPiece = e.add(e.mul(warpN, warpColumns * bytes / 16), e.lshr(lane, 4)), place;
  if (config.element == Element::TF32)
    place = e.add(placeInChunks(e.bitAnd(lane, 3), warpPiece), e.shl(e.bitAnd(e.lshr(lane, 2), 3), 2));
  else
    place = placeInChunks(e.bitAnd(lane, 15), warpPiece);
  for (unsigned step : {0, 1})
    operand.laneOffsets[step] = e.add(place, offset + step * mmaBytes / bytes * chunkBytes);
  return operand;
}

/// Steps of windows have channels of one tap each.
MmaSyncGemm::Step MmaSyncGemm::locate(Value number) {
  int64_t depth = config.windows ? config.windows.channels : config.k,
          stageDepth = stageDepthOf(config); // cut by steps
  int64_t cuts = static_cast<int64_t>(llvm::divideCeil(depth, stageDepth));
  Step step;
  step.tap = config.windows ? e.udiv(number, cuts) : e.i32(0);
  step.channel = e.mul(config.windows ? e.urem(number, cuts) : number, stageDepth);
  step.element = config.windows ? e.add(e.mul(step.tap, depth), step.channel) : step.channel;
  step.channel = e.add(step.channel, e.mul(e.bitAnd(thread, rowPieces - 1), pieceElementsOf(config)));
  if (depth % stageDepth != 0)
    step.isPiece = e.less(step.channel, e.i32(depth));
  return step;
}

/// Rows and pieces of K that are not there are filled with zeros: a copy of no bytes.
void MmaSyncGemm::copyStage(const Operand &operand, Value stage, const Step &step) {
  for (auto [i, isRow] : llvm::enumerate(operand.areRows)) {
    Value isPiece = step.isPiece, source;
    if (isPiece && !operand.depths.empty())
      isPiece = e.less(e.add(step.element, operand.depths[i]), e.i32(config.k));
    Value isThere = isRow && isPiece ? e.both(isRow, isPiece) : isRow ? isRow : isPiece;
    if (operand.windows.empty())
      source = e.offset(operand.sources[i], e.mul(step.element, operand.elementBytes));
    else
      std::tie(source, isThere) = windows.sourceOf(operand.windows[i], step.tap, step.channel, isThere);
    Value bytes = isThere ? e.select(isThere, e.i32(16), e.i32(0)) : e.i32(16);
    Value destination = e.offset(e.offset(stage, operand.destination), int64_t(i) * operand.copyBytes);
    e.copyAsync(destination, source, bytes);
  }
}

/// Starts copying a step, if there is one. Each is a group, so that waits count the same at the end.
void MmaSyncGemm::copyStep(Value step, Value stage) {
  e.ifThen(e.less(step, e.i32(steps)), [&] {
    Value place = stageAt(stage);
    Step inDepth = locate(step);
    copyStage(a, place, inDepth);
    copyStage(w, place, inDepth);
  });
  e.commitCopies();
}

Value MmaSyncGemm::next(Value stage) {
  Value after = e.add(stage, 1);
  return e.select(e.equal(after, e.i32(stages)), e.i32(0), after);
}

/// Two registers for each eight columns of the warp. Of a W of [K, N], 16 bits are transposed by ldmatrix; a group's
/// pieces are those of the first with other bits, as in the swizzle.
MmaSyncGemm::Values MmaSyncGemm::loadWeights(Value place, unsigned step) {
  Values weights;
  if (!config.transposedW || bytesOf(config.element) == 2) {
    for (unsigned group = 0; group < groups; group += 2) {
      Value offset = config.transposedW ? e.bitXor(w.laneOffsets[step], e.i32(group << 4))
                                        : e.add(w.laneOffsets[step], group * mmaColumns * rowBytes);
      weights.append(e.loadMatrices(e.offset(place, offset), /*transpose=*/config.transposedW));
    }
    return weights;
  }
  for (unsigned group = 0; group < groups; ++group)
    for (unsigned half : {0, 1}) {
      Value address = e.offset(place, e.bitXor(w.laneOffsets[step], e.i32(group << 5)));
      weights.push_back(e.load(e.builder.getI32Type(), e.offset(address, int64_t(half) * 4 * chunkBytes), 4));
    }
  return weights;
}

MmaSyncGemm::Values MmaSyncGemm::multiplyStage(Value stage, Values sums) {
  Value place = stageAt(stage);
  for (unsigned step = 0; step < rowBytes / mmaBytes; ++step) {
    Values weights = loadWeights(place, step);
    for (unsigned fragment = 0; fragment < fragments(); ++fragment) {
      Values rows = e.loadMatrices(e.offset(e.offset(place, a.laneOffsets[step]), fragment * mmaRows * rowBytes));
      for (unsigned group = 0; group < groups; ++group) {
        auto quad = sums.begin() + 4 * (fragment * groups + group);
        llvm::copy(e.mmaSync(config.element, Values(quad, quad + 4), rows, ValueRange(weights).slice(2 * group, 2)),
                   quad);
      }
    }
  }
  return sums;
}

void MmaSyncGemm::emitEpilogue(const Values &sums) {
  GemmConfig ofWarp = config;
  ofWarp.tileN = warpColumns;
  GemmLayout layout(ofWarp);
  layout.staged = false;
  Value zero = e.i32(0), first = e.add(column, e.mul(warpN, warpColumns));
  GemmEpilogueEmitter epilogue(e, ofWarp, layout, {zero, thread, {}, lane, zero, e.argument("rows")});
  auto store = [&] {
    for (unsigned fragment = 0; fragment < fragments(); ++fragment) {
      Value fragmentRow = e.add(e.add(row, e.mul(warpM, config.tileM / 2)), fragment * mmaRows);
      epilogue.beginTile({fragmentRow, config.epilogue.gated ? e.lshr(first, 1) : first, {}, product, zero, {}});
      auto begin = sums.begin() + 4 * fragment * groups;
      epilogue.emit(Values(begin, begin + 4 * groups));
    }
  };
  if (config.n % config.tileN == 0)
    store();
  else
    e.ifThen(e.less(first, e.i32(config.n)), store);
}

/// All warps have multiplied a stage when they meet for the next one, and it is filled again then.
void MmaSyncGemm::emit() {
  e.ifThen(e.less(row, e.argument("rows")), [&] { emitTile(); });
  e.finish();
}

void MmaSyncGemm::emitTile() {
  for (unsigned stage = 0; stage + 1 < stages; ++stage)
    copyStep(e.i32(stage), e.i32(stage));
  Values carried{e.i32(0), e.i32(stages - 1)};
  carried.append(4 * fragments() * groups, e.f32(0));
  Value end = e.uniform(e.i32(steps)); // not a constant, or LLVM unrolls all steps, for which registers do not suffice
  carried = e.loop(e.i32(0), end, e.i32(1), carried, [&](Value step, ValueRange inner) {
    e.waitCopies(stages - 2);
    e.syncThreads();
    copyStep(e.add(step, stages - 1), inner[1]);
    Values after{next(inner[0]), next(inner[1])};
    after.append(multiplyStage(inner[0], llvm::to_vector(inner.drop_front(2))));
    return after;
  });
  emitEpilogue(Values(carried.begin() + 2, carried.end()));
}

void vitc::vgpu::emitMmaSyncGemm(NVVMEmitter &emitter, const GemmConfig &config) {
  MmaSyncGemm(emitter, config).emit();
}
