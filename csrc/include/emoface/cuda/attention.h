#pragma once
// Attention with a linear distance bias, as content_attention, self_attention and denoise_loop launch it:
// out = softmax(q k^T / sqrt(D) - slope_h |i - j|) v over keys j < lengths with |i - j| <= window.
#include "emoface/cuda/mixed.h"
#include "emoface/cuda/queue.h"

namespace emoface {

// Tensors of `dtype` whose last stride is 1; heads of `width` channels lie side by side. Strides in elements.
struct Attention {
  const void *query, *key, *value;  // (B / samples, S, C), (B, T, C), (B, T, C); `samples` rows share a query
  Mixed slopes;                     // (H,)
  const std::int64_t* lengths;      // (B,) or null
  void* out;                        // (B, S, C), contiguous
  DType dtype;
  std::int64_t batch, queries, keys, heads, width, window;  // window 0: all keys
  std::int64_t samples, query_batch, query_row, key_batch, key_row;
};

constexpr int kMostWidth = 256;  // of a head

// Returns a cudaError_t.
int attention_cuda(const Attention& attention, const Queue& queue);

}  // namespace emoface
