// What queues, stacks and priority queues have in common; the compiled twin of twins/collection.py, which has the
// theory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "findings.hpp"
#include "instants.hpp"

namespace quorate {

// Operations on independent collections, in the order of their invocations; see Columns in twins/collection.py.
struct CollectionColumns {
    std::span<const std::int32_t> call;
    std::span<const std::int32_t> ret;
    std::span<const std::uint8_t> optional;
    std::span<const std::int8_t> f;
    std::span<const std::int32_t> part;
    std::span<const std::int32_t> value;
    std::int32_t parts;
    std::int32_t values;
};

enum CollectionF : std::int8_t { ADD = 0, TAKE = 1, EMPTY = 2, GUESS = 3 };

// Numbered as in twins/collection.py.
enum CollectionRule : std::int8_t {
    THIN_AIR = 0,
    DOUBLE = 1,
    FUTURE = 2,
    FALSE_EMPTY = 3,
    LOST = 4,
    REORDERED = 5,
    ORDER = 6
};

// A value that was added once: the rows of who added and who took it (-1: nobody), and the instants between which that
// happened; see Elements in twins/collection.py.
struct Element {
    std::int32_t part;
    std::int32_t add;
    std::int32_t take;
    std::int32_t start;
    std::int32_t added;
    std::int32_t taken;
    std::int32_t end;
};

// In the order of ``start``.
using Elements = std::vector<Element>;

// Adds the rows of the operations on an element.
void append_rows(const Element& element, std::vector<std::int32_t>& rows);

// Elements, and in which order they were added.
class Timeline {
  public:
    // Instants are below ``end``. The elements stay where they are.
    Timeline(const Elements& those, std::size_t last) : elements(those), end(last) {}

    // Indexes of the elements in the order of ``added``, without those that may have been added at any time.
    const std::vector<std::int32_t>& by_added();

    const Elements& elements;
    const std::size_t end;

  private:
    bool sorted = false;
    std::vector<std::int32_t> order;
};

// Refutes parts by a discipline, given when each element was added and taken.
using Order = std::function<void(Timeline&, Findings&)>;

// Gives guesses elements that nobody else took, in any way that may be possible.
using Settle = std::function<void(Elements&, const CollectionColumns&, const Instants&)>;

// Elements part by part, in each as they were.
class ByPart {
  public:
    ByPart(const Elements& elements, std::size_t parts);

    std::span<Element> operator[](std::size_t part) {
        return std::span(grouped).subspan(begin[part], begin[part + 1] - begin[part]);
    }

    const Elements& all() const { return grouped; }

  private:
    Elements grouped;
    // Where each part begins; one more than there are parts.
    std::vector<std::size_t> begin;
};

// Makes the instants of the elements of one part ranks, below four times their number.
void compress(std::span<Element> elements);

// Which elements were inside when.
class Coverers {
  public:
    explicit Coverers(std::span<const Element> elements);

    // As few elements as possible, by index, one of which was inside at every instant between two; fewer where none is.
    std::vector<std::int32_t> between(std::int32_t low, std::int32_t high) const;

  private:
    // In the order of ``added``; ``which`` of those so far stays longest, until ``furthest``.
    std::vector<std::int32_t> added, furthest, which;
};

// Elements, by index, that need no others: as few as a number of tries finds among those that ``first`` of so many
// needs.
std::vector<std::int32_t> closed(std::int32_t first, std::size_t count,
                                 const std::function<std::vector<std::int32_t>(std::int32_t)>& needs);

// As few of the elements of one part as suffice: leaving out any of them makes the rest legal. What is asked about has
// instants from 0 on, below four times its number, and part 0.
Elements shrunk(const Elements& elements, const std::function<bool(const Elements&)>& refuted);

// Where every part stands, given a discipline.
// Throws std::invalid_argument where an id or an event index is out of its range.
Findings decide(const CollectionColumns& columns, const Order& order, const Settle& settle);

// No guess took anything.
void unsettled(Elements& elements, const CollectionColumns& columns, const Instants& at);

}  // namespace quorate
