// The transitions of a register: read, write, compare-and-set, and a failed compare-and-set.
#pragma once

#include <cstdint>
#include <span>

#include "layers.hpp"
#include "moves.hpp"

namespace quorate {

enum RegisterOperation : std::int8_t { READ = 0, WRITE = 1, CAS = 2, MISMATCH = 3 };

// Operations on one register; see twins/zones.py. The ids of values are below `values`.
struct RegisterColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> old;
    std::span<const std::int32_t> made;
    std::int32_t initial;
};

class Registers {
  public:
    // There are only as many states as values that occur.
    static constexpr bool ENDLESS = false;

    // `values`: how many ids of values there are, over all registers that will be asked about.
    Registers(Budget& budget, std::size_t values);

    // Begins with another register: fills `kind` with the class of each operation.
    void read(const RegisterColumns& columns, Array<std::int32_t>& kind);
    // Says which operations certainly happen: a value with one writer cannot be left for good while one of them is yet
    // to be invoked that must see it.
    void oblige(const Problem& problem);

    std::int32_t initial() const { return initial_; }
    std::span<const Nature> natures() const { return natures_; }

    std::int32_t step(std::int32_t state, std::int32_t kind) const {
        const Class& one = classes_[kind];
        switch (one.f) {
            case READ: return state == one.old ? state : NO;
            case WRITE: return one.made;
            case CAS: return state == one.old ? one.made : NO;
            default: return state == one.old ? NO : state;
        }
    }

    // What must be seen later is not left.
    struct Doom {
        std::int32_t state;
        bool held;
        bool operator()(std::int32_t after) const { return held && after != state; }
    };
    Doom doom(std::int32_t state, std::int32_t time) const { return {state, values_[state].needed > time}; }

  private:
    struct Class {
        std::int8_t f;
        std::int32_t old;
        std::int32_t made;
        bool operator==(const Class&) const = default;
    };
    struct Value {
        // How many operations write it; the initial value counts as one.
        std::int32_t writers;
        // The last invocation of an operation that must see it; -1 where there is none, or where it may come back.
        std::int32_t needed;
    };

    std::int32_t local(std::int32_t value);
    // Values that nobody observes are one.
    std::int32_t written(std::int32_t value) const;
    std::int32_t intern(const Class& one);

    Array<Class> classes_;
    Array<Nature> natures_;
    Array<Value> values_;
    // Of each id, the local one, which is valid where the stamp is the current one.
    Array<std::int32_t> local_;
    Array<std::uint32_t> stamp_;
    // Open addressing, as above.
    Array<std::int32_t> table_;
    Array<std::uint32_t> filled_;
    std::uint32_t epoch_ = 0;
    std::int32_t initial_ = 0;
};

}  // namespace quorate
