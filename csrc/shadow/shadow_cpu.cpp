#include "emoface/shadow.h"

#include <algorithm>
#include <cmath>

#include "emoface/cpu/level.h"

namespace emoface {
namespace {

constexpr int kBlock = 32;  // points looked up at once

// For a block of coordinates the three pixels around each, those outside moved to the border, and their weights.
template <class T>
struct Taps {
  std::int32_t pixel[3][kBlock];
  T weight[3][kBlock];

  // `step` is the distance between two pixels in the map.
  EMO_HD void set(const T* x, std::int64_t size, std::int64_t step) {
    const std::int32_t last = std::int32_t(size - 1);
    for (int n = 0; n < kBlock; ++n) {
      const T middle = std::nearbyint(x[n] - T(0.5)), f = x[n] - T(0.5) - middle;
      weight[0][n] = T(0.5) * (T(0.5) - f) * (T(0.5) - f);
      weight[1][n] = T(0.75) - f * f;
      weight[2][n] = T(0.5) * (T(0.5) + f) * (T(0.5) + f);
      const T above = middle > -2 ? middle : T(-2);
      const std::int32_t place = std::int32_t(above < T(size) ? above : T(size));
      for (int k = 0; k < 3; ++k) {
        const std::int32_t inside = std::min(std::max(place + k - 1, 0), last);
        pixel[k][n] = inside * std::int32_t(step);
      }
    }
  }
};

template <class T>
EMO_HD void run(const Shadow& call) {
  const T bias = T(call.bias), scale = T(1 / call.softness);
  Taps<T> across, down;
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const T* points = static_cast<const T*>(call.points) + b * call.strides[0];
    const T* __restrict__ depth = static_cast<const T*>(call.depth) + b * call.height * call.width;
    for (std::int64_t first = 0; first < call.vertices; first += kBlock) {
      const std::int64_t count = std::min<std::int64_t>(kBlock, call.vertices - first);
      T point[3][kBlock] = {}, sum[kBlock] = {};
      for (int i = 0; i < 3; ++i)
        for (std::int64_t n = 0; n < count; ++n)
          point[i][n] = points[(first + n) * call.strides[1] + i * call.strides[2]];
      across.set(point[0], call.width, 1);
      down.set(point[1], call.height, call.width);
      for (int j = 0; j < 3; ++j)
        for (int i = 0; i < 3; ++i)
          for (int n = 0; n < kBlock; ++n) {
            T light = 1 - (depth[down.pixel[j][n] + across.pixel[i][n]] - point[2][n] - bias) * scale;
            light = light > 0 ? light : T(0);
            light = light < 1 ? light : T(1);
            sum[n] += down.weight[j][n] * across.weight[i][n] * light;
          }
      memcpy(static_cast<T*>(call.lit) + b * call.vertices + first, sum, count * sizeof(T));
    }
  }
}

EMO_LEVELS(run_float32, Shadow, run<float>(call))
EMO_LEVELS(run_float64, Shadow, run<double>(call))

}  // namespace

bool shadow_cpu(const Shadow& call) {
  switch (call.dtype) {
    case DType::float32: run_float32(call); return true;
    case DType::float64: run_float64(call); return true;
    default: return false;
  }
}

}  // namespace emoface
