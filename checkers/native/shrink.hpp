// Few operations that suffice to refute: see shrink.py, which this follows.
#pragma once

#include <algorithm>

#include "findings.hpp"
#include "ladder.hpp"

namespace quorate {

template <typename Transitions>
class Shrinker {
  public:
    Shrinker(Budget& budget, Search<Transitions>& search, const Problem& problem, std::int32_t initial,
             std::span<const Nature> natures)
        : budget_(&budget),
          search_(&search),
          problem_(problem),
          initial_(initial),
          natures_(natures),
          kept_(problem.size(), 0, Counted<std::uint8_t>(budget)),
          call_(Counted<std::int32_t>(budget)),
          ret_(Counted<std::int32_t>(budget)),
          kind_(Counted<std::int32_t>(budget)),
          optional_(Counted<std::uint8_t>(budget)) {}

    // Rows, ascending, of a problem that is refuted and whose search got stuck at that row; `prepare(problem)` is
    // called before each attempt.
    template <typename Prepare>
    std::vector<std::int32_t> run(std::int32_t stuck, Prepare&& prepare) {
        begin(stuck, prepare);
        for (std::size_t chunk = std::max<std::size_t>(1, rows().size() / 2); chunk > 0 && budget_->left() > 0;
             chunk /= 2)
            drop(chunk, prepare);
        return rows();
    }

  private:
    // Tries to go without each run of so many operations.
    template <typename Prepare>
    void drop(std::size_t chunk, Prepare&& prepare) {
        const std::vector<std::int32_t> order = rows();
        std::size_t left = order.size();
        for (std::size_t start = 0; start < order.size() && budget_->left() > 0; start += chunk) {
            const std::size_t end = std::min(start + chunk, order.size());
            if (end - start >= left) continue;
            for (std::size_t i = start; i < end; i++) kept_[order[i]] = 0;
            if (refuted(prepare)) {
                left -= end - start;
            } else {
                for (std::size_t i = start; i < end; i++) kept_[order[i]] = 1;
            }
        }
    }

    // What was acknowledged in a short beginning that is refuted; in all, when none is found. The search may give up
    // an order because of what comes later, so the beginning that ends where it got stuck need not be enough.
    template <typename Prepare>
    void begin(std::int32_t stuck, Prepare&& prepare) {
        std::vector<std::int32_t> returns;
        for (std::size_t row = 0; row < problem_.size(); row++)
            if (!problem_.optional[row]) returns.push_back(problem_.ret[row]);
        std::sort(returns.begin(), returns.end());
        auto count = static_cast<std::size_t>(std::upper_bound(returns.begin(), returns.end(), problem_.ret[stuck]) -
                                              returns.begin());
        while (count < returns.size() && budget_->left() > 0) {
            keep(returns[count - 1]);
            if (refuted(prepare)) return;
            count = std::max(count + 4, count * 5 / 4);
        }
        keep(returns.back());
    }

    void keep(std::int32_t end) {
        end_ = end;
        for (std::size_t row = 0; row < problem_.size(); row++)
            kept_[row] = !problem_.optional[row] && problem_.ret[row] <= end;
    }

    std::vector<std::int32_t> rows() const {
        std::vector<std::int32_t> all;
        for (std::size_t row = 0; row < kept_.size(); row++)
            if (kept_[row]) all.push_back(static_cast<std::int32_t>(row));
        return all;
    }

    // Whether what is kept, with everything else that changes something being possible, has no explanation.
    template <typename Prepare>
    bool refuted(Prepare&& prepare) {
        call_.clear();
        ret_.clear();
        kind_.clear();
        optional_.clear();
        for (std::size_t row = 0; row < problem_.size(); row++) {
            const bool possible = !natures_[problem_.kind[row]].observes && problem_.call[row] <= end_;
            if (!kept_[row] && !possible) continue;
            call_.push_back(problem_.call[row]);
            ret_.push_back(kept_[row] || problem_.optional[row] ? problem_.ret[row] : NEVER);
            kind_.push_back(problem_.kind[row]);
            optional_.push_back(!kept_[row]);
        }
        const Problem weaker{call_, ret_, optional_, kind_};
        prepare(weaker);
        return search_->refutes(weaker, initial_, natures_);
    }

    Budget* budget_;
    Search<Transitions>* search_;
    Problem problem_;
    std::int32_t initial_;
    std::span<const Nature> natures_;
    std::int32_t end_ = NEVER;
    Array<std::uint8_t> kept_;
    Array<std::int32_t> call_;
    Array<std::int32_t> ret_;
    Array<std::int32_t> kind_;
    Array<std::uint8_t> optional_;
};

}  // namespace quorate
