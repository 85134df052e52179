// The transitions of a string that is read, replaced and appended to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>

#include "layers.hpp"
#include "moves.hpp"

namespace quorate {

enum StringOperation : std::int8_t { GET = 0, PUT = 1, APPEND = 2 };

// Operations on one string: `text` is what was read, put or appended, as a place in `texts`.
struct StringColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> text;
    std::span<const std::string_view> texts;
};

// A state is a beginning of something that is read, or else LOST: what is read nowhere, and becomes nothing that is by
// appending to it. So the orders of appended strings which nobody saw are one.
class Strings {
  public:
    // There are only as many states as values that occur.
    static constexpr bool ENDLESS = false;

    explicit Strings(Budget& budget);

    // Fills `kind` with the class of each operation.
    void read(const StringColumns& columns, Array<std::int32_t>& kind);
    // Says which operations certainly happen.
    void oblige(const Problem& problem);

    std::int32_t initial() const { return initial_; }
    std::span<const Nature> natures() const { return natures_; }
    std::int32_t step(std::int32_t state, std::int32_t kind);

    // A read that is invoked later, and returns before anything can be put, wants a state that it begins with.
    struct Doom {
        const Strings* strings;
        std::int32_t wanted;
        bool operator()(std::int32_t after) const {
            if (wanted < 0) return false;
            const Node& node = strings->nodes_[static_cast<std::size_t>(after)];
            return wanted < node.first || wanted >= node.last;
        }
    };
    Doom doom(std::int32_t state, std::int32_t time) const;

  private:
    static constexpr std::int32_t LOST = 0;

    struct Class {
        std::int8_t f;
        std::string_view text;
        // The state of which it is all.
        std::int32_t whole;
    };
    // All that is read, sorted, from first to last begins with this, which has that length.
    struct Node {
        std::int32_t first;
        std::int32_t last;
        std::size_t length;
    };
    struct Want {
        std::int32_t call;
        std::int32_t ret;
        std::int32_t place;
    };
    struct Replacement {
        std::int32_t call;
        // Of this one and those invoked before it.
        std::int32_t latest;
    };

    std::int32_t child(const Node& node, std::string_view text);
    std::int32_t intern(const Node& node);

    Array<Class> classes_;
    Array<Nature> natures_;
    Array<std::string_view> seen_;
    Array<Node> nodes_;
    Array<std::int32_t> class_;
    using Entry = std::pair<const std::uint64_t, std::int32_t>;
    std::unordered_map<std::uint64_t, std::int32_t, std::hash<std::uint64_t>, std::equal_to<>, Counted<Entry>> known_;
    Array<Want> wants_;
    Array<Replacement> replacements_;
    std::int32_t initial_ = LOST;
};

}  // namespace quorate
