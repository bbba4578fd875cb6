#pragma once
// Device code of sampler_step. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/sampler_step.h"
#include "emoface/sampler_step_math.h"

namespace emoface {

constexpr int kSamplerThreads = 256;    // element-wise kernel
constexpr int kThresholdThreads = 512;  // one block per sample

// Element j of sample b: guidance, clamp, what is known of it, step, in-painting. A sample has fewer than 2^31 elements.
template <class T, int N>
__device__ __forceinline__ void sampler_element(const SamplerStep& step, const SamplerNumbers<Compute<T>>& k,
                                                std::int64_t b, unsigned j, Compute<T> limit, bool bound) {
  using A = Compute<T>;
  const std::int64_t sample = step.time * step.channels, size = step.batch * sample, i = b * sample + j;
  const SamplerNumbers<A> own = k.at(step.guidance, step.weights, j);
  A value = guided<N>(static_cast<const T*>(step.prediction), size, i, own);
  if (bound) value = bounded(value, limit);
  if (step.share)
    value = drawn(value, widen(static_cast<const T*>(step.known)[i]), widen(static_cast<const T*>(step.share)[i]));
  const bool given = step.mask && step.mask[b * step.time + j / unsigned(step.channels)];
  const A random = step.noise ? widen(static_cast<const T*>(step.noise)[i])
                              : missing_noise(given ? k.k_noise : k.c_noise);
  A next;
  if (given) {
    next = inpainted<A>(k, widen(static_cast<const T*>(step.known)[i]), random);
  } else {
    next = advanced<A>(k, widen(static_cast<const T*>(step.x)[i]), value, widen(static_cast<const T*>(step.x0_prev)[i]),
                       random);
  }
  static_cast<T*>(step.x0)[i] = Narrow<T>::of(value);
  static_cast<T*>(step.x_next)[i] = Narrow<T>::of(next);
}

// Without a threshold: one thread per element, blockIdx.y over samples.
template <class T, int N>
__global__ void __launch_bounds__(kSamplerThreads) sampler_step_kernel(SamplerStep step) {
  using A = Compute<T>;
  const unsigned j = blockIdx.x * blockDim.x + threadIdx.x;
  if (j >= unsigned(step.time * step.channels)) return;
  const SamplerNumbers<A> k = SamplerNumbers<A>::read(step.guidance, step.weights, step.coefficients);
  for (std::int64_t b = blockIdx.y; b < step.batch; b += gridDim.y) sampler_element<T, N>(step, k, b, j, A(0), false);
}

// With a threshold: one block per sample selects the quantile of |x0| by radix, eight bits at a time from the top,
// and then updates its sample. x0 is recomputed in each pass; a sample lies in L1 or L2.
template <class T, int N>
__global__ void __launch_bounds__(kThresholdThreads, 1) sampler_step_threshold_kernel(SamplerStep step) {
  using A = Compute<T>;
  using Key = typename Magnitude<A>::Key;
  constexpr int kBits = 8 * int(sizeof(Key));
  __shared__ unsigned counts[256];
  __shared__ unsigned long long prefix, before, least_above, nans;

  const unsigned sample = unsigned(step.time * step.channels);
  const std::int64_t size = step.batch * std::int64_t(sample), first = std::int64_t(blockIdx.x) * sample;
  const SamplerNumbers<A> k = SamplerNumbers<A>::read(step.guidance, step.weights, step.coefficients);
  const auto place = QuantilePlace<A>::of(step.quantile, sample);
  const auto key_at = [&](unsigned j) {
    const SamplerNumbers<A> own = k.at(step.guidance, step.weights, j);
    return magnitude(guided<N>(static_cast<const T*>(step.prediction), size, first + j, own));
  };

  if (threadIdx.x == 0) {
    prefix = 0;       // bits of the wanted key found so far
    before = 0;       // keys smaller than every key with that prefix
    least_above = ~0ull;
    nans = 0;
  }
  for (int shift = kBits - 8; shift >= 0; shift -= 8) {
    for (int bin = threadIdx.x; bin < 256; bin += blockDim.x) counts[bin] = 0;
    __syncthreads();
    const Key found = Key(prefix);
    for (unsigned j = threadIdx.x; j < sample; j += blockDim.x) {
      const Key key = key_at(j);
      const bool same = shift == kBits - 8 || (key >> (shift + 8)) == (found >> (shift + 8));
      if (same) atomicAdd(&counts[unsigned(key >> shift) & 255u], 1u);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int bin = 0;
      while (before + counts[bin] <= static_cast<unsigned long long>(place.rank)) before += counts[bin++];
      prefix |= static_cast<unsigned long long>(bin) << shift;
    }
    __syncthreads();
  }

  const Key below = Key(prefix);
  const unsigned long long equal = counts[unsigned(below) & 255u];  // keys equal to `below`, from the last pass
  unsigned long long least = ~0ull;
  bool nan = false;
  for (unsigned j = threadIdx.x; j < sample; j += blockDim.x) {
    const Key key = key_at(j);
    nan = nan || key > Magnitude<A>::kInfinity;
    if (key > below && key < least) least = key;
  }
  atomicMin(&least_above, least);
  if (nan) atomicAdd(&nans, 1ull);
  __syncthreads();

  const bool repeated = before + equal > static_cast<unsigned long long>(place.rank) + 1 || least_above == ~0ull;
  const Key above = repeated ? below : Key(least_above);
  const A limit = nans ? bit_cast<A>(Magnitude<A>::kMask)
                       : threshold<A>(bit_cast<A>(below), bit_cast<A>(above), place.fraction, A(step.limit_low),
                                      A(step.limit_high));
  for (unsigned j = threadIdx.x; j < sample; j += blockDim.x)
    sampler_element<T, N>(step, k, blockIdx.x, j, limit, true);
}

}  // namespace emoface
