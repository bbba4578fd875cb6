#pragma once
// Second half of the feed-forward, AdaIN and FiLM. What it computes: kernels/ff_adain_film/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct FfAdainFilm {
  const void* h;            // (B, T, F)
  const void* weight;       // (C, F)
  const void* weight_bias;  // (C,)
  const void* x;            // (B, T, C)
  const void* style_scale;  // (B, C)
  const void* style_shift;  // (B, C)
  const void* scale;        // (B, C)
  const void* shift;        // (B, C)
  void* out;                // (B, T, C)
  DType dtype;
  std::int64_t batch, time, channels, width;
  double eps, residual;
};

struct FfAdainFilmCuda {
  FfAdainFilm op;
  void* sums;  // (B, T, C), float or double: memory to work in, may be the output
};

// Returns a cudaError_t.
int ff_adain_film_cuda(const FfAdainFilmCuda& call, const Queue& queue);

}  // namespace emoface
