#include "TensorMap.h"

#include "Fault.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

using namespace vitc::ptxsim;

namespace {

enum { uint8 = 0, float16 = 6, float32 = 7, tfloat32 = 11 };

/// Arguments that own their arrays.
struct Request {
  int type = float16;
  std::uint64_t address = 0x10000;
  std::vector<std::uint64_t> extents = {}, strides = {};
  std::vector<std::uint32_t> box = {}, elementStrides = {};
  int interleave = 0, swizzle = 0, l2Promotion = 0, fill = 0;

  std::variant<TensorMap, std::string> encode() {
    elementStrides.resize(extents.size(), 1);
    return TensorMap::encode({type, unsigned(extents.size()), address, extents, strides, box, elementStrides,
                              interleave, swizzle, l2Promotion, fill});
  }
  TensorMap map() { return std::get<TensorMap>(encode()); }
  std::string refusal() {
    auto result = encode();
    return result.index() ? std::get<std::string>(result) : "";
  }
};

/// A matrix of 16-bit numbers 1, 2, … in global memory, with `pitch` elements a row.
struct Numbers {
  Memory memory;
  std::uint64_t address;
  unsigned rows, columns, pitch;

  Numbers(unsigned rows, unsigned columns, unsigned pitch) : rows(rows), columns(columns), pitch(pitch) {
    address = memory.allocate(rows * pitch * 2);
    for (unsigned row = 0; row < rows; ++row)
      for (unsigned column = 0; column < columns; ++column)
        set(row, column, number(row, column));
  }
  std::uint16_t number(unsigned row, unsigned column) const { return std::uint16_t(1 + row * columns + column); }
  std::uint64_t place(unsigned row, unsigned column) const { return address + (row * pitch + column) * 2; }
  void set(unsigned row, unsigned column, std::uint16_t value) {
    std::memcpy(memory.translate(place(row, column), 2), &value, 2);
    memory.markWritten(place(row, column), 2);
  }
  std::uint16_t get(unsigned row, unsigned column) const {
    std::uint16_t value;
    std::memcpy(&value, memory.translate(place(row, column), 2), 2);
    return value;
  }
  Request request(std::uint32_t boxColumns, std::uint32_t boxRows) const {
    return {.address = address, .extents = {columns, rows}, .strides = {pitch * 2}, .box = {boxColumns, boxRows}};
  }
};

std::uint16_t halfAt(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint16_t value;
  std::memcpy(&value, &bytes[offset], 2);
  return value;
}

std::string kindOf(const auto &body) {
  try {
    body();
  } catch (const FaultException &caught) {
    return caught.fault.kind;
  }
  return "";
}

Request valid() { return {.extents = {768, 197, 2}, .strides = {1536, 302592}, .box = {64, 128, 1}, .swizzle = 3}; }

} // namespace

TEST(TensorMapTest, WhatTheDriverAcceptsIsEncoded) {
  TensorMap map = valid().map();
  EXPECT_EQ(map.rank, 3u);
  EXPECT_EQ(map.elementBytes(), 2u);
  EXPECT_EQ(map.boxBytes(), 64u * 128 * 2);
  EXPECT_EQ(map.swizzle, Swizzle::bytes128);
  std::byte opaque[128];
  std::memcpy(opaque, &map, sizeof(map));
  EXPECT_EQ(TensorMap::decode(opaque).strides[1], 302592u);
  opaque[0] = std::byte{0};
  EXPECT_EQ(kindOf([&] { TensorMap::decode(opaque); }), "tensor-map");
  EXPECT_EQ(kindOf([&] { TensorMap::decode(std::span(opaque).first(64)); }), "tensor-map");
}

TEST(TensorMapTest, LimitsThemselvesAreAccepted) {
  Request request = valid();
  request.extents = {1ull << 32, 1, 1};
  request.strides = {(1ull << 40) - 16, 16};
  request.box = {64, 256, 256};
  request.elementStrides = {0, 8, 8}; // that of axis 0 is ignored
  EXPECT_EQ(request.refusal(), "");
  EXPECT_EQ(request.map().boxExtent(0), 64u);
  EXPECT_EQ(request.map().boxExtent(1), 32u);
  request.elementStrides = {4, 3, 8};
  EXPECT_EQ(request.map().boxExtent(0), 64u);
  EXPECT_EQ(request.map().boxExtent(1), 86u); // 256 / 3, rounded up
}

