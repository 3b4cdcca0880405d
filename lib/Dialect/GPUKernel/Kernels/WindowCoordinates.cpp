#include "WindowCoordinates.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace vitc::vgpu;

/// Rows of A that a warpgroup multiplies: the windows of a rectangle.
static constexpr int64_t rowsOfRectangle = 64;

/// Elements that a box may span along an axis, and from element to element of it.
static constexpr int64_t longestBox = 256, longestStep = 8;

int64_t GemmWindows::rectanglesAcross() const {
  return static_cast<int64_t>(llvm::divideCeil(extents[1], rectangle[0]));
}
int64_t GemmWindows::rectanglesDown() const { return static_cast<int64_t>(llvm::divideCeil(extents[0], rectangle[1])); }
int64_t GemmWindows::countRectangles(int64_t images) const {
  return rectanglesOfImage() * static_cast<int64_t>(llvm::divideCeil(images, rectangle[2]));
}

int64_t GemmWindows::countStages(int64_t columns) const {
  return countTaps() * static_cast<int64_t>(llvm::divideCeil(channels, columns));
}

static bool fitsIntoBox(const GemmWindows &windows) {
  return windows.rectangle[0] * windows.strides[1] <= longestBox &&
         windows.rectangle[1] * windows.strides[0] <= longestBox;
}

void GemmWindows::chooseRectangle(ArrayRef<int64_t> images) {
  int64_t least = std::numeric_limits<int64_t>::max();
  GemmWindows best = *this;
  for (int64_t width = rowsOfRectangle; width > 0; width /= 2)
    for (int64_t height = rowsOfRectangle / width; height > 0; height /= 2) {
      rectangle = {width, height, rowsOfRectangle / width / height};
      int64_t count = 0;
      for (int64_t number : images)
        count += countRectangles(number);
      if (count < least && fitsIntoBox(*this)) {
        least = count;
        best = *this;
      }
    }
  *this = best;
}

std::string vitc::vgpu::whyWindowsUnsupported(const GemmConfig &config) {
  const GemmWindows &windows = config.windows;
  if (config.transposedW || config.paddedRows || config.batch.heads || config.epilogue.gated ||
      config.epilogue.tableRows)
    return "windows are rows of one product without gates and table";
  if (config.k != windows.countTaps() * windows.channels)
    return "K has the channels of each tap";
  if (windows.channels * bytesOf(config.element) % 16)
    return "pixels of images must be multiples of 16 bytes";
  if (config.mmaSync)
    return "";
  if (config.n * bytesOf(config.epilogue.output) % 16)
    return "pixels of C must be multiples of 16 bytes";
  const auto &[width, height, images] = windows.rectangle;
  if (width < 1 || height < 1 || images < 1 || width * height * images != rowsOfRectangle ||
      !llvm::isPowerOf2_64(width) || !llvm::isPowerOf2_64(height))
    return "rectangles have 64 windows, powers of two of them along each axis";
  if (!fitsIntoBox(windows) || windows.strides[0] > longestStep || windows.strides[1] > longestStep)
    return "boxes span at most 256 pixels along an axis, with strides of at most 8";
  return "";
}

void vitc::vgpu::mapWindows(TensorMapPlan &map, StringRef role, const GemmWindows &windows) {
  if (role == "W") {
    map.box.insert(map.box.begin() + 1, 1);
    return;
  }
  map.box.truncate(1);
  for (int64_t extent : windows.rectangle)
    map.box.push_back(static_cast<uint32_t>(extent));
  if (role == "A")
    map.steps = {1, static_cast<uint32_t>(windows.strides[1]), static_cast<uint32_t>(windows.strides[0]), 1};
}

