#pragma once
// The arithmetic of sampler_step: one source for the CPU, CUDA and host-shim builds.
#include "emoface/types.h"

namespace emoface {

template <class A>
struct SamplerNumbers {
  A g_audio, g_emotion, c_x, c_0, c_prev, c_noise, k_known, k_noise;

  // Each of the two weights of the guidance has `weights` values: 1, or one for each element of a sample.
  static EMO_HD SamplerNumbers read(const void* guidance, std::int64_t weights, const void* coefficients) {
    const A* g = static_cast<const A*>(guidance);
    const A* c = static_cast<const A*>(coefficients);
    return {g[0], g[weights], c[0], c[1], c[2], c[3], c[4], c[5]};
  }

  // The numbers for element j of a sample.
  EMO_HD SamplerNumbers at(const void* guidance, std::int64_t weights, std::int64_t j) const {
    SamplerNumbers numbers = *this;
    if (weights > 1) {
      numbers.g_audio = static_cast<const A*>(guidance)[j];
      numbers.g_emotion = static_cast<const A*>(guidance)[weights + j];
    }
    return numbers;
  }
};

// x0 at element i: `prediction` points at the first branch, `stride` elements lie between branches.
template <int N, class T>
EMO_HD Compute<T> guided(const T* prediction, std::int64_t stride, std::int64_t i,
                         const SamplerNumbers<Compute<T>>& k) {
  using A = Compute<T>;
  const A first = widen(prediction[i]);
  if constexpr (N == 1) {
    return first;
  } else if constexpr (N == 2) {
    return first + k.g_emotion * (widen(prediction[stride + i]) - first);
  } else {
    const A audio = widen(prediction[stride + i]);
    return first + k.g_audio * (audio - first) + k.g_emotion * (widen(prediction[2 * stride + i]) - audio);
  }
}

// Clamp to [-limit, limit]; a NaN on either side stays NaN.
template <class A>
EMO_HD A bounded(A value, A limit) {
  value = value > limit ? limit : value;
  value = value < -limit ? -limit : value;
  return limit == limit ? value : limit;
}

// x0 drawn to what is known by a share of 0..1; exactly x0 at 0, exactly what is known at 1.
template <class A>
EMO_HD A drawn(A x0, A known, A share) {
  return (A(1) - share) * x0 + share * known;
}

// What stands for noise that was not given: nothing, and no number where the coefficient asks for some. A call whose
// coefficients lie on the CPU is refused before it comes here.
template <class A>
EMO_HD A missing_noise(A coefficient) {
  return coefficient == A(0) ? A(0) : A(bit_cast<float>(0x7fc00000u));
}

template <class A>
EMO_HD A advanced(const SamplerNumbers<A>& k, A x, A x0, A x0_prev, A noise) {
  return k.c_x * x + k.c_0 * x0 + k.c_prev * x0_prev + k.c_noise * noise;
}

template <class A>
EMO_HD A inpainted(const SamplerNumbers<A>& k, A known, A noise) {
  return k.k_known * known + k.k_noise * noise;
}

// Magnitudes of floating-point numbers compare as unsigned integers; NaN lies above infinity.
template <class A>
struct Magnitude;
template <>
struct Magnitude<float> {
  using Key = std::uint32_t;
  static constexpr Key kInfinity = 0x7f800000u;
  static constexpr Key kMask = 0x7fffffffu;
};
template <>
struct Magnitude<double> {
  using Key = std::uint64_t;
  static constexpr Key kInfinity = 0x7ff0000000000000ull;
  static constexpr Key kMask = 0x7fffffffffffffffull;
};

template <class A>
EMO_HD typename Magnitude<A>::Key magnitude(A value) {
  return bit_cast<typename Magnitude<A>::Key>(value) & Magnitude<A>::kMask;
}

// Where the quantile lies among n ascending values: between `rank` and the next, `fraction` of the way.
template <class A>
struct QuantilePlace {
  std::int64_t rank;
  A fraction;

  static EMO_HD QuantilePlace of(double quantile, std::int64_t n) {
    const double place = quantile * double(n - 1);
    const std::int64_t rank = std::int64_t(place);
    return {rank, A(place - double(rank))};
  }
};

// The dynamic threshold from the two magnitudes around the quantile.
template <class A>
EMO_HD A threshold(A below, A above, A fraction, A low, A high) {
  A limit = fraction > A(0) ? below + (above - below) * fraction : below;
  limit = limit < low ? low : limit;
  return limit > high ? high : limit;
}

}  // namespace emoface
