// The Python side of the kernel: arrays in, findings out, without the interpreter's lock in between.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "findings.hpp"

namespace py = pybind11;

namespace {

template <typename T>
py::array_t<T> array(const std::vector<T>& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

// (standing, part, rule, offset, rows) as arrays; see kernel.py.
[[maybe_unused]] py::tuple raw(const quorate::Findings& found) {
    return py::make_tuple(array(found.standing), array(found.part), array(found.rule), array(found.offset),
                          array(found.rows));
}

}  // namespace

PYBIND11_MODULE(_native, module) {
    module.doc() = "The compiled kernel of the linearizability checker.";
}
