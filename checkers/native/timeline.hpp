// The events of operations one after the other, without a comparison sort where the event indices are dense.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "findings.hpp"

namespace quorate {

// The rows that return, in the order of their returns.
inline std::vector<std::int32_t> by_return(std::span<const std::int32_t> ret) {
    const std::size_t n = ret.size();
    std::int32_t last = -1;
    std::size_t count = 0;
    for (const std::int32_t event : ret) {
        if (event == NEVER) continue;
        last = std::max(last, event);
        ++count;
    }
    std::vector<std::int32_t> rows;
    rows.reserve(count);
    if (static_cast<std::size_t>(last) + 1 <= 8 * n + 1024) {
        std::vector<std::int32_t> slot(static_cast<std::size_t>(last) + 1, -1);
        for (std::size_t row = 0; row < n; ++row)
            if (ret[row] != NEVER) slot[ret[row]] = static_cast<std::int32_t>(row);
        for (const std::int32_t row : slot)
            if (row >= 0) rows.push_back(row);
        return rows;
    }
    for (std::size_t row = 0; row < n; ++row)
        if (ret[row] != NEVER) rows.push_back(static_cast<std::int32_t>(row));
    std::sort(rows.begin(), rows.end(), [&](std::int32_t one, std::int32_t two) { return ret[one] < ret[two]; });
    return rows;
}

// Calls `on_call(row)` and `on_return(row)` in the order of events; `call` ascends.
template <typename OnCall, typename OnReturn>
void replay(std::span<const std::int32_t> call, std::span<const std::int32_t> ret, OnCall on_call, OnReturn on_return) {
    std::size_t next = 0;
    for (const std::int32_t done : by_return(ret)) {
        while (next < call.size() && call[next] < ret[done]) on_call(static_cast<std::int32_t>(next++));
        on_return(done);
    }
    while (next < call.size()) on_call(static_cast<std::int32_t>(next++));
}

}  // namespace quorate
