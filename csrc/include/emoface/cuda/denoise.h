#pragma once
// What a step of denoise_loop launches at its beginning and end. State, speech and coefficients are float.
#include "emoface/cuda/mixed.h"
#include "emoface/cuda/queue.h"

namespace emoface {

// out = [x, mask] W^T + b + speech for every branch; counts the step.
struct DenoiseEnter {
  const float* x;            // (R, T, M)
  const std::uint8_t* mask;  // (R, T)
  const void* weight;        // (C, M + 1), of `dtype`
  Mixed bias;                // (C,)
  const float* speech;       // (N, T, C)
  std::int64_t* step;        // (1,)
  float* out;                // (N, R, T, C)
  DType dtype;
  std::int64_t rows, time, motion, channels, branches;
};

// The guidance and the sampler's affine update of x, in place.
struct DenoiseStep {
  const float* prediction;   // (N, R, T, M)
  const float* guidance;     // (2, T, M)
  const float* table;        // (steps, 6)
  const std::int64_t* step;  // (1,)
  float* x;                  // (R, T, M)
  float* x0_prev;            // (R, T, M)
  const float* known;        // (R, T, M)
  const std::uint8_t* mask;  // (R, T)
  const float* share;        // (R, T, M)
  const float* noise;        // (steps, R, T, M), or null where the table asks for none
  std::int64_t size, sample, motion, branches;  // size = R T M, sample = T M
};

// Both return a cudaError_t.
int denoise_enter_cuda(const DenoiseEnter& enter, const Queue& queue);
int denoise_step_cuda(const DenoiseStep& step, const Queue& queue);

}  // namespace emoface
