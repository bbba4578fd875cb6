#include "emoface/self_attention.h"

#include "emoface/cuda/attention.h"

namespace emoface {

int self_attention_cuda(const SelfAttention& p, const Queue& queue) {
  const std::int64_t channels = p.heads * p.width, row = 3 * channels;
  const char* qkv = static_cast<const char*>(p.qkv);
  const std::size_t third = channels * size_of(p.dtype);
  return attention_cuda({p.qkv, qkv + third, qkv + 2 * third, {p.slopes, p.dtype}, p.lengths, p.out, p.dtype, p.batch,
                         p.time, p.time, p.heads, p.width, 0, 1, p.time * row, row, p.time * row, row},
                        queue);
}

}  // namespace emoface
