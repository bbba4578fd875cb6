#include "emoface/prepare_schedule.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

// out (rows, stride) = SiLU(left right + bias)
template <class E>
void linear_silu(const E* left, std::int64_t inner, std::int64_t rows, const Packed& right, const E* bias, E* out) {
  const std::int64_t stride = words_of<E>(right.columns) * kPerWord<E>;
  multiply<E>(dense_left(left, inner), rows, right,
              [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    value = value + load(bias + column, count);
    const Lanes falling = exp2(value * splat(-0x1.715476p+0f));  // e^-value
    store(out + row * stride + column, value / (splat(1.0f) + falling), count);
  });
  zero_padding(out, rows, right.columns);
}

template <class E>
void prepare_schedule_of(const PrepareSchedule& p) {
  const std::int64_t features = 2 * p.half, channels = p.channels, words = words_of<E>(channels);
  const std::int64_t narrow = words_of<E>(features);  // an even number of features fills its words
  Arena arena(space<double>(p.half) + space<E>(p.steps * features) + 2 * space<Word>(p.steps * words));
  double* rates = arena.take<double>(p.half);
  E* waves = arena.take<E>(p.steps * features);
  E* hidden = reinterpret_cast<E*>(arena.take<Word>(p.steps * words));
  E* embedded = reinterpret_cast<E*>(arena.take<Word>(p.steps * words));
  for (std::int64_t i = 0; i < p.half; ++i) rates[i] = __builtin_pow(1e4, -double(i) / double(p.half));
  for (std::int64_t step = 0; step < p.steps; ++step)
    for (std::int64_t i = 0; i < p.half; ++i) {
      const double angle = 1e3 * double(widen(typed<E>(p.times)[step])) * rates[i];
      waves[step * features + i] = Narrow<E>::of(float(__builtin_sin(angle)));
      waves[step * features + p.half + i] = Narrow<E>::of(float(__builtin_cos(angle)));
    }
  linear_silu(waves, features, p.steps, {typed<Word>(p.first_weight), channels, narrow}, typed<E>(p.first_bias), hidden);
  linear_silu(hidden, channels, p.steps, {typed<Word>(p.second_weight), channels, words}, typed<E>(p.second_bias),
              embedded);
  const std::int64_t width = 6 * channels;
  for (std::int64_t block = 0; block < p.blocks; ++block)
    multiply<E>(dense_left(embedded, channels), p.steps,
                {typed<Word>(p.film_weight) + block * packed_words(width, words), width, words},
                [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
      value = value + load(typed<E>(p.film_bias) + block * width + column, count);
      store(typed<E>(p.out) + (row * p.blocks + block) * width + column, value, count);
    });
}

bool prepare_schedule_cpu(const PrepareSchedule& p) {
  return with_element(p.dtype, [&](auto element) { prepare_schedule_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
