#include "counter.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "timeline.hpp"

namespace quorate {

namespace {

constexpr std::int8_t READ = 1;

enum Rule : std::int8_t { MULTIPLE, LOW, HIGH, BELOW, ABOVE };

// One counter: what its adds have in common, and where it stands while the events go by.
struct Counter {
    std::int64_t divisor = 0;
    bool up = false;
    bool down = false;
    bool alike = true;
    // Where all adds are alike, in steps.
    std::int64_t certain = 0;
    std::int64_t invoked = 0;
    std::int64_t over = 0;
    std::int64_t floor = 0;
    // Where they differ: sums of what was invoked, and of what was acknowledged.
    std::int64_t plus = 0, minus = 0, sure_plus = 0, sure_minus = 0;
    // Of the credits, which lie one after the other, where this counter's begin and how many there are.
    std::int64_t first = 0;
    std::int32_t credits = 0;
};

class Check {
  public:
    explicit Check(const CounterColumns& columns)
        : c_(columns), found_(columns.parts), counters_(columns.parts), mark_(columns.call.size()) {
        measure();
        lay_out_credits();
    }

    Findings run() {
        replay(
            c_.call, c_.ret, [this](std::int32_t row) { invoked(row); }, [this](std::int32_t row) { returned(row); });
        return std::move(found_);
    }

  private:
    void measure() {
        for (std::size_t row = 0; row < c_.call.size(); ++row) {
            if (c_.f[row] == READ) continue;
            Counter& counter = counters_[c_.part[row]];
            const std::int64_t amount = c_.amount[row];
            // Almost always the same amount again: no division.
            if (amount != counter.divisor && -amount != counter.divisor) {
                counter.alike &= counter.divisor == 0;
                counter.divisor = std::gcd(counter.divisor, amount);
            }
            (amount > 0 ? counter.up : counter.down) = true;
        }
        for (std::size_t which = 0; which < counters_.size(); ++which) {
            Counter& counter = counters_[which];
            counter.alike &= !(counter.up && counter.down);
            if (counter.divisor == 0) counter.divisor = 1;
            if (counter.down && !counter.up) counter.divisor = -counter.divisor;
            if (!counter.alike) found_.standing[which] = UNDECIDED;
        }
    }

    // Each read makes at most one credit; one more entry per counter ends the chain of followers.
    void lay_out_credits() {
        for (std::size_t row = 0; row < c_.call.size(); ++row)
            if (c_.f[row] == READ) ++counters_[c_.part[row]].first;
        std::int64_t end = 0;
        for (Counter& counter : counters_) {
            const std::int64_t reads = counter.first;
            counter.first = end;
            end += reads + 1;
        }
        credit_.resize(end);
        follower_.resize(end);
    }

    void invoked(std::int32_t row) {
        const std::int32_t part = c_.part[row];
        Counter& counter = counters_[part];
        const std::int64_t amount = c_.amount[row];
        if (c_.f[row] == READ) {
            if (amount % counter.divisor != 0) return refute(part, MULTIPLE, row);
            if (!counter.alike) {
                sure(row) = {counter.sure_plus, counter.sure_minus};
                return;
            }
            const std::int64_t value = amount / counter.divisor;
            if (value < counter.certain) return refute(part, LOW, row);
            counter.floor = std::min(counter.floor, value - counter.over);
        } else if (counter.alike) {
            ++counter.invoked;
            mark_[row] = counter.credits;
        } else {
            (amount > 0 ? counter.plus : counter.minus) += amount;
        }
    }

    void returned(std::int32_t row) {
        const std::int32_t part = c_.part[row];
        if (found_.standing[part] == VIOLATED) return;
        Counter& counter = counters_[part];
        if (c_.f[row] == READ)
            counter.alike ? observe(counter, row) : bound(counter, row);
        else if (counter.alike)
            acknowledge(counter, row);
        else if (!c_.optional[row])
            (c_.amount[row] > 0 ? counter.sure_plus : counter.sure_minus) += c_.amount[row];
    }

    // What a read shows beyond what was certain has been counted: a credit for the adds under way.
    void observe(Counter& counter, std::int32_t row) {
        const std::int64_t value = c_.amount[row] / counter.divisor;
        if (value - counter.invoked > counter.floor) return refute(c_.part[row], HIGH, row);
        if (value <= counter.certain) return;
        credit_[counter.first + counter.credits] = value - counter.certain;
        ++counter.credits;
        follower_[counter.first + counter.credits] = counter.credits;
        counter.certain = value;
    }

    void acknowledge(Counter& counter, std::int32_t row) {
        ++counter.over;
        if (c_.optional[row]) return;
        const std::int32_t at = find(counter, mark_[row]);
        if (at == counter.credits) {
            ++counter.certain;
        } else if (--credit_[counter.first + at] == 0) {
            follower_[counter.first + at] = at + 1;
        }
    }

    // The first credit from there on that is not used up.
    std::int32_t find(const Counter& counter, std::int32_t at) {
        std::int32_t* follower = follower_.data() + counter.first;
        while (follower[at] != at) at = follower[at] = follower[follower[at]];
        return at;
    }

    struct Sure {
        std::int64_t plus, minus;
    };

    // What was certain when this read was invoked.
    Sure& sure(std::int32_t row) {
        if (sure_.empty()) sure_.resize(c_.call.size());
        return sure_[row];
    }

    void bound(Counter& counter, std::int32_t row) {
        const Sure before = sure(row);
        if (c_.amount[row] < before.plus + counter.minus) return refute(c_.part[row], BELOW, row);
        if (c_.amount[row] > before.minus + counter.plus) return refute(c_.part[row], ABOVE, row);
    }

    void refute(std::int32_t part, Rule rule, std::int32_t row) { found_.refute(part, rule, {row}); }

    const CounterColumns& c_;
    Findings found_;
    std::vector<Counter> counters_;
    // Per add, how many credits there were when it was invoked.
    std::vector<std::int32_t> mark_;
    std::vector<std::int64_t> credit_;
    std::vector<std::int32_t> follower_;
    std::vector<Sure> sure_;
};

}  // namespace

Findings counter(const CounterColumns& columns) { return Check(columns).run(); }

}  // namespace quorate
