#include "Swizzle.h"

#include "Fault.h"
#include "Layout.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

using namespace vitc::ptxsim;

namespace {

std::string kindOf(const auto &body) {
  try {
    body();
  } catch (const FaultException &caught) {
    return caught.fault.kind;
  }
  return "";
}

/// In which chunk of its row the first chunk of each row lies.
std::string firstChunks(Swizzle swizzle) {
  std::string digits;
  for (unsigned row = 0; row < 8; ++row) {
    std::uint64_t start = 0x4000 + std::uint64_t(row) * spanOf(swizzle);
    digits += char('0' + (swizzled(start, swizzle) - start) / 16);
  }
  return digits;
}

/// The unswizzled byte offset of element (row, k), 16-bit, as cute tabulates canonical layouts, in units of elements.
std::uint64_t canonical(Swizzle swizzle, Major major, unsigned row, unsigned k, std::uint64_t leading,
                        std::uint64_t stride) {
  std::uint64_t T = 8, S = spanOf(swizzle) / 16, lbo = leading / 2, sbo = stride / 2;
  if (major == Major::k && swizzle == Swizzle::none)
    return 2 * (offsetIn({{8, T}, {99, sbo}}, row) + offsetIn({{T, 1}, {2, lbo}}, k));
  if (major == Major::k)
    return 2 * (offsetIn({{8, S * T}, {99, sbo}}, row) + offsetIn({{T, 1}, {2, T}}, k));
  if (swizzle == Swizzle::none)
    return 2 * (offsetIn({{T, 1}, {1, T}, {99, sbo}}, row) + offsetIn({{8, T}, {2, lbo}}, k));
  return 2 * (offsetIn({{T, 1}, {S, T}, {99, lbo}}, row) + offsetIn({{8, S * T}, {2, sbo}}, k));
}

/// Bits 4 and on become different where the bits 7 and on are set, as many as the swizzle has.
std::uint64_t swizzleBits(std::uint64_t address, unsigned bits) {
  std::uint64_t source = address & (((1ull << bits) - 1) << 7);
  return address ^ (source >> 3);
}

constexpr Swizzle allSwizzles[] = {Swizzle::none, Swizzle::bytes32, Swizzle::bytes64, Swizzle::bytes128};

} // namespace

TEST(SwizzleTest, RowsOfAPatternBeginInTheDocumentedChunks) {
  EXPECT_EQ(firstChunks(Swizzle::none), "00000000");
  EXPECT_EQ(firstChunks(Swizzle::bytes32), "00001111");
  EXPECT_EQ(firstChunks(Swizzle::bytes64), "00112233");
  EXPECT_EQ(firstChunks(Swizzle::bytes128), "01234567");
}

TEST(SwizzleTest, APatternIsAPermutationOfItsChunksAndKeepsBytesWithin) {
  for (Swizzle swizzle : allSwizzles) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t byte = 0; byte < 2048; ++byte) {
      std::uint64_t to = swizzled(byte, swizzle);
      EXPECT_EQ(to % 16, byte % 16);
      EXPECT_EQ(to / spanOf(swizzle), byte / spanOf(swizzle));
      EXPECT_EQ(swizzled(to, swizzle), byte);
      seen.insert(to);
    }
    EXPECT_EQ(seen.size(), 2048u);
  }
}

TEST(MatrixDescriptorTest, FieldsAreDecoded) {
  // What our generators emit: 128-byte swizzle, 1024 bytes between groups of eight rows.
  MatrixDescriptor descriptor = MatrixDescriptor::decode(1ull << 62 | 64ull << 32 | 1ull << 16 | 0x20400 >> 4);
  EXPECT_EQ(descriptor.start, 0x20400u);
  EXPECT_EQ(descriptor.leading, 16u);
  EXPECT_EQ(descriptor.stride, 1024u);
  EXPECT_EQ(descriptor.swizzle, Swizzle::bytes128);
  EXPECT_EQ(MatrixDescriptor::decode(2ull << 62).swizzle, Swizzle::bytes64);
  EXPECT_EQ(MatrixDescriptor::decode(3ull << 62).swizzle, Swizzle::bytes32);
  EXPECT_EQ(MatrixDescriptor::decode(0x3fffull).start, 0x3fff0u);
}

