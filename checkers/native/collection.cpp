#include "collection.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace quorate {
namespace {

constexpr std::int32_t NOBODY = -1;
constexpr std::int32_t SEVERAL = -2;

// How many elements are tried as the first of a witness.
constexpr std::size_t TRIES = 32;

// Who added a value and who took it first, as rows.
struct Hands {
    std::int32_t adder = NOBODY;
    std::int32_t taker = NOBODY;
};

// A stretch of time, the latest so far, in which something was certainly inside.
struct Run {
    std::int32_t start = -1;
    std::int32_t reach = -1;
};

class Check {
  public:
    explicit Check(const CollectionColumns& columns)
        : c(columns), at(columns.call, columns.ret), rows(static_cast<std::int32_t>(columns.call.size())) {
        check_ids();
        hands.resize(static_cast<std::size_t>(c.values));
    }

    Findings run(const Order& order, const Settle& settle) {
        Findings found(static_cast<std::size_t>(c.parts));
        const std::vector<std::int32_t> repeated = find_adders();
        check_takes(found);
        collect(found);
        const std::vector<std::int32_t> loose = bound_by_guesses();
        refute(elements, order, found);
        if (!loose.empty()) try_to_settle(loose, order, settle, found);
        for (const std::int32_t part : repeated) {
            if (found.standing[part] == HOLDS) found.standing[part] = UNDECIDED;
        }
        return found;
    }

  private:
    const CollectionColumns& c;
    const Instants at;
    const std::int32_t rows;
    std::vector<Hands> hands;
    Elements elements;
    // The rows of each kind of operation.
    std::array<std::vector<std::int32_t>, 4> rows_of;

    void check_ids() {
        if (c.parts < 0 || c.values < 0) throw std::invalid_argument("a negative number of parts or values");
        std::array<std::size_t, 4> count{};
        for (std::int32_t row = 0; row < rows; ++row) {
            const std::int8_t f = c.f[row];
            if (f < ADD || f > GUESS || c.part[row] < 0 || c.part[row] >= c.parts || c.value[row] >= c.values ||
                c.value[row] < -(f == EMPTY || f == GUESS))
                throw std::invalid_argument("an operation, a part or a value is out of range");
            ++count[f];
        }
        // One place more than there are rows of a kind: a row is put at the end of all lists, and stays in its own.
        for (std::size_t f = 0; f < 4; ++f) rows_of[f].resize(count[f] + 1);
        std::array<std::size_t, 4> next{};
        for (std::int32_t row = 0; row < rows; ++row) {
            for (std::size_t f = 0; f < 4; ++f) rows_of[f][next[f]] = row;
            for (std::size_t f = 0; f < 4; ++f) next[f] += static_cast<std::size_t>(c.f[row]) == f;
        }
        for (std::size_t f = 0; f < 4; ++f) rows_of[f].pop_back();
    }

    // The parts with a value that was added several times; some of them more than once.
    std::vector<std::int32_t> find_adders() {
        std::vector<std::int32_t> repeated;
        for (const std::int32_t row : rows_of[ADD]) {
            std::int32_t& adder = hands[c.value[row]].adder;
            if (adder != NOBODY) repeated.push_back(c.part[row]);
            adder = adder == NOBODY ? row : SEVERAL;
        }
        return repeated;
    }

    void check_takes(Findings& found) {
        for (const std::int32_t row : rows_of[TAKE]) {
            auto& [adder, taker] = hands[c.value[row]];
            if (adder == NOBODY)
                found.refute(c.part[row], THIN_AIR, {row});
            else if (adder == SEVERAL)
                continue;
            else if (taker != NOBODY)
                found.refute(c.part[row], DOUBLE, {adder, taker, row});
            else if (taker = row; at.ret[row] < at.call[adder])
                found.refute(c.part[row], FUTURE, {row, adder});
        }
    }

    // The elements of the parts that are not refuted.
    void collect(const Findings& found) {
        elements.reserve(rows_of[ADD].size());
        for (const std::int32_t row : rows_of[ADD]) {
            if (found.standing[c.part[row]] == VIOLATED) continue;
            const auto [adder, taker] = hands[c.value[row]];
            if (adder == SEVERAL || (taker == NOBODY && c.optional[row])) continue;
            const std::int32_t start = at.call[row];
            const std::int32_t end = taker == NOBODY ? NEVER : at.ret[taker];
            const std::int32_t taken = taker == NOBODY ? NEVER : std::max(at.call[taker], start);
            elements.push_back({c.part[row], row, taker, start, std::min(at.ret[row], end), taken, end});
        }
    }

