#pragma once
// First half of the feed-forward. What it computes: kernels/ff_gelu/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct FfGelu {
  const void* x;            // (rows, C), rows = B T
  const void* gain;         // (C,)
  const void* bias;         // (C,)
  const void* weight;       // (F, C)
  const void* weight_bias;  // (F,)
  void* out;                // (rows, F)
  DType dtype;
  std::int64_t rows, channels, width;
  double eps;
};

// Returns a cudaError_t.
int ff_gelu_cuda(const FfGelu& p, const Queue& queue);

}  // namespace emoface
