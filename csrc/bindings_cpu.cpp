// emoface._cpu: the CPU functions on raw addresses.
#include "bindings.h"
#include "emoface/operators.h"

namespace py = pybind11;
using namespace emoface;

template <class Parameters>
static void bind(py::module_& m, const char* name, bool (*run)(const Parameters&)) {
  define_cpu<Parameters>(m, name, [=] { return run; });
}

PYBIND11_MODULE(_cpu, m) {
  m.attr("compiler") = __VERSION__;
  m.attr("interface") = EMOFACE_INTERFACE;  // kernels/_runtime/interface.py
  bind_networks(m);
#define EMO_BIND(name, Parameters) bind(m, #name, &name##_cpu);
  EMO_ONCE_OPERATORS(EMO_BIND)
#undef EMO_BIND
}
