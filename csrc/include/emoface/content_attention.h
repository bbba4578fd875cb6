#pragma once
// Content attention: queries from speech, keys and values from motion.
// What it computes: kernels/content_attention/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype` unless noted.
struct ContentAttention {
  const void* query;            // (B, S, C), C = heads * width
  const void* kv;               // (B, T, 2 C)
  const void* slopes;           // (H,)
  const std::int64_t* lengths;  // (B,) or null
  void* out;                    // (B, S, C)
  DType dtype;
  std::int64_t batch, speech, motion, heads, width, window;
};

// Returns a cudaError_t.
int content_attention_cuda(const ContentAttention& attention, const Queue& queue);

}  // namespace emoface