TEST(TensorMapTest, EachRequirementOfTheDriverIsChecked) {
  struct Case {
    const char *says;
    void (*change)(Request &);
  };
  const Case cases[] = {
      {"tensorDataType 13", [](Request &r) { r.type = 13; }},
      {"tensorRank must be 1 to 5, got 6",
       [](Request &r) {
         r.extents = {64, 1, 1, 1, 1, 1};
         r.strides.resize(5);
         r.box.resize(6, 1);
       }},
      {"tensorRank must be 1 to 5, got 0", [](Request &r) { r.extents = {}; }},
      {"globalAddress must be a multiple of 16, got 65544", [](Request &r) { r.address += 8; }},
      {"globalAddress must be a multiple of 32, got 65552",
       [](Request &r) {
         r.address += 16;
         r.interleave = 2;
         r.swizzle = 1;
       }},
      {"globalDim[1] must be 1 to 2^32, got 0", [](Request &r) { r.extents[1] = 0; }},
      {"globalDim[0] must be 1 to 2^32, got 4294967297", [](Request &r) { r.extents[0] = (1ull << 32) + 1; }},
      {"globalStrides[0] must be a multiple of 16", [](Request &r) { r.strides[0] = 1544; }},
      {"globalStrides[1] must be a multiple of 16 and less than 2^40", [](Request &r) { r.strides[1] = 1ull << 40; }},
      {"boxDim[1] must be 1 to 256, got 257", [](Request &r) { r.box[1] = 257; }},
      {"boxDim[2] must be 1 to 256, got 0", [](Request &r) { r.box[2] = 0; }},
      {"boxDim[0] in bytes must be a multiple of 16, got 120", [](Request &r) { r.box[0] = 60; }},
      {"boxDim[0] in bytes must be at most the 128 bytes of the swizzle, got 144", [](Request &r) { r.box[0] = 72; }},
      {"boxDim[0] in bytes must be at most the 64 bytes of the swizzle, got 128", [](Request &r) { r.swizzle = 2; }},
      {"elementStrides[1] must be 1 to 8, got 9", [](Request &r) { r.elementStrides = {1, 9, 1}; }},
      {"elementStrides[2] must be 1 to 8, got 0", [](Request &r) { r.elementStrides = {1, 1, 0}; }},
      {"swizzle must be CU_TENSOR_MAP_SWIZZLE_32B", [](Request &r) { r.interleave = 2; }},
      {"interleave 3", [](Request &r) { r.interleave = 3; }},
      {"swizzle 4", [](Request &r) { r.swizzle = 4; }},
      {"l2Promotion 4", [](Request &r) { r.l2Promotion = 4; }},
      {"oobFill 2", [](Request &r) { r.fill = 2; }},
      {"no floating-point type",
       [](Request &r) {
         r.type = uint8;
         r.fill = 1;
       }},
  };
  EXPECT_EQ(valid().refusal(), "");
  for (const Case &test : cases) {
    Request request = valid();
    test.change(request);
    EXPECT_NE(request.refusal().find(test.says), std::string::npos) << test.says << " | " << request.refusal();
  }
}

TEST(TensorMapTest, ABoxInsideIsCopiedRowByRow) {
  Numbers numbers(10, 40, 48);
  TensorMap map = numbers.request(16, 4).map();
  std::int32_t at[] = {8, 3};
  Box box = loadBox(map, at, 1024, numbers.memory);
  ASSERT_EQ(box.bytes.size(), 16u * 4 * 2);
  for (unsigned row = 0; row < 4; ++row)
    for (unsigned column = 0; column < 16; ++column)
      EXPECT_EQ(halfAt(box.bytes, (row * 16 + column) * 2), numbers.number(3 + row, 8 + column));
  EXPECT_EQ(std::count(box.initialised.begin(), box.initialised.end(), false), 0);
}

