#include "emoface/sampler_step.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/memory.h"
#include "emoface/sampler_step_math.h"

namespace emoface::EMO_ISA {

// The typed view of one sample.
template <class T>
struct Sample {
  const T* prediction;
  std::int64_t stride;  // elements between branches
  const T *x, *x0_prev, *noise, *known;
  const std::uint8_t* mask;
  const T* share;
  T *x_next, *x0;
  std::int64_t time, channels;
  SamplerNumbers<Compute<T>> k;
  const void* guidance;
  std::int64_t weights;  // of the guidance, as in SamplerStep
};

template <int N, class T>
EMO_INLINE void magnitudes(const Sample<T>& s, typename Magnitude<Compute<T>>::Key* keys) {
  for (std::int64_t i = 0; i < s.time * s.channels; ++i)
    keys[i] = magnitude(guided<N>(s.prediction, s.stride, i, s.k.at(s.guidance, s.weights, i)));
}

// kParts: elements have weights of the guidance of their own, or are drawn to what is known.
template <int N, bool kNoise, bool kParts, class T>
EMO_INLINE void advance(const Sample<T>& s, Compute<T> limit) {
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
    A value;
    if constexpr (kParts) {
      value = bounded(guided<N>(prediction, stride, i, k.at(s.guidance, s.weights, i)), limit);
      if (s.share) value = drawn(value, widen(s.known[i]), widen(s.share[i]));
    } else {
      value = bounded(guided<N>(prediction, stride, i, k), limit);
    }
    const A random = kNoise ? widen(noise[i]) : A(0);
    x0[i] = Narrow<T>::of(value);
    x_next[i] = Narrow<T>::of(advanced<A>(k, widen(x[i]), value, widen(x0_prev[i]), random));
  }
}

template <class T>
EMO_INLINE void inpaint(const Sample<T>& s) {
  using A = Compute<T>;
  for (std::int64_t t = 0; t < s.time; ++t) {
    if (!s.mask[t]) continue;
    for (std::int64_t i = t * s.channels; i < (t + 1) * s.channels; ++i)
      s.x_next[i] = Narrow<T>::of(inpainted<A>(s.k, widen(s.known[i]), s.noise ? widen(s.noise[i]) : A(0)));
  }
}

// The value of the given rank among n keys and the one after it, found digit by digit from the highest.
template <class Key>
void select(const Key* keys, std::int64_t n, std::int64_t rank, Key* value, Key* next) {
  Key prefix = 0, known = 0;  // the digits found so far, and a mask of them
  std::int64_t left = rank, count = 0;
  for (int shift = 8 * int(sizeof(Key)) - 8; shift >= 0; shift -= 8) {
    std::int64_t counts[256] = {};
    for (std::int64_t i = 0; i < n; ++i)
      if ((keys[i] & known) == prefix) ++counts[(keys[i] >> shift) & 255];
    Key digit = 0;
    while (left >= counts[digit]) left -= counts[digit++];
    count = counts[digit];
    prefix |= digit << shift;
    known |= Key(255) << shift;
  }
  *value = *next = prefix;
  if (left + 1 < count || rank + 1 == n) return;
  *next = ~Key(0);
  for (std::int64_t i = 0; i < n; ++i)
    if (keys[i] > prefix && keys[i] < *next) *next = keys[i];
}

// The dynamic threshold; NaN if any magnitude is.
template <class A>
A select_threshold(const typename Magnitude<A>::Key* keys, std::int64_t n, const SamplerStep& step) {
  using Key = typename Magnitude<A>::Key;
  for (std::int64_t i = 0; i < n; ++i)
    if (keys[i] > Magnitude<A>::kInfinity) return A(__builtin_nan(""));
  const auto place = QuantilePlace<A>::of(step.quantile, n);
  Key value, next;
  select(keys, n, place.rank, &value, &next);
  return threshold<A>(bit_cast<A>(value), bit_cast<A>(next), place.fraction, A(step.limit_low), A(step.limit_high));
}

template <int N, class T>
void run_branches(const SamplerStep& step) {
  using A = Compute<T>;
  const std::int64_t size = step.time * step.channels;
  using Key = typename Magnitude<A>::Key;
  if (size == 0) return;
  const bool limited = step.quantile > 0;
  Arena arena(limited ? space<Key>(size) : 0);
  Key* keys = limited ? arena.take<Key>(size) : nullptr;
  for (std::int64_t b = 0; b < step.batch; ++b) {
    const auto at = [&](const void* p) { return p ? static_cast<const T*>(p) + b * size : nullptr; };
    const Sample<T> s{at(step.prediction), step.batch * size, at(step.x), at(step.x0_prev), at(step.noise),
                      at(step.known), step.mask ? step.mask + b * step.time : nullptr, at(step.share),
                      static_cast<T*>(step.x_next) + b * size, static_cast<T*>(step.x0) + b * size,
                      step.time, step.channels,
                      SamplerNumbers<A>::read(step.guidance, step.weights, step.coefficients), step.guidance,
                      step.weights};
    A limit = A(__builtin_inf());
    if (limited) {
      magnitudes<N>(s, keys);
      limit = select_threshold<A>(keys, size, step);
    }
    if (step.weights > 1 || s.share)
      s.noise ? advance<N, true, true>(s, limit) : advance<N, false, true>(s, limit);
    else
      s.noise ? advance<N, true, false>(s, limit) : advance<N, false, false>(s, limit);
    if (s.mask) inpaint(s);
  }
}

template <class T>
void sampler_step_of(const SamplerStep& step) {
  if (step.branches == 1) run_branches<1, T>(step);
  if (step.branches == 2) run_branches<2, T>(step);
  if (step.branches == 3) run_branches<3, T>(step);
}

bool sampler_step_cpu(const SamplerStep& step) {
  if (step.dtype == DType::float64) return sampler_step_of<double>(step), true;
  return with_element(step.dtype, [&](auto element) { sampler_step_of<decltype(element)>(step); });
}

}  // namespace emoface::EMO_ISA
