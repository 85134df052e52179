// NumPy arrays as the spans that the procedures take, and back. Nothing about a column is believed unchecked.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "findings.hpp"

namespace quorate::python {

namespace py = pybind11;

// A column: contiguous, and of the type that it must have.
template <typename T>
using Column = py::array_t<T, py::array::c_style>;

template <typename T>
std::span<const T> span(const Column<T>& column) {
    if (column.ndim() != 1) throw std::invalid_argument("a column has one dimension");
    if (column.shape(0) >= NEVER) throw std::invalid_argument("too many rows");
    return {column.data(), static_cast<std::size_t>(column.shape(0))};
}

inline std::span<const std::uint8_t> span(const Column<bool>& column) {
    if (column.ndim() != 1) throw std::invalid_argument("a column has one dimension");
    return {reinterpret_cast<const std::uint8_t*>(column.data()), static_cast<std::size_t>(column.shape(0))};
}

// All columns of one table are equally long.
template <typename... Columns>
void same_length(std::size_t rows, const Columns&... columns) {
    if (((columns.size() != rows) || ...)) throw std::invalid_argument("columns of different lengths");
}

// Every entry lies in [low, high).
template <typename T>
void within(std::span<const T> column, std::int64_t low, std::int64_t high, const char* name) {
    bool sound = true;
    for (const T entry : column) sound &= entry >= low && entry < high;
    if (!sound) throw std::invalid_argument(std::string("out of range: ") + name);
}

// Instants: the calls ascend, and a return is not negative.
inline void instants(std::span<const std::int32_t> call, std::span<const std::int32_t> ret) {
    bool sound = call.empty() || call[0] >= 0;
    for (std::size_t row = 1; row < call.size(); ++row) sound &= call[row - 1] < call[row];
    if (!sound) throw std::invalid_argument("calls must ascend");
    within(ret, 0, std::int64_t{NEVER} + 1, "ret");
}

template <typename T>
py::array_t<T> array(const std::vector<T>& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

// What a procedure finds without the interpreter's lock: (standing, part, rule, offset, rows), see kernel.py.
template <typename Procedure>
py::tuple found(Procedure procedure) {
    const Findings findings = [&] {
        py::gil_scoped_release released;
        return procedure();
    }();
    return py::make_tuple(array(findings.standing), array(findings.part), array(findings.rule), array(findings.offset),
                          array(findings.rows));
}

}  // namespace quorate::python