TEST(TensorMapTest, ElementsOutOfBoundsAreZero) {
  Numbers numbers(10, 40, 48);
  TensorMap map = numbers.request(16, 4).map();
  for (std::int32_t firstColumn : {-20, -5, 30, 39, 40})
    for (std::int32_t firstRow : {-2, 0, 8, 10}) {
      std::int32_t at[] = {firstColumn, firstRow};
      Box box = loadBox(map, at, 1024, numbers.memory);
      for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 16; ++column) {
          int r = firstRow + row, c = firstColumn + column;
          bool inside = r >= 0 && r < 10 && c >= 0 && c < 40;
          EXPECT_EQ(halfAt(box.bytes, (row * 16 + column) * 2), inside ? numbers.number(r, c) : 0);
        }
    }
}

TEST(TensorMapTest, ElementsOutOfBoundsCanBeNaN) {
  Numbers numbers(2, 8, 8);
  Request request = numbers.request(8, 4);
  request.fill = 1;
  std::int32_t at[] = {0, 0};
  Box box = loadBox(request.map(), at, 1024, numbers.memory);
  EXPECT_EQ(halfAt(box.bytes, 30), numbers.number(1, 7));
  EXPECT_EQ(halfAt(box.bytes, 32), 0x7fff);
  request.type = float32;
  request.extents[0] = 4;
  request.box[0] = 4;
  box = loadBox(request.map(), at, 1024, numbers.memory);
  EXPECT_EQ(halfAt(box.bytes, 32), 0xffff);
  EXPECT_EQ(halfAt(box.bytes, 34), 0x7fff);
}

TEST(TensorMapTest, SwizzledBoxesAreWhatMatrixDescriptorsRead) {
  for (unsigned swizzle : {1u, 2u, 3u})
    for (std::int32_t first : {-3, 0, 186}) {
      unsigned span = spanOf(Swizzle(swizzle)), columns = span / 2;
      Numbers numbers(20, 200, 200);
      Request request = numbers.request(columns, 16);
      request.swizzle = int(swizzle);
      std::int32_t at[] = {first, 9}; // rows 20 and on, and some columns, are out of bounds
      Box box = loadBox(request.map(), at, 2048, numbers.memory);
      for (unsigned row = 0; row < 16; ++row)
        for (unsigned k = 0; k < columns; ++k) {
          int column = first + int(k);
          bool inside = 9 + row < 20 && column >= 0 && column < 200;
          // As kernels step along K: 32 bytes on in the start address.
          MatrixDescriptor descriptor{2048 + k / 16 * 32, 16, 8 * span, Swizzle(swizzle)};
          EXPECT_EQ(halfAt(box.bytes, descriptor.address(row, k % 16, 2, Major::k) - 2048),
                    inside ? numbers.number(9 + row, unsigned(column)) : 0);
        }
    }
}

TEST(TensorMapTest, SwizzlesFollowTheAddressNotTheBox) {
  Numbers numbers(8, 64, 64);
  Request request = numbers.request(64, 8);
  request.swizzle = 3;
  std::int32_t at[] = {0, 0};
  Box box = loadBox(request.map(), at, 1024 + 3 * 128, numbers.memory);
  for (unsigned row = 0; row < 8; ++row)
    EXPECT_EQ(halfAt(box.bytes, row * 128 + ((row + 3) % 8) * 16), numbers.number(row, 0));
}

TEST(TensorMapTest, BytesNeverWrittenAreMarked) {
  Numbers numbers(4, 8, 8);
  std::uint64_t fresh = numbers.memory.allocate(64);
  numbers.memory.markWritten(fresh, 20);
  Request request{.address = fresh, .extents = {8, 4}, .strides = {16}, .box = {8, 4}};
  std::int32_t at[] = {0, 2};
  Box box = loadBox(request.map(), at, 0, numbers.memory);
  EXPECT_EQ(std::count(box.initialised.begin(), box.initialised.end(), true), 32); // out of bounds: filled
  at[1] = 1;
  box = loadBox(request.map(), at, 0, numbers.memory);
  EXPECT_EQ(std::count(box.initialised.begin(), box.initialised.end(), true), 4 + 16);
  EXPECT_TRUE(box.initialised[3]);
  EXPECT_FALSE(box.initialised[4]);
}

