// Sets whose elements are added, removed and looked up one at a time: see twins/set.py.
#pragma once

#include <cstdint>
#include <span>

#include "findings.hpp"

namespace quorate {

// `part` below `parts`, `call` ascending, `f` from 0 to 4.
struct SetColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> part;
    std::int32_t parts;
};

// The rows of a conflict may be followed by one that proves that the add happened.
Findings set(const SetColumns& columns);

}  // namespace quorate
