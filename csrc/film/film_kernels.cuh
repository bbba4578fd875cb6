#pragma once
// Device code of film. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/film.h"
#include "emoface/layers_math.h"

namespace emoface {

constexpr int kFilmThreads = 256;

// One thread per element of a sample, blockIdx.y over samples.
template <class T>
__global__ void __launch_bounds__(kFilmThreads) film_kernel(Film p) {
  const std::int64_t sample = p.time * p.channels, j = std::int64_t(blockIdx.x) * kFilmThreads + threadIdx.x;
  if (j >= sample) return;
  const std::int64_t channel = j % p.channels;
  for (std::int64_t b = blockIdx.y; b < p.batch; b += gridDim.y) {
    const std::int64_t at = b * p.channels + channel;
    static_cast<T*>(p.out)[b * sample + j] =
        Narrow<T>::of(film(widen(static_cast<const T*>(p.x)[b * sample + j]),
                           widen(static_cast<const T*>(p.scale)[at]), widen(static_cast<const T*>(p.shift)[at])));
  }
}

}  // namespace emoface
