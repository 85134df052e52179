#include "stack.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <stdexcept>

namespace quorate {
namespace {

constexpr std::int32_t MANY = 1 << 30;
constexpr std::int32_t NONE = -1;

// The regions in which the instants of an element lie; ``added`` and ``taken`` begin theirs.
struct Regions {
    std::int32_t start = 0;
    std::int32_t added = 0;
    std::int32_t taken = 0;
    std::int32_t end = 0;
};

// How many elements are inside in each region.
class Cover {
  public:
    void reset(std::span<const std::int32_t> cover) {
        size = std::bit_ceil(cover.size());
        more.assign(size, 0);
        least.assign(2 * size, MANY);
        std::copy(cover.begin(), cover.end(), least.begin() + static_cast<std::ptrdiff_t>(size));
        for (std::size_t node = size - 1; node > 0; --node) {
            least[node] = std::min(least[2 * node], least[2 * node + 1]);
        }
    }

    std::size_t nodes() const { return 2 * size; }

    // Visits the nodes that together stand for the regions from ``first`` to before ``beyond``.
    template <typename Visit>
    void visit(std::int32_t first, std::int32_t beyond, Visit each) const {
        if (first >= beyond) return;
        std::size_t low = static_cast<std::size_t>(first) + size, high = static_cast<std::size_t>(beyond) + size;
        for (; low < high; low /= 2, high /= 2) {
            if (low & 1) each(low++);
            if (high & 1) each(--high);
        }
    }

    void uncover(std::int32_t first, std::int32_t beyond) {
        if (first >= beyond) return;
        visit(first, beyond, [&](std::size_t node) {
            --least[node];
            if (node < size) --more[node];
        });
        update(static_cast<std::size_t>(first) + size);
        update(static_cast<std::size_t>(beyond) - 1 + size);
    }

    bool any_clear() const { return least[1] == 0; }

    // The leaf of a clear region, each once.
    std::size_t take_clear() {
        std::size_t node = 1;
        while (node < size) node = 2 * node + (least[2 * node] + more[node] != least[node]);
        least[node] = MANY;
        update(node);
        return node;
    }

  private:
    std::size_t size = 1;
    std::vector<std::int32_t> least;
    std::vector<std::int32_t> more;

    void update(std::size_t node) {
        while (node /= 2) least[node] = std::min(least[2 * node], least[2 * node + 1]) + more[node];
    }
};

// Leaves out elements of one part from the bottom, one clear region after the other. Operation ``2 i`` is the push of
// element i, ``2 i + 1`` its pop.
class Peeling {
  public:
    // Which operations can be in a region that becomes clear; ``last``: the region after all.
    const std::vector<std::uint8_t>& run(std::span<const Regions> elements, std::int32_t last) {
        cover_regions(elements, last);
        wait(elements);
        done.assign(2 * elements.size(), 0);
        while (cover.any_clear()) {
            for (std::size_t node = cover.take_clear(); node > 0; node /= 2) release(node, elements);
        }
        return done;
    }

  private:
    struct Waiting {
        std::int32_t operation;
        std::int32_t next;
    };

    Cover cover;
    std::vector<std::int32_t> count;
    std::vector<std::int32_t> first_waiting;
    std::vector<Waiting> waiting;
    std::vector<std::uint8_t> done;

    void cover_regions(std::span<const Regions> elements, std::int32_t last) {
        count.assign(static_cast<std::size_t>(last) + 1, 0);
        for (const Regions& r : elements) {
            ++count[r.added];
            --count[r.taken];
        }
        for (std::size_t i = 1; i < count.size(); ++i) count[i] += count[i - 1];
        cover.reset(count);
    }

    // Each operation waits at the nodes that stand for the regions in which it can be.
    void wait(std::span<const Regions> elements) {
        first_waiting.assign(cover.nodes(), NONE);
        waiting.clear();
        std::int32_t operation = 0;
        const auto enter = [&](std::size_t node) {
            waiting.push_back({operation, first_waiting[node]});
            first_waiting[node] = static_cast<std::int32_t>(waiting.size()) - 1;
        };
        for (const Regions& r : elements) {
            cover.visit(r.start, r.added, enter);
            ++operation;
            cover.visit(r.taken, r.end + 1, enter);
            ++operation;
        }
    }

