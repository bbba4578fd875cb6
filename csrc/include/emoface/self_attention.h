#pragma once
// Self-attention with a distance bias. What it computes: kernels/self_attention/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype` unless noted.
struct SelfAttention {
  const void* qkv;              // (B, T, 3 C), C = heads * width
  const void* slopes;           // (H,)
  const std::int64_t* lengths;  // (B,) or null
  void* out;                    // (B, T, C)
  DType dtype;
  std::int64_t batch, time, heads, width;
};

// Returns a cudaError_t.
int self_attention_cuda(const SelfAttention& attention, const Queue& queue);

}  // namespace emoface
