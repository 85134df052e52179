// Events from JSON lines, straight into columns.
//
// Only lines of the form that quorate writes are understood here: an object of known fields, each at most once, numbers
// that are integers, texts without escapes. Everything else, damage included, is left to the caller line by line, so
// nothing has to be decided here that a JSON library decides already.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "interner.hpp"

namespace quorate {

constexpr std::int64_t NO_VERSION = INT64_MIN;
constexpr std::int32_t NO_KEY = -1;
// The code of null among the values, and of no node among the nodes.
constexpr std::int32_t NONE = 0;

enum Type : std::int8_t { INVOKE = 0, OK = 1, FAIL = 2, INFO = 3 };

// One event, before or after it is in the columns.
struct Event {
    std::int64_t time = 0;
    std::int32_t process = 0;
    std::int8_t type = 0;
    std::int16_t f = 0;
    std::int32_t key = NO_KEY;
    std::int32_t value = NONE;
    std::int64_t version = NO_VERSION;
    std::int32_t node = NONE;
};

// The columns of some events; see harness/history.py.
struct Columns {
    std::vector<std::int64_t> time;
    std::vector<std::int32_t> process;
    std::vector<std::int8_t> type;
    std::vector<std::int16_t> f;
    std::vector<std::int32_t> key;
    std::vector<std::int32_t> value;
    std::vector<std::int64_t> version;
    std::vector<std::int32_t> node;

    void add(const Event& event);
    void clear();
};

// Which event completes which, -1 where none: a process has at most one operation open.
std::vector<std::int32_t> pair(const std::int32_t* process, const std::int8_t* type, std::size_t count);

class Reader {
  public:
    // Gives the code of a value that is no plain integer or text; -1 for what is no JSON.
    using Resolve = std::function<std::int32_t(std::string_view raw)>;

    // The columns hold no more than INT16_MAX different fs; that many or fewer are read.
    explicit Reader(std::size_t fs_at_most) : most_fs(std::min<std::size_t>(fs_at_most, INT16_MAX)) {
        values->odd();
        nodes.odd();
    }

    // Reads whole lines from text[from] on, and returns where it stopped: at the first line that it does not
    // understand, or at the end of the last whole line.
    std::size_t read(std::string_view text, std::size_t from, const Resolve& resolve);

    // Adds an event that was read elsewhere.
    void add(const Event& event);

    const std::size_t most_fs;
    std::size_t count = 0;
    Columns columns;
    std::shared_ptr<Interner> values = std::make_shared<Interner>();
    Interner keys;
    Interner fs;
    Interner nodes;
    // Event, and code of the error among the errors.
    std::vector<std::pair<std::int64_t, std::int32_t>> errors;
    Interner error_texts;

  private:
    bool line(std::string_view text, const Resolve& resolve);
};

}  // namespace quorate
