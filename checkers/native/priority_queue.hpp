// Linearizability of priority queues whose values are inserted once; the compiled twin of twins/priority_queue.py,
// which has the theory.
#pragma once

#include "collection.hpp"

namespace quorate {

// ``rank``: per value its priority, the larger the earlier it is polled. O(n log n) time and linear memory.
// Throws std::invalid_argument where an id or an event index is out of its range, or ranks are missing.
Findings priority_queue(const CollectionColumns& columns, std::span<const std::int32_t> rank);

}  // namespace quorate
