// How far the operations of a refuted problem can be explained: see trace.py.
#pragma once

#include <algorithm>

#include "findings.hpp"
#include "ladder.hpp"

namespace quorate {

// The longest beginning that some order explains.
struct Explained {
    // The operation whose completion is the first that no order explains; -1 where that was not found out.
    std::int32_t stuck = -1;
    // Rows of an order that explains all that was complete before.
    std::vector<std::int32_t> order;
};

template <typename Transitions>
class Prefix {
  public:
    Prefix(Budget& budget, Search<Transitions>& search, const Problem& problem, std::int32_t initial,
           std::span<const Nature> natures)
        : search_(&search),
          problem_(problem),
          initial_(initial),
          natures_(natures),
          row_(Counted<std::int32_t>(budget)),
          call_(Counted<std::int32_t>(budget)),
          ret_(Counted<std::int32_t>(budget)),
          kind_(Counted<std::int32_t>(budget)),
          optional_(Counted<std::uint8_t>(budget)) {}

    // Of what was complete by `end`; `prepare(problem)` is called before each attempt.
    template <typename Prepare>
    Explained run(std::int32_t end, Prepare&& prepare) {
        std::vector<std::int32_t> due;
        for (const std::int32_t row : acknowledged(problem_))
            if (problem_.ret[row] <= end) due.push_back(row);
        std::stable_sort(due.begin(), due.end(),
                         [&](auto one, auto two) { return problem_.ret[one] < problem_.ret[two]; });
        // Before `low` all is explained, and with `high` it is not. It is rarely far from the end.
        std::size_t low = 0, high = due.size();
        for (std::size_t step = 1; low < high; step = high - low > 2 * step ? 2 * step : (high - low + 1) / 2) {
            const std::size_t tried = high - std::min(step, high - low);
            const Outcome::Verdict verdict = decide(problem_.ret[due[tried]], prepare);
            if (verdict > Outcome::ILLEGAL) return {};
            (verdict == Outcome::LEGAL ? low : high) = verdict == Outcome::LEGAL ? tried + 1 : tried;
        }
        if (high == due.size()) return {};
        Explained found{due[high], {}};
        if (high == 0) return found;
        const std::int32_t until = problem_.ret[due[high - 1]];
        const Problem begin = beginning(until, prepare);
        const auto order = search_->order(begin, initial_, natures_, until);
        if (!order) return {};
        for (const std::int32_t at : *order) found.order.push_back(row_[at]);
        return found;
    }

  private:
    template <typename Prepare>
    Outcome::Verdict decide(std::int32_t until, Prepare&& prepare) {
        return search_->decide(beginning(until, prepare), initial_, natures_).verdict;
    }

    // What is complete by an instant must be explained; what is not may help, with the result that it has later.
    template <typename Prepare>
    Problem beginning(std::int32_t until, Prepare&& prepare) {
        row_.clear();
        call_.clear();
        ret_.clear();
        kind_.clear();
        optional_.clear();
        for (std::size_t row = 0; row < problem_.size() && problem_.call[row] < until; row++) {
            const bool owed = !problem_.optional[row] && problem_.ret[row] <= until;
            if (!owed && natures_[problem_.kind[row]].observes) continue;
            row_.push_back(static_cast<std::int32_t>(row));
            call_.push_back(problem_.call[row]);
            ret_.push_back(problem_.ret[row]);
            kind_.push_back(problem_.kind[row]);
            optional_.push_back(!owed);
        }
        const Problem begin{call_, ret_, optional_, kind_};
        prepare(begin);
        return begin;
    }

    Search<Transitions>* search_;
    Problem problem_;
    std::int32_t initial_;
    std::span<const Nature> natures_;
    Array<std::int32_t> row_;
    Array<std::int32_t> call_;
    Array<std::int32_t> ret_;
    Array<std::int32_t> kind_;
    Array<std::uint8_t> optional_;
};

}  // namespace quorate