TEST(TensorMapTest, StoresAreClippedToTheTensor) {
  for (int swizzle : {0, 2}) {
    Numbers numbers(6, 40, 48);
    Request request = numbers.request(32, 4);
    request.swizzle = swizzle;
    std::vector<std::byte> box(32 * 4 * 2, std::byte{0xEE});
    std::int32_t at[] = {30, 4};
    storeBox(request.map(), at, 512, box, numbers.memory);
    for (unsigned row = 0; row < 6; ++row)
      for (unsigned column = 0; column < 40; ++column)
        EXPECT_EQ(numbers.get(row, column), row >= 4 && column >= 30 ? 0xEEEE : numbers.number(row, column));
    EXPECT_FALSE(numbers.memory.isWritten(numbers.place(5, 40), 2));
  }
}

TEST(TensorMapTest, AStoreIsTheWayBackOfALoad) {
  for (int swizzle : {0, 1, 2, 3}) {
    unsigned columns = swizzle ? spanOf(Swizzle(swizzle)) / 2 : 64;
    Numbers numbers(16, columns, columns);
    Request request = numbers.request(columns, 16);
    request.swizzle = swizzle;
    std::int32_t at[] = {0, 0};
    Box box = loadBox(request.map(), at, 4096, numbers.memory);
    request.address = numbers.memory.allocate(16 * columns * 2);
    storeBox(request.map(), at, 4096, box.bytes, numbers.memory);
    EXPECT_EQ(std::memcmp(numbers.memory.translate(request.address, 16 * columns * 2),
                          numbers.memory.translate(numbers.address, 16 * columns * 2), 16 * columns * 2),
              0);
    EXPECT_TRUE(numbers.memory.isWritten(request.address, 16 * columns * 2));
  }
}

TEST(TensorMapTest, HigherRanksAndElementStridesWalkAllAxes) {
  // Heads of a packed QKV matrix: axis 0 within a head, axis 1 the head, axis 2 the token, axis 3 the image.
  Numbers numbers(12, 32, 32);
  Request request{.address = numbers.address, .extents = {8, 4, 6, 2}, .strides = {16, 64, 384}, .box = {8, 1, 4, 2}};
  request.elementStrides = {1, 1, 2, 1};
  TensorMap map = request.map();
  EXPECT_EQ(map.boxBytes(), 8u * 1 * 2 * 2 * 2);
  std::int32_t at[] = {0, 3, 4, 0};
  Box box = loadBox(map, at, 0, numbers.memory);
  for (unsigned image = 0; image < 2; ++image)
    for (unsigned token = 0; token < 2; ++token)
      for (unsigned i = 0; i < 8; ++i) {
        unsigned row = 4 + 2 * token;
        EXPECT_EQ(halfAt(box.bytes, ((image * 2 + token) * 8 + i) * 2),
                  row < 6 ? numbers.number(image * 6 + row, 24 + i) : 0);
      }
}

TEST(TensorMapTest, WhatCannotBeCopiedIsAFault) {
  Numbers numbers(4, 64, 64);
  Request request = numbers.request(64, 4);
  std::int32_t at[] = {0, 0, 0};
  auto load = [&](unsigned rank, std::uint64_t shared) {
    return kindOf([&] { loadBox(request.map(), std::span(at).first(rank), shared, numbers.memory); });
  };
  EXPECT_EQ(load(2, 1024), "");
  EXPECT_EQ(load(3, 1024), "tensor-map");
  EXPECT_EQ(load(2, 1024 + 64), "misaligned");
  request.swizzle = 3;
  request.box[0] = 32;
  EXPECT_EQ(load(2, 1024), "unsupported");
  request = numbers.request(64, 8);
  request.extents[1] = 5; // a row more than the allocation has
  EXPECT_EQ(load(2, 1024), "out-of-bounds");
  request = numbers.request(4, 4);
  request.type = tfloat32;
  EXPECT_EQ(load(2, 1024), "unsupported");
  request = numbers.request(64, 4);
  std::byte few[16] = {};
  EXPECT_EQ(kindOf([&] { storeBox(request.map(), std::span(at).first(2), 0, few, numbers.memory); }), "tensor-map");
}
