#include "crashed.hpp"

#include <algorithm>

#include "mask.hpp"

namespace quorate {

Crashed::Crashed(Budget& budget)
    : parts_(Counted<Part>(budget)), all_(Counted<Entry>(budget)), table_(Counted<Selection>(budget)) {
    clear();
}

void Crashed::clear() {
    if (all_.size() == 1) return;
    parts_.clear();
    all_.assign(1, Entry{0, 0, 0});
    table_.assign(16, NONE);
}

std::uint64_t Crashed::hash(std::span<const Part> parts) {
    std::uint64_t seed = 1;
    for (const Part& part : parts)
        seed = Mask<1>::mix(seed ^
                            (static_cast<std::uint64_t>(part.place) << 32 | static_cast<std::uint32_t>(part.count)));
    return seed;
}

Selection Crashed::with(Selection selection, std::int32_t place) {
    // Written behind all others first, and taken back when it is there already.
    const std::size_t begin = parts_.size();
    const std::size_t length = all_[selection].length;
    bool counted = false;
    for (std::size_t i = 0; i < length; i++) {
        Part part = parts_[all_[selection].begin + i];
        if (!counted && part.place > place) {
            parts_.push_back({place, 1});
            counted = true;
        } else if (part.place == place) {
            part.count++;
            counted = true;
        }
        parts_.push_back(part);
    }
    if (!counted) parts_.push_back({place, 1});
    const std::span<const Part> made{parts_.data() + begin, parts_.size() - begin};
    const std::size_t mask = table_.size() - 1;
    std::size_t at = hash(made) & mask;
    for (; table_[at] != NONE; at = (at + 1) & mask) {
        const std::span<const Part> other = parts(table_[at]);
        if (std::equal(made.begin(), made.end(), other.begin(), other.end())) {
            parts_.resize(begin);
            return table_[at];
        }
    }
    const auto fresh = static_cast<Selection>(all_.size());
    all_.push_back({begin, static_cast<std::uint32_t>(made.size()), all_[selection].total + 1});
    table_[at] = fresh;
    if (all_.size() * 2 > table_.size()) grow();
    return fresh;
}

void Crashed::grow() {
    table_.assign(table_.size() * 4, NONE);
    const std::size_t mask = table_.size() - 1;
    for (Selection one = 1; one < all_.size(); one++) {
        std::size_t at = hash(parts(one)) & mask;
        while (table_[at] != NONE) at = (at + 1) & mask;
        table_[at] = one;
    }
}

std::int32_t Crashed::count(Selection selection, std::int32_t place) const {
    for (const Part& part : parts(selection))
        if (part.place == place) return part.count;
    return 0;
}

bool Crashed::within(Selection one, Selection two) const {
    if (one == two || one == NONE) return true;
    if (total(one) >= total(two)) return false;
    const std::span<const Part> all = parts(two);
    auto at = all.begin();
    for (const Part& part : parts(one)) {
        while (at != all.end() && at->place < part.place) ++at;
        if (at == all.end() || at->place != part.place || at->count < part.count) return false;
    }
    return true;
}

}  // namespace quorate
