#include "zones.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "instants.hpp"

namespace quorate {
namespace {

enum F : std::int8_t { READ = 0, WRITE = 1, CAS = 2, MISMATCH = 3 };
enum Rule : std::int8_t { THIN_AIR = 0, FUTURE = 1, DOUBLE_CAS = 2, CIRCLE = 3, CHAIN = 4, ZONES = 5 };

constexpr std::int32_t NOBODY = -1;
constexpr std::int32_t MANY = -2;
constexpr std::int32_t NONE = -1;
// Two to this power instants share a list of zones.
constexpr int FEW = 2;

// The operations that show one value: the earliest return, the latest call, who wrote it (a row) and which successful
// cas expected it (a row). Once blocks are made, the first cluster of a chain stands for the whole.
struct Cluster {
    std::int32_t f = NEVER;
    std::int32_t s = -1;
    std::int32_t writer = NOBODY;
    std::int32_t next = NONE;
};

// Of one key while time is swept: where the forward zone that reaches furthest ends, and which block that is.
struct Reach {
    std::int32_t end = -1;
    std::int32_t block = NONE;
};

// Two blocks of one key that must precede each other.
struct Clash {
    std::int32_t one = NONE;
    std::int32_t two = NONE;
    bool forward = false;
};

struct ChainConflict {
    std::int32_t key;
    std::int32_t f;
    std::int32_t s;
};

class Check {
  public:
    explicit Check(const ZoneColumns& columns)
        : c(columns),
          at(columns.call, columns.ret),
          rows(static_cast<std::int32_t>(columns.call.size())),
          cluster(static_cast<std::size_t>(columns.values)),
          plain(static_cast<std::size_t>(columns.keys), 1),
          mismatch(static_cast<std::size_t>(columns.keys), 0),
          found(static_cast<std::size_t>(columns.keys)) {}

    Findings run() {
        for (std::int32_t v = 0; v < c.keys; ++v) cluster[v].f = -1;
        add_certain();
        if (!unknown.empty()) add_unknown();
        if (orphans > 0) refute_thin_air();
        if (future) refute_future();
        if (twice) refute_double_cas();
        if (loop) refute_loops();
        make_blocks();
        sweep();
        for (std::int32_t k = 0; k < c.keys; ++k) {
            if (found.standing[k] == HOLDS && (!plain[k] || mismatch[k])) found.standing[k] = UNDECIDED;
        }
        return std::move(found);
    }

  private:
    bool initial(std::int32_t v) const { return v < c.keys; }
    bool sole(std::int32_t v) const { return initial(v) ? cluster[v].writer == NOBODY : cluster[v].writer >= 0; }
    bool sees(std::int32_t row) const { return c.f[row] == READ || c.f[row] == CAS; }
    bool live(std::int32_t row) const {
        return c.optional[row] ? !happened.empty() && happened[row] : c.f[row] != MISMATCH;
    }
    bool refuted(std::int32_t key) const { return found.standing[key] == VIOLATED; }
    std::int32_t key_of(std::int32_t v) const { return c.keys == 1 ? 0 : initial(v) ? v : c.key[cluster[v].writer]; }

    // Throws where an id is out of its range: a read and a cas see something, a write and a cas make something.
    void check(std::int32_t row) const {
        const std::int32_t old = c.old[row], made = c.made[row], key = c.key[row];
        const std::int8_t f = c.f[row];
        const bool makes = f == WRITE || f == CAS;
        const bool sound = f >= READ && f <= MISMATCH && old >= (f == READ || f == CAS ? 0 : -1) && old < c.values &&
                           made >= -1 && (made >= 0) == makes && made < c.values && key >= 0 && key < c.keys;
        if (!sound) throw std::invalid_argument("an id is out of its range");
    }

    void add_writer(std::int32_t row) {
        const std::int32_t made = c.made[row];
        std::int32_t& writer = cluster[made].writer;
        // A second writer makes the first one's key no longer plain: they share it, as ids belong to one key.
        if (writer != NOBODY || initial(made)) plain[c.key[row]] = 0;
        orphans -= writer == NOBODY && !initial(made) && cluster[made].s >= 0;
        writer = writer == NOBODY ? row : MANY;
    }

    // What is added here for a value with several writers is never used.
    void add_write(std::int32_t row) {
        Cluster& own = cluster[c.made[row]];
        future |= own.writer == row && own.f >= 0 && own.f < at.call[row];
        own.f = std::min(own.f, at.ret[row]);
        own.s = std::max(own.s, at.call[row]);
    }

    void add_observation(std::int32_t row) {
        const std::int32_t v = c.old[row];
        Cluster& seen = cluster[v];
        // A value that nobody has written yet; whoever does so later takes it off the count.
        orphans += seen.writer == NOBODY && seen.s < 0 && !initial(v);
        seen.f = std::min(seen.f, at.ret[row]);
        seen.s = std::max(seen.s, at.call[row]);
        if (c.f[row] != CAS) return;
        loop |= c.made[row] == v;
        if (c.made[row] == v) return;
        twice |= seen.next != NONE;
        seen.next = row;
        glued = true;
    }

