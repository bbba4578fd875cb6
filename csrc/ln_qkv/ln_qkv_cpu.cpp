#include "emoface/ln_qkv.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void ln_qkv_of(const LnQkv& p) {
  const std::int64_t words = words_of<E>(p.channels);
  const std::int64_t packed = packed_words(p.width, words), normed = p.rows * words;
  Arena arena(space<Word>(packed) + space<Word>(normed) + space<Word>(kLanes * words));
  Word* weight = arena.take<Word>(packed);
  E* rows = reinterpret_cast<E*>(arena.take<Word>(normed));
  pack_transposed<E>(typed<E>(p.weight), p.channels, p.width, p.channels, weight, arena.take<Word>(kLanes * words));
  layer_norm_rows(typed<E>(p.x), p.rows, p.channels, typed<E>(p.gain), typed<E>(p.bias), float(p.eps), rows);
  linear<E>(dense_left(rows, p.channels), p.rows, {weight, p.width, words}, typed<E>(p.weight_bias), typed<E>(p.out));
}

bool ln_qkv_cpu(const LnQkv& p) {
  return with_element(p.dtype, [&](auto element) { ln_qkv_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
