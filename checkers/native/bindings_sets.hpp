// The Python side of counters, sets and mutexes.
#pragma once

#include <pybind11/pybind11.h>

namespace quorate::python {

void bind_sets(pybind11::module_& module);

}  // namespace quorate::python
