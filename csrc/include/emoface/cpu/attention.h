#pragma once
// Attention of one head with a linear distance bias, a local window and any number of keys.
#include "emoface/cpu/gemm.h"

namespace emoface::EMO_ISA {

// softmax_j(q_i k_j / sqrt(width) - slope |i - j|) v_j over the keys j with |i - j| <= window (0: all keys).
template <class E>
struct Attention {
  const E *q, *k, *v;
  E* out;
  std::int64_t q_stride, k_stride, v_stride, out_stride;  // elements from row to row
  std::int64_t queries, keys, width;
  float slope;
  std::int64_t window;
};

// Bytes of scratch that attend() needs.
template <class E>
constexpr std::size_t attention_space(std::int64_t queries, std::int64_t keys, std::int64_t width) {
  const std::int64_t words = words_of<E>(width);
  return space<Word>(packed_words(keys, words)) + space<Word>(packed_words(width, words_of<E>(keys))) +
         space<Word>(kLanes * words) + space<float>(kHighest<E> * whole_panels(keys)) + space<E>(kHighest<E> * whole_lanes(keys)) +
         space<Word>(queries * words);
}

// One head of one sample. `scratch` grows to attention_space() bytes. For float and bfloat16; compiled once, in
// cpu/attention.cpp.
template <class E>
void attend(const Attention<E>& a, Arena& scratch);

}  // namespace emoface::EMO_ISA