TEST(MatrixDescriptorTest, WhatTheHardwareDoesNotKnowIsAFault) {
  EXPECT_EQ(kindOf([] { MatrixDescriptor::decode(1ull << 14); }), "descriptor");
  EXPECT_EQ(kindOf([] { MatrixDescriptor::decode(1ull << 52); }), "descriptor");
  EXPECT_EQ(kindOf([] { MatrixDescriptor::decode(1ull << 49); }), "unsupported");
  OperandExtent half{64, 16, 2, Major::k}, single{64, 8, 4, Major::mn};
  auto check = [](std::uint32_t start, Swizzle swizzle, OperandExtent extent) {
    return kindOf([&] { MatrixDescriptor{start, 16, 1024, swizzle}.check(extent); });
  };
  EXPECT_EQ(check(2048, Swizzle::bytes128, half), "");
  EXPECT_EQ(check(2048 + 96, Swizzle::bytes128, half), "");
  EXPECT_EQ(check(2048 + 112, Swizzle::bytes128, half), "descriptor");
  EXPECT_EQ(check(2048 + 128, Swizzle::bytes128, half), "misaligned");
  EXPECT_EQ(check(512 + 32, Swizzle::bytes64, half), "");
  EXPECT_EQ(check(512 + 64, Swizzle::bytes64, half), "misaligned");
  EXPECT_EQ(check(256, Swizzle::bytes32, half), "");
  EXPECT_EQ(check(256 + 128, Swizzle::bytes32, half), "misaligned");
  EXPECT_EQ(check(16, Swizzle::none, half), "");
  EXPECT_EQ(check(0, Swizzle::none, single), "descriptor");
  EXPECT_EQ(check(32, Swizzle::bytes128, {64, 16, 2, Major::mn}), "descriptor");
}

TEST(MatrixDescriptorTest, AddressesAreThoseOfTheCanonicalLayouts) {
  for (Swizzle swizzle : allSwizzles)
    for (Major major : {Major::k, Major::mn}) {
      MatrixDescriptor descriptor{0x2000, 0x1800, 0x0c00, swizzle};
      for (unsigned row = 0; row < 256; ++row)
        for (unsigned k = 0; k < 16; ++k) {
          std::uint64_t expected = 0x2000 + canonical(swizzle, major, row, k, 0x1800, 0x0c00);
          EXPECT_EQ(descriptor.address(row, k, 2, major), swizzleBits(expected, unsigned(swizzle)))
              << unsigned(swizzle) << unsigned(major) << " " << row << " " << k;
        }
    }
}

TEST(MatrixDescriptorTest, StepsAlongKStayInTheRowsOfAPattern) {
  // The third step of 16 elements: row 5 has its chunks 4 and 5 in place of 1 and 0.
  MatrixDescriptor descriptor{0x2000 + 64, 16, 1024, Swizzle::bytes128};
  EXPECT_EQ(descriptor.address(5, 0, 2, Major::k), 0x2000u + 5 * 128 + 16);
  EXPECT_EQ(descriptor.address(5, 8, 2, Major::k), 0x2000u + 5 * 128);
  EXPECT_EQ(descriptor.address(13, 4, 4, Major::k), 0x2000u + 13 * 128);
}

TEST(MatrixDescriptorTest, RangesAreTheOperandsBytes) {
  MatrixDescriptor dense{0x1000, 16, 1024, Swizzle::bytes128};
  EXPECT_EQ(dense.ranges({64, 16, 2, Major::mn}), (std::vector<SharedRange>{{0x1000, 2048}}));
  std::size_t bytes = 0;
  for (const SharedRange &range : dense.ranges({64, 16, 2, Major::k})) {
    EXPECT_GE(range.address, 0x1000u);
    EXPECT_LE(range.address + range.bytes, 0x1000u + 8192);
    bytes += range.bytes;
  }
  EXPECT_EQ(bytes, 64u * 32);
}

TEST(SharedViewTest, NothingBeyondTheBlocksBytesIsSeen) {
  std::byte bytes[32] = {};
  SharedView view{1024, bytes};
  EXPECT_EQ(view.at(1040, 16), bytes + 16);
  EXPECT_EQ(kindOf([&] { view.at(1041, 16); }), "out-of-bounds");
  EXPECT_EQ(kindOf([&] { view.at(1023, 1); }), "out-of-bounds");
}
