#include "GemmEpilogue.h"
#include "MmaSyncGemm.h"
#include "WindowCoordinates.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Bytes of K in a stage: one row of the 128-byte swizzle, four steps of the tensor cores.
static constexpr unsigned stageRowBytes = 128, stepBytes = 32;

/// Stages that K fills.
static int64_t stagesOfK(const GemmConfig &config) {
  if (config.windows)
    return config.windows.countStages(stageRowBytes / bytesOf(config.element));
  return llvm::divideCeil(config.k * bytesOf(config.element), stageRowBytes);
}

std::string vitc::vgpu::whyUnsupported(const GemmConfig &config) {
  const GemmEpilogue &epilogue = config.epilogue;
  if (config.n <= 0 || config.k <= 0)
    return "expected positive sizes";
  if (config.element == Element::F32)
    return "tensor cores take bf16, f16 or tf32";
  if (epilogue.output == Element::TF32)
    return "results are bf16, f16 or f32";
  if (epilogue.gated && config.n % 16 != 0)
    return "gated products have N in turns of 16";
  if (epilogue.tableRows && (epilogue.gated ? config.n / 2 : config.n) % 2 != 0)
    return "rows of the table must have an even number of elements";
  if (config.windows)
    if (std::string reason = whyWindowsUnsupported(config); !reason.empty())
      return reason;
  if (config.mmaSync)
    return whyUnsupportedByMmaSync(config);
  int64_t weightColumns = config.transposedW ? config.n : config.k;
  if (!config.paddedRows && (config.k * bytesOf(config.element) % 16 || weightColumns * bytesOf(config.element) % 16))
    return "rows of A and W must be multiples of 16 bytes";
  if (config.transposedW && bytesOf(config.element) != 2)
    return "W of [K, N] must have 16-bit elements";
  if (config.batch.heads != 0 && config.splits != 1)
    return "products of a batch are not split";
  if (config.tileM != 64 && config.tileM != 128 && config.tileM != 192)
    return "tiles have 64, 128 or 192 rows";
  if (config.tileN < 16 || config.tileN > 256 || config.tileN % 16 != 0)
    return "tiles have 16 to 256 columns, a multiple of 16";
  if (config.tileM == 192 && config.tileN > 128)
    return "tiles of 192 rows have at most 128 columns: a thread's registers";
  if (epilogue.gated && config.tileN % 32 != 0)
    return "gated products have tiles in turns of 32";
  int64_t stages = stagesOfK(config);
  if (config.splits < 1 || config.splits > 8 ||
      (config.splits - 1) * int64_t(llvm::divideCeil(stages, config.splits)) >= stages)
    return "K is cut into 1 to 8 parts, none of them empty";
  GemmLayout layout(config);
  if (layout.stages < 2 || layout.end > maxSharedBytes)
    return "two stages and the staging of results do not fit into shared memory";
  return "";
}

