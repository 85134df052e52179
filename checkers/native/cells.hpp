// The transitions of any model, as a table that is filled while it is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "moves.hpp"

namespace quorate {

// Kept from one search to the next; not for several threads at once.
class Cells {
  public:
    // A state, and how many bytes the interpreter took for it.
    using Answer = std::pair<std::int32_t, std::int64_t>;
    using Ask = std::function<Answer(std::int32_t, std::int32_t)>;

    // A model may have ever more states, so a supply of unknown operations that is never used up may lead on for ever.
    static constexpr bool ENDLESS = true;

    // `ask(state, kind)` is asked once for each pair; it may throw.
    explicit Cells(Ask ask) : ask_(std::move(ask)) {}

    // What a search that begins now may use for new cells.
    void charge(Budget& budget) { budget_ = &budget; }

    std::int32_t step(std::int32_t state, std::int32_t kind) {
        const auto row = static_cast<std::size_t>(state), column = static_cast<std::size_t>(kind);
        if (row < rows_.size() && column < rows_[row].size() && rows_[row][column] != UNASKED)
            return rows_[row][column];
        return miss(row, column);
    }

    struct Doom {
        bool operator()(std::int32_t) const { return false; }
    };
    static Doom doom(std::int32_t, std::int32_t) { return {}; }

    // Bytes that are kept from search to search, those of the interpreter included.
    std::size_t bytes() const { return held_; }

  private:
    static constexpr std::int32_t UNASKED = -2;

    std::int32_t miss(std::size_t row, std::size_t column);
    void take(std::size_t bytes);

    Ask ask_;
    Budget* budget_ = nullptr;
    std::size_t held_ = 0;
    std::vector<std::vector<std::int32_t>> rows_;
};

}  // namespace quorate
