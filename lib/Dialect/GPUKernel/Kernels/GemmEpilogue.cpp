#include "GemmEpilogue.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc::vgpu;

/// Stages of the ring beyond which more would not hide more.
static constexpr unsigned mostStages = 8;

static unsigned columnsOfC(const GemmConfig &config) {
  return static_cast<unsigned>(config.epilogue.gated ? config.n / 2 : config.n);
}

bool vitc::vgpu::isStaged(const GemmConfig &config) {
  return config.paddedRows || columnsOfC(config) * bytesOf(config.epilogue.output) % 16 == 0;
}

GemmLayout::GemmLayout(const GemmConfig &config) {
  const GemmEpilogue &epilogue = config.epilogue;
  unsigned bytes = bytesOf(epilogue.output);
  columns = columnsOfC(config);
  tileColumns = epilogue.gated ? config.tileN / 2 : config.tileN;
  staged = isStaged(config);
  chunkColumns = 128 / bytes;
  while (tileColumns % chunkColumns != 0)
    chunkColumns /= 2;
  chunks = tileColumns / chunkColumns;
  chunkBytes = 64 * chunkColumns * bytes;
  consumers = config.tileM / 64;
  stageBytes = (config.tileM + config.tileN) * 128;
  weightRowBytes = 128;
  while (config.transposedW && config.tileN % (weightRowBytes / 2) != 0)
    weightRowBytes /= 2;

  unsigned bufferBytes = staged ? consumers * chunkBytes : 0;
  unsigned partialBytes = (config.splits - 1) * config.tileM * config.tileN * sizeof(float);
  const unsigned others = 512 + partialBytes; // the barriers and what other blocks send
  buffers = std::min(chunks, 2u);
  unsigned taken = others + buffers * bufferBytes;
  unsigned most = taken > maxSharedBytes ? 0 : (maxSharedBytes - taken) / stageBytes;
  stages = config.stages ? config.stages : std::min(most, mostStages);
  if (staged && epilogue.residual) // what is left lets the residual be loaded earlier
    while (buffers < chunks && stages * stageBytes + (buffers + 1) * bufferBytes + others <= maxSharedBytes)
      ++buffers;
  staging = stages * stageBytes;
  partials = staging + buffers * bufferBytes;
  full = partials + partialBytes;
  empty = full + 8 * stages;
  residual = empty + 8 * stages;
  end = residual + (staged && epilogue.residual ? 8 * consumers * buffers : 0);
}

GemmEpilogueEmitter::GemmEpilogueEmitter(NVVMEmitter &emitter, const GemmConfig &config, const GemmLayout &layout,
                                         const Consumer &consumer)
    : e(emitter), config(config), layout(layout), consumer(consumer) {
  laneRow = e.add(e.mul(consumer.warp, 16), e.lshr(consumer.lane, 2));
  laneColumn = e.mul(e.bitAnd(consumer.lane, 3), 2);
}

Value GemmEpilogueEmitter::buffer(unsigned chunk) {
  Value group = e.mul(consumer.group, layout.buffers * layout.chunkBytes);
  return e.offset(e.shared(layout.staging + chunk % layout.buffers * layout.chunkBytes), group);
}

/// The byte at which 16-byte piece `piece` of a row of a chunk lies, as TMA's swizzle places it.
Value GemmEpilogueEmitter::placeInChunk(Value row, Value piece) {
  unsigned rowBytes = layout.chunkColumns * bytesOf(config.epilogue.output);
  Value turn = e.bitAnd(e.lshr(row, rowBytes == 128 ? 0 : rowBytes == 64 ? 1 : 2), rowBytes / 16 - 1);
  return e.add(e.mul(row, rowBytes), e.shl(e.bitXor(piece, turn), 4));
}

//===----------------------------------------------------------------------===//
// Residuals
//===----------------------------------------------------------------------===//

