#include "emoface/self_attention.h"

#include "emoface/cpu/attention.h"
#include "emoface/cpu/dispatch.h"

namespace emoface::EMO_ISA {

template <class E>
void self_attention_of(const SelfAttention& p) {
  const std::int64_t channels = p.heads * p.width, stride = 3 * channels;
  Arena scratch;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t h = 0; h < p.heads; ++h) {
      const E* q = typed<E>(p.qkv) + b * p.time * stride + h * p.width;
      E* out = typed<E>(p.out) + b * p.time * channels + h * p.width;
      const std::int64_t keys = p.lengths ? most(0, least(p.time, p.lengths[b])) : p.time;
      attend<E>({q, q + channels, q + 2 * channels, out, stride, stride, stride, channels, p.time, keys, p.width,
                 widen(typed<E>(p.slopes)[h]), 0},
                scratch);
    }
  }
}

bool self_attention_cpu(const SelfAttention& p) {
  return with_element(p.dtype, [&](auto element) { self_attention_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
