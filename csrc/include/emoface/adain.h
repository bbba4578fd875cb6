#pragma once
// Adaptive instance normalisation over time. What it computes: kernels/adain/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct Adain {
  const void* x;      // (B, T, C)
  const void* scale;  // (B, C)
  const void* shift;  // (B, C)
  void* out;          // (B, T, C)
  DType dtype;
  std::int64_t batch, time, channels;
  double eps;
};

// Returns a cudaError_t.
int adain_cuda(const Adain& p, const Queue& queue);

}  // namespace emoface
