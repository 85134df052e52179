// One order that explains a problem, operation by operation.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "findings.hpp"
#include "moves.hpp"

namespace quorate {

// Depth-first search, as in depth_first.hpp, which remembers how it came to where it is.
template <typename Transitions, std::size_t WORDS>
class Order {
  public:
    using Here = Configuration<WORDS>;
    using Rows = std::vector<std::int32_t>;

    Order(Budget& budget, const Layers& layers, const Crashed& crashed, Moves<Transitions, WORDS>& moves)
        : layers_(&layers),
          crashed_(&crashed),
          moves_(&moves),
          seen_(budget, crashed),
          nodes_(Counted<Node>(budget)),
          stack_(Counted<std::uint32_t>(budget)),
          best_(Counted<std::uint32_t>(budget)) {}

    // Rows of the problem, or nothing where there is no order, or none among so many configurations. What completes
    // after `until` may be part of it, and need not be.
    std::optional<Rows> find(const Problem& problem, std::int32_t initial, std::int32_t until, std::uint64_t quota) {
        const auto layers = layers_->all();
        depth_ = 0;
        while (depth_ < layers.size() && layers[depth_].time <= until) depth_++;
        nodes_.push_back({Here{initial, Crashed::NONE, {}}, 0, 0});
        stack_.push_back(0);
        while (!stack_.empty() && quota-- > 0) {
            const std::uint32_t at = stack_.back();
            stack_.pop_back();
            if (follow(at)) return rows(problem, at);
        }
        return std::nullopt;
    }

  private:
    // A configuration as a change left it, and where that was; the root is its own parent.
    struct Node {
        Here here;
        std::uint32_t depth;
        std::uint32_t parent;
    };

    // Goes on as far as there is no choice; whether that was the end. `seen(depth, before, after)` is told of what was
    // observed.
    template <typename Seen>
    bool proceed(Here& here, std::uint32_t& depth, Seen&& seen) {
        for (; depth < depth_; depth++) {
            const Layer& layer = layers_->all()[depth];
            const Here before = here;
            moves_->observe(layer, here);
            seen(depth, before, here);
            if (!here.done.has(layer.slot)) return false;
            here.done.clear(layer.slot);
        }
        return true;
    }

    bool follow(std::uint32_t at) {
        Here here = nodes_[at].here;
        std::uint32_t depth = nodes_[at].depth;
        if (proceed(here, depth, [](std::uint32_t, const Here&, const Here&) {})) return true;
        if (!seen_.add(here, static_cast<std::int32_t>(depth))) return false;
        const Layer& layer = layers_->all()[depth];
        const std::size_t base = stack_.size();
        best_.clear();
        moves_->changes(layer, here, {Allowance::COUNTED, INT32_MAX}, [&](const Here& following) {
            Here after = following;
            moves_->observe(layer, after);
            (after.done.has(layer.slot) ? best_ : stack_).push_back(keep(following, depth, at));
        });
        std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(base), stack_.end());
        stack_.insert(stack_.end(), best_.rbegin(), best_.rend());
        if (layer.retires) stack_.push_back(keep(here, depth + 1, at));
        return false;
    }

    std::uint32_t keep(const Here& here, std::uint32_t depth, std::uint32_t parent) {
        if (nodes_.size() >= UINT32_MAX) throw Spent::MEMORY;
        nodes_.push_back({here, depth, parent});
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }

    // The way to a node and on to the end, gone once more.
    Rows rows(const Problem& problem, std::uint32_t last) {
        std::vector<std::uint32_t> way{last};
        while (way.back() != 0) way.push_back(nodes_[way.back()].parent);
        std::reverse(way.begin(), way.end());
        Rows all;
        const auto observed = [&](std::uint32_t depth, const Here& before, const Here& after) {
            for (const Pending& one : layers_->observers(layers_->all()[depth]))
                if (!before.done.has(one.slot) && after.done.has(one.slot)) all.push_back(pending(depth, one.slot));
        };
        for (std::size_t i = 0; i < way.size(); i++) {
            Here here = nodes_[way[i]].here;
            std::uint32_t depth = nodes_[way[i]].depth;
            proceed(here, depth, observed);
            if (i + 1 == way.size()) break;
            // What retires without having happened is no change.
            const Node& next = nodes_[way[i + 1]];
            if (next.depth == depth) all.push_back(changed(problem, depth, here, next.here));
        }
        return all;
    }

    std::int32_t changed(const Problem& problem, std::uint32_t depth, const Here& before, const Here& after) const {
        const Layer& layer = layers_->all()[depth];
        for (const Pending& one : layers_->changers(layer))
            if (!before.done.has(one.slot) && after.done.has(one.slot)) return pending(depth, one.slot);
        for (std::int32_t place = 0; place < layer.supplied; place++) {
            std::int32_t used = crashed_->count(before.used, place);
            if (crashed_->count(after.used, place) == used) continue;
            // Of one kind those that were invoked first are used first.
            for (std::size_t row = 0; row < problem.size(); row++)
                if (problem.optional[row] && problem.ret[row] == NEVER &&
                    problem.kind[row] == layers_->supply()[place] && used-- == 0)
                    return static_cast<std::int32_t>(row);
        }
        throw std::logic_error("nothing changed");
    }

    // Which operation has a slot: the next to give it back.
    std::int32_t pending(std::uint32_t depth, std::int32_t slot) const {
        const auto layers = layers_->all();
        while (layers[depth].slot != slot) depth++;
        return layers[depth].row;
    }

    const Layers* layers_;
    const Crashed* crashed_;
    Moves<Transitions, WORDS>* moves_;
    Configurations<WORDS> seen_;
    Array<Node> nodes_;
    Array<std::uint32_t> stack_;
    Array<std::uint32_t> best_;
    // How many layers have to be explained.
    std::uint32_t depth_ = 0;
};

}  // namespace quorate
