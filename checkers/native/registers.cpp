#include "registers.hpp"

#include <algorithm>
#include <bit>

#include "mask.hpp"

namespace quorate {

namespace {
// The local id of every value that nobody observes.
constexpr std::int32_t UNSEEN = 0;
}  // namespace

Registers::Registers(Budget& budget, std::size_t values)
    : classes_(Counted<Class>(budget)),
      natures_(Counted<Nature>(budget)),
      values_(Counted<Value>(budget)),
      local_(values, 0, Counted<std::int32_t>(budget)),
      stamp_(values, 0, Counted<std::uint32_t>(budget)),
      table_(Counted<std::int32_t>(budget)),
      filled_(Counted<std::uint32_t>(budget)) {}

void Registers::read(const RegisterColumns& columns, Array<std::int32_t>& kind) {
    const std::size_t count = columns.call.size();
    if (table_.size() < 2 * count) {
        table_.assign(std::bit_ceil(2 * count), 0);
        filled_.assign(table_.size(), 0);
        std::fill(stamp_.begin(), stamp_.end(), 0);
        epoch_ = 0;
    }
    epoch_++;
    classes_.clear();
    natures_.clear();
    values_.assign(1, Value{0, -1});
    for (std::size_t row = 0; row < count; row++)
        if (columns.f[row] != WRITE) local(columns.old[row]);
    initial_ = written(columns.initial);
    values_[initial_].writers++;
    kind.resize(count);
    for (std::size_t row = 0; row < count; row++) {
        const std::int8_t f = columns.f[row];
        const std::int32_t old = f == WRITE ? UNSEEN : local(columns.old[row]);
        const std::int32_t made = f == WRITE || f == CAS ? written(columns.made[row]) : old;
        if (f == WRITE || f == CAS) values_[made].writers++;
        kind[row] = intern({f, old, made});
    }
}

void Registers::oblige(const Problem& problem) {
    for (Value& value : values_) value.needed = -1;
    for (std::size_t row = 0; row < problem.size(); row++) {
        const Class& one = classes_[problem.kind[row]];
        if (problem.optional[row] || (one.f != READ && one.f != CAS)) continue;
        Value& value = values_[one.old];
        if (value.writers == 1) value.needed = std::max(value.needed, problem.call[row]);
    }
}

std::int32_t Registers::local(std::int32_t value) {
    if (stamp_[value] != epoch_) {
        stamp_[value] = epoch_;
        local_[value] = static_cast<std::int32_t>(values_.size());
        values_.push_back({0, -1});
    }
    return local_[value];
}

std::int32_t Registers::written(std::int32_t value) const { return stamp_[value] == epoch_ ? local_[value] : UNSEEN; }

std::int32_t Registers::intern(const Class& one) {
    const std::size_t mask = table_.size() - 1;
    const std::uint64_t key = static_cast<std::uint64_t>(static_cast<std::uint32_t>(one.old)) << 32 |
                              static_cast<std::uint32_t>(one.made) << 2 | static_cast<std::uint32_t>(one.f);
    const std::uint64_t mixed = Mask<1>::mix(key);
    std::size_t at = (mixed ^ mixed >> 32) & mask;
    for (; filled_[at] == epoch_; at = (at + 1) & mask)
        if (classes_[table_[at]] == one) return table_[at];
    filled_[at] = epoch_;
    table_[at] = static_cast<std::int32_t>(classes_.size());
    classes_.push_back(one);
    const bool pure = one.f == READ || one.f == MISMATCH || (one.f == CAS && one.old == one.made);
    natures_.push_back({pure, !pure});
    return table_[at];
}

}  // namespace quorate
