// What can happen next in a configuration.
#pragma once

#include "configurations.hpp"
#include "layers.hpp"

namespace quorate {

// Where a class of operations cannot happen.
constexpr std::int32_t NO = -1;

// How many unknown operations an order may use: each at most once, or each as often as wanted (of a model with ever
// more states, as long as there are not more of them in all).
struct Allowance {
    enum Rule : std::int8_t { COUNTED, UNLIMITED } rule;
    // Of the counted, at most so many in all.
    std::int32_t most;
};

// `Transitions` offers step(state, kind), and doom(state, time): a predicate of the states to which a change from that
// state, by then, leads nowhere.
template <typename Transitions, std::size_t WORDS>
class Moves {
  public:
    using Here = Configuration<WORDS>;

    Moves(Budget& budget, Layers& layers, Crashed& crashed, Transitions& transitions)
        : budget_(&budget),
          layers_(&layers),
          crashed_(&crashed),
          transitions_(&transitions),
          tried_(Counted<std::uint32_t>(budget)) {}

    void reset(std::size_t classes) { tried_.assign(2 * classes, 0); }

    // Linearizes everything that is legal now and changes nothing.
    void observe(const Layer& layer, Here& here) {
        const auto observers = layers_->observers(layer);
        budget_->work(static_cast<std::uint32_t>(observers.size()) + 4);
        for (const Pending& one : observers)
            if (!here.done.has(one.slot) && transitions_->step(here.state, one.kind) == here.state)
                here.done.set(one.slot);
    }

    // Calls `visit(configuration)` for each that follows by one change; whether the allowance kept one from that.
    template <typename Visit>
    bool changes(const Layer& layer, const Here& here, Allowance allowance, Visit&& visit) {
        const auto changers = layers_->changers(layer);
        const auto doomed = transitions_->doom(here.state, layer.time);
        budget_->work(static_cast<std::uint32_t>(changers.size() + layer.supplied) + 8);
        token_++;
        for (const Pending& one : changers) {
            // Of one class the most urgent is the first; one that must happen is not like one that may.
            std::uint32_t& tried = tried_[2 * static_cast<std::size_t>(one.kind) + one.optional];
            if (here.done.has(one.slot) || tried == token_) continue;
            tried = token_;
            const std::int32_t after = transitions_->step(here.state, one.kind);
            if (after == NO || doomed(after)) continue;
            Here next = here;
            next.state = after;
            next.done.set(one.slot);
            visit(next);
        }
        return supply(layer, here, allowance, doomed, visit);
    }

  private:
    template <typename Doomed, typename Visit>
    bool supply(const Layer& layer, const Here& here, Allowance allowance, const Doomed& doomed, Visit&& visit) {
        bool capped = false;
        for (std::int32_t place = 0; place < layer.supplied; place++) {
            const std::int32_t after = transitions_->step(here.state, layers_->supply()[place]);
            if (after == NO || after == here.state || doomed(after)) continue;
            Here next = here;
            next.state = after;
            if (allowance.rule == Allowance::COUNTED) {
                if (here.used != Crashed::NONE &&
                    crashed_->count(here.used, place) >= layers_->invoked(place, layer.time))
                    continue;
                if (crashed_->total(here.used) >= allowance.most) {
                    capped = true;
                    continue;
                }
                next.used = crashed_->with(here.used, place);
            } else if (Transitions::ENDLESS) {
                // No order uses more than there are. One place counts them all.
                if (crashed_->total(here.used) >= layers_->unknown()) continue;
                next.used = crashed_->with(here.used, 0);
            }
            visit(next);
        }
        return capped;
    }

    Budget* budget_;
    Layers* layers_;
    Crashed* crashed_;
    Transitions* transitions_;
    // Per class, the number of the last expansion in which it was tried.
    Array<std::uint32_t> tried_;
    std::uint32_t token_ = 0;
};

}  // namespace quorate
