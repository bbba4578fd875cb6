// emoface._cuda: the CUDA functions on raw addresses; `stream` is a cudaStream_t as an integer.
#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

#include "bindings.h"
#include "emoface/content_attention.h"
#include "emoface/flame_lbs.h"
#include "emoface/sampler_step.h"

namespace py = pybind11;
using namespace emoface;

template <class Parameters>
static void bind(py::module_& m, const char* name, int (*run)(const Parameters&, void*)) {
  define<Parameters>(m, name, 1, [=](const Parameters& call, const py::args& args) {
    void* stream = Argument{args[args.size() - 1]};
    int error;
    {
      const py::gil_scoped_release free;
      error = run(call, stream);
    }
    if (error != cudaSuccess)
      throw std::runtime_error(std::string(name) + "_cuda: " + cudaGetErrorString(static_cast<cudaError_t>(error)) +
                               " (cudaError " + std::to_string(error) + ")");
  });
}

PYBIND11_MODULE(_cuda, m) {
  m.attr("archs") = EMOFACE_ARCHS;
  m.attr("toolkit") = CUDART_VERSION;
  bind(m, "content_attention", &content_attention_cuda);
  bind(m, "flame_lbs", &flame_lbs_cuda);
  bind(m, "sampler_step", &sampler_step_cuda);
}
