#pragma once
// Layer norm and the linear map after it. What it computes: kernels/ln_qkv/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct LnQkv {
  const void* x;            // (rows, C), rows = B T
  const void* gain;         // (C,)
  const void* bias;         // (C,)
  const void* weight;       // (N, C)
  const void* weight_bias;  // (N,)
  void* out;                // (rows, N)
  DType dtype;
  std::int64_t rows, channels, width;
  double eps;
};

// Returns a cudaError_t.
int ln_qkv_cuda(const LnQkv& p, const Queue& queue);

}  // namespace emoface
