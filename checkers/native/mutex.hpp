// Linearizability of mutexes with owners; the compiled twin of twins/mutex.py, which has the theory.
#pragma once

#include <cstdint>
#include <span>

#include "findings.hpp"

namespace quorate {

// `part` below `parts`, `process` below `processes`, `call` ascending, `f` as in twins/mutex.py; `token` is NO_TOKEN
// where none was told. `reentrant` is whether the holder may acquire again.
struct MutexColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> part;
    std::span<const std::int32_t> process;
    std::span<const std::int64_t> token;
    std::int32_t parts;
    std::int32_t processes;
    bool reentrant;
};

constexpr std::int64_t NO_TOKEN = -1;

// Linear time and memory, unless event indices are far apart.
Findings mutex(const MutexColumns& columns);

}  // namespace quorate