void GemmEpilogueEmitter::loadResidual(unsigned chunk) {
  Value barrier =
      e.offset(e.shared(layout.residual + 8 * (chunk % layout.buffers)), e.mul(consumer.group, 8 * layout.buffers));
  e.arriveExpect(barrier, layout.chunkBytes);
  e.loadTile(buffer(chunk), e.argument("residual"), barrier, coordinates(chunk));
}

NVVMEmitter::Values GemmEpilogueEmitter::coordinates(unsigned chunk) {
  NVVMEmitter::Values all{e.add(tile.column, chunk * layout.chunkColumns)};
  if (config.windows)
    all.append(tile.window);
  else
    all.push_back(tile.row);
  all.append(tile.outer);
  return all;
}

void GemmEpilogueEmitter::beginTile(const GemmTile &next) {
  tile = next;
  if (!config.epilogue.residual || !layout.staged)
    return;
  e.ifThen(consumer.leader, [&] {
    e.waitStores(0, /*readOnly=*/true);
    for (unsigned chunk = 0; chunk < layout.buffers; ++chunk)
      loadResidual(chunk);
  });
}

/// After this the chunk's buffer holds its residual, or may be written.
void GemmEpilogueEmitter::beginChunk(unsigned chunk) {
  if (!config.epilogue.residual) {
    // Stores since the one that read this buffer, which may be of the tile before.
    unsigned last = (layout.chunks - 1 - chunk % layout.buffers) / layout.buffers * layout.buffers + chunk;
    e.waitStores(chunk < layout.buffers ? layout.chunks - 1 - last + chunk : layout.buffers - 1, /*readOnly=*/true);
    e.syncNamed(e.add(consumer.group, 1), 128);
    return;
  }
  unsigned next = chunk + layout.buffers - 1; // in the buffer of the chunk before this one
  if (chunk > 0 && next < layout.chunks)
    e.ifThen(consumer.leader, [&] {
      e.waitStores(0, /*readOnly=*/true);
      loadResidual(next);
    });
  unsigned place = chunk % layout.buffers, uses = llvm::divideCeil(layout.chunks - place, layout.buffers);
  Value barrier = e.offset(e.shared(layout.residual + 8 * place), e.mul(consumer.group, 8 * layout.buffers));
  e.wait(barrier, e.bitAnd(e.add(e.mul(tile.number, uses), chunk / layout.buffers), 1));
}