    // The elements that nobody is known to have taken: they were inside until the first guess of their part.
    std::vector<std::int32_t> bound_by_guesses() {
        std::vector<std::int32_t> loose;
        if (rows_of[GUESS].empty()) return loose;
        std::vector<std::int32_t> first(static_cast<std::size_t>(c.parts), NEVER);
        for (const std::int32_t row : rows_of[GUESS]) {
            first[c.part[row]] = std::min(first[c.part[row]], at.call[row]);
        }
        for (std::size_t i = 0; i < elements.size(); ++i) {
            Element& e = elements[i];
            if (e.take != NOBODY || first[e.part] == NEVER) continue;
            e.taken = std::max(first[e.part], e.start);
            loose.push_back(static_cast<std::int32_t>(i));
        }
        return loose;
    }

    void refute(const Elements& those, const Order& order, Findings& found) const {
        Timeline timeline(those, at.end);
        order(timeline, found);
        if (!rows_of[EMPTY].empty()) check_empties(timeline, found);
    }

    // Parts in which guesses may have taken something hold if one way to explain the guesses is found.
    void try_to_settle(const std::vector<std::int32_t>& loose, const Order& order, const Settle& settle,
                       Findings& found) {
        std::vector<bool> open(static_cast<std::size_t>(c.parts), false);
        for (const std::int32_t i : loose) {
            const std::int32_t part = elements[i].part;
            open[part] = found.standing[part] != VIOLATED;
            elements[i].taken = NEVER;
        }
        std::erase_if(elements, [&](const Element& e) { return !open[e.part]; });
        settle(elements, c, at);
        Findings tried(static_cast<std::size_t>(c.parts));
        refute(elements, order, tried);
        for (const std::int32_t part : tried.part) found.standing[part] = UNDECIDED;
    }

    // The first take of each part that found nothing although something was inside all the time.
    void check_empties(Timeline& timeline, Findings& found) const {
        const Elements& those = timeline.elements;
        const std::vector<std::int32_t>& by_added = timeline.by_added();
        std::vector<std::int32_t> empties = rows_of[EMPTY];
        std::sort(empties.begin(), empties.end(), [&](auto a, auto b) { return at.ret[a] < at.ret[b]; });
        std::vector<Run> run(static_cast<std::size_t>(c.parts));
        std::vector<std::int32_t> covered;
        std::size_t next = 0;
        for (const std::int32_t row : empties) {
            const std::int32_t now = at.ret[row];
            for (; next < by_added.size() && those[by_added[next]].added < now; ++next) {
                const Element& e = those[by_added[next]];
                Run& r = run[e.part];
                if (r.reach < e.added) r.start = e.added;
                r.reach = std::max(r.reach, e.taken);
            }
            const Run& r = run[c.part[row]];
            if (r.reach > now && r.start < at.call[row] && found.standing[c.part[row]] != VIOLATED) {
                covered.push_back(row);
                // Its witness follows; until then the part is marked, so that only its first take is told of.
                found.standing[c.part[row]] = VIOLATED;
            }
        }
        if (!covered.empty()) explain(covered, those, found);
    }

    // Per take that found nothing, as few elements as possible, one of which was inside at every instant of it.
    void explain(const std::vector<std::int32_t>& covered, const Elements& those, Findings& found) const {
        std::vector<std::int32_t> place(static_cast<std::size_t>(c.parts), -1);
        for (std::size_t i = 0; i < covered.size(); ++i) place[c.part[covered[i]]] = static_cast<std::int32_t>(i);
        std::vector<Elements> inside(covered.size());
        for (const Element& e : those) {
            if (place[e.part] >= 0) inside[place[e.part]].push_back(e);
        }
        for (std::size_t i = 0; i < covered.size(); ++i) {
            const std::int32_t row = covered[i];
            found.standing[c.part[row]] = HOLDS;
            std::vector<std::int32_t> witness{row};
            const Coverers coverers(inside[i]);
            for (const std::int32_t which : coverers.between(at.call[row], at.ret[row])) {
                append_rows(inside[i][which], witness);
            }
            found.refute(c.part[row], FALSE_EMPTY, witness);
        }
    }
};

}  // namespace

const std::vector<std::int32_t>& Timeline::by_added() {
    if (sorted) return order;
    sorted = true;
    std::vector<std::int32_t> slot(end, NOBODY);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].added != NEVER) slot[elements[i].added] = static_cast<std::int32_t>(i);
    }
    // Without a branch: whether something was added at an instant cannot be foreseen.
    order.resize(elements.size() + 1);
    std::size_t count = 0;
    for (const std::int32_t which : slot) {
        order[count] = which;
        count += which != NOBODY;
    }
    order.resize(count);
    return order;
}

