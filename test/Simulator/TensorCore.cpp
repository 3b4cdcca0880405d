#include "TensorCore.h"

#include "Fault.h"

#include <bit>
#include <cstring>
#include <string>

using namespace vitc::ptxsim;

namespace {

float fromHalf(std::uint16_t bits) {
  // Shifted to float's place, exponents are too small by 112: one product corrects them, subnormal ones too.
  float magnitude = std::bit_cast<float>(std::uint32_t(bits & 0x7fff) << 13) * 0x1p112f;
  std::uint32_t result = std::bit_cast<std::uint32_t>(magnitude);
  if ((bits & 0x7c00) == 0x7c00)
    result = 0x7f800000 | std::uint32_t(bits & 0x3ff) << 13;
  return std::bit_cast<float>(result | std::uint32_t(bits & 0x8000) << 16);
}

/// Rounds to nearest, ties to even.
std::uint16_t toHalf(float value) {
  std::uint32_t bits = std::bit_cast<std::uint32_t>(value), magnitude = bits & 0x7fffffff;
  std::uint16_t sign = bits >> 16 & 0x8000;
  if (magnitude > 0x7f800000)
    return 0x7fff;             // the NaN of PTX
  if (magnitude >= 0x47800000) // 65536
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // below 2^-14: a number whose last bit is worth 2^-24, as is that of 0.5 in float
    float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | std::uint16_t(std::bit_cast<std::uint32_t>(shifted) - 0x3f000000);
  }
  std::uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1); // a carry moves the exponent on, to infinity too
  return sign | std::uint16_t((rounded - 0x38000000) >> 13);
}

float decode(const std::byte *bytes, MatrixElement element) {
  if (element == MatrixElement::tf32) {
    std::uint32_t bits;
    std::memcpy(&bits, bytes, 4);
    return std::bit_cast<float>(bits & 0xffffe000);
  }
  std::uint16_t bits;
  std::memcpy(&bits, bytes, 2);
  return element == MatrixElement::f16 ? fromHalf(bits) : std::bit_cast<float>(std::uint32_t(bits) << 16);
}

/// Element `index` of a lane's registers of one warp, as [register][lane].
float decode(std::span<const std::uint32_t> registers, unsigned lane, unsigned index, MatrixElement element) {
  if (element == MatrixElement::tf32)
    return decode(reinterpret_cast<const std::byte *>(&registers[index * 32 + lane]), element);
  std::uint16_t half = std::uint16_t(registers[index / 2 * 32 + lane] >> (16 * (index % 2)));
  return decode(reinterpret_cast<const std::byte *>(&half), element);
}

/// Calls `store(row, k, value)` for each element of an operand in shared memory.
template <typename Store>
void readOperand(const MatrixDescriptor &descriptor, const OperandExtent &extent, MatrixElement element,
                 const SharedView &shared, Store store) {
  unsigned group = 16 / extent.elementBytes;
  bool alongK = extent.major == Major::k;
  for (unsigned row = 0; row < extent.rows; row += alongK ? 1 : group)
    for (unsigned k = 0; k < extent.depth; k += alongK ? group : 1) {
      std::uint64_t address = descriptor.address(row, k, extent.elementBytes, extent.major);
      const std::byte *chunk = shared.at(address, 16);
      for (unsigned i = 0; i < group; ++i)
        store(alongK ? row : row + i, alongK ? k + i : k, decode(chunk + i * extent.elementBytes, element));
    }
}

/// d[m][n] += a[m][K] b[K][n]; K is known, so that the loop over columns runs in vectors.
template <unsigned K>
void multiply(unsigned m, unsigned n, const float *a, const float *b, float *d) {
  for (unsigned row = 0; row < m; ++row, a += K, d += n)
    for (unsigned column = 0; column < n; ++column) {
      float sum = d[column];
      for (unsigned k = 0; k < K; ++k)
        sum += a[k] * b[k * n + column];
      d[column] = sum;
    }
}

void multiply(const MatrixProduct &product, const std::vector<float> &a, const std::vector<float> &b, float *d) {
  auto run = product.k == 16 ? multiply<16> : product.k == 8 ? multiply<8> : multiply<4>;
  run(product.m, product.n, a.data(), b.data(), d);
}

/// D's registers of one warp, as [register][lane], to and from its 16 rows.
void readD(const MatrixProduct &product, std::span<const std::uint32_t> registers, float *rows) {
  for (unsigned index = 0; index < product.n / 2; ++index)
    for (unsigned lane = 0; lane < 32; ++lane) {
      MatrixPlace place = placeOfD(lane, index);
      rows[place.row * product.n + place.column] = product.accumulator == Accumulator::f32
                                                       ? std::bit_cast<float>(registers[index * 32 + lane])
                                                       : decode(registers, lane, index, MatrixElement::f16);
    }
}

void writeD(const MatrixProduct &product, const float *rows, std::span<std::uint32_t> registers) {
  for (unsigned index = 0; index < product.n / 2; ++index)
    for (unsigned lane = 0; lane < 32; ++lane) {
      MatrixPlace place = placeOfD(lane, index);
      float value = rows[place.row * product.n + place.column];
      if (product.accumulator == Accumulator::f32) {
        registers[index * 32 + lane] = std::bit_cast<std::uint32_t>(value);
        continue;
      }
      std::uint32_t &both = registers[index / 2 * 32 + lane];
      both = index % 2 ? (both & 0xffff) | std::uint32_t(toHalf(value)) << 16 : toHalf(value);
    }
}

