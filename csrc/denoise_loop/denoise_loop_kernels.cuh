#pragma once
// Device code of denoise_loop. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/cuda/denoise.h"
#include "emoface/cuda/tile.h"
#include "emoface/sampler_step_math.h"

namespace emoface {

// One tile of the product, which all branches share.
template <class T>
__global__ void __launch_bounds__(kTileThreads) denoise_enter_kernel(DenoiseEnter p) {
  using A = Compute<T>;
  wait_for_previous();
  if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x == 0) ++*p.step;
  A sums[kTileRows] = {};
  const auto left = [&](std::int64_t row, std::int64_t k) {
    return A(k < p.motion ? p.x[row * p.motion + k] : float(p.mask[row]));
  };
  const std::int64_t size = p.rows * p.time;
  tile_product(sums, left, static_cast<const T*>(p.weight), size, p.channels, p.motion + 1);
  for (int i = 0; i < kTileRows; ++i) {
    const std::int64_t row = tile_row(i), column = tile_column();
    if (row >= size || column >= p.channels) continue;
    const float sum = float(sums[i] + element<T>(p.bias, column));
    for (std::int64_t n = 0; n < p.branches; ++n)
      p.out[(n * size + row) * p.channels + column] =
          sum + p.speech[(n * p.time + row % p.time) * p.channels + column];
  }
}

constexpr int kStepThreads = 256;

// One thread per element.
__global__ void __launch_bounds__(kStepThreads) denoise_step_kernel(DenoiseStep p) {
  const std::int64_t i = std::int64_t(blockIdx.x) * kStepThreads + threadIdx.x;
  wait_for_previous();
  if (i >= p.size) return;
  const auto numbers = SamplerNumbers<float>::read(p.guidance, p.sample, p.table + 6 * *p.step)
                           .at(p.guidance, p.sample, i % p.sample);
  float x0 = p.branches == 1   ? guided<1>(p.prediction, p.size, i, numbers)
                   : p.branches == 2 ? guided<2>(p.prediction, p.size, i, numbers)
                                     : guided<3>(p.prediction, p.size, i, numbers);
  x0 = drawn(x0, p.known[i], p.share[i]);
  const bool given = p.mask[i / p.motion];
  const float random = p.noise ? p.noise[*p.step * p.size + i]
                               : missing_noise(given ? numbers.k_noise : numbers.c_noise);
  p.x[i] = given ? inpainted(numbers, p.known[i], random) : advanced(numbers, p.x[i], x0, p.x0_prev[i], random);
  p.x0_prev[i] = x0;
}

}  // namespace emoface
