// What a search may use: wall-clock time, and bytes, of which every allocation is counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <vector>

namespace quorate {

enum class Spent : std::int8_t { TIME, MEMORY };

class Budget {
  public:
    using Clock = std::chrono::steady_clock;

    // `poll` is called now and then; it may throw, for example because somebody pressed Ctrl-C.
    Budget(double seconds, std::size_t bytes, std::function<void()> poll = {})
        : bytes_(bytes), poll_(std::move(poll)), polled_(Clock::now()) {
        renew(seconds);
    }

    void renew(double seconds) {
        constexpr double LONG = 1e9;
        const auto now = Clock::now();
        end_ = now + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(seconds < 0 ? 0 : (seconds < LONG ? seconds : LONG)));
    }

    double left() const { return std::chrono::duration<double>(end_ - Clock::now()).count(); }

    // Work was done, in units of about a nanosecond or a few: the clock is read every few thousand.
    void work(std::uint32_t units) {
        constexpr std::uint32_t A_WHILE = 4096;
        worked_ += units;
        if (worked_ >= A_WHILE) look();
    }

    // Throws Spent when the time is over.
    void look() {
        worked_ = 0;
        const auto now = Clock::now();
        if (now > end_) throw Spent::TIME;
        if (poll_ && now - polled_ > std::chrono::milliseconds(20)) {
            polled_ = now;
            poll_();
        }
    }

    void take(std::size_t bytes) {
        if (bytes > bytes_ - held_) throw Spent::MEMORY;
        held_ += bytes;
    }
    void give(std::size_t bytes) { held_ -= bytes; }
    std::size_t held() const { return held_; }
    std::size_t limit() const { return bytes_; }

  private:
    std::size_t bytes_;
    std::size_t held_ = 0;
    std::uint32_t worked_ = 0;
    std::function<void()> poll_;
    Clock::time_point end_;
    Clock::time_point polled_;
};

template <typename T>
class Counted {
  public:
    using value_type = T;

    explicit Counted(Budget& budget) : budget_(&budget) {}
    template <typename U>
    Counted(const Counted<U>& other) : budget_(other.budget()) {}

    T* allocate(std::size_t count) {
        budget_->take(count * sizeof(T));
        try {
            return static_cast<T*>(::operator new(count * sizeof(T)));
        } catch (const std::bad_alloc&) {
            budget_->give(count * sizeof(T));
            throw Spent::MEMORY;
        }
    }
    void deallocate(T* at, std::size_t count) {
        budget_->give(count * sizeof(T));
        ::operator delete(at);
    }
    Budget* budget() const { return budget_; }
    bool operator==(const Counted& other) const { return budget_ == other.budget_; }

  private:
    Budget* budget_;
};

// A vector whose memory is counted.
template <typename T>
using Array = std::vector<T, Counted<T>>;

}  // namespace quorate
