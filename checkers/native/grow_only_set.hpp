// Grow-only sets: whether the lists that were read form a chain; see twins/grow_only_set.py.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quorate {

// `part`, `list_part` in the given orders ascending; `offset` ascending from 0 to the number of listed elements; every
// element below `elements`; `order` a permutation of the lists.
struct Lists {
    std::span<const std::int32_t> part;
    std::span<const std::int32_t> element;
    std::span<const std::int32_t> order;
    std::span<const std::int32_t> list_part;
    std::span<const std::int64_t> offset;
    std::span<const std::int32_t> listed;
    std::int32_t elements;
};

struct Linked {
    std::vector<std::int8_t> flaw;
    std::vector<std::int32_t> appears;
};

Linked link(const Lists& lists);

}  // namespace quorate
