// The rungs of the search in competition: each gets a number of configurations, then the next, and then all get more.
// Nothing depends on time, except when the budget ends.
#pragma once

#include <algorithm>
#include <optional>

#include "depth_first.hpp"
#include "order.hpp"

namespace quorate {

struct Outcome {
    enum Verdict : std::int8_t { LEGAL = 0, ILLEGAL = 1, NO_TIME = 2, NO_MEMORY = 3, TOO_WIDE = 4 } verdict = LEGAL;
    // The operation whose completion no order explains.
    std::int32_t stuck = -1;
    // What had been ruled out by then: NOTHING, CONTRADICTION among what was acknowledged, or every order that uses at
    // most so many unknown operations.
    static constexpr std::int32_t NOTHING = -2, CONTRADICTION = -1;
    std::int32_t ruled_out = NOTHING;
};

template <typename Transitions, std::size_t WORDS>
class Ladder {
  public:
    Ladder(Budget& budget, Layers& layers, Crashed& crashed, Transitions& transitions)
        : budget_(&budget),
          layers_(&layers),
          crashed_(&crashed),
          moves_(budget, layers, crashed, transitions),
          depth_first_(budget, layers, crashed, moves_),
          relaxed_(budget, layers, crashed, moves_),
          exact_(budget, layers, crashed, moves_) {}

    // Decides what the layers hold; throws Spent, and then `outcome` says what is known.
    void decide(std::int32_t initial, std::size_t classes, Outcome& outcome) {
        constexpr std::uint64_t FACTOR = 4;
        const std::size_t layers = layers_->all().size();
        moves_.reset(classes);
        allowed_ = 0;
        depth_first_.start(initial);
        if (settled(depth_first_, layers + 32, outcome)) return;
        relaxed_.start(initial, {Allowance::UNLIMITED, 0});
        exact_.start(initial, {Allowance::COUNTED, 0});
        bool relaxed = layers_->unknown() > 0;
        for (std::uint64_t quota = 8 * layers + 256;; quota *= FACTOR) {
            if (relaxed) {
                const Progress progress = relaxed_.run(quota);
                if (Transitions::ENDLESS && progress == Progress::PAUSED) {
                    relaxed = false;
                    relaxed_.forget();
                }
                if (progress == Progress::ILLEGAL) return refute(relaxed_.stuck(), outcome);
                if (progress == Progress::LEGAL) {
                    relaxed = false;
                    relaxed_.forget();
                    if (outcome.ruled_out == Outcome::NOTHING) outcome.ruled_out = Outcome::CONTRADICTION;
                }
            }
            if (climb(initial, quota, outcome) || settled(depth_first_, quota, outcome)) return;
        }
    }

    // Whether it is refuted by so many configurations and orders with so many unknown operations.
    bool refutes(std::int32_t initial, std::size_t classes, std::int32_t allowed, std::uint64_t quota) {
        moves_.reset(classes);
        // A number of configurations that fits the problem, where there may be ever more of them.
        const std::uint64_t fitting = std::min(quota, 8 * layers_->all().size() + 256);
        if (layers_->unknown() > 0) {
            relaxed_.start(initial, {Allowance::UNLIMITED, 0});
            if (relaxed_.run(Transitions::ENDLESS ? fitting : quota) == Progress::ILLEGAL) return true;
        }
        exact_.start(initial, {Allowance::COUNTED, allowed});
        if (exact_.run(quota) != Progress::ILLEGAL) return false;
        if (!exact_.capped()) return true;
        // So few are not enough for any order: perhaps no number is.
        exact_.start(initial, {Allowance::COUNTED, INT32_MAX});
        return exact_.run(fitting) == Progress::ILLEGAL;
    }

    // An order of what completes until an instant, if one is found among so many configurations.
    std::optional<std::vector<std::int32_t>> order(const Problem& problem, std::int32_t initial, std::size_t classes,
                                                   std::int32_t until, std::uint64_t quota) {
        moves_.reset(classes);
        return Order<Transitions, WORDS>(*budget_, *layers_, *crashed_, moves_).find(problem, initial, until, quota);
    }

  private:
    // Exact frontiers with more and more unknown operations; whether that decided.
    bool climb(std::int32_t initial, std::uint64_t quota, Outcome& outcome) {
        for (;;) {
            const Progress progress = exact_.run(quota);
            if (progress == Progress::PAUSED) return false;
            if (progress == Progress::LEGAL) {
                outcome.verdict = Outcome::LEGAL;
                return true;
            }
            if (!exact_.capped()) {
                refute(exact_.stuck(), outcome);
                return true;
            }
            outcome.ruled_out = allowed_;
            allowed_ = allowed_ == 0 ? 1 : 2 * allowed_;
            exact_.start(initial, {Allowance::COUNTED, allowed_});
        }
    }