/// A's registers of one warp to its 16 rows.
void readA(const MatrixProduct &product, std::span<const std::uint32_t> registers, float *rows) {
  for (unsigned index = 0; index < product.k / 2; ++index)
    for (unsigned lane = 0; lane < 32; ++lane) {
      MatrixPlace place = placeOfA(product, lane, index);
      rows[place.row * product.k + place.column] = decode(registers, lane, index, product.element);
    }
}

std::string shapeOf(const MatrixProduct &product) {
  return "m" + std::to_string(product.m) + "n" + std::to_string(product.n) + "k" + std::to_string(product.k);
}

[[noreturn]] void failShape(const char *instruction, const MatrixProduct &product) {
  raise("unsupported", std::string(instruction) + " has no shape " + shapeOf(product) + " for " +
                           std::to_string(bytesOf(product.element)) + "-byte elements and this accumulator");
}

OperandExtent extentOfA(const MatrixProduct &product) {
  return {product.m, product.k, bytesOf(product.element), product.majorA};
}
OperandExtent extentOfB(const MatrixProduct &product) {
  return {product.n, product.k, bytesOf(product.element), product.majorB};
}

} // namespace

void MatrixProduct::checkWgmma() const {
  bool halfSums = accumulator == Accumulator::f16;
  if (m != 64 || n % 8 || n < 8 || n > 256 || k * bytesOf(element) != 32 || (halfSums && element != MatrixElement::f16))
    failShape("wgmma.mma_async", *this);
}

void MatrixProduct::checkMma() const {
  unsigned depth = k * bytesOf(element);
  bool halfSums = accumulator == Accumulator::f16;
  if (m != 16 || n != 8 || (depth != 16 && depth != 32) || (halfSums && element != MatrixElement::f16))
    failShape("mma.sync", *this);
}

MatrixPlace vitc::ptxsim::placeOfA(const MatrixProduct &product, unsigned lane, unsigned index) {
  // A register holds 4 bytes of a row; registers go down 8 rows first, then along K.
  unsigned pack = 4 / bytesOf(product.element), reg = index / pack;
  return {lane / 4 + reg % 2 * 8, (reg / 2 * 4 + lane % 4) * pack + index % pack};
}

MatrixPlace vitc::ptxsim::placeOfB(const MatrixProduct &product, unsigned lane, unsigned index) {
  unsigned pack = 4 / bytesOf(product.element), reg = index / pack;
  return {(reg * 4 + lane % 4) * pack + index % pack, lane / 4};
}

MatrixPlace vitc::ptxsim::placeOfD(unsigned lane, unsigned index) {
  return {lane / 4 + index / 2 % 2 * 8, index / 4 * 8 + lane % 4 * 2 + index % 2};
}

void vitc::ptxsim::warpgroupProduct(const MatrixProduct &product, const OperandA &a, const MatrixDescriptor &b,
                                    const SharedView &shared, bool accumulate, std::span<std::uint32_t> d) {
  product.checkWgmma();
  b.check(extentOfB(product));
  unsigned m = product.m, n = product.n, depth = product.k;
  std::vector<float> left(m * depth), right(depth * n), sums(m * n);
  float signA = product.negateA ? -1.0f : 1.0f, signB = product.negateB ? -1.0f : 1.0f;
  if (const auto *descriptor = std::get_if<MatrixDescriptor>(&a)) {
    descriptor->check(extentOfA(product));
    readOperand(*descriptor, extentOfA(product), product.element, shared,
                [&](unsigned row, unsigned k, float value) { left[row * depth + k] = value; });
  } else {
    std::span<const std::uint32_t> registers = std::get<std::span<const std::uint32_t>>(a);
    std::size_t perWarp = product.registersA() * 32;
    for (unsigned warp = 0; warp < product.warps(); ++warp)
      readA(product, registers.subspan(warp * perWarp, perWarp), &left[warp * 16 * depth]);
  }
  readOperand(b, extentOfB(product), product.element, shared,
              [&](unsigned row, unsigned k, float value) { right[k * n + row] = value; });
  for (float &value : left)
    value *= signA * signB;
  std::size_t perWarp = product.registersD() * 32;
  for (unsigned warp = 0; accumulate && warp < product.warps(); ++warp)
    readD(product, d.subspan(warp * perWarp, perWarp), &sums[warp * 16 * n]);
  multiply(product, left, right, sums.data());
  for (unsigned warp = 0; warp < product.warps(); ++warp)
    writeD(product, &sums[warp * 16 * n], d.subspan(warp * perWarp, perWarp));
}

std::vector<SharedRange> vitc::ptxsim::sharedReads(const MatrixProduct &product, const OperandA &a,
                                                   const MatrixDescriptor &b) {
  std::vector<SharedRange> reads = b.ranges(extentOfB(product));
  if (const auto *descriptor = std::get_if<MatrixDescriptor>(&a)) {
    std::vector<SharedRange> more = descriptor->ranges(extentOfA(product));
    reads.insert(reads.end(), more.begin(), more.end());
  }
  return reads;
}

void vitc::ptxsim::warpProduct(const MatrixProduct &product, std::span<const std::uint32_t> a,
                               std::span<const std::uint32_t> b, std::span<const std::uint32_t> c,
                               std::span<std::uint32_t> d) {
  product.checkMma();
  std::vector<float> left(product.m * product.k), right(product.k * product.n), sums(product.m * product.n);
  readA(product, a, left.data());
  for (unsigned index = 0; index < product.k / 4; ++index)
    for (unsigned lane = 0; lane < 32; ++lane) {
      MatrixPlace place = placeOfB(product, lane, index);
      right[place.row * product.n + place.column] = decode(b, lane, index, product.element);
    }
  readD(product, c, sums.data());
  multiply(product, left, right, sums.data());
  writeD(product, sums.data(), d);
}
