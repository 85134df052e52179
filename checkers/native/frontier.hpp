// All orders at once, from completion to completion.
#pragma once

#include "moves.hpp"

namespace quorate {

enum class Progress : std::int8_t { LEGAL, ILLEGAL, PAUSED, GAVE_UP };

// Frontier search, which can be interrupted and continued. With an unlimited supply of unknown operations only ILLEGAL
// is a proof; else, if `capped()`, ILLEGAL only holds for orders within the allowance.
template <typename Transitions, std::size_t WORDS>
class Frontier {
  public:
    using Here = Configuration<WORDS>;

    Frontier(Budget& budget, const Layers& layers, const Crashed& crashed, Moves<Transitions, WORDS>& moves)
        : layers_(&layers), moves_(&moves), now_(budget, crashed), closure_(budget, crashed), after_(budget, crashed) {}

    void start(std::int32_t initial, Allowance allowance) {
        allowance_ = allowance;
        capped_ = false;
        depth_ = 0;
        now_.clear();
        now_.add(Here{initial, Crashed::NONE, {}});
        enter();
    }

    bool capped() const { return capped_; }
    // Where it got stuck.
    std::int32_t stuck() const { return layers_->all()[depth_].row; }

    // Visits at most about so many configurations.
    Progress run(std::uint64_t quota) {
        const auto layers = layers_->all();
        for (std::uint64_t spent = 0; depth_ < layers.size();) {
            const Layer& layer = layers[depth_];
            for (; next_ < closure_.size(); next_++) {
                if (spent++ >= quota) return Progress::PAUSED;
                visit(layer);
            }
            if (after_.size() == 0) return Progress::ILLEGAL;
            now_.swap(after_);
            depth_++;
            enter();
        }
        return Progress::LEGAL;
    }

    void forget() {
        now_.forget();
        closure_.forget();
        after_.forget();
    }

  private:
    // Begins with the next layer.
    void enter() {
        next_ = 0;
        closure_.clear();
        after_.clear();
        if (depth_ == layers_->all().size()) return;
        const Layer& layer = layers_->all()[depth_];
        for (std::size_t i = 0; i < now_.size(); i++) {
            if (now_.dominated(i)) continue;
            Here here = now_[i];
            moves_->observe(layer, here);
            closure_.add(here);
        }
        entered_ = closure_.size();
    }

    void visit(const Layer& layer) {
        if (closure_.dominated(next_)) return;
        // A copy: the closure grows below.
        Here here = closure_[next_];
        const bool done = here.done.has(layer.slot);
        if (done || (layer.retires && next_ < entered_)) {
            Here passed = here;
            passed.done.clear(layer.slot);
            after_.add(passed);
        }
        if (done) return;
        capped_ |= moves_->changes(layer, here, allowance_, [&](Here& following) {
            moves_->observe(layer, following);
            closure_.add(following);
        });
    }

    const Layers* layers_;
    Moves<Transitions, WORDS>* moves_;
    Configurations<WORDS> now_;
    Configurations<WORDS> closure_;
    Configurations<WORDS> after_;
    Allowance allowance_{Allowance::COUNTED, 0};
    bool capped_ = false;
    std::size_t depth_ = 0;
    std::size_t next_ = 0;
    // How many of the closure were there before anything changed.
    std::size_t entered_ = 0;
};

}  // namespace quorate
