#include "grow_only_set.hpp"

namespace quorate {

namespace {

enum Flaw : std::int8_t { SOUND, DUPLICATE, THIN_AIR, FORK };

constexpr std::int32_t NONE = -1;

// One element while the lists of a part go by.
struct Entry {
    // The place of the first list with it; NONE where it is in none so far.
    std::int32_t appears = NONE;
    // The place of the last one.
    std::int32_t last = NONE;
    // The part for which this entry holds: there somebody added it.
    std::int32_t part = NONE;
};

class Chain {
  public:
    explicit Chain(const Lists& lists)
        : l_(lists), entries_(lists.elements), found_{std::vector<std::int8_t>(lists.order.size(), SOUND), {}} {
        found_.appears.assign(lists.part.size(), NONE);
    }

    Linked run() {
        std::int64_t before = 0;
        std::int32_t part = NONE;
        for (std::size_t place = 0; place < l_.order.size(); ++place) {
            const std::int32_t list = l_.order[place];
            if (l_.list_part[list] != part) {
                leave();
                part = l_.list_part[list];
                enter(part);
                before = 0;
            }
            found_.flaw[list] = flaw(list, static_cast<std::int32_t>(place), part, before);
            before = l_.offset[list + 1] - l_.offset[list];
        }
        leave();
        return std::move(found_);
    }

  private:
    // Makes the elements that were added to a part known.
    void enter(std::int32_t part) {
        while (end_ < l_.part.size() && l_.part[end_] < part) ++end_;
        for (begin_ = end_; end_ < l_.part.size() && l_.part[end_] == part; ++end_) {
            Entry& entry = entries_[l_.element[end_]];
            entry.part = part;
            entry.appears = NONE;
        }
    }

    void leave() {
        for (; begin_ < end_; ++begin_) found_.appears[begin_] = entries_[l_.element[begin_]].appears;
    }

    // All that came before must be in it: there are as many old elements as there were in the list before.
    std::int8_t flaw(std::int32_t list, std::int32_t place, std::int32_t part, std::int64_t before) {
        std::int64_t old = 0;
        bool twice = false, unknown = false;
        for (std::int64_t i = l_.offset[list]; i < l_.offset[list + 1]; ++i) {
            Entry& entry = entries_[l_.listed[i]];
            twice |= entry.last == place;
            entry.last = place;
            unknown |= entry.part != part;
            if (entry.appears == NONE) entry.appears = place;
            old += entry.appears < place;
        }
        return twice ? DUPLICATE : unknown ? THIN_AIR : old != before ? FORK : SOUND;
    }

    const Lists& l_;
    std::vector<Entry> entries_;
    Linked found_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace

Linked link(const Lists& lists) { return Chain(lists).run(); }

}  // namespace quorate
