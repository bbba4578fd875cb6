#pragma once
// The second linear map of a feed-forward with what follows it: y = x + h W^T + b, then FiLM(residual y + AdaIN(y)).
#include "emoface/cuda/restyle.h"

namespace emoface {

// Tensors row-major and contiguous; h and weight are of `after.dtype`.
struct LinearRestyle {
  const void* h;       // (B, T, F)
  const void* weight;  // (C, F)
  Mixed weight_bias;   // (C,)
  Restyle after;       // its x is (B, T, C)
  MixedOut sums;       // (B, T, C) for y, float or double; may be `after.out`
  std::int64_t width;
};

// Returns a cudaError_t.
int linear_restyle_cuda(const LinearRestyle& p, const Queue& queue);

}  // namespace emoface
