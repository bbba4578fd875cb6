// emoface._cpu: the CPU functions on raw addresses.
#include "bindings.h"

namespace py = pybind11;
using namespace emoface;

// The instruction set that the clones of EMO_CLONES resolve to on this machine.
static const char* isa() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4 (AVX-512)";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3 (AVX2, FMA)";
#endif
  return "baseline";
}

PYBIND11_MODULE(_cpu, m) {
  m.attr("compiler") = __VERSION__;
  m.def("isa", &isa);
  m.def(
      "sampler_step",
      [](Address prediction, Address guidance, Address x, Address x0_prev, Address coefficients, Address noise,
         Address known, Address mask, Address x_next, Address x0, int dtype, std::int64_t branches, std::int64_t batch,
         std::int64_t time, std::int64_t channels, double quantile, double limit_low, double limit_high) {
        const bool done = sampler_step_cpu(sampler_step_of(prediction, guidance, x, x0_prev, coefficients, noise, known,
                                                           mask, x_next, x0, dtype, branches, batch, time, channels,
                                                           quantile, limit_low, limit_high));
        if (!done) throw py::value_error("sampler_step_cpu: dtype number " + std::to_string(dtype) + " has no code");
      },
      py::call_guard<py::gil_scoped_release>());
}
