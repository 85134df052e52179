#include "rank.hpp"

#include <stdexcept>
#include <vector>

#include "instants.hpp"

namespace quorate {
namespace {

constexpr std::int32_t NONE = -1;

// Of one part while time goes by: the highest rank that has returned, and the first row that has it.
struct Highest {
    std::int64_t rank = INT64_MIN;
    std::int32_t row = NONE;
};

// Per instant the row that returns then; NONE where none does.
std::vector<std::int32_t> by_return(const Instants& at) {
    std::vector<std::int32_t> returned(at.end, NONE);
    for (std::size_t row = 0; row < at.ret.size(); ++row) {
        if (at.ret[row] != NEVER) returned[at.ret[row]] = static_cast<std::int32_t>(row);
    }
    return returned;
}

}  // namespace

Findings rank(const RankColumns& columns) {
    if (columns.parts < 0) throw std::invalid_argument("fewer than no parts");
    for (const std::int32_t part : columns.part) {
        if (part < 0 || part >= columns.parts) throw std::invalid_argument("a part is out of its range");
    }
    const Instants at(columns.call, columns.ret);
    const std::vector<std::int32_t> returned = by_return(at);
    std::vector<Highest> highest(static_cast<std::size_t>(columns.parts));
    Findings found(static_cast<std::size_t>(columns.parts));
    std::int32_t now = 0;
    for (std::int32_t row = 0; row < static_cast<std::int32_t>(columns.call.size()); ++row) {
        for (; now < at.call[row]; ++now) {
            const std::int32_t done = returned[now];
            if (done == NONE) continue;
            Highest& best = highest[columns.part[done]];
            if (columns.rank[done] > best.rank) best = {columns.rank[done], done};
        }
        const Highest& best = highest[columns.part[row]];
        if (columns.rank[row] < best.rank) found.refute(columns.part[row], 0, {best.row, row});
    }
    return found;
}

}  // namespace quorate
