#include "emoface/content_attention.h"

#include "emoface/cuda/attention.h"

namespace emoface {

int content_attention_cuda(const ContentAttention& p, const Queue& queue) {
  const std::int64_t channels = p.heads * p.width;
  const std::size_t bytes = size_of(p.dtype);
  const void* value = static_cast<const char*>(p.kv) + channels * bytes;
  return attention_cuda({p.query, p.kv, value, {p.slopes, p.dtype}, p.lengths, p.out, p.dtype, p.batch, p.speech,
                         p.motion, p.heads, p.width, p.window, 1, p.speech * channels, channels,
                         p.motion * 2 * channels, 2 * channels},
                        queue);
}

}  // namespace emoface
