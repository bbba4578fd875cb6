#include "emoface/oproj_residual_film.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void oproj_residual_film_of(const OprojResidualFilm& p) {
  const std::int64_t channels = p.channels, words = words_of<E>(channels);
  const std::int64_t packed = packed_words(channels, words), rows = p.batch * p.time;
  Arena arena(space<Word>(packed) + space<Word>(rows * words) + space<Word>(kLanes * words));
  Word* weight = arena.take<Word>(packed);
  Word* room = arena.take<Word>(rows * words);
  pack_transposed<E>(typed<E>(p.weight), channels, channels, channels, weight, arena.take<Word>(kLanes * words));
  std::int64_t stride = channels;
  const E* a = in_words(typed<E>(p.a), &stride, rows, channels, room);
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const std::int64_t at = b * p.time * channels;
    linear_residual_film<E>(dense_left(a + b * p.time * stride, channels), p.time, {weight, channels, words},
                            typed<E>(p.weight_bias), typed<E>(p.x) + at, typed<E>(p.scale) + b * channels,
                            typed<E>(p.shift) + b * channels, typed<E>(p.out) + at);
  }
}

bool oproj_residual_film_cpu(const OprojResidualFilm& p) {
  return with_element(p.dtype, [&](auto element) { oproj_residual_film_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