LaunchPlan vitc::vgpu::planGemm(StringRef name, const GemmConfig &config) {
  if (config.mmaSync)
    return planMmaSyncGemm(name, config);
  GemmLayout layout(config);
  const GemmEpilogue &epilogue = config.epilogue;
  LaunchPlan plan;
  plan.kernel = name.str();
  int64_t tilesN = llvm::divideCeil(config.n, config.tileN);
  auto rowTiles = [&](int64_t factor) { // or a few more
    return config.windows ? rowTilesOfWindows(config, factor)
                          : GridExtent{GridSize::Rows, factor, config.tileM, (config.tileM - 1) * factor};
  };
  if (config.splits > 1)
    plan.grid = {GridExtent{GridSize::One, tilesN * config.splits, 1},
                 config.windows ? rowTiles(1) : GridExtent{GridSize::Rows, 1, config.tileM}, GridExtent{}};
  else
    plan.grid[0] = rowTiles(tilesN);
  if (config.batch.heads)
    plan.grid[2] = GridExtent{GridSize::Batch, config.batch.heads};
  plan.block = {specialisedThreads(layout.consumers), 1, 1};
  plan.sharedBytes = layout.end;
  plan.cluster = {config.splits, 1, 1};
  plan.blocksPerProcessor = config.splits == 1 && config.batch.heads == 0 ? 1 : 0;
  auto addMap = [&](StringRef role, Element element, uint32_t columns, uint32_t rows) {
    TensorMapPlan map{element, {columns, rows}, swizzleOf(columns * bytesOf(element))};
    if (config.batch.heads)
      map.box.append({1, 1});
    if (config.windows)
      mapWindows(map, role, config.windows);
    plan.addTensorMap(role.str(), std::move(map));
  };
  unsigned columns = stageRowBytes / bytesOf(config.element);
  addMap("A", config.element, columns, config.tileM);
  if (config.transposedW)
    addMap("W", config.element, layout.weightRowBytes / 2, columns);
  else
    addMap("W", config.element, columns, config.tileN);
  for (StringRef role : {"C", "residual"}) {
    if (role == "residual" && !epilogue.residual)
      continue;
    if (layout.staged)
      addMap(role, epilogue.output, layout.chunkColumns, 64);
    else
      plan.addPointer(role.str());
  }
  if (epilogue.bias)
    plan.addPointer("bias");
  if (epilogue.scale)
    plan.addPointer("scale");
  if (epilogue.tableRows)
    plan.addPointer("table");
  if (!config.windows)
    plan.addInt32("rows");
  if (config.batch.heads || config.windows)
    plan.addInt32("batches");
  return plan;
}

namespace {

/// A place in the ring of stages, and the parity of the phase in which it is used.
struct RingPlace {
  Value stage, parity;
};

class GemmEmitter {
public:
  GemmEmitter(NVVMEmitter &emitter, const GemmConfig &config)
      : e(emitter), config(config), layout(config), windows(emitter, config.windows, stageColumns()) {}
  void emit();

private:
  using Values = NVVMEmitter::Values;
  void initBarriers(Value thread);
  void emitProducer();
  void emitConsumer(Value thread, Value warp);
  Values emitSums(const Consumer &consumer, RingPlace &place);
  Values emitStage(const Consumer &consumer, Value stage, Values sums);
  /// `body` takes a tile (its row and column those of the whole block and of W) and the carried values to the next
  /// ones.
  void forTiles(const Values &inits, llvm::function_ref<Values(const GemmTile &, ValueRange)> body);
  /// Coordinates in an operand of a place in the tile's product.
  Values coordinates(const GemmTile &tile, GemmBatch::Sharing sharing, Value inner, Value outer);
  unsigned stageColumns() const { return stageRowBytes / bytesOf(config.element); }
  void loadStage(const GemmTile &tile, Value place, Value full, Value number);
  void loadWindows(const GemmTile &tile, Value place, Value full, Value number);
  RingPlace next(RingPlace place);
  Value barrier(unsigned ring, Value stage) { return e.offset(e.shared(ring), e.mul(stage, 8)); }
  /// The block's stages of K: which is the first, and how many.
  std::pair<Value, Value> stageRange();
  Value rank() { return e.urem(e.blockId(0), config.splits); } ///< in the cluster
  void addPartials(Values &sums, Value thread);
  void sendPartials(const Values &sums, Value thread);

  NVVMEmitter &e;
  const GemmConfig &config;
  GemmLayout layout;
  WindowCoordinates windows; ///< if A has such
};

} // namespace

void GemmEmitter::initBarriers(Value thread) {
  e.ifThen(e.equal(thread, e.i32(0)), [&] {
    for (unsigned stage = 0; stage < layout.stages; ++stage) {
      e.barrierInit(e.shared(layout.full + 8 * stage), 1);
      e.barrierInit(e.shared(layout.empty + 8 * stage), 4 * layout.consumers); // one arrival a warp
    }
    for (unsigned place = layout.residual; place < layout.end; place += 8)
      e.barrierInit(e.shared(place), 1);
    e.fenceBarrierInit();
  });
  if (config.splits == 1)
    e.syncThreads();
  else
    e.syncCluster(); // a block's shared memory may be written once the block is there
}

