#include "emoface/shadow.h"

#include <algorithm>
#include <cmath>

namespace emoface {
namespace {

// The three pixels around a coordinate, those outside moved to the border, and their weights.
template <class T>
struct Taps {
  std::int64_t pixel[3];
  T weight[3];

  EMO_HD Taps(T x, std::int64_t size) {
    const T middle = std::nearbyint(x - T(0.5)), f = x - T(0.5) - middle;
    weight[0] = T(0.5) * (T(0.5) - f) * (T(0.5) - f);
    weight[1] = T(0.75) - f * f;
    weight[2] = T(0.5) * (T(0.5) + f) * (T(0.5) + f);
    const std::int64_t last = size - 1;
    const std::int64_t place = middle > -1 ? std::int64_t(std::min(middle, T(size))) : -1;
    for (int k = 0; k < 3; ++k) pixel[k] = std::min(std::max(place + k - 1, std::int64_t(0)), last);
  }
};

template <class T>
EMO_HD void run(const Shadow& call) {
  const T bias = T(call.bias), scale = T(1 / call.softness);
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const T* points = static_cast<const T*>(call.points) + b * call.strides[0];
    const T* depth = static_cast<const T*>(call.depth) + b * call.height * call.width;
    T* lit = static_cast<T*>(call.lit) + b * call.vertices;
    for (std::int64_t v = 0; v < call.vertices; ++v) {
      const T* p = points + v * call.strides[1];
      const Taps<T> across(p[0], call.width), down(p[call.strides[2]], call.height);
      const T z = p[2 * call.strides[2]];
      T light[9];
      for (int i = 0; i < 9; ++i) light[i] = depth[down.pixel[i / 3] * call.width + across.pixel[i % 3]];
      for (int i = 0; i < 9; ++i) light[i] = std::min(std::max(1 - (light[i] - z - bias) * scale, T(0)), T(1));
      T sum = 0;
      for (int i = 0; i < 3; ++i)
        sum += down.weight[i] * (across.weight[0] * light[3 * i] + across.weight[1] * light[3 * i + 1] +
                                 across.weight[2] * light[3 * i + 2]);
      lit[v] = sum;
    }
  }
}

EMO_CLONES void run_float32(const Shadow& call) { run<float>(call); }
EMO_CLONES void run_float64(const Shadow& call) { run<double>(call); }

}  // namespace

bool shadow_cpu(const Shadow& call) {
  switch (call.dtype) {
    case DType::float32: run_float32(call); return true;
    case DType::float64: run_float64(call); return true;
    default: return false;
  }
}

}  // namespace emoface
