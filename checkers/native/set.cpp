#include "set.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace quorate {

namespace {

enum Kind : std::int8_t { PRESENT, ABSENT, ADD, REMOVE, TAKE };
enum Rule : std::int8_t { THIN_AIR, FUTURE, VANISHED, EARLY, BETWEEN, REMOVED, RETURNED, ORDER };

constexpr std::int32_t NONE = -1;

// One element: rows of the operations that bound the others. Half of a cache line.
struct alignas(32) Element {
    std::int32_t add = NONE;
    std::int32_t remove = NONE;
    // Of those that found it: the first to be complete, and the last to be invoked.
    std::int32_t found = NONE;
    std::int32_t last_found = NONE;
    // The last to be invoked of those that missed it.
    std::int32_t last_missed = NONE;
    std::int32_t found_ret = NEVER;
    // Several adds, or several removes.
    bool many = false;
    // One that missed it must lie before the add or after the remove, and may do neither.
    bool open = false;
};

class Check {
  public:
    explicit Check(const SetColumns& columns) : c_(columns), found_(columns.parts), elements_(columns.parts) {}

    Findings run() {
        gather();
        for (std::int32_t part = 0; part < c_.parts; ++part) decide(part);
        if (open_) place();
        return std::move(found_);
    }

  private:
    void gather() {
        const auto rows = static_cast<std::int32_t>(c_.call.size());
        for (std::int32_t row = 0; row < rows; ++row) {
            Element& element = elements_[c_.part[row]];
            switch (c_.f[row]) {
                case PRESENT:
                    if (element.found == NONE || c_.ret[row] < element.found_ret) {
                        element.found = row;
                        element.found_ret = c_.ret[row];
                    }
                    element.last_found = row;
                    break;
                case ABSENT: element.last_missed = row; break;
                case ADD:
                    element.many |= element.add != NONE;
                    element.add = row;
                    break;
                default: element.many |= element.remove != NONE; element.remove = row;
            }
        }
    }

    void decide(std::int32_t part) {
        Element& e = elements_[part];
        const bool taken = e.remove != NONE && c_.f[e.remove] == TAKE;
        if (e.many) {
            found_.standing[part] = UNDECIDED;
        } else if (e.add == NONE) {
            if (e.found != NONE || taken) found_.refute(part, THIN_AIR, {proof(e)});
        } else if (c_.optional[e.add] && e.found == NONE && !taken) {
            return;
        } else if (e.found != NONE && e.found_ret < c_.call[e.add]) {
            found_.refute(part, FUTURE, {e.found, e.add});
        } else if (taken && c_.ret[e.remove] < c_.call[e.add]) {
            found_.refute(part, FUTURE, {e.remove, e.add});
        } else if (e.remove == NONE) {
            if (late(e)) refute(part, VANISHED, {shown(e), e.last_missed});
        } else {
            decide_removed(part, e, taken);
        }
    }

    // It was added, and there is one remove.
    void decide_removed(std::int32_t part, Element& e, bool taken) {
        const std::int32_t after = passed(e);
        if (after == NONE) {
            e.open = late(e);
            open_ |= e.open;
        } else if (taken) {
            found_.refute(part, REMOVED, {e.remove, after});
        } else if (!c_.optional[e.remove] && c_.call[e.remove] > until(e)) {
            refute(part, RETURNED, {shown(e), e.remove, after});
        } else if (late(e)) {
            refute(part, ORDER, {shown(e), e.last_missed, e.remove, after});
        }
    }

    // The first that missed an open element and lies between what shows it there.
    void place() {
        const auto rows = static_cast<std::int32_t>(c_.call.size());
        for (std::int32_t row = 0; row < rows; ++row) {
            if (c_.f[row] != ABSENT) continue;
            const std::int32_t part = c_.part[row];
            const Element& e = elements_[part];
            if (!e.open || c_.call[row] < until(e)) continue;
            const bool again = e.last_found != NONE && c_.call[e.last_found] > c_.call[e.remove];
            const std::int32_t end = again ? e.last_found : e.remove;
            if (c_.ret[row] < c_.call[end]) refute(part, again ? BETWEEN : EARLY, {shown(e), row, end});
        }
    }

    // An instant before which the element was there, and the operation that shows it.
    std::int32_t until(const Element& e) const { return std::min(c_.ret[e.add], e.found_ret); }
    std::int32_t shown(const Element& e) const { return c_.ret[e.add] < e.found_ret ? e.add : e.found; }

    bool late(const Element& e) const { return e.last_missed != NONE && c_.call[e.last_missed] > until(e); }

    // What was invoked after the remove was over, and shows that it was before the add.
    std::int32_t passed(const Element& e) const {
        const std::int32_t end = c_.ret[e.remove];
        if (end < c_.call[e.add]) return e.add;
        return e.last_found != NONE && end < c_.call[e.last_found] ? e.last_found : NONE;
    }

    // What needs an add.
    static std::int32_t proof(const Element& e) { return e.found != NONE ? e.found : e.remove; }

    void refute(std::int32_t part, Rule rule, std::initializer_list<std::int32_t> rows) {
        const Element& e = elements_[part];
        std::vector<std::int32_t> witness(rows);
        if (c_.optional[e.add] && std::find(rows.begin(), rows.end(), e.add) != rows.end()) witness.push_back(proof(e));
        found_.refute(part, rule, witness);
    }

    const SetColumns& c_;
    Findings found_;
    std::vector<Element> elements_;
    bool open_ = false;
};

}  // namespace

Findings set(const SetColumns& columns) { return Check(columns).run(); }

}  // namespace quorate
