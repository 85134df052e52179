#include "mutex.hpp"

#include <numeric>
#include <vector>

#include "timeline.hpp"

namespace quorate {
namespace {

enum F : std::int8_t { ACQUIRE = 0, RELEASE = 1, REFUSED = 2 };
enum Rule : std::int8_t { DOUBLE_LOCK = 0, STALE_TOKEN = 1, RELEASE_OF_FREE = 2, REFUSED_FREE = 3 };

constexpr std::int32_t NONE = -1;

using Rows = std::vector<std::int32_t>;

// The rows, stably sorted by a key below `keys`.
Rows sorted_by(const Rows& rows, std::span<const std::int32_t> key, std::int32_t keys) {
    std::vector<std::size_t> place(static_cast<std::size_t>(keys) + 1, 0);
    for (const std::int32_t row : rows) ++place[static_cast<std::size_t>(key[row]) + 1];
    std::partial_sum(place.begin(), place.end(), place.begin());
    Rows sorted(rows.size());
    for (const std::int32_t row : rows) sorted[place[key[row]]++] = row;
    return sorted;
}

class Mutexes {
  public:
    explicit Mutexes(const MutexColumns& columns)
        : c_(columns),
          found_(static_cast<std::size_t>(columns.parts)),
          open_(static_cast<std::size_t>(columns.parts), false),
          reused_(static_cast<std::size_t>(columns.parts), false),
          starts_(columns.call.size(), false),
          extra_(columns.call.size(), false),
          at_(columns.call.size(), NONE),
          released_(columns.call.size(), NONE) {}

    Findings decide() {
        follow_processes();
        releases();
        holders();
        for (std::size_t part = 0; part < open_.size(); ++part)
            if (open_[part]) found_.standing[part] = UNDECIDED;
        return std::move(found_);
    }

  private:
    // Where one process stands on one mutex.
    struct Process {
        std::int32_t last = NONE;
        std::int32_t first = NONE;  // The acquire since which it holds.
        std::int64_t depth = 0;
    };

    // Where one mutex stands while time goes by.
    struct Mutex {
        std::int32_t holder = NONE;   // Its acquire; it may have released since.
        std::int32_t token = NONE;    // The last acquire that told a token.
        std::int32_t waiting = NONE;  // The first refusal that the holder does not explain.
    };

    const MutexColumns& c_;
    Findings found_;
    std::vector<bool> open_;    // Per part, whether some process's operations have more than one order.
    std::vector<bool> reused_;  // Per part, whether a process went on after a release of unknown outcome.
    std::vector<bool> starts_;  // An acquire with which a process begins to hold.
    std::vector<bool> extra_;   // A release by a process that did not hold.
    Rows at_;                   // Per row, its position in `order_`.
    Rows released_;             // Per such acquire, the release with which it ends.
    Rows order_;                // By part, process and time.

    bool acquires(std::int32_t row) const { return c_.f[row] == ACQUIRE && !c_.optional[row]; }

    void follow_processes() {
        Rows rows;
        rows.reserve(c_.call.size());
        for (std::size_t row = 0; row < c_.call.size(); ++row)
            if (c_.f[row] != REFUSED) rows.push_back(static_cast<std::int32_t>(row));
        order_ = sorted_by(sorted_by(rows, c_.process, c_.processes), c_.part, c_.parts);
        Process now;
        for (std::size_t i = 0; i < order_.size(); ++i) {
            const std::int32_t row = order_[i], last = now.last;
            at_[row] = static_cast<std::int32_t>(i);
            if (last != NONE && !owned_alike(last, row)) now = {};
            if (!sound(now, row)) open_[c_.part[row]] = true;
            if (now.last != NONE && c_.optional[now.last]) reused_[c_.part[row]] = true;
            if (c_.f[row] == ACQUIRE)
                acquire(now, row);
            else
                release(now, row);
            now.last = row;
        }
    }

    // Whether nothing but the order of the calls can be the order of the process's operations.
    bool sound(const Process& now, std::int32_t row) const {
        if (c_.optional[row] ? c_.ret[row] != NEVER : c_.f[row] == ACQUIRE && c_.ret[row] == NEVER) return false;
        if (now.last == NONE) return true;
        if (!c_.optional[now.last]) return c_.ret[now.last] < c_.call[row];
        // A release of unknown outcome must have happened where the process then acquires.
        return !c_.reentrant && c_.f[now.last] == RELEASE && now.first == NONE && !extra_[now.last] &&
               c_.f[row] == ACQUIRE;
    }

    // One of unknown outcome, the process's last, is left out: happening would only keep others from acquiring.
    void acquire(Process& now, std::int32_t row) {
        if (c_.optional[row]) return;
        if (now.depth == 0 || !c_.reentrant) {
            starts_[row] = true;
            now.first = row;
            now.depth = 0;
        }
        ++now.depth;
    }

    void release(Process& now, std::int32_t row) {
        if (now.depth == 0) {
            extra_[row] = true;
            return;
        }
        if (--now.depth != 0) return;
        released_[now.first] = row;
        now.first = NONE;
    }

