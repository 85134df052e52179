// Linearizability of FIFO queues whose values are enqueued once; the compiled twin of twins/queue.py, which has the
// theory.
#pragma once

#include "collection.hpp"

namespace quorate {

// Linear time and memory.
// Throws std::invalid_argument where an id or an event index is out of its range.
Findings queue(const CollectionColumns& columns);

}  // namespace quorate
