#include "vitc/Dialect/GPUKernel/Kernels/DepthwiseConvolution.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace vitc::vgpu;

/// Shared memory of a block, of which several run at once on every GPU from sm_80 on.
static constexpr int64_t mostSharedBytes = 48 * 1024;

/// A thread's sums, a row of filters and a pixel, in registers.
static constexpr int64_t mostFloats = 128;

static constexpr int64_t fewestThreads = 64, mostThreads = 128;

/// Pixels of the image that so many windows beside or below each other span.
static int64_t spanOf(const DepthwiseConfig &config, int64_t windows, unsigned axis) {
  return (windows - 1) * config.strides[axis] + (config.taps[axis] - 1) * config.dilations[axis] + 1;
}

static int64_t ceilDiv(int64_t a, int64_t b) { return static_cast<int64_t>(llvm::divideCeil(a, b)); }

static int64_t groupsOf(const DepthwiseConfig &config) { return config.channels / config.channelsOfThread(); }
static int64_t threadsOf(const DepthwiseTile &tile) { return tile.groups * tile.strips * tile.rows; }
static int64_t imageColumns(const DepthwiseConfig &config) {
  return spanOf(config, config.tile.strips * config.tile.pixels, 1);
}
static int64_t imageRows(const DepthwiseConfig &config) { return spanOf(config, config.tile.rows, 0); }
static int64_t imageBytes(const DepthwiseConfig &config) {
  return imageRows(config) * imageColumns(config) * config.tile.groups * 16;
}
static int64_t countTaps(const DepthwiseConfig &config) { return config.taps[0] * config.taps[1]; }
/// Of the filters of a block.
static int64_t tapBytes(const DepthwiseConfig &config) {
  return config.tile.groups * config.channelsOfThread() * static_cast<int64_t>(sizeof(float));
}
static int64_t sharedBytes(const DepthwiseConfig &config) {
  return imageBytes(config) + countTaps(config) * tapBytes(config);
}

