#include "reader.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

namespace quorate {

namespace {

// Deeper values are left to the JSON library, and to its limit.
constexpr int DEEPEST = 100;

enum Field { INDEX, TIME, PROCESS, TYPE, F, KEY, VALUE, NODE, ERROR, VERSION, FIELDS };

constexpr std::string_view NAMES[FIELDS] = {"index", "time",  "process", "type",  "f",
                                            "key",   "value", "node",    "error", "version"};
constexpr unsigned REQUIRED = 1 << INDEX | 1 << TIME | 1 << PROCESS | 1 << TYPE | 1 << F;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of the well-formed UTF-8 sequence at the beginning; 0 where there is none.
std::size_t sequence(const unsigned char* at, std::size_t left) {
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < left && at[i] >= low && at[i] <= high;
    };
    const unsigned lead = at[0];
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

// Reads one line from left to right; whatever it does not understand makes a function say no.
class Line {
  public:
    explicit Line(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool take(char c) {
        skip();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    bool at_end() {
        skip();
        return at_ == end_;
    }

    char peek() {
        skip();
        return at_ == end_ ? '\0' : *at_;
    }

    std::optional<std::int64_t> integer() {
        skip();
        const char* p = at_;
        const bool negative = p != end_ && *p == '-';
        p += negative;
        const char* const first = p;
        std::uint64_t number = 0;
        while (p != end_ && is_digit(*p)) number = number * 10 + static_cast<std::uint64_t>(*p++ - '0');
        const auto digits = p - first;
        // 18 digits fit whatever they are; a leading zero, a minus zero and a fraction are for the library.
        const bool zero = digits > 0 && *first == '0';
        if (digits == 0 || digits > 18 || (zero && (digits > 1 || negative))) return std::nullopt;
        if (p != end_ && (*p == '.' || *p == 'e' || *p == 'E')) return std::nullopt;
        at_ = p;
        const auto value = static_cast<std::int64_t>(number);
        return negative ? -value : value;
    }

    // A text without escapes, control characters and malformed UTF-8.
    std::optional<std::string_view> text() {
        skip();
        if (at_ == end_ || *at_ != '"') return std::nullopt;
        const char* const first = at_ + 1;
        const char* p = first;
        while (p != end_ && *p != '"') {
            const auto c = static_cast<unsigned char>(*p);
            if (c < 0x20 || c == '\\') return std::nullopt;
            if (c < 0x80) {
                ++p;
                continue;
            }
            const std::size_t length =
                sequence(reinterpret_cast<const unsigned char*>(p), static_cast<std::size_t>(end_ - p));
            if (length == 0) return std::nullopt;
            p += length;
        }
        if (p == end_) return std::nullopt;
        at_ = p + 1;
        return std::string_view(first, static_cast<std::size_t>(p - first));
    }

    // Where a value ends, if it is one: up to the comma or brace that is not within it.
    std::optional<std::string_view> raw() {
        skip();
        const char* const first = at_;
        const char* p = at_;
        int depth = 0;
        bool quoted = false;
        for (; p != end_; ++p) {
            const char c = *p;
            if (quoted) {
                if (c == '\\' && ++p == end_) return std::nullopt;
                quoted = c != '"';
                continue;
            }
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
            quoted = c == '"';
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
            if (depth > DEEPEST) return std::nullopt;
        }
        if (quoted || depth != 0 || p == first || p == end_) return std::nullopt;
        at_ = p;
        return std::string_view(first, static_cast<std::size_t>(p - first));
    }

    // Which field comes next; as quorate writes its name, or in another way.
    Field field() {
        switch (end_ - at_ > 1 ? at_[1] : '\0') {
            case 'i':
                if (word("\"index\":")) return INDEX;
                break;
            case 't':
                if (word("\"time\":")) return TIME;
                if (word("\"type\":")) return TYPE;
                break;
            case 'p':
                if (word("\"process\":")) return PROCESS;
                break;
            case 'f':
                if (word("\"f\":")) return F;
                break;
            case 'k':
                if (word("\"key\":")) return KEY;
                break;
            case 'v':
                if (word("\"value\":")) return VALUE;
                if (word("\"version\":")) return VERSION;
                break;
            case 'n':
                if (word("\"node\":")) return NODE;
                break;
            case 'e':
                if (word("\"error\":")) return ERROR;
                break;
        }
        const auto name = text();
        if (!name || !take(':')) return FIELDS;
        int which = 0;
        while (which < FIELDS && NAMES[which] != *name) ++which;
        return static_cast<Field>(which);
    }

    std::optional<Type> type() {
        skip();
        if (word("\"ok\"")) return OK;
        if (word("\"invoke\"")) return INVOKE;
        if (word("\"fail\"")) return FAIL;
        if (word("\"info\"")) return INFO;
        return std::nullopt;
    }

    bool null() {
        skip();
        return word("null");
    }

  private:
    // A length that the compiler knows makes this one comparison.
    template <std::size_t N>
    bool word(const char (&wanted)[N]) {
        constexpr std::size_t length = N - 1;
        if (static_cast<std::size_t>(end_ - at_) < length || std::memcmp(at_, wanted, length) != 0) return false;
        at_ += length;
        return true;
    }

    void skip() {
        while (at_ != end_ && is_space(*at_)) ++at_;
    }

    const char* at_;
    const char* end_;
};

// What a line says, as texts into it: nothing is numbered before the whole line is understood.
struct Parsed {
    std::int64_t index = -1;
    std::int64_t time = 0;
    std::int64_t process = 0;
    Type type = INVOKE;
    std::string_view f;
    std::optional<std::int64_t> key_number;
    std::optional<std::string_view> key_text;
    std::optional<std::int64_t> number;
    std::optional<std::string_view> text;
    std::optional<std::string_view> raw;
    std::optional<std::string_view> node;
    std::optional<std::string_view> error;
    std::int64_t version = NO_VERSION;
};

template <typename T>
bool got(std::optional<T>& into, std::optional<T> found) {
    into = found;
    return found.has_value();
}

template <typename T>
bool got(T& into, std::optional<T> found) {
    if (found) into = *found;
    return found.has_value();
}

bool key(Line& line, Parsed& into) {
    if (line.null()) return true;
    return line.peek() == '"' ? got(into.key_text, line.text()) : got(into.key_number, line.integer());
}

bool value(Line& line, Parsed& into) {
    const char first = line.peek();
    if (first == 'n' && line.null()) return true;
    if ((is_digit(first) || first == '-') && got(into.number, line.integer())) return true;
    if (first == '"' && got(into.text, line.text())) return true;
    return got(into.raw, line.raw());
}

bool one(Line& line, Field field, Parsed& into) {
    switch (field) {
        case INDEX: return got(into.index, line.integer());
        case TIME: return got(into.time, line.integer());
        case PROCESS: return got(into.process, line.integer());
        case TYPE: return got(into.type, line.type());
        case F: return got(into.f, line.text());
        case KEY: return key(line, into);
        case VALUE: return value(line, into);
        case NODE: return line.null() || got(into.node, line.text());
        case ERROR: return line.null() || got(into.error, line.text());
        case VERSION: return line.null() || got(into.version, line.integer());
        default: return false;
    }
}

bool parse(Line& line, Parsed& into) {
    if (!line.take('{')) return false;
    unsigned seen = 0;
    do {
        const Field field = line.field();
        if (field == FIELDS || seen & 1U << field || !one(line, field, into)) return false;
        seen |= 1U << field;
    } while (line.take(','));
    return line.take('}') && line.at_end() && (seen & REQUIRED) == REQUIRED;
}

}  // namespace

void Columns::add(const Event& event) {
    time.push_back(event.time);
    process.push_back(event.process);
    type.push_back(event.type);
    f.push_back(event.f);
    key.push_back(event.key);
    value.push_back(event.value);
    version.push_back(event.version);
    node.push_back(event.node);
}

void Columns::clear() {
    time.clear();
    process.clear();
    type.clear();
    f.clear();
    key.clear();
    value.clear();
    version.clear();
    node.clear();
}

void Reader::add(const Event& event) {
    columns.add(event);
    ++count;
}

bool Reader::line(std::string_view text, const Resolve& resolve) {
    Line line(text);
    Parsed parsed;
    if (!parse(line, parsed)) return false;
    if (parsed.index < 0 || static_cast<std::size_t>(parsed.index) != count || parsed.time < 0) return false;
    if (parsed.process < -INT32_MAX || parsed.process > INT32_MAX) return false;
    if (fs.size() >= most_fs) return false;
    Event event;
    if (parsed.raw) {
        event.value = resolve(*parsed.raw);
        if (event.value < 0) return false;
    } else if (parsed.number) {
        event.value = values->integer_code(*parsed.number);
    } else if (parsed.text) {
        event.value = values->text_code(*parsed.text);
    }
    event.time = parsed.time;
    event.process = static_cast<std::int32_t>(parsed.process);
    event.type = parsed.type;
    event.f = static_cast<std::int16_t>(fs.text_code(parsed.f));
    if (parsed.key_number) event.key = keys.integer_code(*parsed.key_number);
    if (parsed.key_text) event.key = keys.text_code(*parsed.key_text);
    if (parsed.node) event.node = nodes.text_code(*parsed.node);
    if (parsed.error) errors.emplace_back(static_cast<std::int64_t>(count), error_texts.text_code(*parsed.error));
    event.version = parsed.version;
    add(event);
    return true;
}

std::size_t Reader::read(std::string_view text, std::size_t from, const Resolve& resolve) {
    while (from < text.size()) {
        const void* const end = std::memchr(text.data() + from, '\n', text.size() - from);
        if (end == nullptr) break;
        const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - (text.data() + from));
        if (!line(text.substr(from, length), resolve)) break;
        from += length + 1;
    }
    return from;
}

// Which operation each process has open: most process numbers are small.
class Open {
  public:
    // The event where the process began, which is forgotten; -1 where it has nothing open.
    std::int32_t end(std::int32_t process) {
        std::int32_t* const known = find(process);
        return known == nullptr ? -1 : std::exchange(*known, -1);
    }

