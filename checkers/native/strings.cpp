#include "strings.hpp"

#include <algorithm>

namespace quorate {

Strings::Strings(Budget& budget)
    : classes_(Counted<Class>(budget)),
      natures_(Counted<Nature>(budget)),
      seen_(Counted<std::string_view>(budget)),
      nodes_(Counted<Node>(budget)),
      class_(Counted<std::int32_t>(budget)),
      known_(0, std::hash<std::uint64_t>(), std::equal_to<>(), Counted<Entry>(budget)),
      wants_(Counted<Want>(budget)),
      replacements_(Counted<Replacement>(budget)) {}

void Strings::read(const StringColumns& columns, Array<std::int32_t>& kind) {
    constexpr std::size_t KINDS = 3;
    for (std::size_t row = 0; row < columns.f.size(); row++)
        if (columns.f[row] == GET) seen_.push_back(columns.texts[columns.text[row]]);
    std::sort(seen_.begin(), seen_.end());
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
    nodes_.push_back({0, 0, 0});
    initial_ = intern({0, static_cast<std::int32_t>(seen_.size()), 0});
    class_.assign(KINDS * columns.texts.size(), -1);
    for (std::size_t row = 0; row < columns.f.size(); row++) {
        const std::int8_t f = columns.f[row];
        std::int32_t& known = class_[KINDS * static_cast<std::size_t>(columns.text[row]) + static_cast<std::size_t>(f)];
        if (known < 0) {
            known = static_cast<std::int32_t>(classes_.size());
            const std::string_view text = columns.texts[columns.text[row]];
            const Node root = nodes_[static_cast<std::size_t>(initial_)];
            classes_.push_back({f, text, f == APPEND ? LOST : child(root, text)});
            natures_.push_back({f == GET, f != GET});
        }
        kind.push_back(known);
    }
}

void Strings::oblige(const Problem& problem) {
    wants_.clear();
    replacements_.clear();
    std::int32_t latest = -1;
    for (std::size_t row = 0; row < problem.size(); row++) {
        const Class& one = classes_[problem.kind[row]];
        if (one.f == GET && !problem.optional[row]) {
            const auto at = std::lower_bound(seen_.begin(), seen_.end(), one.text);
            wants_.push_back({problem.call[row], problem.ret[row], static_cast<std::int32_t>(at - seen_.begin())});
        } else if (one.f == PUT) {
            latest = std::max(latest, problem.ret[row]);
            replacements_.push_back({problem.call[row], latest});
        }
    }
}

std::int32_t Strings::step(std::int32_t state, std::int32_t kind) {
    const Class& one = classes_[kind];
    if (one.f == GET) return state == one.whole ? state : NO;
    if (one.f == PUT) return one.whole;
    return state == LOST ? LOST : child(nodes_[static_cast<std::size_t>(state)], one.text);
}

Strings::Doom Strings::doom(std::int32_t, std::int32_t time) const {
    const auto called = [](const auto& one, std::int32_t instant) { return one.call < instant; };
    const auto want = std::lower_bound(wants_.begin(), wants_.end(), time, called);
    if (want == wants_.end()) return {this, -1};
    const auto next = std::lower_bound(replacements_.begin(), replacements_.end(), time, called);
    if (next != replacements_.begin() && std::prev(next)->latest >= time) return {this, -1};
    if (next != replacements_.end() && next->call < want->ret) return {this, -1};
    return {this, want->place};
}

std::int32_t Strings::child(const Node& node, std::string_view text) {
    const auto part = [&](std::string_view whole) { return whole.substr(node.length, text.size()); };
    const auto begin = seen_.begin() + node.first, end = seen_.begin() + node.last;
    const auto first =
        std::lower_bound(begin, end, text, [&](auto whole, auto sought) { return part(whole) < sought; });
    const auto last = std::upper_bound(first, end, text, [&](auto sought, auto whole) { return sought < part(whole); });
    if (first == last) return LOST;
    return intern({static_cast<std::int32_t>(first - seen_.begin()), static_cast<std::int32_t>(last - seen_.begin()),
                   node.length + text.size()});
}

std::int32_t Strings::intern(const Node& node) {
    // Nothing is read: then nothing matters.
    if (node.first == node.last) return LOST;
    const auto fresh = static_cast<std::int32_t>(nodes_.size());
    // Both are below 2^32.
    const auto key = static_cast<std::uint64_t>(node.length) << 32 | static_cast<std::uint32_t>(node.first);
    const auto [at, made] = known_.try_emplace(key, fresh);
    if (made) nodes_.push_back(node);
    return at->second;
}

}  // namespace quorate
