#pragma once
// One update of a diffusion sampler. What it computes: kernels/sampler_step/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`, unless noted.
struct SamplerStep {
  const void* prediction;    // (N, B, T, C), N = branches
  const void* guidance;      // (2,) or (2, T, C) g_audio, g_emotion: float, or double when dtype is float64
  const void* x;             // (B, T, C)
  const void* x0_prev;       // (B, T, C)
  const void* coefficients;  // (6,) c_x, c_0, c_prev, c_noise, k_known, k_noise: type as guidance
  const void* noise;         // (B, T, C) or null
  const void* known;         // (B, T, C) or null
  const std::uint8_t* mask;  // (B, T) of 0 and 1, or null; not null only together with known
  const void* share;         // (B, T, C) of 0..1, or null; not null only together with known
  void* x_next;              // (B, T, C) out
  void* x0;                  // (B, T, C) out
  DType dtype;
  std::int64_t branches, batch, time, channels;
  std::int64_t weights;  // values that each weight of the guidance has: 1, or T C
  double quantile;  // 0: no dynamic threshold
  double limit_low, limit_high;
};

// Returns a cudaError_t.
int sampler_step_cuda(const SamplerStep& step, const Queue& queue);

}  // namespace emoface