void append_rows(const Element& element, std::vector<std::int32_t>& rows) {
    rows.push_back(element.add);
    if (element.take != NOBODY) rows.push_back(element.take);
}

ByPart::ByPart(const Elements& elements, std::size_t parts) : grouped(elements.size()), begin(parts + 1, 0) {
    for (const Element& e : elements) ++begin[e.part + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
    for (const Element& e : elements) grouped[next[e.part]++] = e;
}

void compress(std::span<Element> elements) {
    std::vector<std::int32_t> instants;
    for (const Element& e : elements) instants.insert(instants.end(), {e.start, e.added, e.taken, e.end});
    std::sort(instants.begin(), instants.end());
    const auto place = [&](std::int32_t& at) {
        if (at == NEVER) return;
        at = static_cast<std::int32_t>(std::lower_bound(instants.begin(), instants.end(), at) - instants.begin());
    };
    for (Element& e : elements) {
        place(e.start);
        place(e.added);
        place(e.taken);
        place(e.end);
    }
}

Coverers::Coverers(std::span<const Element> elements) : which(elements.size()) {
    std::iota(which.begin(), which.end(), 0);
    std::stable_sort(which.begin(), which.end(),
                     [&](std::int32_t a, std::int32_t b) { return elements[a].added < elements[b].added; });
    for (std::size_t i = 0; i < which.size(); ++i) {
        const Element& e = elements[which[i]];
        const bool further = i == 0 || e.taken > furthest.back();
        added.push_back(e.added);
        furthest.push_back(further ? e.taken : furthest.back());
        if (!further) which[i] = which[i - 1];
    }
}

std::vector<std::int32_t> Coverers::between(std::int32_t low, std::int32_t high) const {
    std::vector<std::int32_t> needed;
    while (low < high) {
        const auto last = std::upper_bound(added.begin(), added.end(), low) - added.begin() - 1;
        if (last < 0 || furthest[last] <= low) break;
        needed.push_back(which[last]);
        low = furthest[last];
    }
    return needed;
}

std::vector<std::int32_t> closed(std::int32_t first, std::size_t count,
                                 const std::function<std::vector<std::int32_t>(std::int32_t)>& needs) {
    std::unordered_map<std::int32_t, std::vector<std::int32_t>> reasons;
    std::vector<std::int32_t> seen(count, NOBODY);
    const auto closure = [&](std::int32_t start, std::int32_t round) {
        std::vector<std::int32_t> found{start};
        seen[start] = round;
        for (std::size_t i = 0; i < found.size(); ++i) {
            const auto [known, fresh] = reasons.try_emplace(found[i]);
            if (fresh) known->second = needs(found[i]);
            for (const std::int32_t other : known->second) {
                if (seen[other] == round) continue;
                seen[other] = round;
                found.push_back(other);
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    };
    std::int32_t round = 0;
    std::vector<std::int32_t> least = closure(first, round);
    const auto some = [&] {
        return std::vector(least.begin(), least.begin() + static_cast<std::ptrdiff_t>(std::min(TRIES, least.size())));
    };
    std::vector<std::int32_t> waiting = some();
    while (!waiting.empty()) {
        std::vector<std::int32_t> smaller = closure(waiting.back(), ++round);
        waiting.pop_back();
        if (smaller.size() >= least.size()) continue;
        least = std::move(smaller);
        waiting = some();
    }
    return least;
}

Elements shrunk(const Elements& elements, const std::function<bool(const Elements&)>& refuted) {
    Elements kept = elements;
    for (std::size_t chunk = std::max<std::size_t>(1, kept.size() / 2); chunk > 0; chunk /= 2) {
        const std::size_t before = kept.size();
        std::size_t left = 0;
        for (std::size_t tried = 0; tried < before; tried += chunk) {
            const std::size_t many = std::min(chunk, before - tried);
            Elements rest = kept;
            rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left),
                       rest.begin() + static_cast<std::ptrdiff_t>(left + many));
            Elements asked = rest;
            compress(asked);
            for (Element& e : asked) e.part = 0;
            if (!rest.empty() && refuted(asked))
                kept = std::move(rest);
            else
                left += many;
        }
    }
    return kept;
}

Findings decide(const CollectionColumns& columns, const Order& order, const Settle& settle) {
    return Check(columns).run(order, settle);
}

void unsettled(Elements&, const CollectionColumns&, const Instants&) {}

}  // namespace quorate
