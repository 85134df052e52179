// What the files that bind a part of the kernel offer to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace quorate {

void bind_ladder(pybind11::module_& module);

}  // namespace quorate
