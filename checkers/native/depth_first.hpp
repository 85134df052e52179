// One order at a time: fast where nearly every order will do.
#pragma once

#include <algorithm>

#include "frontier.hpp"

namespace quorate {

// Depth-first search that remembers where it was (Wing and Gong; Lowe), and which can be interrupted and continued.
template <typename Transitions, std::size_t WORDS>
class DepthFirst {
  public:
    using Here = Configuration<WORDS>;

    DepthFirst(Budget& budget, const Layers& layers, const Crashed& crashed, Moves<Transitions, WORDS>& moves)
        : budget_(&budget),
          layers_(&layers),
          moves_(&moves),
          seen_(budget, crashed),
          stack_(Counted<Entry>(budget)),
          best_(Counted<Entry>(budget)) {}

    void start(std::int32_t initial) {
        deepest_ = 0;
        gave_up_ = false;
        seen_.clear();
        stack_.clear();
        stack_.push_back({Here{initial, Crashed::NONE, {}}, 0});
    }

    // The layer where every order ended at the latest.
    std::int32_t stuck() const { return layers_->all()[deepest_].row; }

    // Visits at most about so many configurations.
    Progress run(std::uint64_t quota) {
        if (gave_up_) return Progress::GAVE_UP;
        for (std::uint64_t spent = 0; !stack_.empty(); spent++) {
            if (spent >= quota) return Progress::PAUSED;
            if (seen_.size() > 1024 && budget_->held() > budget_->limit() / 2) {
                // It is the only one that must remember everything: the others get the room.
                forget();
                return Progress::GAVE_UP;
            }
            const Entry top = stack_.back();
            stack_.pop_back();
            if (follow(top.here, top.depth)) return Progress::LEGAL;
        }
        return Progress::ILLEGAL;
    }

    void forget() {
        gave_up_ = true;
        seen_.forget();
        Array<Entry>(stack_.get_allocator()).swap(stack_);
    }

  private:
    struct Entry {
        Here here;
        std::uint32_t depth;
    };

    // Goes on as far as there is no choice, and puts what may follow on the stack; whether the end was reached.
    bool follow(Here here, std::uint32_t depth) {
        const auto layers = layers_->all();
        for (;; depth++) {
            deepest_ = std::max(deepest_, depth);
            if (depth == layers.size()) return true;
            moves_->observe(layers[depth], here);
            if (!here.done.has(layers[depth].slot)) break;
            here.done.clear(layers[depth].slot);
        }
        if (!seen_.add(here, static_cast<std::int32_t>(depth))) return false;
        const Layer& layer = layers[depth];
        // Best, and therefore on top, is what explains the completion; then what needs no unknown operation.
        const std::size_t base = stack_.size();
        best_.clear();
        moves_->changes(layer, here, {Allowance::COUNTED, INT32_MAX}, [&](const Here& following) {
            Here after = following;
            moves_->observe(layer, after);
            (after.done.has(layer.slot) ? best_ : stack_).push_back({after, depth});
        });
        std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(base), stack_.end());
        stack_.insert(stack_.end(), best_.rbegin(), best_.rend());
        if (layer.retires) stack_.push_back({here, depth + 1});
        return false;
    }

    Budget* budget_;
    const Layers* layers_;
    Moves<Transitions, WORDS>* moves_;
    Configurations<WORDS> seen_;
    Array<Entry> stack_;
    Array<Entry> best_;
    std::uint32_t deepest_ = 0;
    bool gave_up_ = false;
};

}  // namespace quorate
