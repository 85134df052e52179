// The Python side of the reader.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "reader.hpp"

namespace py = pybind11;
using quorate::Interner;
using quorate::Reader;

namespace {

template <typename T>
py::array_t<T> array(const std::vector<T>& values) {
    return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::object plain(const Interner& known, std::size_t code) {
    switch (known.kind(code)) {
        case Interner::INTEGER: return py::int_(known.integer(code));
        case Interner::TEXT: return py::str(known.text(code).data(), known.text(code).size());
        default: return py::none();
    }
}

py::list table(const Interner& known) {
    py::list all(known.size());
    for (std::size_t code = 0; code < known.size(); ++code) all[code] = plain(known, code);
    return all;
}

// Per code the integer that it stands for (0 where it stands for none), and whether it stands for one.
py::tuple integers(const Interner& known) {
    const auto size = static_cast<py::ssize_t>(known.size());
    py::array_t<std::int64_t> number(size);
    py::array_t<bool> whole(size);
    for (py::ssize_t code = 0; code < size; ++code) {
        const auto at = static_cast<std::size_t>(code);
        whole.mutable_at(code) = known.kind(at) == Interner::INTEGER;
        number.mutable_at(code) = whole.at(code) ? known.integer(at) : 0;
    }
    return py::make_tuple(number, whole);
}

// The columns of what was read since the last time.
py::tuple take(Reader& reader) {
    const quorate::Columns& now = reader.columns;
    const py::tuple taken = py::make_tuple(array(now.time), array(now.process), array(now.type), array(now.f),
                                           array(now.key), array(now.value), array(now.version), array(now.node));
    reader.columns.clear();
    return taken;
}

py::dict errors(const Reader& reader) {
    const py::list texts = table(reader.error_texts);
    py::dict found;
    for (const auto& [event, code] : reader.errors) found[py::int_(event)] = texts[static_cast<std::size_t>(code)];
    return found;
}

std::size_t read_into(Reader& reader, const py::bytes& text, std::size_t from, const py::function& resolve) {
    const auto ask = [&](std::string_view raw) {
        return resolve(py::bytes(raw.data(), raw.size())).cast<std::int32_t>();
    };
    return reader.read(std::string_view(text), from, ask);
}

void add_to(Reader& reader, std::int64_t time, std::int32_t process, std::int8_t type, std::string_view f,
            std::int32_t key, std::int32_t value, std::int64_t version, const py::object& node) {
    quorate::Event event;
    event.time = time;
    event.process = process;
    event.type = type;
    if (reader.fs.size() > reader.most_fs) throw std::length_error("too many different values of f");
    event.f = static_cast<std::int16_t>(reader.fs.text_code(f));
    event.key = key;
    event.value = value;
    event.version = version;
    if (!node.is_none()) event.node = reader.nodes.text_code(node.cast<std::string_view>());
    reader.add(event);
}

py::array_t<std::int32_t> pair_of(const py::array_t<std::int32_t, py::array::c_style>& process,
                                  const py::array_t<std::int8_t, py::array::c_style>& type) {
    if (process.ndim() != 1 || type.ndim() != 1 || process.size() != type.size() || process.size() >= INT32_MAX) {
        throw std::invalid_argument("process and type must be columns of one length");
    }
    return array(quorate::pair(process.data(), type.data(), static_cast<std::size_t>(process.size())));
}

}  // namespace

PYBIND11_MODULE(_jsonl, module) {
    module.doc() = "The compiled reader of history files.";
    py::class_<Interner, std::shared_ptr<Interner>>(module, "Interner")
        .def(py::init<>())
        .def("__len__", &Interner::size)
        .def("get", &plain)
        .def("integers", &integers)
        .def("odd", &Interner::odd)
        .def("integer_code",
             [](Interner& known, std::int64_t value, bool looks_so) {
                 return known.integer_code(value, looks_so ? Interner::INTEGER : Interner::WHOLE);
             })
        .def("text_code", [](Interner& known, std::string_view text) { return known.text_code(text); });
    py::class_<Reader>(module, "Reader")
        .def(py::init<std::size_t>())
        .def("read", &read_into)
        .def("add", &add_to)
        .def("take", &take)
        .def("errors", &errors)
        .def_readonly("count", &Reader::count)
        .def_property_readonly("f_count", [](const Reader& reader) { return reader.fs.size(); })
        .def_readonly("values", &Reader::values)
        .def("key_code", [](Reader& reader, std::int64_t key) { return reader.keys.integer_code(key); })
        .def("key_code", [](Reader& reader, std::string_view key) { return reader.keys.text_code(key); })
        .def("odd_key", [](Reader& reader) { return reader.keys.odd(); })
        .def("keys", [](const Reader& reader) { return table(reader.keys); })
        .def("fs", [](const Reader& reader) { return table(reader.fs); })
        .def("nodes", [](const Reader& reader) { return table(reader.nodes); });
    module.def("pair", &pair_of);
}
