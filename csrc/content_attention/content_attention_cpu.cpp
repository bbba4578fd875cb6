#include "emoface/content_attention.h"

#include "emoface/cpu/attention.h"
#include "emoface/cpu/dispatch.h"

namespace emoface::EMO_ISA {

template <class E>
void content_attention_of(const ContentAttention& p) {
  const std::int64_t channels = p.heads * p.width, kv_stride = 2 * channels;
  Arena scratch;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t h = 0; h < p.heads; ++h) {
      const E* q = typed<E>(p.query) + b * p.speech * channels + h * p.width;
      const E* k = typed<E>(p.kv) + b * p.motion * kv_stride + h * p.width;
      E* out = typed<E>(p.out) + b * p.speech * channels + h * p.width;
      const std::int64_t keys = p.lengths ? most(0, least(p.motion, p.lengths[b])) : p.motion;
      attend<E>({q, k, k + channels, out, channels, kv_stride, kv_stride, channels, p.speech, keys, p.width,
                 widen(typed<E>(p.slopes)[h]), p.window},
                scratch);
    }
  }
}

bool content_attention_cpu(const ContentAttention& p) {
  return with_element(p.dtype, [&](auto element) { content_attention_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
