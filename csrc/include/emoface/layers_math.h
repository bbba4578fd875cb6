#pragma once
// The arithmetic of a denoiser block's layers, element by element.
#include <cmath>

#include "emoface/types.h"

namespace emoface {

// u Phi(u) with the exact Gaussian distribution function.
template <class A>
EMO_HD A gelu(A u) {
  return A(0.5) * u * (A(1) + std::erf(u * A(0.70710678118654752440)));
}

template <class A>
EMO_HD A film(A x, A scale, A shift) {
  return x * (A(1) + scale) + shift;
}

// y + film(y)
template <class A>
EMO_HD A residual_film(A y, A scale, A shift) {
  return y * (A(2) + scale) + shift;
}

// Normalised by a mean and 1 / deviation, then modulated.
template <class A>
EMO_HD A restyled(A x, A mean, A rate, A scale, A shift) {
  return film((x - mean) * rate, scale, shift);
}

}  // namespace emoface