    // All that was acknowledged, and every writer, in one pass: an operation returns after the calls of the rows before
    // it, so only what was seen before its writer's row can have come from the future.
    void add_certain() {
        for (std::int32_t row = 0; row < rows; ++row) {
            check(row);
            const std::int8_t f = c.f[row];
            if (f == READ) {
                if (!c.optional[row]) add_observation(row);
            } else if (f == MISMATCH) {
                mismatch[c.key[row]] = 1;
            } else {
                add_writer(row);
                if (c.optional[row]) {
                    unknown.push_back(row);
                    continue;
                }
                if (f == CAS) add_observation(row);
                add_write(row);
            }
        }
    }

    // An unknown write happened if what it wrote was seen, by an operation that itself happened.
    void add_unknown() {
        happened.assign(static_cast<std::size_t>(rows), 0);
        std::vector<std::int32_t> shown;
        for (const std::int32_t row : unknown) {
            if (!initial(c.made[row]) && sole(c.made[row]) && cluster[c.made[row]].s >= 0) shown.push_back(row);
        }
        while (!shown.empty()) {
            const std::int32_t row = shown.back();
            shown.pop_back();
            if (happened[row]) continue;
            happened[row] = 1;
            if (c.f[row] == CAS) {
                add_observation(row);
                const std::int32_t writer = initial(c.old[row]) ? NOBODY : cluster[c.old[row]].writer;
                if (writer >= 0 && c.optional[writer] && !happened[writer]) shown.push_back(writer);
                future |= writer >= 0 && at.ret[row] < at.call[writer];
            }
            add_write(row);
        }
    }

    void refute_thin_air() {
        for (std::int32_t row = 0; row < rows; ++row) {
            if (sees(row) && live(row) && !initial(c.old[row]) && cluster[c.old[row]].writer == NOBODY)
                found.refute(c.key[row], THIN_AIR, {row});
        }
    }

    void refute_future() {
        for (std::int32_t row = 0; row < rows; ++row) {
            if (!sees(row) || !live(row) || initial(c.old[row])) continue;
            const std::int32_t writer = cluster[c.old[row]].writer;
            if (writer >= 0 && at.ret[row] < at.call[writer]) found.refute(c.key[row], FUTURE, {row, writer});
        }
    }

    void refute_double_cas() {
        std::vector<std::int32_t> first(cluster.size(), NONE), second(cluster.size(), NONE);
        for (std::int32_t row = 0; row < rows; ++row) {
            if (c.f[row] != CAS || !live(row) || c.old[row] == c.made[row] || !sole(c.old[row])) continue;
            std::int32_t& earlier = first[c.old[row]];
            if (earlier == NONE) {
                earlier = row;
            } else if (second[c.old[row]] == NONE) {
                second[c.old[row]] = row;
            }
        }
        for (std::int32_t v = 0; v < c.values; ++v) {
            if (second[v] != NONE) found.refute(c.key[first[v]], DOUBLE_CAS, {first[v], second[v]});
        }
    }

    void refute_loops() {
        for (std::int32_t row = 0; row < rows; ++row) {
            if (c.f[row] == CAS && live(row) && c.old[row] == c.made[row] && plain[c.key[row]])
                found.refute(c.key[row], CIRCLE, {row});
        }
    }

    // Whether the cluster follows another one in a chain.
    bool follows(std::int32_t v) const {
        if (!glued || initial(v)) return false;
        const std::int32_t writer = cluster[v].writer;
        return c.f[writer] == CAS && live(writer) && plain[c.key[writer]];
    }

    // The cluster that follows in the chain; NONE at its end.
    std::int32_t following(std::int32_t v) const {
        const std::int32_t row = cluster[v].next;
        if (row == NONE || !plain[c.key[row]] || cluster[c.made[row]].writer != row) return NONE;
        return c.made[row];
    }

    bool usable(std::int32_t v) const { return cluster[v].s >= 0 && sole(v) && !refuted(key_of(v)); }

    // Let the first cluster of each chain stand for all of it; what it has absorbed is no longer usable. Inside a chain
    // nothing of a later cluster may have returned before something earlier was invoked.
    void make_blocks() {
        if (!glued) return;
        std::vector<ChainConflict> conflicts;
        std::int64_t waiting = 0;
        for (std::int32_t v = 0; v < c.values; ++v) {
            if (!usable(v)) continue;
            if (follows(v)) {
                ++waiting;
                continue;
            }
            Cluster& block = cluster[v];
            for (std::int32_t w = following(v); w != NONE; w = following(w)) {
                Cluster& next = cluster[w];
                if (next.f < block.s) conflicts.push_back({key_of(v), next.f, block.s});
                block.f = std::min(block.f, next.f);
                block.s = std::max(block.s, next.s);
                next.s = -1;
                waiting -= w < v;
            }
        }
        if (waiting > 0) refute_circles();
        for (const auto& [key, f, s] : conflicts) {
            if (!refuted(key)) found.refute(key, CHAIN, {row_of_ret(f), row_of_call(s)});
        }
    }

