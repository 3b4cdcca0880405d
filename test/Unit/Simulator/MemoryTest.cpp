#include "Memory.h"

#include <gtest/gtest.h>

#include <array>

using namespace vitc::ptxsim;

TEST(MemoryTest, NewBytesArePoisonedUntilWritten) {
  Memory memory;
  std::uint64_t address = memory.allocate(16);
  EXPECT_EQ(address % 256, 0u);
  EXPECT_FALSE(memory.isWritten(address, 16));
  memory.markWritten(address, 8);
  EXPECT_TRUE(memory.isWritten(address, 8));
  EXPECT_FALSE(memory.isWritten(address, 9));
}

TEST(MemoryTest, NoRangeLeavesItsAllocation) {
  Memory memory;
  std::uint64_t first = memory.allocate(100), second = memory.allocate(100);
  EXPECT_NE(memory.translate(first, 100), nullptr);
  EXPECT_NE(memory.translate(first + 99, 1), nullptr);
  EXPECT_EQ(memory.translate(first + 99, 2), nullptr);
  EXPECT_EQ(memory.translate(first, second - first + 1), nullptr);
  EXPECT_EQ(memory.translate(first - 1, 1), nullptr);
  EXPECT_EQ(memory.translate(first, ~std::size_t(0)), nullptr);
}

TEST(MemoryTest, FreedBytesAreGone) {
  Memory memory;
  std::uint64_t address = memory.allocate(4);
  EXPECT_FALSE(memory.free(address + 1));
  EXPECT_TRUE(memory.free(address));
  EXPECT_EQ(memory.translate(address, 4), nullptr);
  EXPECT_FALSE(memory.free(address));
}

TEST(MemoryTest, AModuleIsPlacedOnce) {
  Memory memory;
  std::array<std::byte, 2> image{std::byte{1}, std::byte{2}};
  memory.place(0x6000'0000'0000, image);
  *memory.translate(0x6000'0000'0000, 1) = std::byte{9};
  memory.place(0x6000'0000'0000, image);
  EXPECT_EQ(*memory.translate(0x6000'0000'0000, 1), std::byte{9});
  EXPECT_TRUE(memory.isWritten(0x6000'0000'0000, 2));
}
