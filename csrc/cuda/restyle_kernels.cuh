#pragma once
// Device code of AdaIN. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/cuda/restyle.h"
#include "emoface/cuda/warp.h"
#include "emoface/layers_math.h"

namespace emoface {

// How one channel of a sample is restyled once its statistics are known.
template <class T>
struct ChannelStyle {
  using A = Compute<T>;
  A style_scale, style_shift, scale, shift, residual;

  static __device__ __forceinline__ ChannelStyle of(const Restyle& p, std::int64_t b, std::int64_t channel) {
    const std::int64_t style = p.style.at(b) + channel;
    const std::int64_t film = p.film.scale.at ? p.film.at(b) + channel : 0;
    return {element<T>(p.style.scale, style), element<T>(p.style.shift, style),
            p.film.scale.at ? element<T>(p.film.scale, film) : A(0),
            p.film.scale.at ? element<T>(p.film.shift, film) : A(0), A(p.residual)};
  }
  __device__ __forceinline__ A operator()(A x, A mean, A rate) const {
    return film(residual * x + restyled(x, mean, rate, style_scale, style_shift), scale, shift);
  }
};

// Frames of sample b that count.
__device__ __forceinline__ std::int64_t frames_of(const Restyle& p, std::int64_t b) {
  return p.lengths && p.lengths[b] < p.time ? p.lengths[b] : p.time;
}

constexpr int kRestyleWarps = 8;  // of a block, which has 32 channels of one sample; a warp takes every eighth frame

template <class T>
__global__ void __launch_bounds__(kRestyleWarps * 32) restyle_kernel(Restyle p) {
  using A = Compute<T>;
  __shared__ A parts[2][kRestyleWarps][32];
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
  const std::int64_t b = blockIdx.x, channel = std::int64_t(blockIdx.y) * 32 + lane;
  const std::int64_t first = b * p.time * p.channels + channel;
  const bool inside = channel < p.channels;
  wait_for_previous();
  const std::int64_t frames = inside ? frames_of(p, b) : 0;
  const auto total = [&](int which, A own) {  // over the warps
    parts[which][warp][lane] = own;
    __syncthreads();
    A sum = A(0);
    for (int w = 0; w < kRestyleWarps; ++w) sum += parts[which][w][lane];
    return sum;
  };
  A sum = A(0), squares = A(0);
  for (std::int64_t t = warp; t < frames; t += kRestyleWarps) sum += element<T>(p.x, first + t * p.channels);
  const A count = frames > 0 ? A(frames) : A(1), mean = total(0, sum) / count;
  for (std::int64_t t = warp; t < frames; t += kRestyleWarps) {
    const A off = element<T>(p.x, first + t * p.channels) - mean;
    squares += off * off;
  }
  const A rate = A(1) / std::sqrt(total(1, squares) / count + A(p.eps));
  if (!inside) return;
  const auto style = ChannelStyle<T>::of(p, b, channel);
  for (std::int64_t t = warp; t < p.time; t += kRestyleWarps) {
    const std::int64_t at = first + t * p.channels;
    put<T>(p.out, at, style(element<T>(p.x, at), mean, rate));
  }
}

}  // namespace emoface
