#include "register_parts.hpp"

#include <algorithm>
#include <memory>

#include "shrink.hpp"

namespace quorate {

namespace {

// Everything that is kept from one part to the next.
struct Workshop {
    Budget budget;
    Registers registers;
    Search<Registers> search;
    Array<std::int32_t> kind;

    Workshop(const Allotment& allotment, std::size_t values, const std::function<void()>& poll)
        : budget(allotment.seconds, allotment.bytes, poll),
          registers(budget, values),
          search(budget, registers),
          kind(Counted<std::int32_t>(budget)) {}

    Problem problem(const RegisterColumns& columns) {
        registers.read(columns, kind);
        return {columns.call, columns.ret, columns.optional, kind};
    }

    Outcome decide(const RegisterColumns& columns) {
        try {
            const Problem one = problem(columns);
            registers.oblige(one);
            return search.decide(one, registers.initial(), registers.natures());
        } catch (const Spent spent) {
            Outcome outcome;
            outcome.verdict = spent == Spent::TIME ? Outcome::NO_TIME : Outcome::NO_MEMORY;
            return outcome;
        }
    }

    std::vector<std::int32_t> shrink(const RegisterColumns& columns, std::int32_t stuck) {
        const Problem one = problem(columns);
        Shrinker<Registers> shrinker(budget, search, one, registers.initial(), registers.natures());
        return shrinker.run(stuck, [&](const Problem& weaker) { registers.oblige(weaker); });
    }
};

}  // namespace

RegisterColumns RegisterParts::part(std::size_t which) const {
    const auto begin = static_cast<std::size_t>(offset[which]);
    const auto count = static_cast<std::size_t>(offset[which + 1]) - begin;
    return {columns.call.subspan(begin, count),
            columns.ret.subspan(begin, count),
            columns.optional.subspan(begin, count),
            columns.f.subspan(begin, count),
            columns.old.subspan(begin, count),
            columns.made.subspan(begin, count),
            initial[which]};
}

Searched search_registers(const RegisterParts& parts, const Allotment& allotment, const std::function<void()>& poll) {
    // What a workshop may keep from one part to the next.
    constexpr std::size_t KEPT = 1 << 20;
    const Budget all(allotment.seconds, allotment.bytes);
    auto workshop = std::make_unique<Workshop>(allotment, parts.values, poll);
    const std::size_t least = workshop->budget.held();
    const auto refresh = [&] {
        if (workshop->budget.held() > least + std::min(KEPT, allotment.bytes / 8)) {
            workshop.reset();
            workshop = std::make_unique<Workshop>(allotment, parts.values, poll);
        }
    };
    Searched found{std::vector<Outcome>(parts.size()), std::vector<double>(parts.size()),
                   std::vector<std::vector<std::int32_t>>(parts.size())};
    std::vector<std::size_t> refuted;
    for (std::size_t part = 0; part < parts.size(); part++) {
        refresh();
        const bool last = part + 1 == found.seconds.size();
        found.seconds[part] = std::max(0.0, last ? all.left() : all.left() / 2);
        workshop->budget.renew(found.seconds[part]);
        found.outcomes[part] = workshop->decide(parts.part(part));
        if (found.outcomes[part].verdict == Outcome::ILLEGAL) refuted.push_back(part);
    }
    // Only the first ones are shown to anybody.
    const auto instant = [&](std::size_t part) { return parts.part(part).ret[found.outcomes[part].stuck]; };
    std::stable_sort(refuted.begin(), refuted.end(), [&](auto one, auto two) { return instant(one) < instant(two); });
    for (std::size_t i = 0; i < refuted.size(); i++) {
        const std::size_t part = refuted[i];
        const RegisterColumns columns = parts.part(part);
        found.witnesses[part] = acknowledged({columns.call, columns.ret, columns.optional, {}});
        refresh();
        workshop->budget.renew(std::min(allotment.shrinking, all.left()));
        try {
            if (i < allotment.witnesses) found.witnesses[part] = workshop->shrink(columns, found.outcomes[part].stuck);
        } catch (const Spent) {
            // Then everything is the witness.
        }
    }
    return found;
}

}  // namespace quorate