    // What follows something and was absorbed from no beginning.
    void refute_circles() {
        std::vector<std::int32_t> circle;
        for (std::int32_t v = 0; v < c.values; ++v) {
            if (!usable(v) || !follows(v)) continue;
            circle.clear();
            for (std::int32_t w = v; w != NONE && cluster[w].s >= 0; w = following(w)) {
                cluster[w].s = -1;
                circle.push_back(cluster[w].writer);
            }
            std::sort(circle.begin(), circle.end());
            found.refute(key_of(v), CIRCLE, circle);
        }
    }

    // The instant at which the zone of a block begins.
    std::int32_t begin(std::int32_t v) const { return std::min(cluster[v].f, cluster[v].s); }

    // Zones in the order of the instants at which they begin: a list for each few instants, in order. Where a cas does
    // not glue (its key is not plain), it is in two blocks, which may begin at once; the smaller id comes first.
    void sweep() {
        std::vector<Reach> reach(static_cast<std::size_t>(c.keys));
        std::vector<std::int32_t> lists((at.end >> FEW) + 1, NONE);
        for (std::int32_t v = c.values - 1; v >= 0; --v) {
            if (!usable(v)) continue;
            if (cluster[v].f < 0) {
                reach[key_of(v)] = {cluster[v].s, v};
                continue;
            }
            std::int32_t* place = &lists[begin(v) >> FEW];
            while (*place != NONE && begin(*place) < begin(v)) place = &cluster[*place].next;
            cluster[v].next = *place;
            *place = v;
        }
        for (const std::int32_t first : lists) {
            for (std::int32_t v = first; v != NONE; v = cluster[v].next) {
                const Cluster& block = cluster[v];
                const std::int32_t key = key_of(v);
                Reach& furthest = reach[key];
                const bool forward = block.f < block.s;
                if (block.f < furthest.end) clash(key, {furthest.block, v, forward});
                if (forward && block.s > furthest.end) furthest = {block.s, v};
            }
        }
        for (std::int32_t k = 0; k < static_cast<std::int32_t>(clashes.size()); ++k) {
            if (clashes[k].one != NONE) refute_zones(k, clashes[k]);
        }
    }

    // The first pair of forward zones is told of; where there is none, the backward zone of the smallest id.
    void clash(std::int32_t key, const Clash& now) {
        if (clashes.empty()) clashes.resize(static_cast<std::size_t>(c.keys));
        Clash& known = clashes[key];
        if (known.one == NONE || (!known.forward && (now.forward || now.two < known.two))) known = now;
    }

    // Name the four operations, the one that comes back to the block seen first (u) last.
    void refute_zones(std::int32_t key, const Clash& pair) {
        std::int32_t first = pair.one, second = pair.two;
        if (cluster[first].s < cluster[second].s) std::swap(first, second);
        if (cluster[second].f < 0) std::swap(first, second);
        const Cluster &one = cluster[first], &two = cluster[second];
        const std::int32_t z = row_of_ret(two.f), u = row_of_call(one.s);
        if (one.f < 0) {
            found.refute(key, ZONES, {INITIAL, INITIAL, z, u});
        } else {
            found.refute(key, ZONES, {row_of_ret(one.f), row_of_call(two.s), z, u});
        }
    }

    std::int32_t row_of_call(std::int32_t instant) const {
        return static_cast<std::int32_t>(std::lower_bound(at.call.begin(), at.call.end(), instant) - at.call.begin());
    }

    std::int32_t row_of_ret(std::int32_t instant) {
        if (returned.empty()) {
            returned.assign(at.end, NONE);
            for (std::int32_t row = 0; row < rows; ++row) {
                if (at.ret[row] != NEVER) returned[at.ret[row]] = row;
            }
        }
        return returned[instant];
    }

    const ZoneColumns& c;
    const Instants at;
    const std::int32_t rows;
    std::vector<Cluster> cluster;
    std::vector<std::uint8_t> plain;
    std::vector<std::uint8_t> mismatch;
    std::vector<std::int32_t> unknown;
    std::vector<std::uint8_t> happened;
    std::vector<std::int32_t> returned;
    std::vector<Clash> clashes;
    std::int64_t orphans = 0;
    bool future = false, twice = false, loop = false, glued = false;
    Findings found;
};

}  // namespace

Findings zones(const ZoneColumns& columns) {
    if (columns.keys < 0 || columns.values < columns.keys) throw std::invalid_argument("fewer values than keys");
    return Check(columns).run();
}

}  // namespace quorate
