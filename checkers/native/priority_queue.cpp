#include "priority_queue.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <stdexcept>

namespace quorate {
namespace {

constexpr std::int32_t NONE = -1;

// The gaps between instants in which nothing of a higher priority is inside. The one after all is always free.
class Gaps {
  public:
    void reset(std::size_t end) {
        next.resize(end + 1);
        std::iota(next.begin(), next.end(), 0);
    }

    std::int32_t last() const { return static_cast<std::int32_t>(next.size()) - 1; }

    // The first free one from ``gap`` on.
    std::int32_t from(std::int32_t gap) {
        while (next[gap] != gap) {
            next[gap] = next[next[gap]];
            gap = next[gap];
        }
        return gap;
    }

    void cover(std::int32_t first, std::int32_t beyond) {
        for (std::int32_t gap = from(first); gap < beyond; gap = from(gap)) next[gap] = gap + 1;
    }

  private:
    std::vector<std::int32_t> next;
};

// Polls the elements of one part from the highest priority down.
class Polling {
  public:
    Polling(const CollectionColumns& columns, std::span<const std::int32_t> ranks) : c(columns), rank(ranks) {}

    std::int32_t rank_of(const Element& e) const { return rank[c.value[e.add]]; }

    // The first element that cannot be polled; NONE where there is none. Instants are below ``end``.
    std::int32_t late(std::span<const Element> elements, std::size_t end) {
        sort(elements);
        gaps.reset(end);
        for (std::size_t begin = 0, beyond = 0; begin < order.size(); begin = beyond) {
            const std::uint32_t level = level_at(begin);
            for (; beyond < order.size() && level_at(beyond) == level; ++beyond) {
                const Element& e = elements[which_at(beyond)];
                if (e.end != NEVER && gaps.from(std::min(e.taken, gaps.last())) >= e.end) return which_at(beyond);
            }
            for (std::size_t i = begin; i < beyond; ++i) {
                const Element& e = elements[which_at(i)];
                if (e.added < e.taken) gaps.cover(e.added, std::min(e.taken, gaps.last()));
            }
        }
        return NONE;
    }

  private:
    const CollectionColumns& c;
    std::span<const std::int32_t> rank;
    Gaps gaps;
    // The level above, the higher the priority the lower; the element below.
    std::vector<std::uint64_t> order;

    std::uint32_t level_at(std::size_t i) const { return static_cast<std::uint32_t>(order[i] >> 32); }
    std::int32_t which_at(std::size_t i) const { return static_cast<std::int32_t>(order[i] & 0xFFFFFFFF); }

    void sort(std::span<const Element> elements) {
        order.resize(elements.size());
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::uint32_t level = 0x7FFFFFFFU - static_cast<std::uint32_t>(rank_of(elements[i]));
            order[i] = std::uint64_t{level} << 32 | i;
        }
        std::sort(order.begin(), order.end());
    }
};

// The element that cannot be polled, and as few as possible of a higher priority, one of which was inside at any time.
std::vector<std::int32_t> witness(std::span<const Element> elements, std::int32_t late, const Polling& polling) {
    Elements higher;
    std::copy_if(elements.begin(), elements.end(), std::back_inserter(higher),
                 [&](const Element& e) { return polling.rank_of(e) > polling.rank_of(elements[late]); });
    std::vector<std::int32_t> rows;
    append_rows(elements[late], rows);
    for (const std::int32_t i : Coverers(higher).between(elements[late].taken, elements[late].end)) {
        append_rows(higher[i], rows);
    }
    return rows;
}

}  // namespace

Findings priority_queue(const CollectionColumns& columns, std::span<const std::int32_t> rank) {
    if (rank.size() != static_cast<std::size_t>(std::max(columns.values, 0)))
        throw std::invalid_argument("there must be a rank for each value");
    if (std::any_of(rank.begin(), rank.end(), [](std::int32_t one) { return one < 0; }))
        throw std::invalid_argument("a rank is negative");
    Polling polling(columns, rank);
    const auto order = [&](const Timeline& timeline, Findings& found) {
        ByPart parts(timeline.elements, found.standing.size());
        for (std::size_t part = 0; part < found.standing.size(); ++part) {
            const std::span<Element> those = parts[part];
            // The instants of one part among many are far apart.
            const bool alone = those.size() == timeline.elements.size();
            if (!alone) compress(those);
            const std::int32_t late = polling.late(those, alone ? timeline.end : 4 * those.size());
            if (late != NONE) found.refute(static_cast<std::int32_t>(part), ORDER, witness(those, late, polling));
        }
    };
    return decide(columns, order, unsettled);
}

}  // namespace quorate
