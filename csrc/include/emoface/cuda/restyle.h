#pragma once
// AdaIN over time with what stands around it: FiLM(residual x + AdaIN(x; style)).
#include "emoface/cuda/modulation.h"
#include "emoface/cuda/queue.h"

namespace emoface {

// Tensors (B, T, C), row-major and contiguous.
struct Restyle {
  Mixed x;
  Modulation style, film;       // film: null for none
  const std::int64_t* lengths;  // (B,) or null: frames beyond are left out of the statistics
  MixedOut out;
  DType dtype;
  std::int64_t batch, time, channels;
  double eps, residual;
};

// Returns a cudaError_t.
int restyle_cuda(const Restyle& restyle, const Queue& queue);

}  // namespace emoface