std::pair<Value, Value> GemmEmitter::stageRange() {
  int64_t stages = stagesOfK(config), part = llvm::divideCeil(stages, config.splits);
  if (config.splits == 1)
    return {e.i32(0), e.i32(stages)};
  Value first = e.mul(rank(), part);
  return {first, e.umin(e.i32(part), e.sub(e.i32(stages), first))};
}

void GemmEmitter::forTiles(const Values &inits, llvm::function_ref<Values(const GemmTile &, ValueRange)> body) {
  int64_t tilesN = llvm::divideCeil(config.n, config.tileN), heads = config.batch.heads;
  if (config.splits > 1) {
    Value column = e.mul(e.udiv(e.blockId(0), config.splits), config.tileN);
    body({e.mul(e.blockId(1), config.tileM), column, {}, e.i32(0), {}, {}}, inits);
    return;
  }
  Value tilesM = config.windows ? windows.countTiles(layout.consumers)
                                : e.udiv(e.add(e.argument("rows"), config.tileM - 1), config.tileM);
  Value tiles = e.mul(tilesM, tilesN), all = tiles, block = e.blockId(0), blocks = e.gridDim(0);
  if (heads) {
    all = e.mul(tiles, e.mul(e.argument("batches"), heads));
    block = e.add(e.mul(e.blockId(2), blocks), block);
    blocks = e.mul(blocks, e.gridDim(2));
  }
  // Neighbouring blocks share rows of A; W stays in the second-level cache.
  e.loop(block, all, blocks, inits, [&](Value number, ValueRange carried) {
    GemmTile tile{{}, {}, {}, e.i32(0), {}, {}};
    if (heads) {
      tile.product = e.udiv(number, tiles);
      tile.outer = {e.urem(tile.product, heads), e.udiv(tile.product, heads)};
      number = e.urem(number, tiles);
    }
    tile.row = e.mul(e.udiv(number, tilesN), config.tileM);
    tile.column = e.mul(e.urem(number, tilesN), config.tileN);
    return body(tile, carried);
  });
}

GemmEmitter::Values GemmEmitter::coordinates(const GemmTile &tile, GemmBatch::Sharing sharing, Value inner,
                                             Value outer) {
  Values all{inner, outer};
  if (config.batch.heads) {
    all.push_back(sharing == GemmBatch::OfAll ? e.i32(0) : tile.outer[0]);
    all.push_back(sharing == GemmBatch::Own ? tile.outer[1] : e.i32(0));
  }
  return all;
}

RingPlace GemmEmitter::next(RingPlace place) {
  Value stage = e.add(place.stage, 1), isEnd = e.equal(stage, e.i32(layout.stages));
  return {e.select(isEnd, e.i32(0), stage), e.select(isEnd, e.bitXor(place.parity, e.i32(1)), place.parity)};
}

/// A rectangle of windows for each warpgroup.
void GemmEmitter::loadWindows(const GemmTile &tile, Value place, Value full, Value number) {
  for (unsigned group = 0; group < layout.consumers; ++group)
    e.loadTile(e.offset(place, 64 * group * stageRowBytes), e.argument("A"), full,
               windows.pixels(e.add(tile.row, 64 * group), number));
  e.loadTile(e.offset(place, config.tileM * stageRowBytes), e.argument("W"), full,
             windows.weights(tile.column, number));
}

