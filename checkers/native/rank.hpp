// Operations whose order the data reveals; the compiled twin of twins/rank.py, which has the theory.
#pragma once

#include <cstdint>
#include <span>

#include "findings.hpp"

namespace quorate {

// One row for each operation, in the order of their invocations; see Columns in twins/rank.py.
struct RankColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::int32_t> part;
    std::span<const std::int64_t> rank;
    std::int32_t parts;
};

// Rules are numbered as in twins/rank.py. Linear time and memory, whatever the ranks.
// Throws std::invalid_argument where a part or an event index is out of its range.
Findings rank(const RankColumns& columns);

}  // namespace quorate
