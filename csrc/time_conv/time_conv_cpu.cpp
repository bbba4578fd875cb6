#include "emoface/time_conv.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

std::int64_t conv_words(const ConvWeights& w) {
  std::int64_t words = 0;
  with_element(w.dtype, [&](auto element) {
    words = packed_words(w.width, w.taps * words_of<decltype(element)>(w.channels));
  });
  return words;
}

// Each tap begins a word of its own: with an odd number of bfloat16 channels a zero follows them.
template <class E>
void pack_conv_of(const ConvWeights& w) {
  const std::int64_t words = words_of<E>(w.channels), inner = w.taps * words * kPerWord<E>;
  Arena arena(space<E>(w.width * inner) + space<Word>(kLanes * w.taps * words));
  E* rows = arena.take<E>(w.width * inner);
  for (std::int64_t row = 0; row < w.width * w.taps; ++row) {
    E* to = rows + row * words * kPerWord<E>;
    for (std::int64_t c = 0; c < words * kPerWord<E>; ++c)
      to[c] = c < w.channels ? typed<E>(w.weight)[row * w.channels + c] : E{};
  }
  pack_transposed<E>(rows, inner, w.width, inner, typed<Word>(w.packed), arena.take<Word>(kLanes * w.taps * words));
}

bool pack_conv(const ConvWeights& w) {
  return with_element(w.dtype, [&](auto element) { pack_conv_of<decltype(element)>(w); });
}

// Values of E and products of P.
template <class E, class P>
void time_conv_of(const TimeConv& p) {
  const std::int64_t stride = words_of<P>(p.channels) * kPerWord<P>, reach = p.taps / 2 * p.dilation;
  const std::int64_t rows = p.time + 2 * reach;
  Arena arena(space<P>(rows * stride) + space<float>(p.channels));
  P* heard = arena.take<P>(rows * stride);  // zeros, the sample's frames, zeros
  float* normed = arena.take<float>(p.channels);
  memset(heard, 0, rows * stride * sizeof(P));
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t t = 0; t < p.time; ++t) {
      const E* x = typed<E>(p.x) + (b * p.time + t) * p.channels;
      P* to = heard + (reach + t) * stride;
      if (!p.gain && sizeof(E) == sizeof(P)) {
        memcpy(to, x, p.channels * sizeof(E));
        continue;
      }
      if (!p.gain) {
        for (std::int64_t c = 0; c < p.channels; c += kLanes) {
          const std::int64_t count = least(kLanes, p.channels - c);
          store(to + c, load(x + c, count), count);
        }
        continue;
      }
      layer_norm(x, p.channels, typed<E>(p.gain), typed<E>(p.shift), float(p.eps), normed);
      for (std::int64_t c = 0; c < p.channels; c += kLanes) {
        const std::int64_t count = least(kLanes, p.channels - c);
        store(to + c, gelu(load(normed + c, count)), count);
      }
    }
    const Left left{heard, stride * std::int64_t(sizeof(P)), p.taps, p.dilation * stride * std::int64_t(sizeof(P))};
    const Packed weight{typed<Word>(p.packed), p.width, words_of<P>(p.channels)};
    multiply<P>(left, p.time, weight, [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
      const std::int64_t at = (b * p.time + row) * p.width + column;
      value = value + load(typed<E>(p.bias) + column, count);
      if (p.gelu) value = gelu(value);
      if (p.residual) value = value + load(typed<E>(p.residual) + at, count);
      store(typed<E>(p.out) + at, value, count);
    });
  }
}

bool time_conv_cpu(const TimeConv& p) {
  if (p.dtype == DType::float32 && p.products == DType::bfloat16) return time_conv_of<float, bfloat16>(p), true;
  if (p.dtype != p.products) return false;
  return with_element(p.dtype, [&](auto element) { time_conv_of<decltype(element), decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
