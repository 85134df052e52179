// The search on the Python side: see ladder.py, table.py and kernel.py.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <stdexcept>

#include "bindings.hpp"
#include "cells.hpp"
#include "prefix.hpp"
#include "register_parts.hpp"
#include "shrink.hpp"
#include "strings.hpp"

namespace py = pybind11;

namespace quorate {

namespace {

template <typename T>
using Column = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <typename T>
std::span<const T> view(const Column<T>& column, std::size_t count, const char* name) {
    if (column.ndim() != 1 || static_cast<std::size_t>(column.size()) != count)
        throw std::invalid_argument(std::string(name) + " must have one entry for each operation");
    return {column.data(), count};
}

template <typename T>
void within(std::span<const T> values, std::int64_t least, std::int64_t end, const char* name) {
    for (const T value : values)
        if (value < least || value >= end) throw std::invalid_argument(std::string(name) + " is out of range");
}

// One part begins at `begin`.
void in_order(std::span<const std::int32_t> call, std::span<const std::int32_t> ret, std::size_t begin,
              std::size_t end) {
    for (std::size_t row = begin; row < end; row++) {
        if (row > begin && call[row] < call[row - 1]) throw std::invalid_argument("call must ascend");
        if (ret[row] <= call[row]) throw std::invalid_argument("ret must come after call");
    }
}

// Ctrl-C ends a search.
void poll() {
    py::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

py::array_t<std::int32_t> array(const std::vector<std::int32_t>& values) {
    return py::array_t<std::int32_t>(static_cast<py::ssize_t>(values.size()), values.data());
}

// (verdict, stuck, ruled_out, seconds, offset, rows) as arrays.
py::tuple raw(const Searched& found) {
    const auto parts = static_cast<py::ssize_t>(found.outcomes.size());
    py::array_t<std::int8_t> verdict(parts);
    py::array_t<std::int32_t> stuck(parts), ruled_out(parts);
    std::vector<std::int32_t> offset{0}, rows;
    for (py::ssize_t part = 0; part < parts; part++) {
        const auto at = static_cast<std::size_t>(part);
        verdict.mutable_at(part) = found.outcomes[at].verdict;
        stuck.mutable_at(part) = found.outcomes[at].stuck;
        ruled_out.mutable_at(part) = found.outcomes[at].ruled_out;
        rows.insert(rows.end(), found.witnesses[at].begin(), found.witnesses[at].end());
        offset.push_back(static_cast<std::int32_t>(rows.size()));
    }
    return py::make_tuple(verdict, stuck, ruled_out, py::array_t<double>(parts, found.seconds.data()), array(offset),
                          array(rows));
}

py::tuple registers(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                    const Column<std::uint8_t>& optional, const Column<std::int8_t>& f, const Column<std::int32_t>& old,
                    const Column<std::int32_t>& made, const Column<std::int64_t>& offset,
                    const Column<std::int32_t>& initial, std::int64_t values, double seconds, std::size_t bytes,
                    double shrinking, std::size_t witnesses) {
    const auto count = static_cast<std::size_t>(call.size());
    const auto parts = static_cast<std::size_t>(initial.size());
    const RegisterColumns columns{view(call, count, "call"),
                                  view(ret, count, "ret"),
                                  view(optional, count, "optional"),
                                  view(f, count, "f"),
                                  view(old, count, "old"),
                                  view(made, count, "made"),
                                  0};
    const RegisterParts all{columns, view(offset, parts + 1, "offset"), view(initial, parts, "initial"),
                            static_cast<std::size_t>(values)};
    within(columns.f, READ, MISMATCH + 1, "f");
    within(all.initial, 0, values, "initial");
    for (std::size_t row = 0; row < count; row++) {
        if (columns.f[row] != WRITE) within(columns.old.subspan(row, 1), 0, values, "old");
        if (columns.f[row] == WRITE || columns.f[row] == CAS) within(columns.made.subspan(row, 1), 0, values, "made");
    }
    within(all.offset, 0, static_cast<std::int64_t>(count) + 1, "offset");
    for (std::size_t part = 0; part < parts; part++) {
        if (all.offset[part] > all.offset[part + 1]) throw std::invalid_argument("offset must ascend");
        in_order(columns.call, columns.ret, static_cast<std::size_t>(all.offset[part]),
                 static_cast<std::size_t>(all.offset[part + 1]));
    }
    Searched found;
    {
        py::gil_scoped_release released;
        found = search_registers(all, {seconds, bytes, shrinking, witnesses}, poll);
    }
    return raw(found);
}

std::vector<Nature> natures(std::span<const std::uint8_t> pure, bool nondeterministic) {
    std::vector<Nature> all;
    for (const std::uint8_t one : pure) all.push_back({one != 0, one == 0 || nondeterministic});
    return all;
}

struct Question {
    Problem problem;
    std::vector<Nature> natures;
};

Question question(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                  const Column<std::uint8_t>& optional, const Column<std::int32_t>& kind,
                  const Column<std::uint8_t>& pure, bool nondeterministic) {
    const auto count = static_cast<std::size_t>(call.size());
    const Question asked{{view(call, count, "call"), view(ret, count, "ret"), view(optional, count, "optional"),
                          view(kind, count, "kind")},
                         natures(view(pure, static_cast<std::size_t>(pure.size()), "pure"), nondeterministic)};
    in_order(asked.problem.call, asked.problem.ret, 0, count);
    within(asked.problem.kind, 0, pure.size(), "kind");
    return asked;
}

py::tuple table(Cells& cells, std::int32_t first, const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                const Column<std::uint8_t>& optional, const Column<std::int32_t>& kind,
                const Column<std::uint8_t>& pure, bool nondeterministic, double seconds, std::size_t bytes) {
    const Question asked = question(call, ret, optional, kind, pure, nondeterministic);
    if (first < 0) throw std::invalid_argument("first must be a state");
    Searched found{std::vector<Outcome>(1), {seconds}, std::vector<std::vector<std::int32_t>>(1)};
    {
        py::gil_scoped_release released;
        Budget budget(seconds, bytes, poll);
        cells.charge(budget);
        Search<Cells> search(budget, cells);
        found.outcomes[0] = search.decide(asked.problem, first, asked.natures);
    }
    return raw(found);
}

py::array_t<std::int32_t> shrink(Cells& cells, std::int32_t first, const Column<std::int32_t>& call,
                                 const Column<std::int32_t>& ret, const Column<std::uint8_t>& optional,
                                 const Column<std::int32_t>& kind, const Column<std::uint8_t>& pure,
                                 bool nondeterministic, double seconds, std::size_t bytes, std::int32_t stuck) {
    const Question asked = question(call, ret, optional, kind, pure, nondeterministic);
    if (first < 0) throw std::invalid_argument("first must be a state");
    if (stuck < 0 || static_cast<std::size_t>(stuck) >= asked.problem.size())
        throw std::invalid_argument("stuck is out of range");
    std::vector<std::int32_t> rows;
    {
        py::gil_scoped_release released;
        Budget budget(seconds, bytes, poll);
        cells.charge(budget);
        rows = acknowledged(asked.problem);
        try {
            Search<Cells> search(budget, cells);
            Shrinker<Cells> shrinker(budget, search, asked.problem, first, asked.natures);
            rows = shrinker.run(stuck, [](const Problem&) {});
        } catch (const Spent) {
            // Then everything is the witness.
        }
    }
    return array(rows);
}

// (stuck, rows), of operations of which those that were complete by `end` are refuted.
py::tuple raw(const Explained& found) { return py::make_tuple(found.stuck, array(found.order)); }

py::tuple prefix(Cells& cells, std::int32_t first, const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                 const Column<std::uint8_t>& optional, const Column<std::int32_t>& kind,
                 const Column<std::uint8_t>& pure, bool nondeterministic, double seconds, std::size_t bytes,
                 std::int32_t end) {
    const Question asked = question(call, ret, optional, kind, pure, nondeterministic);
    if (first < 0) throw std::invalid_argument("first must be a state");
    Explained found;
    {
        py::gil_scoped_release released;
        Budget budget(seconds, bytes, poll);
        cells.charge(budget);
        try {
            Search<Cells> search(budget, cells);
            Prefix<Cells> prefix(budget, search, asked.problem, first, asked.natures);
            found = prefix.run(end, [](const Problem&) {});
        } catch (const Spent) {
            // Then nobody knows.
        }
    }
    return raw(found);
}

Explained prefix_of_strings(const StringColumns& columns, double seconds, std::size_t bytes, std::int32_t end) {
    Budget budget(seconds, bytes, poll);
    try {
        Strings strings(budget);
        Array<std::int32_t> kind{Counted<std::int32_t>(budget)};
        strings.read(columns, kind);
        const Problem problem{columns.call, columns.ret, columns.optional, kind};
        Search<Strings> search(budget, strings);
        Prefix<Strings> prefix(budget, search, problem, strings.initial(), strings.natures());
        return prefix.run(end, [&](const Problem& one) { strings.oblige(one); });
    } catch (const Spent) {
        return {};
    }
}

Searched search_strings(const StringColumns& columns, double seconds, std::size_t bytes, double shrinking) {
    Searched found{std::vector<Outcome>(1), {seconds}, std::vector<std::vector<std::int32_t>>(1)};
    Budget budget(seconds, bytes, poll);
    try {
        Strings strings(budget);
        Array<std::int32_t> kind{Counted<std::int32_t>(budget)};
        strings.read(columns, kind);
        const Problem problem{columns.call, columns.ret, columns.optional, kind};
        strings.oblige(problem);
        Search<Strings> search(budget, strings);
        found.outcomes[0] = search.decide(problem, strings.initial(), strings.natures());
        if (found.outcomes[0].verdict != Outcome::ILLEGAL) return found;
        found.witnesses[0] = acknowledged(problem);
        budget.renew(std::min(shrinking, seconds));
        Shrinker<Strings> shrinker(budget, search, problem, strings.initial(), strings.natures());
        found.witnesses[0] = shrinker.run(found.outcomes[0].stuck, [&](const Problem& one) { strings.oblige(one); });
    } catch (const Spent spent) {
        // What is refuted is refuted, be its witness large.
        if (found.witnesses[0].empty())
            found.outcomes[0].verdict = spent == Spent::TIME ? Outcome::NO_TIME : Outcome::NO_MEMORY;
    }
    return found;
}

// The texts of columns that were checked; the columns and the texts must outlive them.
struct StringQuestion {
    std::vector<std::string_view> views;
    StringColumns columns;

    StringQuestion(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                   const Column<std::uint8_t>& optional, const Column<std::int8_t>& f, const Column<std::int32_t>& text,
                   const std::vector<std::string>& texts)
        : views(texts.begin(), texts.end()), columns{} {
        const auto count = static_cast<std::size_t>(call.size());
        columns = {view(call, count, "call"), view(ret, count, "ret"),   view(optional, count, "optional"),
                   view(f, count, "f"),       view(text, count, "text"), views};
        for (const std::string_view one : views)
            if (one.size() >= UINT32_MAX) throw std::invalid_argument("a text is too long");
        within(columns.f, GET, APPEND + 1, "f");
        within(columns.text, 0, static_cast<std::int64_t>(views.size()), "text");
        in_order(columns.call, columns.ret, 0, count);
    }
    StringQuestion(const StringQuestion&) = delete;
};

py::tuple strings(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                  const Column<std::uint8_t>& optional, const Column<std::int8_t>& f, const Column<std::int32_t>& text,
                  const std::vector<std::string>& texts, double seconds, std::size_t bytes, double shrinking) {
    const StringQuestion asked(call, ret, optional, f, text, texts);
    Searched found;
    {
        py::gil_scoped_release released;
        found = search_strings(asked.columns, seconds, bytes, shrinking);
    }
    return raw(found);
}

py::tuple strings_prefix(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                         const Column<std::uint8_t>& optional, const Column<std::int8_t>& f,
                         const Column<std::int32_t>& text, const std::vector<std::string>& texts, double seconds,
                         std::size_t bytes, std::int32_t end) {
    const StringQuestion asked(call, ret, optional, f, text, texts);
    Explained found;
    {
        py::gil_scoped_release released;
        found = prefix_of_strings(asked.columns, seconds, bytes, end);
    }
    return raw(found);
}

}  // namespace

void bind_ladder(py::module_& module) {
    py::class_<Cells>(module, "Cells")
        .def(py::init([](const py::function& step) {
            return std::make_unique<Cells>([step](std::int32_t state, std::int32_t kind) {
                py::gil_scoped_acquire held;
                return step(state, kind).cast<Cells::Answer>();
            });
        }))
        .def_property_readonly("bytes", &Cells::bytes);
    module.def("ladder_registers", &registers);
    module.def("ladder_table", &table);
    module.def("ladder_prefix", &prefix);
    module.def("ladder_shrink", &shrink);
    module.def("ladder_strings", &strings);
    module.def("ladder_strings_prefix", &strings_prefix);
}

}  // namespace quorate
