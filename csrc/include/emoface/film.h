#pragma once
// FiLM: one scale and shift per sample and channel. What it computes: kernels/film/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct Film {
  const void* x;      // (B, T, C)
  const void* scale;  // (B, C)
  const void* shift;  // (B, C)
  void* out;          // (B, T, C)
  DType dtype;
  std::int64_t batch, time, channels;
};

// Returns a cudaError_t.
int film_cuda(const Film& p, const Queue& queue);

}  // namespace emoface
