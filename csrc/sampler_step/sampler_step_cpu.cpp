#include "emoface/sampler_step.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "emoface/sampler_step_math.h"

namespace emoface {
namespace {

// The typed view of one sample.
template <class T>
struct Sample {
  const T* prediction;
  std::int64_t stride;  // elements between branches
  const T *x, *x0_prev, *noise, *known;
  const std::uint8_t* mask;
  T *x_next, *x0;
  std::int64_t time, channels;
  SamplerNumbers<Compute<T>> k;
};

template <int N, class T>
EMO_HD void magnitudes(const Sample<T>& s, typename Magnitude<Compute<T>>::Key* keys) {
  for (std::int64_t i = 0; i < s.time * s.channels; ++i) keys[i] = magnitude(guided<N>(s.prediction, s.stride, i, s.k));
}

template <int N, bool kNoise, class T>
EMO_HD void advance(const Sample<T>& s, Compute<T> limit) {
  using A = Compute<T>;
  const T* __restrict__ prediction = s.prediction;
  const T* __restrict__ x = s.x;
  const T* __restrict__ x0_prev = s.x0_prev;
  const T* __restrict__ noise = s.noise;
  T* __restrict__ x_next = s.x_next;
  T* __restrict__ x0 = s.x0;
  const SamplerNumbers<A> k = s.k;
  const std::int64_t stride = s.stride;
  for (std::int64_t i = 0; i < s.time * s.channels; ++i) {
    const A value = bounded(guided<N>(prediction, stride, i, k), limit);
    const A random = kNoise ? widen(noise[i]) : A(0);
    x0[i] = Narrow<T>::of(value);
    x_next[i] = Narrow<T>::of(advanced<A>(k, widen(x[i]), value, widen(x0_prev[i]), random));
  }
}

template <class T>
EMO_HD void inpaint(const Sample<T>& s) {
  using A = Compute<T>;
  for (std::int64_t t = 0; t < s.time; ++t) {
    if (!s.mask[t]) continue;
    for (std::int64_t i = t * s.channels; i < (t + 1) * s.channels; ++i)
      s.x_next[i] = Narrow<T>::of(inpainted<A>(s.k, widen(s.known[i]), s.noise ? widen(s.noise[i]) : A(0)));
  }
}

// The quantile of the magnitudes, found by selection; the keys are reordered.
template <class A>
A select_threshold(std::vector<typename Magnitude<A>::Key>& keys, const SamplerStep& step) {
  using Key = typename Magnitude<A>::Key;
  if (*std::max_element(keys.begin(), keys.end()) > Magnitude<A>::kInfinity) return std::numeric_limits<A>::quiet_NaN();
  const auto place = QuantilePlace<A>::of(step.quantile, std::int64_t(keys.size()));
  const auto middle = keys.begin() + place.rank;
  std::nth_element(keys.begin(), middle, keys.end());
  const Key above = middle + 1 == keys.end() ? *middle : *std::min_element(middle + 1, keys.end());
  return threshold<A>(bit_cast<A>(*middle), bit_cast<A>(above), place.fraction, A(step.limit_low), A(step.limit_high));
}

template <int N, class T>
EMO_HD void run_branches(const SamplerStep& step) {
  using A = Compute<T>;
  const std::int64_t size = step.time * step.channels;
  std::vector<typename Magnitude<A>::Key> keys(step.quantile > 0 ? size : 0);
  for (std::int64_t b = 0; b < step.batch; ++b) {
    const auto at = [&](const void* p) { return p ? static_cast<const T*>(p) + b * size : nullptr; };
    const Sample<T> s{at(step.prediction), step.batch * size, at(step.x), at(step.x0_prev), at(step.noise),
                      at(step.known), step.mask ? step.mask + b * step.time : nullptr,
                      static_cast<T*>(step.x_next) + b * size, static_cast<T*>(step.x0) + b * size,
                      step.time, step.channels, SamplerNumbers<A>::read(step.guidance, step.coefficients)};
    A limit = std::numeric_limits<A>::infinity();
    if (!keys.empty()) {
      magnitudes<N>(s, keys.data());
      limit = select_threshold<A>(keys, step);
    }
    s.noise ? advance<N, true>(s, limit) : advance<N, false>(s, limit);
    if (s.mask) inpaint(s);
  }
}

template <class T>
EMO_HD void run(const SamplerStep& step) {
  if (step.branches == 1) run_branches<1, T>(step);
  if (step.branches == 2) run_branches<2, T>(step);
  if (step.branches == 3) run_branches<3, T>(step);
}

EMO_CLONES void run_float32(const SamplerStep& step) { run<float>(step); }
EMO_CLONES void run_bfloat16(const SamplerStep& step) { run<bfloat16>(step); }
EMO_CLONES void run_float64(const SamplerStep& step) { run<double>(step); }

}  // namespace

bool sampler_step_cpu(const SamplerStep& step) {
  switch (step.dtype) {
    case DType::float32: run_float32(step); return true;
    case DType::bfloat16: run_bfloat16(step); return true;
    case DType::float64: run_float64(step); return true;
    default: return false;
  }
}

}  // namespace emoface
