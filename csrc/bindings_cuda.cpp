// emoface._cuda: the CUDA functions on raw addresses; `stream` is a cudaStream_t as an integer.
#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

#include "bindings.h"

namespace py = pybind11;
using namespace emoface;

static void check(const char* what, int error) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(static_cast<cudaError_t>(error)) +
                           " (cudaError " + std::to_string(error) + ")");
}

PYBIND11_MODULE(_cuda, m) {
  m.attr("archs") = EMOFACE_ARCHS;
  m.attr("toolkit") = CUDART_VERSION;
  m.def(
      "sampler_step",
      [](Address prediction, Address guidance, Address x, Address x0_prev, Address coefficients, Address noise,
         Address known, Address mask, Address x_next, Address x0, int dtype, std::int64_t branches, std::int64_t batch,
         std::int64_t time, std::int64_t channels, double quantile, double limit_low, double limit_high,
         Address stream) {
        check("sampler_step_cuda",
              sampler_step_cuda(sampler_step_of(prediction, guidance, x, x0_prev, coefficients, noise, known, mask,
                                                x_next, x0, dtype, branches, batch, time, channels, quantile, limit_low,
                                                limit_high),
                                pointer<void>(stream)));
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "content_attention",
      [](Address query, Address kv, Address slopes, Address lengths, Address out, int dtype, Count batch, Count speech,
         Count motion, Count heads, Count width, Count window, Address stream) {
        check("content_attention_cuda",
              content_attention_cuda({pointer<const void>(query), pointer<const void>(kv), pointer<const void>(slopes),
                                      pointer<const std::int64_t>(lengths), pointer<void>(out),
                                      static_cast<DType>(dtype), batch, speech, motion, heads, width, window},
                                     pointer<void>(stream)));
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "flame_lbs",
      [](Address expression, Address pose, Address translation, Address template_, Address shape_basis,
         Address pose_basis, Address joints, Address joint_basis, Address skin_weights, Address out, int dtype,
         std::int64_t frames, std::int64_t shapes, std::int64_t vertices, Address stream) {
        check("flame_lbs_cuda",
              flame_lbs_cuda(flame_lbs_of(expression, pose, translation, template_, shape_basis, pose_basis, joints,
                                          joint_basis, skin_weights, out, dtype, frames, shapes, vertices),
                             pointer<void>(stream)));
      },
      py::call_guard<py::gil_scoped_release>());
}