/// ⌈⌈images / i⌉ · r / t⌉ tiles of t rectangles, of which an image has r and each holds i images, are at most
/// ⌈((images + i − 1) · r + i · (t − 1)) / (i · t)⌉.
GridExtent vitc::vgpu::rowTilesOfWindows(const GemmConfig &config, int64_t factor) {
  int64_t rectangles = config.tileM / rowsOfRectangle, ofImage = config.windows.rectanglesOfImage();
  int64_t images = config.windows.rectangle[2];
  return GridExtent{GridSize::Batch, ofImage * factor, images * rectangles,
                    ((images - 1) * ofImage + images * (rectangles - 1)) * factor};
}

Value WindowCoordinates::countTiles(unsigned rectangles) {
  int64_t images = windows.rectangle[2];
  Value groups = e.udiv(e.add(e.argument("batches"), images - 1), images);
  return e.udiv(e.add(e.mul(groups, windows.rectanglesOfImage()), rectangles - 1), rectangles);
}

WindowCoordinates::Values WindowCoordinates::placeOf(Value row) {
  Value number = e.lshr(row, llvm::Log2_64(rowsOfRectangle));
  Value x = e.urem(number, windows.rectanglesAcross()), rest = e.udiv(number, windows.rectanglesAcross());
  Value y = e.urem(rest, windows.rectanglesDown()), image = e.udiv(rest, windows.rectanglesDown());
  return {e.mul(x, windows.rectangle[0]), e.mul(y, windows.rectangle[1]), e.mul(image, windows.rectangle[2])};
}

Value WindowCoordinates::channel(Value number) {
  return e.mul(e.urem(number, static_cast<int64_t>(llvm::divideCeil(windows.channels, columns))), columns);
}

Value WindowCoordinates::tap(Value number) {
  return e.udiv(number, static_cast<int64_t>(llvm::divideCeil(windows.channels, columns)));
}

WindowCoordinates::Values WindowCoordinates::pixels(Value row, Value number) {
  Values place = placeOf(row);
  auto along = [&](Value window, Value tap, unsigned axis) {
    Value first = e.add(e.mul(window, windows.strides[axis]), -windows.pads[axis]);
    return e.add(first, e.mul(tap, windows.dilations[axis]));
  };
  Value tapX = e.urem(tap(number), windows.taps[1]), tapY = e.udiv(tap(number), windows.taps[1]);
  return {channel(number), along(place[0], tapX, 1), along(place[1], tapY, 0), place[2]};
}

WindowCoordinates::Values WindowCoordinates::weights(Value filter, Value number) {
  return {channel(number), tap(number), filter};
}

WindowPlace WindowAddresses::placeOf(Value row) {
  const GemmWindows &windows = config.windows;
  Value inImage = e.urem(row, windows.countWindows());
  auto begin = [&](Value window, unsigned axis) {
    return e.add(e.mul(window, windows.strides[axis]), -windows.pads[axis]);
  };
  return {e.udiv(row, windows.countWindows()), begin(e.udiv(inImage, windows.extents[1]), 0),
          begin(e.urem(inImage, windows.extents[1]), 1)};
}

std::pair<Value, Value> WindowAddresses::sourceOf(const WindowPlace &place, Value tap, Value channel, Value isThere) {
  const GemmWindows &windows = config.windows;
  Value y = e.add(place.y, e.mul(e.udiv(tap, windows.taps[1]), windows.dilations[0]));
  Value x = e.add(place.x, e.mul(e.urem(tap, windows.taps[1]), windows.dilations[1]));
  Value inside = e.both(e.less(y, e.i32(windows.image[0])), e.less(x, e.i32(windows.image[1])));
  inside = isThere ? e.both(inside, isThere) : inside;
  Value line = e.add(e.mul(e.zext64(place.image), e.i64(windows.image[0])), e.zext64(y));
  Value pixel = e.add(e.mul(line, e.i64(windows.image[1])), e.zext64(x));
  Value at = e.select(inside, e.add(e.mul(pixel, e.i64(windows.channels)), e.zext64(channel)), e.i64(0));
  return {e.element(e.argument("A"), at, e.type(config.element)), inside};
}