    bool settled(DepthFirst<Transitions, WORDS>& search, std::uint64_t quota, Outcome& outcome) {
        const Progress progress = search.run(quota);
        if (progress == Progress::LEGAL) outcome.verdict = Outcome::LEGAL;
        if (progress == Progress::ILLEGAL) refute(search.stuck(), outcome);
        return progress == Progress::LEGAL || progress == Progress::ILLEGAL;
    }

    static void refute(std::int32_t stuck, Outcome& outcome) {
        outcome.verdict = Outcome::ILLEGAL;
        outcome.stuck = stuck;
    }

    Budget* budget_;
    const Layers* layers_;
    const Crashed* crashed_;
    Moves<Transitions, WORDS> moves_;
    DepthFirst<Transitions, WORDS> depth_first_;
    Frontier<Transitions, WORDS> relaxed_;
    Frontier<Transitions, WORDS> exact_;
    std::int32_t allowed_ = 0;
};

// The ladder for problems of any width.
template <typename Transitions>
class Search {
  public:
    Search(Budget& budget, Transitions& transitions)
        : budget_(&budget), transitions_(&transitions), layers_(budget), crashed_(budget), least_(budget.held()) {}
    Search(const Search&) = delete;

    // `initial` is a state, `natures` are per class.
    Outcome decide(const Problem& problem, std::int32_t initial, std::span<const Nature> natures) {
        Outcome outcome;
        try {
            build(problem, natures);
            outcome.verdict = Outcome::TOO_WIDE;
            with_width([&](auto& ladder) { ladder.decide(initial, natures.size(), outcome); });
        } catch (const Spent spent) {
            outcome.verdict = spent == Spent::TIME ? Outcome::NO_TIME : Outcome::NO_MEMORY;
        }
        return outcome;
    }

    // Whether few configurations suffice to refute; a spent budget is a no.
    bool refutes(const Problem& problem, std::int32_t initial, std::span<const Nature> natures) {
        constexpr std::int32_t ALLOWED = 2;
        constexpr std::uint64_t QUOTA = 20'000;
        bool refuted = false;
        try {
            build(problem, natures);
            with_width([&](auto& ladder) { refuted = ladder.refutes(initial, natures.size(), ALLOWED, QUOTA); });
        } catch (const Spent) {
            return false;
        }
        return refuted;
    }

    // Rows of an order that explains what completes until an instant; nothing where none was found, or a budget ended.
    std::optional<std::vector<std::int32_t>> order(const Problem& problem, std::int32_t initial,
                                                   std::span<const Nature> natures, std::int32_t until) {
        constexpr std::uint64_t QUOTA = 100'000;
        std::optional<std::vector<std::int32_t>> found;
        try {
            build(problem, natures);
            with_width([&](auto& ladder) { found = ladder.order(problem, initial, natures.size(), until, QUOTA); });
        } catch (const Spent) {
            return std::nullopt;
        }
        return found;
    }

  private:
    static constexpr std::size_t KEPT = 1 << 18;

    void build(const Problem& problem, std::span<const Nature> natures) {
        budget_->look();
        crashed_.clear();
        if (!narrow_ || budget_->held() > least_ + KEPT) narrow_.emplace(*budget_, layers_, crashed_, *transitions_);
        layers_.build(problem, natures);
    }

    template <typename Use>
    void with_width(Use&& use) {
        constexpr std::int32_t WORD = 64;
        const std::int32_t width = layers_.width();
        if (width <= WORD) return use(*narrow_);
        if (width <= 2 * WORD) return with<2>(use);
        if (width <= 4 * WORD) return with<4>(use);
        if (width <= 8 * WORD) return with<8>(use);
        if (width <= 16 * WORD) return with<16>(use);
        if (width <= 32 * WORD) return with<32>(use);
        if (width <= 64 * WORD) return with<64>(use);
    }

    template <std::size_t WORDS, typename Use>
    void with(Use&& use) {
        Ladder<Transitions, WORDS> ladder(*budget_, layers_, crashed_, *transitions_);
        use(ladder);
    }

    Budget* budget_;
    Transitions* transitions_;
    Layers layers_;
    Crashed crashed_;
    std::size_t least_;
    // Nearly all problems are narrow, and many are short: this one keeps what memory a short one needs.
    std::optional<Ladder<Transitions, 1>> narrow_;
};

}  // namespace quorate
