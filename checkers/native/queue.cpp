#include "queue.hpp"

#include <algorithm>

namespace quorate {
namespace {

// Of the elements of one part that are in the queue for certain, the one that may stay longest.
struct Longest {
    std::int32_t taken = -1;
    std::int32_t element = -1;
};

void order(Timeline& timeline, Findings& found) {
    const Elements& elements = timeline.elements;
    const std::vector<std::int32_t>& by_added = timeline.by_added();
    std::vector<Longest> longest(found.standing.size());
    std::size_t next = 0;
    for (const Element& second : elements) {
        for (; next < by_added.size() && elements[by_added[next]].added < second.start; ++next) {
            const Element& e = elements[by_added[next]];
            Longest& l = longest[e.part];
            if (e.taken > l.taken) l = {e.taken, by_added[next]};
        }
        const Longest& l = longest[second.part];
        if (l.taken <= second.end || found.standing[second.part] == VIOLATED) continue;
        const Element& first = elements[l.element];
        std::vector<std::int32_t> rows;
        append_rows(first, rows);
        append_rows(second, rows);
        found.refute(second.part, first.take < 0 ? LOST : REORDERED, rows);
    }
}

// Per element, the earliest end of those certainly added after it, or of a dequeue after it that found nothing.
std::vector<std::int32_t> deadlines(const Elements& elements, const CollectionColumns& c, const Instants& at) {
    std::vector<std::int32_t> slot(at.end, 0);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].added != NEVER) slot[elements[i].added] = static_cast<std::int32_t>(i) + 1;
    }
    std::vector<std::int32_t> end_of_call(at.end, NEVER), part_of_call(at.end, -1);
    for (const Element& e : elements) {
        end_of_call[e.start] = e.end;
        part_of_call[e.start] = e.part;
    }
    for (std::size_t row = 0; row < c.call.size(); ++row) {
        if (c.f[row] != EMPTY) continue;
        end_of_call[at.call[row]] = at.ret[row];
        part_of_call[at.call[row]] = c.part[row];
    }
    std::vector<std::int32_t> earliest(static_cast<std::size_t>(c.parts), NEVER), deadline(elements.size(), NEVER);
    for (std::size_t t = at.end; t-- > 0;) {
        if (slot[t] > 0) deadline[slot[t] - 1] = earliest[elements[slot[t] - 1].part];
        if (part_of_call[t] >= 0) {
            std::int32_t& least = earliest[part_of_call[t]];
            least = std::min(least, end_of_call[t]);
        }
    }
    return deadline;
}

void settle(Elements& elements, const CollectionColumns& c, const Instants& at) {
    const std::vector<std::int32_t> deadline = deadlines(elements, c, at);
    std::vector<std::int32_t> free, guesses;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].taken == NEVER && deadline[i] < NEVER) free.push_back(static_cast<std::int32_t>(i));
    }
    std::stable_sort(free.begin(), free.end(), [&](std::int32_t a, std::int32_t b) {
        return std::pair(elements[a].part, deadline[a]) < std::pair(elements[b].part, deadline[b]);
    });
    for (std::size_t row = 0; row < c.call.size(); ++row) {
        if (c.f[row] == GUESS && c.ret[row] == NEVER) guesses.push_back(static_cast<std::int32_t>(row));
    }
    std::stable_sort(guesses.begin(), guesses.end(),
                     [&](std::int32_t a, std::int32_t b) { return c.part[a] < c.part[b]; });
    std::size_t guess = 0;
    for (const std::int32_t i : free) {
        while (guess < guesses.size() && c.part[guesses[guess]] < elements[i].part) ++guess;
        if (guess == guesses.size()) break;
        if (c.part[guesses[guess]] != elements[i].part) continue;
        elements[i].taken = std::max(at.call[guesses[guess]], elements[i].start);
        ++guess;
    }
}

}  // namespace

Findings queue(const CollectionColumns& columns) { return decide(columns, order, settle); }

}  // namespace quorate
