#include "bindings_sets.hpp"

#include "arrays.hpp"
#include "counter.hpp"

namespace quorate::python {

namespace {

constexpr std::int64_t LARGE = std::int64_t{1} << 62;

// No sum of amounts may overflow.
void amounts(const CounterColumns& columns) {
    within(columns.amount, -LARGE + 1, LARGE, "amount");
    std::int64_t total = 0;
    for (std::size_t row = 0; row < columns.amount.size(); ++row) {
        if (columns.f[row] != 0) continue;
        const std::int64_t amount = columns.amount[row];
        total += amount < 0 ? -amount : amount;
        if (amount == 0 || total >= LARGE) throw std::invalid_argument("out of range: amount");
    }
}

py::tuple bind_counter(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<bool>& optional,
                       const Column<std::int8_t>& f, const Column<std::int32_t>& part,
                       const Column<std::int64_t>& amount, std::int32_t parts) {
    const CounterColumns columns{span(call), span(ret), span(optional), span(f), span(part), span(amount), parts};
    return found([&] {
        const std::size_t rows = columns.call.size();
        same_length(rows, columns.ret, columns.optional, columns.f, columns.part, columns.amount);
        instants(columns.call, columns.ret);
        within(columns.f, 0, 2, "f");
        within(columns.part, 0, parts, "part");
        amounts(columns);
        return counter(columns);
    });
}

}  // namespace

void bind_sets(py::module_& module) { module.def("counter", &bind_counter, py::arg("call"), py::arg("ret"), py::arg("optional"), py::arg("f"), py::arg("part"),
               py::arg("amount"), py::arg("parts")); }

}  // namespace quorate::python
