// Counters: see twins/counter.py.
#pragma once

#include <cstdint>
#include <span>

#include "findings.hpp"

namespace quorate {

// `part` below `parts`, `call` ascending, the sum of the absolute amounts of adds below 2**62.
struct CounterColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> part;
    std::span<const std::int64_t> amount;
    std::int32_t parts;
};

Findings counter(const CounterColumns& columns);

}  // namespace quorate
