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
    for (int k = 0; k < 3; ++k) {
      const T place = middle + T(k - 1);
      pixel[k] = place > 0 ? std::int64_t(std::min(place, T(size - 1))) : 0;
    }
  }
};

template <class T>
EMO_HD void run(const Shadow& call) {
  const T bias = T(call.bias), scale = T(1 / call.softness);
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const T* points = static_cast<const T*>(call.points) + b * call.vertices * 3;
    const T* depth = static_cast<const T*>(call.depth) + b * call.height * call.width;
    T* lit = static_cast<T*>(call.lit) + b * call.vertices;
    for (std::int64_t v = 0; v < call.vertices; ++v) {
      const Taps<T> across(points[3 * v], call.width), down(points[3 * v + 1], call.height);
      const T z = points[3 * v + 2];
      T sum = 0;
      for (int i = 0; i < 3; ++i) {
        const T* row = depth + down.pixel[i] * call.width;
        T part = 0;
        for (int k = 0; k < 3; ++k) {
          const T light = 1 - (row[across.pixel[k]] - z - bias) * scale;
          part += across.weight[k] * std::min(std::max(light, T(0)), T(1));
        }
        sum += down.weight[i] * part;
      }
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
