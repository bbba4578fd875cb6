// emoface._cuda: the CUDA functions on raw addresses. After the fields of an operator's struct come the stream, a
// cudaStream_t as an integer, and whether the kernel may start before the one before it has ended.
#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

#include "bindings.h"
#include "emoface/cuda/attention.h"
#include "emoface/cuda/denoise.h"
#include "emoface/cuda/linear.h"
#include "emoface/cuda/linear_restyle.h"
#include "emoface/operators.h"

namespace py = pybind11;
using namespace emoface;

static void check_cuda(const char* name, int error) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(name) + "_cuda: " + cudaGetErrorString(static_cast<cudaError_t>(error)) +
                             " (cudaError " + std::to_string(error) + ")");
}

static Queue queue_of(const py::args& args) {
  return {static_cast<void*>(Argument{args[args.size() - 2]}), static_cast<bool>(Argument{args[args.size() - 1]})};
}

template <class Parameters>
static void bind(py::module_& m, const char* name, int (*run)(const Parameters&, const Queue&)) {
  define<Parameters>(m, name, 2, [=](const Parameters& call, const py::args& args) {
    const Queue queue = queue_of(args);
    int error;
    {
      const py::gil_scoped_release free;
      error = run(call, queue);
    }
    check_cuda(name, error);
  });
}

PYBIND11_MODULE(_cuda, m) {
  m.attr("archs") = EMOFACE_ARCHS;
  m.attr("toolkit") = CUDART_VERSION;
  m.attr("interface") = EMOFACE_INTERFACE;  // kernels/_runtime/interface.py
#define EMO_BIND(name, Parameters) bind(m, #name, &name##_cuda);
  EMO_CUDA_OPERATORS(EMO_BIND)
#undef EMO_BIND
  // What a trajectory of denoise_loop launches.
  bind(m, "attention", &attention_cuda);
  bind(m, "denoise_enter", &denoise_enter_cuda);
  bind(m, "denoise_step", &denoise_step_cuda);
  bind(m, "linear", &linear_cuda);
  bind(m, "linear_restyle", &linear_restyle_cuda);
}