void GemmEmitter::loadStage(const GemmTile &tile, Value place, Value full, Value number) {
  e.arriveExpect(full, layout.stageBytes);
  if (config.windows)
    return loadWindows(tile, place, full, number);
  Value k = e.mul(number, stageColumns());
  e.loadTile(place, e.argument("A"), full, coordinates(tile, config.batch.a, k, tile.row));
  Value weights = e.offset(place, config.tileM * stageRowBytes);
  if (!config.transposedW)
    return e.loadTile(weights, e.argument("W"), full, coordinates(tile, config.batch.w, k, tile.column));
  unsigned columns = layout.weightRowBytes / 2, rows = stageRowBytes / 2; // one row an element of K
  for (unsigned column = 0; column < config.tileN; column += columns)
    e.loadTile(e.offset(weights, column * 2 * rows), e.argument("W"), full,
               coordinates(tile, config.batch.w, e.add(tile.column, column), k));
}

/// One thread fills stages as consumers empty them. A barrier that was never used has completed the phase of parity 1.
void GemmEmitter::emitProducer() {
  auto [first, count] = stageRange();
  forTiles({e.i32(0), e.i32(1)}, [&, first = first, count = count](const GemmTile &tile, ValueRange carried) {
    return e.loop(e.i32(0), count, e.i32(1), llvm::to_vector(carried), [&](Value step, ValueRange inner) {
      RingPlace place{inner[0], inner[1]}, after = next(place);
      e.wait(barrier(layout.empty, place.stage), place.parity);
      loadStage(tile, e.offset(e.shared(0), e.mul(place.stage, layout.stageBytes)), barrier(layout.full, place.stage),
                e.add(first, step));
      return Values{after.stage, after.parity};
    });
  });
}

GemmEmitter::Values GemmEmitter::emitStage(const Consumer &consumer, Value stage, Values sums) {
  Value base = e.offset(e.shared(0), e.mul(stage, layout.stageBytes));
  Value a = e.descriptor(e.offset(base, e.mul(consumer.group, 64 * stageRowBytes)), stageRowBytes);
  Value weights = e.offset(base, config.tileM * stageRowBytes);
  unsigned stageRows = stageRowBytes / bytesOf(config.element);
  Value w = e.descriptor(weights, layout.weightRowBytes, config.transposedW ? stageRows * layout.weightRowBytes : 16);
  e.mmaFence();
  for (unsigned byte = 0; byte < stageRowBytes; byte += stepBytes) {
    unsigned advance = config.transposedW ? byte / 2 * layout.weightRowBytes : byte;
    sums = e.mma(config.element, config.tileN, sums, {e.advance(a, byte)}, e.advance(w, advance), config.transposedW);
  }
  e.mmaCommit();
  return sums;
}

/// The products of one stage are in flight while the next stage's are issued; a stage is released when they are done.
GemmEmitter::Values GemmEmitter::emitSums(const Consumer &consumer, RingPlace &place) {
  Value isLane0 = e.equal(consumer.lane, e.i32(0));
  auto stageSums = [&](RingPlace at, Values sums) {
    e.wait(barrier(layout.full, at.stage), at.parity);
    return emitStage(consumer, at.stage, std::move(sums));
  };
  Values carried{next(place).stage, next(place).parity, place.stage};
  carried.append(stageSums(place, Values()));
  carried = e.loop(e.i32(1), stageRange().second, e.i32(1), carried, [&](Value, ValueRange inner) {
    RingPlace at{inner[0], inner[1]}, after = next(at);
    Values sums = stageSums(at, llvm::to_vector(inner.drop_front(3)));
    e.mmaWait(1, {});
    e.ifThen(isLane0, [&] { e.arrive(barrier(layout.empty, inner[2])); });
    Values nextCarried{after.stage, after.parity, at.stage};
    nextCarried.append(sums);
    return nextCarried;
  });
  Values sums = e.mmaWait(0, Values(carried.begin() + 3, carried.end()));
  e.ifThen(isLane0, [&] { e.arrive(barrier(layout.empty, carried[2])); });
  place = {carried[0], carried[1]};
  return sums;
}

