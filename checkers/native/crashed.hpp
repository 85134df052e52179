// Which unknown operations an order has used: how many of each kind. Every distinct selection is kept once.
#pragma once

#include <cstdint>
#include <span>

#include "budget.hpp"

namespace quorate {

using Selection = std::uint32_t;

class Crashed {
  public:
    static constexpr Selection NONE = 0;

    explicit Crashed(Budget& budget);
    void clear();

    // One more of a kind.
    Selection with(Selection selection, std::int32_t place);
    std::int32_t count(Selection selection, std::int32_t place) const;
    std::int32_t total(Selection selection) const { return all_[selection].total; }
    // Whether `one` uses no more of any kind than `two`.
    bool within(Selection one, Selection two) const;

  private:
    struct Part {
        std::int32_t place;
        std::int32_t count;
        bool operator==(const Part&) const = default;
    };
    struct Entry {
        std::size_t begin;
        std::uint32_t length;
        std::int32_t total;
    };

    std::span<const Part> parts(Selection selection) const {
        return {parts_.data() + all_[selection].begin, all_[selection].length};
    }
    static std::uint64_t hash(std::span<const Part> parts);
    void grow();

    Array<Part> parts_;
    Array<Entry> all_;
    // Open addressing; NONE is an empty place, for nothing ever becomes the empty selection.
    Array<Selection> table_;
};

}  // namespace quorate
