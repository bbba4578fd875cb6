#pragma once
// The steps that operators and the denoising loop are made of: norms, and products with what follows them.
#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/gemm.h"

namespace emoface::EMO_ISA {

// Ones in the first `count` lanes, zeros in the others.
EMO_INLINE Lanes first_lanes(std::int64_t count) {
  alignas(64) float ones[kLanes];
  for (int i = 0; i < kLanes; ++i) ones[i] = i < count ? 1.0f : 0.0f;
  return load(ones);
}

// out = (x - mean) / sqrt(variance + eps) * gain + bias over the n values of one row. Nearly equal values lose most of
// their digits in x - mean, and the rate then enlarges the rounding of the mean: the mean of x - mean corrects it.
template <class X, class P, class Out>
EMO_INLINE void layer_norm(const X* x, std::int64_t n, const P* gain, const P* bias, float eps, Out* out) {
  const std::int64_t whole = n / kLanes * kLanes, rest = n - whole;
  const Lanes ones = first_lanes(rest);
  Lanes total = splat(0.0f), squares = splat(0.0f), shift = splat(0.0f);
  for (std::int64_t c = 0; c < whole; c += kLanes) total = total + load(x + c);
  if (rest) total = total + load(x + whole, rest);
  const Lanes about = splat(sum(total) / float(n));
  for (std::int64_t c = 0; c < whole; c += kLanes) {
    const Lanes d = load(x + c) - about;
    shift = shift + d;
    squares = fused(d, d, squares);
  }
  if (rest) {
    const Lanes d = (load(x + whole, rest) - about) * ones;
    shift = shift + d;
    squares = fused(d, d, squares);
  }
  const float mean = sum(shift) / float(n);  // of x - about
  const Lanes correction = splat(mean), rate = splat(1.0f) / root(splat(sum(squares) / float(n) - mean * mean + eps));
  for (std::int64_t c = 0; c < whole; c += kLanes)
    store(out + c, fused((load(x + c) - about - correction) * rate, load(gain + c), load(bias + c)));
  if (rest) {
    const Lanes normed = (load(x + whole, rest) - about - correction) * rate;
    store(out + whole, fused(normed, load(gain + whole, rest), load(bias + whole, rest)), rest);
  }
}

// Zeros behind rows of n values that lie in whole words, as a left operand of a product needs them.
template <class E>
EMO_INLINE void zero_padding(E* rows, std::int64_t count, std::int64_t n) {
  const std::int64_t stride = words_of<E>(n) * kPerWord<E>;
  if (stride > n)
    for (std::int64_t row = 0; row < count; ++row) rows[row * stride + n] = E{};
}

// Rows of a layer norm, as the left operand of a product: padded with zeros to whole words.
template <class E, class X, class P>
EMO_INLINE void layer_norm_rows(const X* x, std::int64_t rows, std::int64_t n, const P* gain, const P* bias, float eps,
                                E* out) {
  const std::int64_t stride = words_of<E>(n) * kPerWord<E>;
  for (std::int64_t row = 0; row < rows; ++row) layer_norm(x + row * n, n, gain, bias, eps, out + row * stride);
  zero_padding(out, rows, n);
}

template <class E>
EMO_INLINE Left dense_left(const E* first, std::int64_t inner) {
  return {first, words_of<E>(inner) * std::int64_t(sizeof(Word))};
}

// product(left, right) of the normed rows of `p.x` and the weights `p.weight`, packed for this call.
template <class E, class Parameters, class Product>
EMO_INLINE void with_normed_rows(const Parameters& p, Product product) {
  const std::int64_t words = words_of<E>(p.channels);
  const std::int64_t packed = packed_words(p.width, words), normed = p.rows * words;
  Arena arena(space<Word>(packed) + space<Word>(normed) + space<Word>(kLanes * words));
  Word* weight = arena.take<Word>(packed);
  E* rows = reinterpret_cast<E*>(arena.take<Word>(normed));
  pack_transposed<E>(typed<E>(p.weight), p.channels, p.width, p.channels, weight, arena.take<Word>(kLanes * words));
  layer_norm_rows(typed<E>(p.x), p.rows, p.channels, typed<E>(p.gain), typed<E>(p.bias), float(p.eps), rows);
  product(dense_left(rows, p.channels), Packed{weight, p.width, words});
}

// Rows of values as the left operand of a product of E: themselves, or as bytes, scaled by each row's largest. `room`
// takes the bytes, `scales` one float a row; rows lie `whole words of V` apart.
template <class E, class V>
EMO_INLINE Left left_of(const V* values, [[maybe_unused]] std::int64_t rows, std::int64_t inner,
                        [[maybe_unused]] E* room, [[maybe_unused]] float* scales) {
#if defined(EMO_INT8)
  if constexpr (sizeof(E) == 1) {
    const std::int64_t from = words_of<V>(inner) * kPerWord<V>, to = words_of<E>(inner) * kPerWord<E>;
    for (std::int64_t row = 0; row < rows; ++row) {
      const V* value = values + row * from;
      Lanes top = splat(1e-30f);
      for (std::int64_t c = 0; c < inner; c += kLanes) top = larger(top, absolute(load(value + c, inner - c)));
      scales[row] = largest(top) / 127.0f;
      const Lanes rate = splat(1.0f / scales[row]);
      for (std::int64_t c = 0; c < to; c += kLanes) {
        const Lanes scaled = c < inner ? load(value + c, inner - c) * rate : splat(0.0f);
        const __m512i bytes = _mm512_add_epi32(_mm512_cvtps_epi32(scaled.part[0]), _mm512_set1_epi32(128));
        const __mmask16 kept = to - c < kLanes ? __mmask16((1u << (to - c)) - 1) : __mmask16(0xffff);
        _mm512_mask_cvtepi32_storeu_epi8(room + row * to + c, kept, bytes);
      }
    }
    Left left = dense_left(room, inner);
    left.scales = scales;
    return left;
  }
#endif
  return dense_left(values, inner);
}

// out (rows, columns) = left right + bias
template <class E, class P, class Out>
EMO_INLINE void linear(const Left& left, std::int64_t rows, const Packed& right, const P* bias, Out* out) {
  multiply<E>(left, rows, right, [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    store(out + row * right.columns + column, value + load(bias + column, count), count);
  });
}

// out (rows, stride) = GELU(left right + bias)
template <class E, class P, class Out>
EMO_INLINE void linear_gelu(const Left& left, std::int64_t rows, const Packed& right, const P* bias, Out* out,
                            std::int64_t stride) {
  multiply<E>(left, rows, right, [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    store(out + row * stride + column, gelu(value + load(bias + column, count)), count);
  });
}

// out = x + left right + bias, all (rows, columns)
template <class E, class P, class X, class Out>
EMO_INLINE void linear_residual(const Left& left, std::int64_t rows, const Packed& right, const P* bias, const X* x,
                                Out* out) {
  multiply<E>(left, rows, right, [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    const std::int64_t at = row * right.columns + column;
    store(out + at, value + load(bias + column, count) + load(x + at, count), count);
  });
}

// y = x + left right + bias, out = y (2 + scale) + shift, all (rows, columns)
template <class E, class P, class X, class F, class Out>
EMO_INLINE void linear_residual_film(const Left& left, std::int64_t rows, const Packed& right, const P* bias,
                                     const X* x, const F* scale, const F* shift, Out* out) {
  multiply<E>(left, rows, right, [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    const std::int64_t at = row * right.columns + column;
    const Lanes y = value + load(bias + column, count) + load(x + at, count);
    store(out + at, fused(y, splat(2.0f) + load(scale + column, count), load(shift + column, count)), count);
  });
}

// What AdaIN and the FiLM after it take for one sample.
template <class P>
struct Modulation {
  const P *style_scale, *style_shift;  // (C,)
  const P *scale, *shift;              // (C,), or null for no FiLM
  float eps, residual;
};

// FiLM(residual y + AdaIN(y)) of 16 channels (the first `count` of them) over time; y and out (time, stride).
template <class Y, class P, class Out>
EMO_INLINE void adain_film(const Y* y, std::int64_t time, std::int64_t stride, std::int64_t column, std::int64_t count,
                           const Modulation<P>& m, Out* out) {
  Lanes total = splat(0.0f), shift = splat(0.0f), squares = splat(0.0f);
  const Lanes share = splat(1.0f / float(time));
  for (std::int64_t t = 0; t < time; ++t) total = total + load(y + t * stride + column, count);
  const Lanes about = total * share;
  for (std::int64_t t = 0; t < time; ++t) {
    const Lanes d = load(y + t * stride + column, count) - about;
    shift = shift + d;
    squares = fused(d, d, squares);
  }
  const Lanes mean = shift * share;  // of y - about: corrects the rounding of `about`, as in layer_norm
  const Lanes one = splat(1.0f), rate = one / root(squares * share - mean * mean + splat(m.eps));
  Lanes gain = rate * (one + load(m.style_scale + column, count));
  Lanes offset = load(m.style_shift + column, count), keep = splat(m.residual);
  if (m.scale) {
    const Lanes film = one + load(m.scale + column, count);
    gain = gain * film;
    keep = keep * film;
    offset = fused(offset, film, load(m.shift + column, count));
  }
  for (std::int64_t t = 0; t < time; ++t) {
    const Lanes v = load(y + t * stride + column, count);
    store(out + t * stride + column, fused(v - about - mean, gain, fused(v, keep, offset)), count);
  }
}

}  // namespace emoface::EMO_ISA