static int64_t tilesAcross(const DepthwiseConfig &config) {
  return ceilDiv(config.result[1], config.tile.strips * config.tile.pixels);
}
static int64_t tilesDown(const DepthwiseConfig &config) { return ceilDiv(config.result[0], config.tile.rows); }
static int64_t tilesOfChannels(const DepthwiseConfig &config) { return ceilDiv(groupsOf(config), config.tile.groups); }
static int64_t tilesOfImage(const DepthwiseConfig &config) {
  return tilesAcross(config) * tilesDown(config) * tilesOfChannels(config);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Clocks of all tiles of an image on one multiprocessor: what threads multiply, 128 sums a clock, or read of shared
/// memory, 128 bytes, and what the block reads of memory, 16 bytes in pieces of 64 (white papers of A100 and H100).
static double estimateClocks(const DepthwiseConfig &config) {
  const DepthwiseTile &tile = config.tile;
  const int64_t lanes = static_cast<int64_t>(llvm::alignTo(threadsOf(tile), 32)), channels = config.channelsOfThread();
  const int64_t sums = lanes * countTaps(config) * tile.pixels * channels / 128;
  const int64_t filterBytes = config.taps[1] * channels * static_cast<int64_t>(sizeof(float));
  const int64_t shared = lanes * config.taps[0] * (16 * spanOf(config, tile.pixels, 1) + filterBytes) / 128;
  const int64_t pixelBytes = static_cast<int64_t>(llvm::alignTo(16 * tile.groups, 64));
  const int64_t read = imageRows(config) * imageColumns(config) * pixelBytes / 16;
  return static_cast<double>(tilesOfImage(config) * (std::max(sums, shared) + read));
}

static std::string whyNoTile(const DepthwiseConfig &config) {
  const DepthwiseTile &tile = config.tile;
  if (tile.groups < 1 || tile.strips < 1 || tile.rows < 1 || tile.pixels < 1 || threadsOf(tile) > mostThreads)
    return "blocks have at most 128 threads";
  if ((tile.pixels + config.taps[1] + 1) * config.channelsOfThread() > mostFloats)
    return "a strip's sums and a row of its filters fit into registers";
  if (sharedBytes(config) > mostSharedBytes)
    return "a tile of the image and its filters fit into 48 KiB";
  return "";
}

void vitc::vgpu::chooseTile(DepthwiseConfig &config) {
  double least = std::numeric_limits<double>::infinity();
  DepthwiseConfig best = config;
  for (int64_t groups = std::min<int64_t>(groupsOf(config), 16); groups > 0; --groups)
    for (int64_t pixels = 1; pixels <= 8; ++pixels)
      for (int64_t strips = 1; strips <= ceilDiv(config.result[1], pixels); ++strips)
        for (int64_t rows = 1; rows <= config.result[0]; ++rows) {
          config.tile = {groups, strips, rows, pixels};
          if (threadsOf(config.tile) > mostThreads)
            break;
          if (!whyNoTile(config).empty() ||
              (threadsOf(config.tile) < fewestThreads && rows < config.result[0] && groups < groupsOf(config)))
            continue;
          double clocks = estimateClocks(config);
          if (clocks < least) {
            least = clocks;
            best = config;
          }
        }
  config = best;
}

std::string vitc::vgpu::whyUnsupported(const DepthwiseConfig &config) {
  for (Element element : {config.input, config.output})
    if (element == Element::TF32)
      return "elements are bf16, f16 or f32";
  if (config.channels <= 0 || config.channels % config.channelsOfThread() != 0)
    return "pixels are multiples of 16 bytes";
  for (unsigned axis : {0, 1})
    if (config.image[axis] < 1 || config.result[axis] < 1 || config.taps[axis] < 1 || config.strides[axis] < 1 ||
        config.dilations[axis] < 1 || config.pads[axis] < 0)
      return "expected positive sizes";
  return whyNoTile(config);
}

LaunchPlan vitc::vgpu::planDepthwise(StringRef name, const DepthwiseConfig &config) {
  LaunchPlan plan;
  plan.kernel = name.str();
  plan.grid[0] = {GridSize::Batch, tilesOfImage(config), 1};
  plan.block = {static_cast<unsigned>(threadsOf(config.tile)), 1, 1};
  plan.sharedBytes = static_cast<unsigned>(sharedBytes(config));
  for (StringRef role : {"x", "filters", "y"})
    plan.addPointer(role.str());
  if (config.bias)
    plan.addPointer("bias");
  return plan;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {

class DepthwiseEmitter {
public:
  DepthwiseEmitter(NVVMEmitter &emitter, const DepthwiseConfig &config)
      : e(emitter), config(config), tile(config.tile), channels(config.channelsOfThread()) {}
  void emit();

private:
  using Values = NVVMEmitter::Values;
  void locate();
  void copyImage();
  void copyFilters();
  Value imagePlace(Value pixel);
  Values loadPixel(Value place);
  Values loadFilter(Value tap);
  Values loadBias();
  Values sumRows();
  void storePixel(const Values &sums, Value column);

  NVVMEmitter &e;
  const DepthwiseConfig &config;
  const DepthwiseTile &tile;
  const int64_t channels;        ///< of a thread
  Value thread, group, slot;     ///< the thread's group of channels, and its number among those of that group
  Value firstGroup, y, x, image; ///< where the block's tile begins
  Value stripX, stripY;          ///< where the thread's pixels begin in it
};

} // namespace

void DepthwiseEmitter::locate() {
  thread = e.threadId();
  group = e.urem(thread, tile.groups);
  slot = e.udiv(thread, tile.groups);
  stripX = e.mul(e.urem(slot, tile.strips), tile.pixels);
  stripY = e.udiv(slot, tile.strips);
  Value number = e.blockId(0); // tiles of the same pixels are neighbours
  firstGroup = e.mul(e.urem(number, tilesOfChannels(config)), tile.groups);
  number = e.udiv(number, tilesOfChannels(config));
  x = e.mul(e.urem(number, tilesAcross(config)), tile.strips * tile.pixels);
  number = e.udiv(number, tilesAcross(config));
  y = e.mul(e.urem(number, tilesDown(config)), tile.rows);
  image = e.udiv(number, tilesDown(config));
}

/// Where the group of a pixel of the tile, numbered row by row, lies in shared memory.
Value DepthwiseEmitter::imagePlace(Value pixel) {
  return e.offset(e.shared(0), e.mul(e.add(e.mul(pixel, tile.groups), group), 16));
}

/// A thread copies pieces of its group; what lies outside of the image is a copy of no bytes, which leaves zeros.
void DepthwiseEmitter::copyImage() {
  int64_t columns = imageColumns(config), pixels = imageRows(config) * columns;
  Value top = e.add(e.mul(y, config.strides[0]), -config.pads[0]);
  Value left = e.add(e.mul(x, config.strides[1]), -config.pads[1]);
  Value isGroup = e.less(e.add(firstGroup, group), e.i32(groupsOf(config)));
  e.loop(slot, e.i32(pixels), e.i32(tile.strips * tile.rows), {}, [&](Value pixel, ValueRange) {
    Value row = e.add(top, e.udiv(pixel, columns)), column = e.add(left, e.urem(pixel, columns));
    Value inside = e.both(isGroup, e.both(e.less(row, e.i32(config.image[0])), e.less(column, e.i32(config.image[1]))));
    Value line = e.add(e.mul(e.zext64(image), e.i64(config.image[0])), e.zext64(row));
    Value at = e.mul(e.add(e.mul(line, e.i64(config.image[1])), e.zext64(column)), e.i64(groupsOf(config)));
    at = e.add(at, e.zext64(e.add(firstGroup, group)));
    at = e.select(inside, at, e.i64(0));
    Value source = e.element(e.argument("x"), e.mul(at, e.i64(channels)), e.type(config.input));
    e.copyAsync(imagePlace(pixel), source, e.select(inside, e.i32(16), e.i32(0)));
    return Values();
  });
}

/// Filters of eight channels lie as two parts, so that neighbouring threads read neighbouring pieces of each.
void DepthwiseEmitter::copyFilters() {
  int64_t parts = channels / 4, pieces = tile.groups * parts;
  Value firstPiece = e.mul(firstGroup, parts);
  e.loop(thread, e.i32(countTaps(config) * pieces), e.i32(threadsOf(tile)), {}, [&](Value number, ValueRange) {
    Value tap = e.udiv(number, pieces), piece = e.urem(number, pieces), inTap = e.add(firstPiece, piece);
    Value inside = e.less(inTap, e.i32(config.channels / 4));
    Value at = e.select(inside, e.add(e.mul(tap, config.channels), e.mul(inTap, 4)), e.i32(0));
    Value place = e.add(e.mul(e.urem(piece, parts), tile.groups), e.udiv(piece, parts));
    Value destination = e.add(e.mul(tap, tapBytes(config)), e.mul(place, 16));
    e.copyAsync(e.offset(e.shared(static_cast<unsigned>(imageBytes(config))), destination),
                e.element(e.argument("filters"), at, e.type(Element::F32)), e.select(inside, e.i32(16), e.i32(0)));
    return Values();
  });
}

DepthwiseEmitter::Values DepthwiseEmitter::loadPixel(Value place) {
  if (config.input == Element::F32)
    return e.loadFloats(place, 4);
  Values elements;
  for (Value pair : e.extract(e.load(VectorType::get(4, e.builder.getI32Type()), place, 16)))
    llvm::append_range(elements, e.unpack(config.input, pair));
  return elements;
}

DepthwiseEmitter::Values DepthwiseEmitter::loadFilter(Value tap) {
  Value place = e.offset(e.shared(static_cast<unsigned>(imageBytes(config))),
                         e.add(e.mul(tap, tapBytes(config)), e.mul(group, 16)));
  Values elements;
  for (int64_t part = 0; part < channels / 4; ++part)
    elements.append(e.loadFloats(e.offset(place, part * tile.groups * 16), 4));
  return elements;
}

/// The thread's channels of the bias, or zeros; those of the last group where there is none.
DepthwiseEmitter::Values DepthwiseEmitter::loadBias() {
  if (!config.bias)
    return Values(channels, e.f32(0));
  Value at = e.mul(e.umin(e.add(firstGroup, group), e.i32(groupsOf(config) - 1)), channels);
  Values elements;
  for (int64_t part = 0; part < channels / 4; ++part)
    elements.append(e.loadFloats(e.element(e.argument("bias"), e.add(at, 4 * part), e.type(Element::F32)), 4));
  return elements;
}

/// Row after row of the filter: a row of its taps is in registers while the pixels that the strip sees go by.
DepthwiseEmitter::Values DepthwiseEmitter::sumRows() {
  Values sums;
  Values bias = loadBias();
  for (int64_t pixel = 0; pixel < tile.pixels; ++pixel)
    sums.append(bias);
  Value firstRow = e.mul(stripY, config.strides[0]), firstColumn = e.mul(stripX, config.strides[1]);
  return e.loop(e.i32(0), e.i32(config.taps[0]), e.i32(1), sums, [&](Value tapRow, ValueRange carried) {
    Values next = llvm::to_vector(carried);
    SmallVector<Values> filters;
    for (int64_t tap = 0; tap < config.taps[1]; ++tap)
      filters.push_back(loadFilter(e.add(e.mul(tapRow, config.taps[1]), tap)));
    Value row = e.add(firstRow, e.mul(tapRow, config.dilations[0]));
    Value place = imagePlace(e.add(e.mul(row, imageColumns(config)), firstColumn));
    for (int64_t column = 0; column < spanOf(config, tile.pixels, 1); ++column) {
      Values elements;
      for (int64_t pixel = 0; pixel < tile.pixels; ++pixel) {
        int64_t inWindow = column - pixel * config.strides[1], tap = inWindow / config.dilations[1];
        if (inWindow < 0 || inWindow % config.dilations[1] != 0 || tap >= config.taps[1])
          continue;
        if (elements.empty())
          elements = loadPixel(e.offset(place, column * tile.groups * 16));
        for (int64_t channel = 0; channel < channels; ++channel) {
          Value &sum = next[pixel * channels + channel];
          sum = e.fma(elements[channel], filters[tap][channel], sum);
        }
      }
    }
    return next;
  });
}

void DepthwiseEmitter::storePixel(const Values &sums, Value column) {
  Value line = e.add(e.mul(e.zext64(image), e.i64(config.result[0])), e.zext64(e.add(y, stripY)));
  Value pixel = e.add(e.mul(line, e.i64(config.result[1])), e.zext64(column));
  Value at = e.add(e.mul(pixel, e.i64(config.channels)), e.zext64(e.mul(e.add(firstGroup, group), channels)));
  Value place = e.element(e.argument("y"), at, e.type(config.output));
  Values elements;
  for (Value sum : sums)
    elements.push_back(emitActivation(e, config.activation, sum));
  if (config.output == Element::F32) {
    for (int64_t part = 0; part < channels / 4; ++part)
      e.storeVector(Values(elements.begin() + 4 * part, elements.begin() + 4 * part + 4), e.offset(place, 16 * part));
    return;
  }
  Values pairs;
  for (int64_t channel = 0; channel < channels; channel += 2)
    pairs.push_back(e.pack(config.output, elements[channel], elements[channel + 1]));
  e.storeVector(pairs, place);
}

void DepthwiseEmitter::emit() {
  locate();
  copyImage();
  copyFilters();
  e.commitCopies();
  e.waitCopies(0);
  e.syncThreads();
  Values sums = sumRows();
  Value isThere = e.both(e.less(e.add(firstGroup, group), e.i32(groupsOf(config))),
                         e.less(e.add(y, stripY), e.i32(config.result[0])));
  e.ifThen(isThere, [&] {
    for (int64_t pixel = 0; pixel < tile.pixels; ++pixel) {
      Value column = e.add(e.add(x, stripX), pixel);
      e.ifThen(e.less(column, e.i32(config.result[1])), [&] {
        storePixel(Values(sums.begin() + pixel * channels, sums.begin() + (pixel + 1) * channels), column);
      });
    }
  });
  e.finish();
}

LogicalResult vitc::vgpu::emitDepthwise(OpBuilder &builder, gpu::GPUModuleOp module, StringRef name,
                                        const DepthwiseConfig &config) {
  if (std::string reason = whyUnsupported(config); !reason.empty())
    return module.emitError("expected a depthwise convolution that there is a kernel for, got one where ") << reason;
  LaunchPlan plan = planDepthwise(name, config);
  NVVMEmitter emitter(builder, module, plan);
  DepthwiseEmitter(emitter, config).emit();
  return success();
}