    void release(std::size_t node, std::span<const Regions> elements) {
        for (std::int32_t i = first_waiting[node]; i != NONE; i = waiting[i].next) {
            const std::int32_t operation = waiting[i].operation;
            if (done[operation]) continue;
            done[operation] = 1;
            if (!done[operation ^ 1]) continue;
            const Regions& r = elements[operation / 2];
            cover.uncover(r.added, r.taken);
        }
        first_waiting[node] = NONE;
    }
};

// Regions are numbered in each part; ``last``, by part: the one in which nothing is inside, after all.
std::vector<Regions> number_regions(const Elements& elements, std::size_t end, std::vector<std::int32_t>& last) {
    if (elements.size() >= (1U << 29)) throw std::invalid_argument("too many elements");
    std::vector<Regions> regions(elements.size());
    std::vector<std::uint32_t> slot(end, 0);
    enum What : std::uint32_t { START, ADDED, TAKEN, END };
    // What is taken no earlier than the first guess of its part shares that instant with others.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> same;
    std::uint32_t number = 1;
    for (const Element& e : elements) {
        slot[e.start] = number + START;
        slot[e.added] = number + ADDED;
        if (e.taken != NEVER) {
            if (slot[e.taken] == 0)
                slot[e.taken] = number + TAKEN;
            else
                same.push_back({number / 4, (slot[e.taken] - 1) / 4});
        }
        if (e.end != NEVER) slot[e.end] = number + END;
        number += 4;
    }
    for (const std::uint32_t code : slot) {
        if (code == 0) continue;
        const std::uint32_t which = (code - 1) / 4, what = (code - 1) % 4;
        std::int32_t& now = last[elements[which].part];
        Regions& r = regions[which];
        if (what == START)
            r.start = now;
        else if (what == ADDED)
            r.added = ++now;
        else if (what == TAKEN)
            r.taken = ++now;
        else
            r.end = now;
    }
    for (const auto& [which, other] : same) {
        if (elements[which].part == elements[other].part) regions[which].taken = regions[other].taken;
    }
    for (std::int32_t& one : last) ++one;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].taken == NEVER) regions[i].taken = last[elements[i].part];
        if (elements[i].end == NEVER) regions[i].end = last[elements[i].part];
    }
    return regions;
}

// Visits the parts in which some elements cannot be left out: those that are inside at some time, and which of their
// operations can be at a clear instant.
template <typename Visit>
void peel(const Elements& all, std::size_t parts, std::size_t end, Visit stuck) {
    Elements inside;
    std::copy_if(all.begin(), all.end(), std::back_inserter(inside),
                 [](const Element& e) { return e.added < e.taken; });
    ByPart nested(inside, parts);
    std::vector<std::int32_t> last(parts, 0);
    const std::vector<Regions> regions = number_regions(nested.all(), end, last);
    Peeling peeling;
    std::size_t from = 0;
    for (std::size_t part = 0; part < parts; ++part) {
        const std::span<const Element> those = nested[part];
        if (those.empty()) continue;
        const auto& done = peeling.run(std::span(regions).subspan(from, those.size()), last[part]);
        if (std::find(done.begin(), done.end(), 0) != done.end()) stuck(those, done);
        from += those.size();
    }
}

// Few elements of which none can be left out.
std::vector<std::int32_t> witness(std::span<const Element> elements, const std::vector<std::uint8_t>& done) {
    Elements core;
    std::vector<std::pair<std::int32_t, std::int32_t>> blocked;
    std::size_t first = 0;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (done[2 * i] && done[2 * i + 1]) continue;
        const Element& e = elements[i];
        core.push_back(e);
        blocked.push_back(done[2 * i] ? std::pair(e.taken, e.end) : std::pair(e.start, e.added));
        if (blocked.back().second < blocked[first].second) first = blocked.size() - 1;
    }
    const Coverers coverers(core);
    const std::vector<std::int32_t> kept = closed(static_cast<std::int32_t>(first), core.size(), [&](std::int32_t i) {
        return coverers.between(blocked[i].first, blocked[i].second);
    });
    Elements few;
    for (const std::int32_t i : kept) few.push_back(core[i]);
    const auto refuted = [](const Elements& those) {
        bool any = false;
        peel(those, 1, 4 * those.size(), [&](auto&&, auto&&) { any = true; });
        return any;
    };
    std::vector<std::int32_t> rows;
    for (const Element& e : shrunk(few, refuted)) append_rows(e, rows);
    return rows;
}

void order(const Timeline& timeline, Findings& found) {
    peel(timeline.elements, found.standing.size(), timeline.end,
         [&](std::span<const Element> those, const std::vector<std::uint8_t>& done) {
             found.refute(those.front().part, ORDER, witness(those, done));
         });
}

}  // namespace

Findings stack(const CollectionColumns& columns) { return decide(columns, order, unsettled); }

}  // namespace quorate
