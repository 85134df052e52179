// The history of one part, from completion to completion.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "budget.hpp"

namespace quorate {

// Operations in the order of their invocations; see Problem in ladder.py.
struct Problem {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int32_t> kind;

    std::size_t size() const { return call.size(); }
};

// The rows of what certainly happened: a witness of anything that is refuted.
inline std::vector<std::int32_t> acknowledged(const Problem& problem) {
    std::vector<std::int32_t> rows;
    for (std::size_t row = 0; row < problem.size(); row++)
        if (!problem.optional[row]) rows.push_back(static_cast<std::int32_t>(row));
    return rows;
}

struct Pending {
    std::int32_t slot;
    std::int32_t kind;
    // It need not happen.
    bool optional;
};

// One completion, or the instant after which an operation of unknown outcome cannot have happened any more.
struct Layer {
    std::int32_t row;
    std::int32_t time;
    std::int32_t slot;
    // Nothing is owed: the operation may have happened by now, or never will.
    bool retires;
    // Ranges of what is pending, most urgent first: of those that only observe, and those that change something.
    std::size_t observers;
    std::size_t changers;
    std::size_t end;
    // How many kinds of unknown operations were invoked by now, in the order in which they first were.
    std::int32_t supplied;
};

// What the layers need to know of a class of operations: whether it is declared never to change a state, and whether it
// may change what is known of the state all the same (the sets of states of a nondeterministic model).
struct Nature {
    bool observes;
    bool changes;
};

class Layers {
  public:
    explicit Layers(Budget& budget);

    // `nature` is per class.
    void build(const Problem& problem, std::span<const Nature> nature);

    std::span<const Layer> all() const { return layers_; }
    std::span<const Pending> observers(const Layer& layer) const {
        return {pending_.data() + layer.observers, layer.changers - layer.observers};
    }
    std::span<const Pending> changers(const Layer& layer) const {
        return {pending_.data() + layer.changers, layer.end - layer.changers};
    }
    // How many operations are pending at most, besides the unlimited unknown ones.
    std::int32_t width() const { return width_; }
    // Kinds of unknown operations.
    std::span<const std::int32_t> supply() const { return supply_; }
    // How many of a kind of unknown operations were invoked before an instant.
    std::int32_t invoked(std::int32_t place, std::int32_t time) const;
    std::int32_t unknown() const { return static_cast<std::int32_t>(calls_.size()); }

  private:
    struct Ending {
        std::int32_t time;
        std::int32_t row;
        bool operator<(const Ending& other) const { return time != other.time ? time < other.time : row < other.row; }
    };
    // Something that is pending, by its deadline.
    struct Open {
        Ending due;
        Pending what;
        Nature nature;
    };
    struct Use {
        std::int32_t place;
        std::int32_t call;
    };

    void invoke(const Problem& problem, std::int32_t row, Nature nature);
    void complete(const Ending& ending, bool retires);
    void sort_supply();

    Array<Layer> layers_;
    Array<Pending> pending_;
    Array<Ending> endings_;
    Array<Open> open_;
    Array<std::int32_t> free_;
    Array<std::int32_t> supply_;
    Array<std::int32_t> place_;
    Array<Use> uses_;
    Array<std::int32_t> calls_;
    Array<std::size_t> first_;
    std::int32_t width_ = 0;
};

}  // namespace quorate
