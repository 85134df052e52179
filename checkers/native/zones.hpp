// Linearizability of registers whose values are written once; the compiled twin of twins/zones.py (the theory).
#pragma once

#include <cstdint>
#include <span>

#include "findings.hpp"

namespace quorate {

// Operations on independent registers, in the order of their invocations; see Columns in twins/zones.py.
struct ZoneColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> key;
    std::span<const std::int32_t> old;
    std::span<const std::int32_t> made;
    std::int32_t keys;
    std::int32_t values;
};

// Rules are numbered as in twins/zones.py. Linear time and memory.
// Throws std::invalid_argument where an id or an event index is out of its range.
Findings zones(const ZoneColumns& columns);

}  // namespace quorate
