#pragma once
// The linear maps of a denoiser block with what stands before and after them in one launch:
// u = a, or LayerNorm(a);  y = u W^T + b;  then GELU(y), or y + x, or (y + x) (2 + scale) + shift.
#include "emoface/cuda/modulation.h"
#include "emoface/cuda/queue.h"

namespace emoface {

// Tensors row-major and contiguous. The weights are of `dtype`; where that has 16 bits, so have the products' operands.
struct Linear {
  Mixed a;             // (rows, depth)
  Mixed gain, bias;    // (depth,), null for no layer norm
  const void* weight;  // (width, depth)
  Mixed weight_bias;   // (width,)
  Mixed x;             // (rows, width), null for no residual
  Modulation film;     // of each `time` rows; null for none
  MixedOut out;        // (rows, width)
  DType dtype;
  std::int64_t rows, width, depth, time;
  bool gelu;
  double eps;
};

// Returns a cudaError_t.
int linear_cuda(const Linear& linear, const Queue& queue);

}  // namespace emoface
