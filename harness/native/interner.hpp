// Distinct values, numbered in the order in which they are first seen.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace quorate {

// Spreads what differs in few bits over all bits (Murmur3's finaliser).
inline std::uint64_t mix(std::uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

// Texts that stay where they are: blocks that never move.
class Arena {
  public:
    std::string_view keep(std::string_view text) {
        if (text.size() > left_) {
            const std::size_t size = std::max(BLOCK, text.size());
            blocks_.push_back(std::make_unique<char[]>(size));
            next_ = blocks_.back().get();
            left_ = size;
        }
        char* const at = next_;
        if (!text.empty()) std::memcpy(at, text.data(), text.size());
        next_ += text.size();
        left_ -= text.size();
        return {at, text.size()};
    }

  private:
    static constexpr std::size_t BLOCK = 1 << 16;
    std::vector<std::unique_ptr<char[]>> blocks_;
    char* next_ = nullptr;
    std::size_t left_ = 0;
};

// Open addressing over codes that are kept elsewhere: half of the slots are free.
class Slots {
  public:
    // The code for which same(code) holds; -1 where there is none. Then add() puts one there.
    template <typename Same>
    std::int32_t find(std::uint64_t hash, Same same) {
        const std::size_t mask = slots_.size() - 1;
        at_ = hash & mask;
        while (slots_[at_] >= 0 && !same(slots_[at_])) at_ = (at_ + 1) & mask;
        return slots_[at_];
    }

    // Where find() ended; hash_of(code) is asked when it grows.
    template <typename HashOf>
    void add(std::int32_t code, HashOf hash_of) {
        slots_[at_] = code;
        if (++used_ * 2 <= slots_.size()) return;
        std::vector<std::int32_t> before(slots_.size() * 2, -1);
        before.swap(slots_);
        const std::size_t mask = slots_.size() - 1;
        for (const std::int32_t one : before) {
            if (one < 0) continue;
            std::size_t at = hash_of(one) & mask;
            while (slots_[at] >= 0) at = (at + 1) & mask;
            slots_[at] = one;
        }
    }

  private:
    std::vector<std::int32_t> slots_ = std::vector<std::int32_t>(1024, -1);
    std::size_t at_ = 0;
    std::size_t used_ = 0;
};

// Integers and texts are known here by what they are; anything else is kept by the caller, who gets a number for it.
class Interner {
  public:
    // WHOLE is an integer that was written in another way (1.0): equal to it, but the caller keeps how it looked.
    enum Kind : std::uint8_t { ODD = 0, INTEGER = 1, TEXT = 2, WHOLE = 3 };

    std::size_t size() const { return kind_.size(); }
    Kind kind(std::size_t code) const { return static_cast<Kind>(kind_.at(code)); }
    std::int64_t integer(std::size_t code) const { return number_.at(code); }
    std::string_view text(std::size_t code) const { return texts_.at(static_cast<std::size_t>(number_.at(code))); }

    std::int32_t odd() { return add(ODD, 0); }

    // The code of an integer; a new one is of that kind.
    std::int32_t integer_code(std::int64_t value, Kind kind = INTEGER) {
        const auto place = static_cast<std::uint64_t>(value);
        if (place >= dense_.size() && place < DENSITY * (integers_ + FEW)) widen(static_cast<std::size_t>(place) + 1);
        if (place < dense_.size()) {
            const std::int32_t known = dense_[static_cast<std::size_t>(place)];
            return known >= 0 ? known : dense_[static_cast<std::size_t>(place)] = add(kind, value);
        }
        const std::int32_t known = sparse_.find(mix(place), [&](std::int32_t code) { return number(code) == value; });
        if (known >= 0) return known;
        const std::int32_t code = add(kind, value);
        sparse_.add(code, [&](std::int32_t one) { return mix(static_cast<std::uint64_t>(number(one))); });
        return code;
    }

    std::int32_t text_code(std::string_view text) {
        // A few texts, such as names of nodes, come again and again.
        const std::size_t last = text.empty() ? 0 : static_cast<unsigned char>(text.back());
        std::int32_t& recent = recent_[(text.size() + last) % RECENT];
        if (recent < 0 || text_of(recent) != text) recent = find_text(text);
        return recent;
    }

  private:
    std::int32_t find_text(std::string_view text) {
        const std::uint64_t hash = hash_of(text);
        const std::int32_t known = by_text_.find(hash, [&](std::int32_t code) { return text_of(code) == text; });
        if (known >= 0) return known;
        const std::int32_t code = add(TEXT, static_cast<std::int64_t>(texts_.size()));
        texts_.push_back(arena_.keep(text));
        by_text_.add(code, [&](std::int32_t one) { return hash_of(text_of(one)); });
        return code;
    }

    // An integer below so many times the number of integers has a place of its own.
    static constexpr std::uint64_t DENSITY = 8;
    static constexpr std::uint64_t FEW = 128;
    static constexpr std::size_t RECENT = 16;

    static std::uint64_t hash_of(std::string_view text) { return mix(std::hash<std::string_view>{}(text)); }
    std::int64_t number(std::int32_t code) const { return number_[static_cast<std::size_t>(code)]; }
    std::string_view text_of(std::int32_t code) const { return texts_[static_cast<std::size_t>(number(code))]; }

    std::int32_t add(Kind kind, std::int64_t number) {
        if (kind_.size() >= INT32_MAX) throw std::length_error("more than 2147483647 distinct values");
        kind_.push_back(kind);
        number_.push_back(number);
        integers_ += kind == INTEGER || kind == WHOLE;
        return static_cast<std::int32_t>(kind_.size() - 1);
    }

    // Gives the integers up to size places of their own; those that were sparse move.
    void widen(std::size_t size) {
        dense_.resize(std::max(size, dense_.size() * 2), -1);
        for (std::size_t code = 0; code < kind_.size(); ++code) {
            const auto place = static_cast<std::uint64_t>(number_[code]);
            if ((kind_[code] == INTEGER || kind_[code] == WHOLE) && place < dense_.size())
                dense_[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(code);
        }
    }

    std::vector<std::uint8_t> kind_;
    std::vector<std::int64_t> number_;
    std::vector<std::string_view> texts_;
    std::vector<std::int32_t> recent_ = std::vector<std::int32_t>(RECENT, -1);
    std::vector<std::int32_t> dense_;
    Slots sparse_;
    Slots by_text_;
    Arena arena_;
    std::uint64_t integers_ = 0;
};

}  // namespace quorate
