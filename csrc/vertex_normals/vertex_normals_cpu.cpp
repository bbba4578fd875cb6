#include "emoface/vertex_normals.h"

#include <algorithm>
#include <cmath>

#include "emoface/triangles.h"

namespace emoface {
namespace {

template <class T>
void run(const VertexNormals& call) {
  const std::int64_t size = call.vertex_count * 3;
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const T* vertices = static_cast<const T*>(call.vertices) + b * size;
    T* normals = static_cast<T*>(call.normals) + b * size;
    std::fill_n(normals, size, T(0));
    for (std::int64_t f = 0; f < call.triangles; ++f) {
      const std::int32_t* corner = call.faces + 3 * f;
      const T *a = vertices + 3 * corner[0], *p = vertices + 3 * corner[1], *q = vertices + 3 * corner[2];
      const T u[3] = {p[0] - a[0], p[1] - a[1], p[2] - a[2]}, v[3] = {q[0] - a[0], q[1] - a[1], q[2] - a[2]};
      const T flat[3] = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
      for (int k = 0; k < 3; ++k)
        for (int i = 0; i < 3; ++i) normals[3 * corner[k] + i] += flat[i];
    }
    for (T* n = normals; n < normals + size; n += 3) {
      const T scale = 1 / std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] + T(1e-30));
      for (int i = 0; i < 3; ++i) n[i] *= scale;
    }
  }
}

}  // namespace

bool vertex_normals_cpu(const VertexNormals& call) {
  check_corners("vertex_normals", call.faces, call.triangles, call.vertex_count);
  switch (call.dtype) {
    case DType::float32: run<float>(call); return true;
    case DType::float64: run<double>(call); return true;
    default: return false;
  }
}

}  // namespace emoface
