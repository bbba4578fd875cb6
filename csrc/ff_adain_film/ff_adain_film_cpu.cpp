#include "emoface/ff_adain_film.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void ff_adain_film_of(const FfAdainFilm& p) {
  const std::int64_t channels = p.channels, words = words_of<E>(p.width), rows = p.batch * p.time;
  if (rows == 0) return;
  const std::int64_t packed = packed_words(channels, words), sample = p.time * channels;
  Arena arena(space<Word>(packed) + space<Word>(rows * words) + space<Word>(kLanes * words) + space<float>(sample));
  Word* weight = arena.take<Word>(packed);
  Word* room = arena.take<Word>(rows * words);
  pack_transposed<E>(typed<E>(p.weight), p.width, channels, p.width, weight, arena.take<Word>(kLanes * words));
  float* y = arena.take<float>(sample);  // the statistics over time are taken of unrounded values
  std::int64_t stride = p.width;
  const E* h = in_words(typed<E>(p.h), &stride, rows, p.width, room);
  for (std::int64_t b = 0; b < p.batch; ++b) {
    linear_residual<E>(dense_left(h + b * p.time * stride, p.width), p.time, {weight, channels, words},
                       typed<E>(p.weight_bias), typed<E>(p.x) + b * sample, y);
    const Modulation<E> m{typed<E>(p.style_scale) + b * channels, typed<E>(p.style_shift) + b * channels,
                          typed<E>(p.scale) + b * channels, typed<E>(p.shift) + b * channels,
                          float(p.eps), float(p.residual)};
    for (std::int64_t c = 0; c < channels; c += kLanes)
      adain_film(y, p.time, channels, c, least(kLanes, channels - c), m, typed<E>(p.out) + b * sample);
  }
}

bool ff_adain_film_cpu(const FfAdainFilm& p) {
  return with_element(p.dtype, [&](auto element) { ff_adain_film_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
