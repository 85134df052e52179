// The search on many registers in one call.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ladder.hpp"
#include "registers.hpp"

namespace quorate {

// Operations on registers, those of one part one after the other.
struct RegisterParts {
    RegisterColumns columns;
    // Where each part begins, and where the last one ends.
    std::span<const std::int64_t> offset;
    // Per part the id of the initial value.
    std::span<const std::int32_t> initial;
    // How many ids of values there are.
    std::size_t values;

    std::size_t size() const { return initial.size(); }
    RegisterColumns part(std::size_t which) const;
};

struct Allotment {
    // For the search; each part may use half of what is left.
    double seconds;
    std::size_t bytes;
    // For making one witness small, and how many, those that end first, are made small.
    double shrinking;
    std::size_t witnesses;
};

struct Searched {
    std::vector<Outcome> outcomes;
    // Per part, what it was allowed to use.
    std::vector<double> seconds;
    // The witness of each refuted part, as rows of the part.
    std::vector<std::vector<std::int32_t>> witnesses;
};

Searched search_registers(const RegisterParts& parts, const Allotment& allotment, const std::function<void()>& poll);

}  // namespace quorate
