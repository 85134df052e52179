// What every procedure gives back; see decision.py.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace quorate {

// The completion of an operation that never returned.
constexpr std::int32_t NEVER = INT32_MAX;
// In the rows of a conflict: the initial value, which no operation wrote.
constexpr std::int32_t INITIAL = -1;

enum Standing : std::int8_t { HOLDS = 0, VIOLATED = 1, UNDECIDED = 2 };

// Where every part stands, and the first conflict of each violated one: its rule (a number that the binding's Python
// side names) and its rows.
struct Findings {
    std::vector<std::int8_t> standing;
    std::vector<std::int32_t> part;
    std::vector<std::int8_t> rule;
    std::vector<std::int32_t> offset{0};
    std::vector<std::int32_t> rows;

    explicit Findings(std::size_t parts) : standing(parts, HOLDS) {}

    void refute(std::int32_t which, std::int8_t why, std::initializer_list<std::int32_t> witness) {
        refute(which, why, std::span(witness.begin(), witness.size()));
    }

    void refute(std::int32_t which, std::int8_t why, std::span<const std::int32_t> witness) {
        if (standing[which] == VIOLATED) return;
        standing[which] = VIOLATED;
        part.push_back(which);
        rule.push_back(why);
        rows.insert(rows.end(), witness.begin(), witness.end());
        offset.push_back(static_cast<std::int32_t>(rows.size()));
    }
};

}  // namespace quorate
