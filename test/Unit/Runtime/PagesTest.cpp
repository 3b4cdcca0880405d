extern "C" {
#include "Pages.h"
}

#include <gtest/gtest.h>

#include <sys/mman.h>

namespace {

TEST(PagesTest, OnlyAHalfUsedHugePageIsTakenWhole) {
  EXPECT_EQ(vitc_mapped_bytes(1), size_t(VITC_PAGE));
  EXPECT_EQ(vitc_mapped_bytes(VITC_HUGE_PAGE / 2 - 1), size_t(VITC_HUGE_PAGE / 2));
  EXPECT_EQ(vitc_mapped_bytes(VITC_HUGE_PAGE / 2), size_t(VITC_HUGE_PAGE));
  EXPECT_EQ(vitc_mapped_bytes(VITC_HUGE_PAGE + 1), size_t(VITC_HUGE_PAGE + VITC_PAGE));
  EXPECT_EQ(vitc_mapped_bytes(VITC_HUGE_PAGE + VITC_HUGE_PAGE / 2), size_t(2 * VITC_HUGE_PAGE));
}

TEST(PagesTest, MemoryBeginsWithAHugePage) {
  // Mappings of odd sizes between, so that not each of them is aligned by chance.
  for (size_t bytes : {size_t(VITC_HUGE_PAGE), size_t(3 * VITC_HUGE_PAGE + 1), size_t(5 * VITC_HUGE_PAGE / 2)}) {
    void *odd = vitc_map(VITC_PAGE);
    auto *memory = static_cast<char *>(vitc_map(bytes));
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(uintptr_t(memory) % VITC_HUGE_PAGE, 0u);
    memory[0] = memory[bytes - 1] = memory[vitc_mapped_bytes(bytes) - 1] = 1; // all of it can be written
    EXPECT_EQ(munmap(memory, vitc_mapped_bytes(bytes)), 0);
    EXPECT_EQ(munmap(odd, vitc_mapped_bytes(VITC_PAGE)), 0);
  }
}

TEST(PagesTest, TooMuchMemoryIsNull) { EXPECT_EQ(vitc_map(size_t(1) << 60), nullptr); }

} // namespace