    // A witness says nothing of a release of unknown outcome that could as well come later: the search finds one.
    void refute(std::int32_t row, Rule rule, std::span<const std::int32_t> witness) {
        const std::int32_t part = c_.part[row];
        if (reused_[part])
            found_.standing[part] = UNDECIDED;
        else if (!open_[part])
            found_.refute(part, rule, witness);
    }

    void releases() {
        for (std::int32_t row = 0; row < static_cast<std::int32_t>(extra_.size()); ++row) {
            if (extra_[row] && !c_.optional[row] && found_.standing[c_.part[row]] != VIOLATED)
                refute(row, RELEASE_OF_FREE, unpaid(row));
        }
    }

    // What shows that a process released too often: its release before, or all where it may hold several times.
    Rows unpaid(std::int32_t row) const {
        Rows rows;
        for (std::int32_t at = at_[row]; at >= 0 && owned_alike(order_[at], row); --at) {
            if (c_.f[order_[at]] == RELEASE) rows.push_back(order_[at]);
            if (!c_.reentrant && order_[at] != row) break;
        }
        return {rows.rbegin(), rows.rend()};
    }

    bool owned_alike(std::int32_t one, std::int32_t two) const {
        return c_.part[one] == c_.part[two] && c_.process[one] == c_.process[two];
    }

    void holders() {
        std::vector<Mutex> mutexes(open_.size());
        for (const std::int32_t row : by_return(c_.ret)) {
            Mutex& mutex = mutexes[c_.part[row]];
            if (open_[c_.part[row]]) continue;
            if (c_.f[row] == REFUSED)
                refused(mutex, row);
            else if (starts_[row])
                held(mutex, row);
        }
        end(mutexes);
    }

    // The instant from which on the holder may have released.
    std::int32_t freed(std::int32_t holder) const {
        return released_[holder] == NONE ? NEVER : c_.call[released_[holder]];
    }

    // The instant by which the holder certainly has released.
    std::int32_t free(std::int32_t holder) const {
        const std::int32_t release = released_[holder];
        return release == NONE || c_.optional[release] ? NEVER : c_.ret[release];
    }

    void held(Mutex& mutex, std::int32_t row) {
        if (mutex.holder != NONE && freed(mutex.holder) > c_.ret[row])
            refute(row, DOUBLE_LOCK, both(mutex.holder, row));
        if (mutex.waiting != NONE && c_.call[row] > c_.ret[mutex.waiting]) useless(mutex, row);
        mutex.waiting = NONE;
        mutex.holder = row;
        if (c_.token[row] == NO_TOKEN) return;
        if (mutex.token != NONE && c_.token[mutex.token] >= c_.token[row]) {
            const std::int32_t rows[] = {mutex.token, row};
            refute(row, STALE_TOKEN, rows);
        }
        mutex.token = row;
    }

    // The acquires of the holder, and the one during them; last the release, where there is one.
    Rows both(std::int32_t holder, std::int32_t row) const {
        Rows rows{row, holder};
        if (found_.standing[c_.part[row]] == VIOLATED) return rows;
        const std::int32_t release = released_[holder];
        for (std::size_t at = at_[holder] + 1; c_.reentrant && at < order_.size(); ++at) {
            const std::int32_t one = order_[at];
            if (!owned_alike(one, holder) || c_.ret[one] >= c_.ret[row]) break;
            if (acquires(one)) rows.push_back(one);
        }
        if (release != NONE) rows.push_back(release);
        return rows;
    }

    void refused(Mutex& mutex, std::int32_t row) {
        if (c_.reentrant) {
            // Only what somebody else held for certain explains it here.
            if (mutex.holder == NONE || freed(mutex.holder) < c_.call[row] ||
                c_.process[mutex.holder] == c_.process[row])
                unexplained(row);
            return;
        }
        if (mutex.waiting == NONE && (mutex.holder == NONE || free(mutex.holder) < c_.call[row])) mutex.waiting = row;
    }

    void unexplained(std::int32_t row) {
        if (found_.standing[c_.part[row]] == HOLDS) found_.standing[c_.part[row]] = UNDECIDED;
    }

    // Refused although nobody can have held it; `next` is the next holder's acquire, if any.
    void useless(const Mutex& mutex, std::int32_t next) {
        Rows rows{mutex.waiting};
        if (mutex.holder != NONE) rows.push_back(released_[mutex.holder]);
        if (next != NONE) rows.push_back(next);
        refute(mutex.waiting, REFUSED_FREE, rows);
    }

    // An acquire of unknown outcome may have been the last, and explains refusals from its invocation on.
    void end(std::vector<Mutex>& mutexes) {
        for (std::size_t row = 0; row < c_.call.size(); ++row) {
            Mutex& mutex = mutexes[c_.part[row]];
            if (c_.f[row] == ACQUIRE && c_.optional[row] && mutex.waiting != NONE &&
                c_.call[row] < c_.ret[mutex.waiting])
                mutex.waiting = NONE;
        }
        for (const Mutex& mutex : mutexes)
            if (mutex.waiting != NONE) useless(mutex, NONE);
    }
};

}  // namespace

Findings mutex(const MutexColumns& columns) { return Mutexes(columns).decide(); }

}  // namespace quorate