    void begin(std::int32_t process, std::int32_t event) {
        const auto place = static_cast<std::uint32_t>(process);
        if (place < SMALL && place >= small_.size()) small_.resize(std::min(SMALL, place + place / 2 + 64), -1);
        if (std::int32_t* const known = find(process)) {
            *known = event;
        } else {
            others_[process] = event;
        }
    }

  private:
    static constexpr std::uint32_t SMALL = 1 << 24;

    std::int32_t* find(std::int32_t process) {
        const auto place = static_cast<std::uint32_t>(process);
        if (place < small_.size()) return &small_[place];
        const auto other = others_.find(process);
        return other == others_.end() ? nullptr : &other->second;
    }

    std::vector<std::int32_t> small_;
    std::unordered_map<std::int32_t, std::int32_t> others_;
};

std::vector<std::int32_t> pair(const std::int32_t* process, const std::int8_t* type, std::size_t count) {
    std::vector<std::int32_t> partner(count, -1);
    Open open;
    for (std::size_t event = 0; event < count; ++event) {
        const auto index = static_cast<std::int32_t>(event);
        if (type[event] == INVOKE) {
            open.begin(process[event], index);
            continue;
        }
        const std::int32_t start = open.end(process[event]);
        if (start < 0) continue;
        partner[event] = start;
        partner[static_cast<std::size_t>(start)] = index;
    }
    return partner;
}

}  // namespace quorate