/// Sums of a group of eight columns are sent as a thread has them, 16 bytes, beside those of the other threads.
void GemmEmitter::sendPartials(const Values &sums, Value thread) {
  unsigned groupBytes = 128 * layout.consumers * 16, blockBytes = config.tileN / 8 * groupBytes;
  Value place = e.offset(e.shared(layout.partials), e.mul(e.sub(rank(), e.i32(1)), blockBytes));
  Value address = e.remote(e.offset(place, e.mul(thread, 16)), e.i32(0));
  for (unsigned group = 0; group < sums.size() / 4; ++group)
    e.storeRemote(Values(sums.begin() + 4 * group, sums.begin() + 4 * group + 4), address, group * groupBytes);
}

void GemmEmitter::addPartials(Values &sums, Value thread) {
  unsigned groupBytes = 128 * layout.consumers * 16, groups = config.tileN / 8;
  Value place = e.offset(e.shared(layout.partials), e.mul(thread, 16));
  for (unsigned split = 1; split < config.splits; ++split)
    for (unsigned group = 0; group < groups; ++group)
      for (auto [i, partial] :
           llvm::enumerate(e.loadFloats(e.offset(place, ((split - 1) * groups + group) * groupBytes), 4)))
        sums[4 * group + i] = e.fadd(sums[4 * group + i], partial);
}

void GemmEmitter::emitConsumer(Value thread, Value warp) {
  Value groupThread = e.urem(thread, 128);
  Consumer consumer{e.lshr(warp, 2),      groupThread,       e.equal(groupThread, e.i32(0)),
                    e.bitAnd(thread, 31), e.bitAnd(warp, 3), config.windows ? Value() : e.argument("rows")};
  GemmEpilogueEmitter epilogue(e, config, layout, consumer);
  auto ifOwner = [&](bool isOwner, llvm::function_ref<void()> then) {
    if (config.splits > 1)
      e.ifThen(isOwner ? e.equal(rank(), e.i32(0)) : e.less(e.i32(0), rank()), then);
    else if (isOwner)
      then();
  };
  forTiles({e.i32(0), e.i32(0), e.i32(0)}, [&](GemmTile tile, ValueRange carried) {
    RingPlace place{carried[0], carried[1]};
    tile.row = e.add(tile.row, e.mul(consumer.group, 64));
    if (config.windows)
      tile.window = windows.placeOf(tile.row);
    tile.number = carried[2];
    if (config.epilogue.gated)
      tile.column = e.lshr(tile.column, 1);
    ifOwner(true, [&] { epilogue.beginTile(tile); });
    Values sums = emitSums(consumer, place);
    ifOwner(false, [&] { sendPartials(sums, thread); });
    if (config.splits > 1)
      e.syncCluster();
    ifOwner(true, [&] {
      if (config.splits > 1)
        addPartials(sums, thread);
      epilogue.emit(sums);
    });
    return Values{place.stage, place.parity, e.add(carried[2], 1)};
  });
  epilogue.finish();
}

void GemmEmitter::emit() {
  Value thread = e.threadId(), warp = e.uniform(e.lshr(thread, 5));
  initBarriers(thread);
  auto waitForReaders = [&] { // all threads of a cluster take part in its barrier
    if (config.splits > 1)
      e.syncCluster();
  };
  e.specialise(
      layout.consumers, thread, warp, [&] { emitProducer(); }, [&] { emitConsumer(thread, warp); }, waitForReaders);
  e.finish();
}

LogicalResult vitc::vgpu::emitGemm(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name,
                                   const GemmConfig &config) {
  if (std::string reason = whyUnsupported(config); !reason.empty())
    return module.emitError("expected a product that tensor cores support, got one where ") << reason;
  LaunchPlan plan = planGemm(name, config);
  NVVMEmitter emitter(builder, module, plan);
  if (config.mmaSync)
    emitMmaSyncGemm(emitter, config);
  else
    GemmEmitter(emitter, config).emit();
  return success();
}
