#pragma once
// What both Python modules share: tensors arrive as addresses (0 for an absent one), dtypes as numbers.
#include <pybind11/pybind11.h>

#include <string>
#include <type_traits>
#include <utility>

#include "emoface/types.h"

namespace emoface {

using Address = std::uintptr_t;
using Count = std::int64_t;

template <class T>
T* pointer(Address address) {
  return reinterpret_cast<T*>(address);
}

template <class Parameters>
Parameters filled_from(pybind11::handle values);

// An argument from Python, which becomes whatever the field that it fills is: a struct from a tuple of its fields.
struct Argument {
  pybind11::handle value;

  template <class Field>
  operator Field() const {
    if constexpr (std::is_pointer_v<Field>)
      return reinterpret_cast<Field>(value.cast<Address>());
    else if constexpr (std::is_enum_v<Field>)
      return static_cast<Field>(value.cast<int>());
    else if constexpr (std::is_class_v<Field>)
      return filled_from<Field>(value);
    else
      return value.cast<Field>();
  }
};

template <class Parameters, std::size_t... I>
auto filled(const pybind11::args& args, std::index_sequence<I...>)
    -> decltype(Parameters{(static_cast<void>(I), Argument{})...}) {
  return Parameters{Argument{args[I]}...};
}

template <class Parameters, class Places, class = void>
struct Takes : std::false_type {};
template <class Parameters, class Places>
struct Takes<Parameters, Places, std::void_t<decltype(filled<Parameters>(std::declval<pybind11::args>(), Places{}))>>
    : std::true_type {};

// How many values fill a struct, each element of an array for itself.
template <class Parameters, std::size_t kAtLeast = 1>
constexpr std::size_t fields() {
  if constexpr (Takes<Parameters, std::make_index_sequence<kAtLeast + 1>>::value)
    return fields<Parameters, kAtLeast + 1>();
  else
    return kAtLeast;
}

template <class Parameters>
Parameters filled_from(pybind11::handle values) {
  const auto args = values.cast<pybind11::args>();
  constexpr std::size_t count = fields<Parameters>();
  if (args.size() != count) throw pybind11::type_error("a struct takes " + std::to_string(count) + " values");
  return filled<Parameters>(args, std::make_index_sequence<count>{});
}

// Python's function `name`: the fields of Parameters in their order, then `more` arguments. `run` has all of these and
// is called without the interpreter's lock.
template <class Parameters, class Run>
void define(pybind11::module_& m, const char* name, std::size_t more, Run run) {
  constexpr std::size_t count = fields<Parameters>();
  m.def(name, [=](const pybind11::args& args) {
    if (args.size() != count + more)
      throw pybind11::type_error(std::string(name) + ": takes " + std::to_string(count + more) + " values, got " +
                                 std::to_string(args.size()));
    run(filled<Parameters>(args, std::make_index_sequence<count>{}), args);
  });
}

inline void check(const std::string& what, bool done, DType dtype) {
  if (!done)
    throw pybind11::value_error(what + ": dtype number " + std::to_string(int(dtype)) + " has no code");
}

// A CPU function under its operator's name: `find()` gives the bool (*)(const Parameters&) in use.
template <class Parameters, class Find>
void define_cpu(pybind11::module_& m, const char* name, Find find) {
  define<Parameters>(m, name, 0, [=](const Parameters& call, const pybind11::args&) {
    bool done;
    {
      const pybind11::gil_scoped_release free;
      done = find()(call);
    }
    check(std::string(name) + "_cpu", done, call.dtype);
  });
}

void bind_networks(pybind11::module_& m);  // bindings_networks.cpp

}  // namespace emoface
