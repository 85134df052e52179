#include "bindings_sets.hpp"

#include "arrays.hpp"
#include "counter.hpp"
#include "grow_only_set.hpp"
#include "mutex.hpp"
#include "set.hpp"

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

void ascending(std::span<const std::int32_t> column) {
    for (std::size_t i = 1; i < column.size(); ++i)
        if (column[i - 1] > column[i]) throw std::invalid_argument("parts must ascend");
}

void sound(const Lists& lists) {
    const std::size_t count = lists.list_part.size();
    same_length(lists.part.size(), lists.element);
    same_length(count, lists.order);
    if (lists.offset.size() != count + 1 || lists.offset[0] != 0 ||
        lists.offset[count] != static_cast<std::int64_t>(lists.listed.size()))
        throw std::invalid_argument("offsets do not fit the lists");
    for (std::size_t i = 0; i < count; ++i)
        if (lists.offset[i] > lists.offset[i + 1]) throw std::invalid_argument("offsets must ascend");
    within(lists.order, 0, static_cast<std::int64_t>(count), "order");
    within(lists.element, 0, lists.elements, "element");
    within(lists.listed, 0, lists.elements, "listed");
    within(lists.part, 0, NEVER, "part");
    within(lists.list_part, 0, NEVER, "list_part");
    ascending(lists.part);
    for (std::size_t i = 1; i < count; ++i)
        if (lists.list_part[lists.order[i - 1]] > lists.list_part[lists.order[i]])
            throw std::invalid_argument("parts must ascend");
}

py::tuple bind_grow_only_set(const Column<std::int32_t>& part, const Column<std::int32_t>& element,
                             const Column<std::int32_t>& order, const Column<std::int32_t>& list_part,
                             const Column<std::int64_t>& offset, const Column<std::int32_t>& listed,
                             std::int32_t elements) {
    const Lists lists{span(part), span(element), span(order), span(list_part), span(offset), span(listed), elements};
    const Linked found = [&] {
        py::gil_scoped_release released;
        sound(lists);
        return link(lists);
    }();
    return py::make_tuple(array(found.flaw), array(found.appears));
}

py::tuple bind_mutex(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<bool>& optional,
                     const Column<std::int8_t>& f, const Column<std::int32_t>& part,
                     const Column<std::int32_t>& process, const Column<std::int64_t>& token, std::int32_t parts,
                     std::int32_t processes, bool reentrant) {
    const MutexColumns columns{span(call),    span(ret),   span(optional), span(f),   span(part),
                               span(process), span(token), parts,          processes, reentrant};
    return found([&] {
        same_length(columns.call.size(), columns.ret, columns.optional, columns.f, columns.part, columns.process,
                    columns.token);
        if (parts < 0 || processes < 0) throw std::invalid_argument("fewer than no parts or processes");
        instants(columns.call, columns.ret);
        within(columns.f, 0, 3, "f");
        within(columns.part, 0, parts, "part");
        within(columns.process, 0, processes, "process");
        return mutex(columns);
    });
}

py::tuple bind_set(const Column<std::int32_t>& call, const Column<std::int32_t>& ret, const Column<bool>& optional,
                   const Column<std::int8_t>& f, const Column<std::int32_t>& part, std::int32_t parts) {
    const SetColumns columns{span(call), span(ret), span(optional), span(f), span(part), parts};
    return found([&] {
        same_length(columns.call.size(), columns.ret, columns.optional, columns.f, columns.part);
        instants(columns.call, columns.ret);
        within(columns.f, 0, 5, "f");
        within(columns.part, 0, parts, "part");
        if (parts < 0) throw std::invalid_argument("out of range: parts");
        return set(columns);
    });
}

}  // namespace

void bind_sets(py::module_& module) {
    module.def("counter", &bind_counter, py::arg("call"), py::arg("ret"), py::arg("optional"), py::arg("f"),
               py::arg("part"), py::arg("amount"), py::arg("parts"));
    module.def("grow_only_set", &bind_grow_only_set);
    module.def("mutex", &bind_mutex, py::arg("call"), py::arg("ret"), py::arg("optional"), py::arg("f"),
               py::arg("part"), py::arg("process"), py::arg("token"), py::arg("parts"), py::arg("processes"),
               py::arg("reentrant"));
    module.def("set_", &bind_set);
}

}  // namespace quorate::python
