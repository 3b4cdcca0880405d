#ifndef VITC_TEST_UNIT_SIMULATOR_LAYOUT_H
#define VITC_TEST_UNIT_SIMULATOR_LAYOUT_H

#include <cstdint>
#include <vector>

/// An axis of a layout: `count` steps of `stride`.
struct Mode {
  std::uint64_t count, stride;
};

/// What index `i` of nested modes, the fastest first, adds to an offset: how the canonical layouts of Hopper's matrix
/// operands and the fragments of its instructions are tabulated.
inline std::uint64_t offsetIn(const std::vector<Mode> &modes, std::uint64_t i) {
  std::uint64_t offset = 0;
  for (const Mode &mode : modes) {
    offset += i % mode.count * mode.stride;
    i /= mode.count;
  }
  return offset;
}

#endif
