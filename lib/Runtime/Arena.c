#include "Arena.h"

enum { PAGE = 4096, SKEW = 3 * VITC_ALIGNMENT };

bool vitc_align(int64_t bytes, int64_t *aligned) {
  if (bytes < 0 || __builtin_add_overflow(bytes, VITC_ALIGNMENT - 1, aligned))
    return false;
  *aligned &= -(int64_t)VITC_ALIGNMENT;
  return true;
}

static bool live_together(const vitc_range *a, const vitc_range *b) {
  return a->first <= b->last && b->first <= a->last;
}

/* Largest first; among equals the one that lives first, so that the result does not depend on anything else. */
static bool goes_before(const vitc_range *ranges, int32_t a, int32_t b) {
  if (ranges[a].bytes != ranges[b].bytes)
    return ranges[a].bytes > ranges[b].bytes;
  return ranges[a].first != ranges[b].first ? ranges[a].first < ranges[b].first : a < b;
}

static void sort_by_size(const vitc_range *ranges, int32_t count, int32_t *order) {
  for (int32_t i = 0; i < count; ++i) {
    int32_t at = i;
    for (; at && goes_before(ranges, i, order[at - 1]); --at)
      order[at] = order[at - 1];
    order[at] = i;
  }
}

/* The least skew of `offset` at which no large buffer that lives at the same time begins at the same place in a page.
 */
static int64_t skew(const vitc_range *ranges, const int32_t *placed, int32_t count, const vitc_range *range,
                    int64_t offset) {
  if (range->bytes < PAGE)
    return offset;
  for (int tries = 0; tries < PAGE / SKEW; ++tries) {
    bool alone = true;
    for (int32_t i = 0; i < count && alone; ++i) {
      const vitc_range *other = &ranges[placed[i]];
      alone = other->bytes < PAGE || !live_together(range, other) || (other->offset - offset) % PAGE != 0;
    }
    if (alone)
      return offset;
    offset += SKEW;
  }
  return offset;
}

/* The lowest place of `range` among the buffers in `placed`, which are sorted by offset. */
static int64_t lowest_place(const vitc_range *ranges, const int32_t *placed, int32_t count, const vitc_range *range) {
  int64_t end = 0;
  int64_t offset = skew(ranges, placed, count, range, end);
  for (int32_t i = 0; i < count; ++i) {
    const vitc_range *other = &ranges[placed[i]];
    if (!live_together(range, other))
      continue;
    if (other->offset - offset >= range->bytes)
      return offset;
    if (other->offset + other->bytes > end) {
      end = other->offset + other->bytes;
      offset = skew(ranges, placed, count, range, end);
    }
  }
  return offset;
}

/* Moves order[at] to where its offset belongs among order[0 .. at), which are sorted by offset. */
static void insert_by_offset(const vitc_range *ranges, int32_t *order, int32_t at) {
  int32_t range = order[at];
  for (; at && ranges[order[at - 1]].offset > ranges[range].offset; --at)
    order[at] = order[at - 1];
  order[at] = range;
}

bool vitc_place(vitc_range *ranges, int32_t count, int32_t *order, int64_t *total) {
  int64_t sum = 0;
  *total = 0;
  for (int32_t i = 0; i < count; ++i)
    if (!vitc_align(ranges[i].bytes, &ranges[i].bytes) || __builtin_add_overflow(sum, ranges[i].bytes + PAGE, &sum))
      return false;
  sort_by_size(ranges, count, order);
  for (int32_t i = 0; i < count; ++i) {
    vitc_range *range = &ranges[order[i]];
    range->offset = lowest_place(ranges, order, i, range);
    if (range->offset + range->bytes > *total)
      *total = range->offset + range->bytes;
    insert_by_offset(ranges, order, i);
  }
  return true;
}
