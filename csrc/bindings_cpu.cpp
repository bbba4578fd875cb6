// emoface._cpu: the CPU functions on raw addresses.
#include "bindings.h"
#include "emoface/flame_lbs.h"
#include "emoface/rasterize.h"
#include "emoface/shade.h"
#include "emoface/shadow.h"
#include "emoface/vertex_normals.h"

namespace py = pybind11;
using namespace emoface;

template <class Parameters>
static void bind(py::module_& m, const char* name, bool (*run)(const Parameters&)) {
  define_cpu<Parameters>(m, name, [=] { return run; });
}

PYBIND11_MODULE(_cpu, m) {
  m.attr("compiler") = __VERSION__;
  bind_networks(m);
  bind(m, "flame_lbs", &flame_lbs_cpu);
  bind(m, "rasterize", &rasterize_cpu);
  bind(m, "shade", &shade_cpu);
  bind(m, "shadow", &shadow_cpu);
  bind(m, "vertex_normals", &vertex_normals_cpu);
}
