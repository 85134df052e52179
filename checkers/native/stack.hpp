// Linearizability of stacks whose values are pushed once; the compiled twin of twins/stack.py, which has the theory.
#pragma once

#include "collection.hpp"

namespace quorate {

// O(n log n) time and memory.
// Throws std::invalid_argument where an id or an event index is out of its range.
Findings stack(const CollectionColumns& columns);

}  // namespace quorate
