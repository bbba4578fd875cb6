// emoface._cpu: the CPU functions on raw addresses.
#include <array>
#include <pybind11/stl.h>

#include "bindings.h"
#include "emoface/rasterize.h"
#include "emoface/shade.h"
#include "emoface/shadow.h"
#include "emoface/vertex_normals.h"

namespace py = pybind11;
using namespace emoface;

PYBIND11_MODULE(_cpu, m) {
  m.attr("compiler") = __VERSION__;
  bind_networks(m);
  m.def(
      "rasterize",
      [](Address points, std::array<std::int64_t, 3> strides, Address faces, Address depth, Address face, int dtype,
         std::int64_t batch, std::int64_t vertices, std::int64_t triangles, std::int64_t height, std::int64_t width,
         bool cull) {
        check("rasterize_cpu",
              rasterize_cpu({pointer<const void>(points), {strides[0], strides[1], strides[2]},
                             pointer<const std::int32_t>(faces), pointer<void>(depth), pointer<std::int32_t>(face),
                             static_cast<DType>(dtype), batch, vertices, triangles, height, width, cull}),
              dtype);
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "vertex_normals",
      [](Address vertices, Address faces, Address normals, int dtype, std::int64_t batch, std::int64_t vertex_count,
         std::int64_t triangles) {
        check("vertex_normals_cpu",
              vertex_normals_cpu({pointer<const void>(vertices), pointer<const std::int32_t>(faces),
                                  pointer<void>(normals), static_cast<DType>(dtype), batch, vertex_count, triangles}),
              dtype);
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "shadow",
      [](Address points, std::array<std::int64_t, 3> strides, Address depth, Address lit, int dtype, std::int64_t batch,
         std::int64_t vertices, std::int64_t height, std::int64_t width, double bias, double softness) {
        check("shadow_cpu",
              shadow_cpu({pointer<const void>(points), {strides[0], strides[1], strides[2]}, pointer<const void>(depth),
                          pointer<void>(lit), static_cast<DType>(dtype), batch, vertices, height, width, bias,
                          softness}),
              dtype);
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "shade",
      [](Address points, Address surface, Address faces, Address face, Address lights, Address ambient,
         Address background, Address image, int dtype, std::int64_t batch, std::int64_t vertices, std::int64_t triangles,
         std::int64_t light_count, std::int64_t height, std::int64_t width, std::int64_t samples) {
        check("shade_cpu",
              shade_cpu({pointer<const void>(points), pointer<const void>(surface), pointer<const std::int32_t>(faces),
                         pointer<const std::int32_t>(face), pointer<const void>(lights), pointer<const void>(ambient),
                         pointer<const void>(background), pointer<void>(image), static_cast<DType>(dtype), batch,
                         vertices, triangles, light_count, height, width, samples}),
              dtype);
      },
      py::call_guard<py::gil_scoped_release>());
  m.def(
      "flame_lbs",
      [](Address expression, Address pose, Address translation, Address template_, Address shape_basis,
         Address pose_basis, Address joints, Address joint_basis, Address skin_weights, Address out, int dtype,
         std::int64_t frames, std::int64_t shapes, std::int64_t vertices) {
        check("flame_lbs_cpu", flame_lbs_cpu(flame_lbs_of(expression, pose, translation, template_, shape_basis, pose_basis,
                                                     joints, joint_basis, skin_weights, out, dtype, frames, shapes,
                                                     vertices)), dtype);
      },
      py::call_guard<py::gil_scoped_release>());
}
