#include "layers.hpp"

#include <algorithm>

#include "findings.hpp"

namespace quorate {

Layers::Layers(Budget& budget)
    : layers_(Counted<Layer>(budget)),
      pending_(Counted<Pending>(budget)),
      endings_(Counted<Ending>(budget)),
      open_(Counted<Open>(budget)),
      free_(Counted<std::int32_t>(budget)),
      supply_(Counted<std::int32_t>(budget)),
      place_(Counted<std::int32_t>(budget)),
      uses_(Counted<Use>(budget)),
      calls_(Counted<std::int32_t>(budget)),
      first_(Counted<std::size_t>(budget)) {}

void Layers::build(const Problem& problem, std::span<const Nature> nature) {
    layers_.clear();
    pending_.clear();
    endings_.clear();
    open_.clear();
    free_.clear();
    supply_.clear();
    uses_.clear();
    place_.assign(nature.size(), -1);
    width_ = 0;
    const auto count = static_cast<std::int32_t>(problem.size());
    for (std::int32_t row = 0; row < count; row++)
        if (!problem.optional[row] || (problem.ret[row] != NEVER && !nature[problem.kind[row]].observes))
            endings_.push_back({problem.ret[row], row});
    std::sort(endings_.begin(), endings_.end());
    layers_.reserve(endings_.size());
    std::int32_t row = 0;
    for (const Ending& ending : endings_) {
        for (; row < count && problem.call[row] < ending.time; row++) invoke(problem, row, nature[problem.kind[row]]);
        complete(ending, problem.optional[ending.row]);
    }
    sort_supply();
}

void Layers::invoke(const Problem& problem, std::int32_t row, Nature nature) {
    const std::int32_t kind = problem.kind[row];
    if (problem.optional[row]) {
        // What only observes need not have happened.
        if (nature.observes) return;
        if (problem.ret[row] == NEVER) {
            if (place_[kind] < 0) {
                place_[kind] = static_cast<std::int32_t>(supply_.size());
                supply_.push_back(kind);
            }
            uses_.push_back({place_[kind], problem.call[row]});
            return;
        }
    }
    std::int32_t slot = width_;
    if (free_.empty()) {
        width_++;
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    const Open open{{problem.ret[row], row}, {slot, kind, problem.optional[row] != 0}, nature};
    // The most urgent last: it is the next to go.
    const auto at = std::upper_bound(open_.begin(), open_.end(), open,
                                     [](const Open& one, const Open& two) { return two.due < one.due; });
    open_.insert(at, open);
}

void Layers::complete(const Ending& ending, bool retires) {
    const Open due = open_.back();
    Layer layer{ending.row,
                ending.time,
                due.what.slot,
                retires,
                pending_.size(),
                0,
                0,
                static_cast<std::int32_t>(supply_.size())};
    for (auto one = open_.rbegin(); one != open_.rend(); ++one)
        if (one->nature.observes) pending_.push_back(one->what);
    layer.changers = pending_.size();
    for (auto one = open_.rbegin(); one != open_.rend(); ++one)
        if (one->nature.changes) pending_.push_back(one->what);
    layer.end = pending_.size();
    layers_.push_back(layer);
    open_.pop_back();
    free_.push_back(due.what.slot);
}

void Layers::sort_supply() {
    first_.assign(supply_.size() + 1, 0);
    for (const Use& use : uses_) first_[use.place + 1]++;
    for (std::size_t place = 0; place < supply_.size(); place++) first_[place + 1] += first_[place];
    calls_.resize(uses_.size());
    place_.assign(supply_.size(), 0);
    for (const Use& use : uses_) calls_[first_[use.place] + place_[use.place]++] = use.call;
}

std::int32_t Layers::invoked(std::int32_t place, std::int32_t time) const {
    const auto begin = calls_.begin() + static_cast<std::ptrdiff_t>(first_[place]);
    const auto end = calls_.begin() + static_cast<std::ptrdiff_t>(first_[place + 1]);
    return static_cast<std::int32_t>(std::lower_bound(begin, end, time) - begin);
}

}  // namespace quorate
