// The Python side of the kernel: arrays in, findings out, without the interpreter's lock in between.
#include "bindings.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "bindings_sets.hpp"
#include "collection.hpp"
#include "findings.hpp"
#include "priority_queue.hpp"
#include "queue.hpp"
#include "rank.hpp"
#include "stack.hpp"
#include "zones.hpp"

namespace py = pybind11;

namespace {

// A column: contiguous, and of the type that it must have.
template <typename T>
using Column = py::array_t<T, py::array::c_style>;

// All columns of one table are equally long.
template <typename T, typename Kind>
std::span<const T> span(const Column<Kind>& column, py::ssize_t rows) {
    static_assert(sizeof(T) == sizeof(Kind));
    if (column.ndim() != 1 || column.shape(0) != rows) throw std::invalid_argument("columns of different lengths");
    if (rows >= quorate::NEVER) throw std::invalid_argument("too many rows");
    return {reinterpret_cast<const T*>(column.data()), static_cast<std::size_t>(rows)};
}

template <typename T>
std::span<const T> span(const Column<T>& column, py::ssize_t rows) {
    return span<T, T>(column, rows);
}

template <typename T>
py::array_t<T> array(const std::vector<T>& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

// What a procedure finds, computed without the interpreter's lock.
template <typename Procedure>
auto without_lock(Procedure procedure) {
    py::gil_scoped_release released;
    return procedure();
}

// (standing, part, rule, offset, rows) as arrays; see kernel.py.
py::tuple raw(const quorate::Findings& found) {
    return py::make_tuple(array(found.standing), array(found.part), array(found.rule), array(found.offset),
                          array(found.rows));
}

py::tuple priority_queue(const Column<std::int32_t>& call, const Column<std::int32_t>& ret,
                         const Column<bool>& optional, const Column<std::int8_t>& f, const Column<std::int32_t>& part,
                         const Column<std::int32_t>& value, std::int32_t parts, std::int32_t values,
                         const Column<std::int32_t>& ranks) {
    const py::ssize_t rows = call.size();
    const quorate::CollectionColumns columns{span(call, rows),
                                             span(ret, rows),
                                             span<std::uint8_t>(optional, rows),
                                             span(f, rows),
                                             span(part, rows),
                                             span(value, rows),
                                             parts,
                                             values};
    const auto rank = span(ranks, ranks.size());
    return raw(without_lock([&] { return quorate::priority_queue(columns, rank); }));
}

template <quorate::Findings (*Procedure)(const quorate::CollectionColumns&)>
py::tuple collection(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<bool>& optional,
                     const Column<std::int8_t>& f, const Column<std::int32_t>& part, const Column<std::int32_t>& value,
                     std::int32_t parts, std::int32_t values) {
    const py::ssize_t rows = call.size();
    const quorate::CollectionColumns columns{span(call, rows),
                                             span(ret, rows),
                                             span<std::uint8_t>(optional, rows),
                                             span(f, rows),
                                             span(part, rows),
                                             span(value, rows),
                                             parts,
                                             values};
    return raw(without_lock([&] { return Procedure(columns); }));
}

py::tuple zones(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<bool>& optional,
                const Column<std::int8_t>& f, const Column<std::int32_t>& key, const Column<std::int32_t>& old,
                const Column<std::int32_t>& made, std::int32_t keys, std::int32_t values) {
    const py::ssize_t rows = call.size();
    const quorate::ZoneColumns columns{span(call, rows),
                                       span(ret, rows),
                                       span<std::uint8_t>(optional, rows),
                                       span(f, rows),
                                       span(key, rows),
                                       span(old, rows),
                                       span(made, rows),
                                       keys,
                                       values};
    return raw(without_lock([&] { return quorate::zones(columns); }));
}

py::tuple rank(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<std::int32_t>& part,
               const Column<std::int64_t>& ranks, std::int32_t parts) {
    const py::ssize_t rows = call.size();
    const quorate::RankColumns columns{span(call, rows), span(ret, rows), span(part, rows), span(ranks, rows), parts};
    return raw(without_lock([&] { return quorate::rank(columns); }));
}

}  // namespace

PYBIND11_MODULE(_native, module) {
    module.doc() = "The compiled kernel of the linearizability checker.";
    module.def("rank", &rank);
    module.def("priority_queue", &priority_queue);
    module.def("queue", &collection<quorate::queue>);
    module.def("stack", &collection<quorate::stack>);
    module.def("zones", &zones);
    quorate::bind_ladder(module);
    quorate::python::bind_sets(module);
}