GemmEpilogueEmitter::Quad GemmEpilogueEmitter::addResidual(Quad quad, unsigned group) {
  unsigned chunk = group * 8 / layout.chunkColumns, inChunk = group - chunk * layout.chunkColumns / 8;
  bool isFloat = config.epilogue.output == Element::F32;
  Value quarter = e.bitAnd(consumer.lane, 3);
  for (unsigned half : {0, 1}) {
    Value bufferRow = e.add(laneRow, 8 * half);
    Value piece = isFloat ? e.add(e.lshr(quarter, 1), 2 * inChunk) : e.i32(inChunk);
    Value inPiece = isFloat ? e.shl(e.bitAnd(quarter, 1), 3) : e.shl(quarter, 2);
    Value place = e.offset(buffer(chunk), e.add(placeInChunk(bufferRow, piece), inPiece));
    std::array<Value, 2> pair;
    if (isFloat) {
      auto floats = e.loadFloats(place, 2);
      pair = {floats[0], floats[1]};
    } else {
      pair = e.unpack(config.epilogue.output, e.load(e.builder.getI32Type(), place, 4));
    }
    quad[2 * half] = e.fadd(quad[2 * half], pair[0]);
    quad[2 * half + 1] = e.fadd(quad[2 * half + 1], pair[1]);
  }
  return quad;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Two neighbours of a vector. Tiles at the edge read its last ones instead of what lies behind.
std::array<Value, 2> GemmEpilogueEmitter::loadPair(StringRef vector, Value at) {
  int64_t extent = vector == "bias" ? config.n : layout.columns;
  auto load = [&](Value index, unsigned count) {
    return e.loadFloats(e.element(e.argument(vector), index, e.type(Element::F32)), count);
  };
  if (extent % 2 != 0) {
    Value last = e.i32(extent - 1);
    return {load(e.umin(at, last), 1)[0], load(e.umin(e.add(at, 1), last), 1)[0]};
  }
  if (extent % (vector == "bias" ? config.tileN : layout.tileColumns) != 0)
    at = e.umin(at, e.i32(extent - 2));
  auto pair = load(at, 2);
  return {pair[0], pair[1]};
}

Value GemmEpilogueEmitter::columnOfGroup(unsigned group) { return e.add(e.add(tile.column, laneColumn), 8 * group); }

GemmEpilogueEmitter::Quad GemmEpilogueEmitter::finishGroup(const NVVMEmitter::Values &sums, unsigned group) {
  const GemmEpilogue &epilogue = config.epilogue;
  auto biased = [&](unsigned sumGroup) {
    Quad quad;
    std::copy_n(sums.begin() + 4 * sumGroup, 4, quad.begin());
    if (!epilogue.bias)
      return quad;
    Value first = epilogue.gated ? e.mul(tile.column, 2) : tile.column; // of W's rows
    auto bias = loadPair("bias", e.add(e.add(first, laneColumn), 8 * sumGroup));
    for (unsigned i = 0; i < 4; ++i)
      quad[i] = e.fadd(quad[i], bias[i % 2]);
    return quad;
  };
  Quad quad = biased(epilogue.gated ? 2 * group : group);
  for (Value &value : quad)
    value = emitActivation(e, epilogue.activation, value);
  if (epilogue.gated)
    for (auto [value, up] : llvm::zip(quad, biased(2 * group + 1)))
      value = e.fmul(value, up);
  if (epilogue.scale) {
    auto scale = loadPair("scale", columnOfGroup(group));
    for (unsigned i = 0; i < 4; ++i)
      quad[i] = e.fmul(quad[i], scale[i % 2]);
  }
  if (epilogue.tableRows)
    for (unsigned half : {0, 1}) {
      Value tableRow = e.urem(e.add(e.add(tile.row, laneRow), 8 * half), epilogue.tableRows);
      Value at = columnOfGroup(group);
      if (layout.columns % layout.tileColumns != 0)
        at = e.umin(at, e.i32((layout.columns - 1) / 2 * 2));
      at = e.add(e.mul(tableRow, layout.columns), at);
      auto pair = e.loadFloats(e.element(e.argument("table"), at, e.type(Element::F32)), 2);
      quad[2 * half] = e.fadd(quad[2 * half], pair[0]);
      quad[2 * half + 1] = e.fadd(quad[2 * half + 1], pair[1]);
    }
  if (epilogue.residual && !layout.staged)
    return quad; // it is added as elements are stored
  if (epilogue.residual)
    quad = addResidual(quad, group);
  for (Value &value : quad)
    value = emitActivation(e, epilogue.last, value);
  return quad;
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

void GemmEpilogueEmitter::storeChunk(unsigned chunk, ArrayRef<Quad> quads) {
  Value place = buffer(chunk), quarter = e.bitAnd(consumer.lane, 3);
  if (config.epilogue.output == Element::F32) {
    for (auto [group, quad] : llvm::enumerate(quads))
      for (unsigned half : {0, 1}) {
        Value at = placeInChunk(e.add(laneRow, 8 * half), e.add(e.lshr(quarter, 1), 2 * group));
        e.storeVector({quad[2 * half], quad[2 * half + 1]}, e.offset(place, e.add(at, e.shl(e.bitAnd(quarter, 1), 3))));
      }
  } else {
    Value matrixRow = e.add(e.mul(consumer.warp, 16), e.bitAnd(consumer.lane, 15));
    for (unsigned group = 0; group < quads.size(); group += 2) {
      NVVMEmitter::Values pairs;
      for (const Quad &quad : quads.slice(group, 2))
        for (unsigned half : {0, 1})
          pairs.push_back(e.pack(config.epilogue.output, quad[2 * half], quad[2 * half + 1]));
      Value at = placeInChunk(matrixRow, e.add(e.lshr(consumer.lane, 4), group));
      e.storeMatrices(e.offset(place, at), pairs);
    }
  }
  e.fenceAsync();
  e.syncNamed(e.add(consumer.group, 1), 128);
  e.ifThen(consumer.leader, [&] {
    e.storeTile(e.argument("C"), place, coordinates(chunk));
    e.commitStores();
  });
}

Value GemmEpilogueEmitter::elementOf(StringRef tensor, Value row, Value column, int64_t stride) {
  Value denseRow = e.add(e.mul(e.zext64(tile.product), e.zext64(consumer.rows)), e.zext64(row));
  Value index = e.add(e.mul(denseRow, e.i64(stride ? stride : layout.columns)), e.zext64(column));
  return e.element(e.argument(tensor), index, e.type(config.epilogue.output));
}

/// Neighbours of a row in one access, where all rows have pairs.
void GemmEpilogueEmitter::storePair(std::array<Value, 2> pair, Value row, Value column) {
  Element element = config.epilogue.output;
  if (config.epilogue.residual) {
    Value place = elementOf("residual", row, column, config.strides.residual);
    std::array<Value, 2> residual;
    if (element == Element::F32) {
      NVVMEmitter::Values floats = e.loadFloats(place, 2);
      residual = {floats[0], floats[1]};
    } else {
      residual = e.unpack(element, e.load(e.i32(0).getType(), place, 4));
    }
    for (unsigned i : {0, 1})
      pair[i] = emitActivation(e, config.epilogue.last, e.fadd(pair[i], residual[i]));
  }
  Value place = elementOf("C", row, column, config.strides.c);
  if (element == Element::F32)
    e.storeVector({pair[0], pair[1]}, place);
  else
    e.store(e.pack(element, pair[0], pair[1]), place, 4);
}

void GemmEpilogueEmitter::storeElement(Value value, Value row, Value column) {
  Element element = config.epilogue.output;
  if (config.epilogue.residual) {
    Value place = elementOf("residual", row, column, config.strides.residual);
    Value residual = e.extend(e.load(e.type(element), place, bytesOf(element)));
    value = emitActivation(e, config.epilogue.last, e.fadd(value, residual));
  }
  e.store(e.truncate(value, element), elementOf("C", row, column, config.strides.c), bytesOf(element));
}

/// By the threads that have it: rows that TMA cannot address, and all rows where there is no TMA.
void GemmEpilogueEmitter::storeDirectly(const Quad &quad, unsigned group) {
  Value column = columnOfGroup(group), columns = e.i32(layout.columns);
  bool hasPairs = layout.columns % 2 == 0 && config.strides.c % 2 == 0 && config.strides.residual % 2 == 0;
  for (unsigned half : {0, 1}) {
    Value row = e.add(e.add(tile.row, laneRow), 8 * half), isRow = e.less(row, consumer.rows);
    if (hasPairs)
      e.ifThen(e.both(e.less(column, columns), isRow),
               [&] { storePair({quad[2 * half], quad[2 * half + 1]}, row, column); });
    else
      for (unsigned i : {0, 1})
        e.ifThen(e.both(e.less(e.add(column, i), columns), isRow),
                 [&] { storeElement(quad[2 * half + i], row, e.add(column, i)); });
  }
}

void GemmEpilogueEmitter::emit(const NVVMEmitter::Values &sums) {
  unsigned groups = layout.chunkColumns / 8;
  for (unsigned chunk = 0; chunk < layout.chunks; ++chunk) {
    if (layout.staged)
      beginChunk(chunk);
    SmallVector<Quad> quads;
    for (unsigned group = chunk * groups; group < (chunk + 1) * groups; ++group) {
      quads.push_back(finishGroup(sums, group));
      if (!layout.staged)
        storeDirectly(quads.back(), group);
    }
    if (layout.staged)
      storeChunk(chunk, quads);
  }
}

void GemmEpilogueEmitter::finish() {
  if (layout.staged)
    e.waitStores(0, /*readOnly=*/false);
}
