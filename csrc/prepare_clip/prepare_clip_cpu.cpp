#include "emoface/prepare_clip.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void prepare_clip_of(const PrepareClip& p) {
  const std::int64_t time = p.time, channels = p.channels, words = words_of<E>(channels);
  const std::int64_t stride = words * kPerWord<E>, narrow = words_of<E>(p.features), mood = words_of<E>(p.width);
  const std::int64_t rows = most(time, p.emotions);
  Arena arena(space<Word>(rows * most(narrow, mood)) + 2 * space<Word>(rows * words));
  Word* room = arena.take<Word>(rows * most(narrow, mood));
  E *hidden = arena.take<E>(rows * stride), *mapped = arena.take<E>(rows * stride);
  const auto matrix = [&](const void* packed, std::int64_t block, std::int64_t columns, std::int64_t inner) {
    return Packed{typed<Word>(packed) + block * packed_words(columns, inner), columns, inner};
  };

  for (std::int64_t u = 0; u < p.speeches; ++u) {
    std::int64_t step = p.features;
    const E* content = in_words(typed<E>(p.content) + u * time * p.features, &step, time, p.features, room);
    const Left heard{content, step * std::int64_t(sizeof(E))};
    multiply<E>(heard, time, matrix(p.speech_weight, 0, channels, narrow),
                [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
      const std::int64_t at = row * channels + column;
      value = value + load(typed<E>(p.speech_bias) + column, count) + load(typed<E>(p.positions) + at, count);
      store(hidden + row * stride + column, value, count);
      value = value + load(typed<E>(p.content_style) + u * channels + column, count);
      store(typed<E>(p.speech) + u * time * channels + at, value, count);
    });
    zero_padding(hidden, time, channels);
    for (std::int64_t block = 0; block < p.blocks; ++block)
      linear<E>(dense_left(hidden, channels), time, matrix(p.query_weight, block, channels, words),
                typed<E>(p.query_bias) + block * channels,
                typed<E>(p.queries) + (u * p.blocks + block) * time * channels);
  }

  std::int64_t step = p.width;
  const E* emotion = in_words(typed<E>(p.emotion), &step, p.emotions, p.width, room);
  linear_gelu<E>({emotion, step * std::int64_t(sizeof(E))}, p.emotions, matrix(p.first_weight, 0, channels, mood),
                 typed<E>(p.first_bias), hidden, stride);
  zero_padding(hidden, p.emotions, channels);
  multiply<E>(dense_left(hidden, channels), p.emotions, matrix(p.second_weight, 0, channels, words),
              [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
    value = value + load(typed<E>(p.second_bias) + column, count);
    value = value + load(typed<E>(p.emotion_style) + row * channels + column, count);
    store(mapped + row * stride + column, value, count);
  });
  zero_padding(mapped, p.emotions, channels);
  for (std::int64_t block = 0; block < p.blocks; ++block)
    multiply<E>(dense_left(mapped, channels), p.emotions, matrix(p.style_weight, block, 2 * channels, words),
                [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
      value = value + load(typed<E>(p.style_bias) + block * 2 * channels + column, count);
      store(typed<E>(p.styles) + (row * p.blocks + block) * 2 * channels + column, value, count);
    });
}

bool prepare_clip_cpu(const PrepareClip& p) {
  return with_element(p.dtype, [&](auto element) { prepare_clip_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
