// Where an order of the operations can stand, and which of that was seen.
#pragma once

#include <cstdint>

#include "crashed.hpp"
#include "mask.hpp"

namespace quorate {

template <std::size_t WORDS>
struct Configuration {
    std::int32_t state = 0;
    // Which unknown operations were used.
    Selection used = Crashed::NONE;
    // Which pending operations are linearized already.
    Mask<WORDS> done;
};

// Configurations per depth, without those that another one dominates: the same state and the same pending operations
// linearized, with fewer unknown operations used.
template <std::size_t WORDS>
class Configurations {
  public:
    Configurations(Budget& budget, const Crashed& crashed)
        : crashed_(&crashed), all_(Counted<Node>(budget)), table_(Counted<Place>(budget)) {}

    void clear() {
        all_.clear();
        epoch_++;
        if (epoch_ == 0) table_.assign(table_.size(), Place{});
        epoch_ += epoch_ == 0;
    }

    std::size_t size() const { return all_.size(); }
    const Configuration<WORDS>& operator[](std::size_t i) const { return all_[i].what; }
    // Whether it was dominated by one that came later.
    bool dominated(std::size_t i) const { return all_[i].dominated; }

    // Keeps it, unless it is dominated by one that is there; says which.
    bool add(const Configuration<WORDS>& what, std::int32_t depth = 0) {
        if ((all_.size() + 1) * 2 > table_.size()) grow();
        const std::size_t mask = table_.size() - 1;
        std::size_t at = hash(what, depth) & mask;
        for (; table_[at].epoch == epoch_; at = (at + 1) & mask) {
            const Node& head = all_[table_[at].first];
            if (head.depth == depth && head.what.state == what.state && head.what.done == what.done)
                return insert(what, depth, table_[at].first);
        }
        table_[at] = {epoch_, static_cast<std::uint32_t>(all_.size())};
        all_.push_back({what, depth, END, false});
        return true;
    }

    void swap(Configurations& other) {
        all_.swap(other.all_);
        table_.swap(other.table_);
        std::swap(epoch_, other.epoch_);
    }

    // Gives the memory back.
    void forget() {
        Array<Node>(all_.get_allocator()).swap(all_);
        Array<Place>(table_.get_allocator()).swap(table_);
    }

  private:
    static constexpr std::uint32_t END = UINT32_MAX;
    static constexpr std::size_t LEAST = 16;

    struct Node {
        Configuration<WORDS> what;
        std::int32_t depth;
        // The next one with the same state, mask and depth.
        std::uint32_t next;
        bool dominated;
    };
    // A place of the table is empty unless it was filled since the last clear().
    struct Place {
        std::uint32_t epoch = 0;
        std::uint32_t first = 0;
    };

    static std::uint64_t hash(const Configuration<WORDS>& what, std::int32_t depth) {
        const auto seed = static_cast<std::uint64_t>(static_cast<std::uint32_t>(depth)) << 32;
        const std::uint64_t mixed = what.done.hash(Mask<WORDS>::mix(seed | static_cast<std::uint32_t>(what.state)));
        return mixed ^ mixed >> 32;
    }

    bool insert(const Configuration<WORDS>& what, std::int32_t depth, std::uint32_t first) {
        std::uint32_t last = first;
        for (std::uint32_t one = first; one != END; one = all_[one].next) {
            if (crashed_->within(all_[one].what.used, what.used)) return false;
            if (crashed_->within(what.used, all_[one].what.used)) all_[one].dominated = true;
            last = one;
        }
        all_[last].next = static_cast<std::uint32_t>(all_.size());
        all_.push_back({what, depth, END, false});
        return true;
    }

    void grow() {
        if (all_.size() >= END / 4) throw Spent::MEMORY;
        const std::size_t size = table_.empty() ? LEAST : table_.size() * 4;
        table_.assign(size, Place{});
        epoch_ = 1;
        for (std::uint32_t i = 0; i < all_.size(); i++) {
            // Only the first of each chain has a place; the others hang on it.
            const Node& node = all_[i];
            std::size_t at = hash(node.what, node.depth) & (size - 1);
            bool chained = false;
            for (; table_[at].epoch == epoch_; at = (at + 1) & (size - 1)) {
                const Node& head = all_[table_[at].first];
                if (head.depth == node.depth && head.what.state == node.what.state &&
                    head.what.done == node.what.done) {
                    chained = true;
                    break;
                }
            }
            if (!chained) table_[at] = {epoch_, i};
        }
    }

    const Crashed* crashed_;
    Array<Node> all_;
    Array<Place> table_;
    std::uint32_t epoch_ = 1;
};

}  // namespace quorate
