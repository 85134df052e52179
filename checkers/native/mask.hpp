// Sets of pending operations, one bit for each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace quorate {

template <std::size_t WORDS>
struct Mask {
    std::array<std::uint64_t, WORDS> word{};

    bool has(std::int32_t bit) const { return word[bit >> 6] >> (bit & 63) & 1; }
    void set(std::int32_t bit) { word[bit >> 6] |= std::uint64_t{1} << (bit & 63); }
    void clear(std::int32_t bit) { word[bit >> 6] &= ~(std::uint64_t{1} << (bit & 63)); }
    bool operator==(const Mask&) const = default;

    std::uint64_t hash(std::uint64_t seed) const {
        for (const std::uint64_t one : word) seed = mix(seed ^ one);
        return seed;
    }

    static std::uint64_t mix(std::uint64_t x) {
        x *= 0x9E3779B97F4A7C15u;
        return x ^ (x >> 29);
    }
};

}  // namespace quorate
