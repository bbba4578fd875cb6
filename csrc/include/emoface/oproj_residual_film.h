#pragma once
// Attention output projection, residual and FiLM. What it computes: kernels/oproj_residual_film/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct OprojResidualFilm {
  const void* a;            // (B, T, C)
  const void* weight;       // (C, C)
  const void* weight_bias;  // (C,)
  const void* x;            // (B, T, C)
  const void* scale;        // (B, C)
  const void* shift;        // (B, C)
  void* out;                // (B, T, C)
  DType dtype;
  std::int64_t batch, time, channels;
};

// Returns a cudaError_t.
int oproj_residual_film_cuda(const OprojResidualFilm& p, const Queue& queue);

}  // namespace emoface
